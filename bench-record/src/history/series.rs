//! Records lined up: one series per case and metric, over the entries of a
//! history.

use std::collections::BTreeMap;

use crate::Count;
use crate::wire::{Case, Comparison, Method, Record};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Time per item of a case as a multiple of its baseline's in the same run.
    Ratio,
    Count(Count),
}

impl Metric {
    /// The name, as it stands in a record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Count(count) => count.field(),
        }
    }

    /// Whether two values that differ are a change without any doubt.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Count(_))
    }
}

/// One metric of one case, oldest first. Less is better for every metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Case id; the candidate's where there is a baseline.
    pub case: String,
    /// What an item of the case is; empty where no record says so.
    pub payload: String,
    /// The reference arm's case id, for [`Metric::Ratio`].
    pub baseline: Option<String>,
    pub metric: Metric,
    /// The values; an entry that lacks the case has none.
    pub points: Vec<Point>,
}

impl Series {
    /// The points of each group, in order. Points of differing groups are never
    /// compared.
    pub fn by_group(&self) -> BTreeMap<u32, Vec<Point>> {
        let mut groups: BTreeMap<u32, Vec<Point>> = BTreeMap::new();
        for point in &self.points {
            groups.entry(point.group).or_default().push(*point);
        }
        groups
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Index into [`super::History::entries`].
    pub entry: u32,
    /// Points of differing groups are never compared: what a machine's C library and
    /// caches do is in exact counts and in ratios, the length of the drain in counts, and
    /// the method in ratios.
    pub group: u32,
    /// How a ratio was measured; the default for a count.
    pub method: Method,
    /// The value, in the metric's unit.
    pub value: f64,
    /// Lower end of the interval; the value itself for a count.
    pub low: f64,
    /// Upper end of the interval; the value itself for a count.
    pub high: f64,
}

/// Takes records in order and drops them, so that a long history needs little
/// more memory than its numbers.
#[derive(Debug, Default)]
pub(super) struct Builder {
    /// By case id, then in the order of [`Count::ALL`].
    counts: BTreeMap<String, Vec<(Count, Vec<Point>)>>,
    /// By candidate, then by baseline.
    ratios: BTreeMap<String, BTreeMap<String, Vec<Point>>>,
    /// Groups of counts, by machine and length of the drain.
    groups: BTreeMap<String, u32>,
    /// Groups of ratios, by machine and method.
    clocks: BTreeMap<String, u32>,
    /// By case id.
    payloads: BTreeMap<String, String>,
}

impl Builder {
    /// Appends the record of one entry; `trusted` says whether its ratios count.
    pub(super) fn push(&mut self, entry: u32, record: &Record, trusted: bool) {
        let machine = format!("{:?}", record.environment.machine());
        for case in &record.cases {
            let key = format!("{machine} {}", case.params.items);
            let fresh = self.groups.len() as u32;
            let group = *self.groups.entry(key).or_insert(fresh);
            self.push_counts(entry, group, case);
            if !self.payloads.contains_key(&case.id) {
                let payload = case.params.payload.clone();
                self.payloads.insert(case.id.clone(), payload);
            }
        }
        let clock = format!("{:?}", record.environment.clock_machine());
        for comparison in record.comparisons.iter().filter(|_| trusted) {
            let key = format!("{clock} {:?}", comparison.method);
            let fresh = self.clocks.len() as u32;
            let group = *self.clocks.entry(key).or_insert(fresh);
            self.push_ratio(entry, group, comparison);
        }
    }

    fn push_counts(&mut self, entry: u32, group: u32, case: &Case) {
        let Some(counts) = &case.counts else { return };
        if !self.counts.contains_key(&case.id) {
            let empty = Count::ALL.map(|count| (count, Vec::new()));
            self.counts.insert(case.id.clone(), empty.into());
        }
        let series = self.counts.get_mut(&case.id).expect("inserted above");
        for (count, points) in series {
            points.extend(counts.get(*count).map(|value| Point {
                entry,
                group,
                method: Method::default(),
                value,
                low: value,
                high: value,
            }));
        }
    }

    fn push_ratio(&mut self, entry: u32, group: u32, comparison: &Comparison) {
        // A case against itself is one commit against another: there is no
        // reference that stays the same from run to run.
        if comparison.candidate == comparison.baseline {
            return;
        }
        let baselines = match self.ratios.get_mut(&comparison.candidate) {
            Some(baselines) => baselines,
            None => self.ratios.entry(comparison.candidate.clone()).or_default(),
        };
        let points = match baselines.get_mut(&comparison.baseline) {
            Some(points) => points,
            None => baselines.entry(comparison.baseline.clone()).or_default(),
        };
        points.push(Point {
            entry,
            group,
            method: comparison.method,
            value: comparison.ratio,
            low: comparison.low,
            high: comparison.high,
        });
    }

    /// All series that have a point, by case, then by metric.
    pub(super) fn finish(self) -> Vec<Series> {
        let payload = |case: &str| self.payloads.get(case).cloned().unwrap_or_default();
        let ratios = self.ratios.into_iter().flat_map(|(case, baselines)| {
            let payload = payload(&case);
            baselines.into_iter().map(move |(baseline, points)| Series {
                case: case.clone(),
                payload: payload.clone(),
                baseline: Some(baseline),
                metric: Metric::Ratio,
                points,
            })
        });
        let counts = self.counts.into_iter().flat_map(|(case, counts)| {
            let payload = payload(&case);
            counts.into_iter().map(move |(count, points)| Series {
                case: case.clone(),
                payload: payload.clone(),
                baseline: None,
                metric: Metric::Count(count),
                points,
            })
        });
        let mut all: Vec<_> = ratios
            .chain(counts)
            .filter(|series| !series.points.is_empty())
            .collect();
        // Stable: counts stay in the order of the record.
        all.sort_by(|a, b| {
            let key = |s: &Series| (s.metric.is_exact(), s.baseline.clone());
            a.case.cmp(&b.case).then_with(|| key(a).cmp(&key(b)))
        });
        all
    }
}
