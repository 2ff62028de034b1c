//! Records lined up: one series per case and metric, over the entries of a
//! history.

use std::collections::BTreeMap;

use crate::Count;
use crate::wire::{Method, Record};

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
    /// By case id, then by count, of which a ratio has none, then by baseline.
    points: BTreeMap<(String, Option<Count>, Option<String>), Vec<Point>>,
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
            let group = number(&mut self.groups, format!("{machine} {}", case.params.items));
            let payload = || case.params.payload.clone();
            self.payloads.entry(case.id.clone()).or_insert_with(payload);
            let taken = |count| Some((count, case.counts.as_ref()?.get(count)?));
            for (count, value) in Count::ALL.into_iter().filter_map(taken) {
                let key = (case.id.clone(), Some(count), None);
                self.points.entry(key).or_default().push(Point {
                    entry,
                    group,
                    method: Method::default(),
                    value,
                    low: value,
                    high: value,
                });
            }
        }
        let clock = format!("{:?}", record.environment.clock_machine());
        for comparison in record.comparisons.iter().filter(|_| trusted) {
            let group = number(&mut self.clocks, format!("{clock} {:?}", comparison.method));
            // A case against itself is one commit against another: there is no
            // reference that stays the same from run to run.
            if comparison.candidate == comparison.baseline {
                continue;
            }
            let baseline = Some(comparison.baseline.clone());
            let key = (comparison.candidate.clone(), None, baseline);
            self.points.entry(key).or_default().push(Point {
                entry,
                group,
                method: comparison.method,
                value: comparison.ratio,
                low: comparison.low,
                high: comparison.high,
            });
        }
    }

    /// All series, by case, ratios first, then counts in the order of the record.
    pub(super) fn finish(self) -> Vec<Series> {
        let payload = |case: &str| self.payloads.get(case).cloned().unwrap_or_default();
        let series = self.points.into_iter();
        let series = series.map(|((case, count, baseline), points)| Series {
            payload: payload(&case),
            case,
            baseline,
            metric: count.map_or(Metric::Ratio, Metric::Count),
            points,
        });
        series.collect()
    }
}

/// The number of a group, the next one where it is new.
fn number(groups: &mut BTreeMap<String, u32>, group: String) -> u32 {
    let fresh = groups.len() as u32;
    *groups.entry(group).or_insert(fresh)
}
