//! A history's numbers in as few bytes as a browser can read without effort.
//!
//! Series are lined up on shared lists of entries. Ratios are whole hundred-thousandths,
//! their intervals distances from them; of counts, which seldom change, only the changes
//! are kept.

use std::collections::HashMap;

use serde::Serialize;

use super::overview::{Dashboard, Group, direction};
use bench_record::history::{Change, Evidence, Metric, Point, Series};

/// One is so many of the units that ratios are written in.
const RATIO_UNITS: f64 = 1e5;

/// What the dashboard's script reads.
#[derive(Debug, Serialize)]
pub struct Data {
    /// Index of the first entry that is in the data; older ones were left out for size.
    pub first: u32,
    entries: Vec<EntryData>,
    /// Distinct machines and toolchains.
    environments: Vec<Vec<(String, String)>>,
    /// Distinct lists of entries: first entry and length of each run of consecutive ones.
    presence: Vec<Vec<u32>>,
    series: Vec<SeriesData>,
}

#[derive(Debug, Serialize)]
struct EntryData {
    name: String,
    subject: String,
    when: String,
    environment: usize,
}

#[derive(Debug, Serialize)]
struct SeriesData {
    case: String,
    payload: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<String>,
    metric: &'static str,
    group: Group,
    parts: Vec<Part>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeData>,
}

/// The points of one group of a series.
#[derive(Debug, Serialize)]
struct Part {
    /// Index into [`Data::presence`].
    at: usize,
    #[serde(flatten)]
    values: Values,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Values {
    /// Estimates, and how far the interval reaches below and above.
    Ratio([Vec<i64>; 3]),
    /// Index and value, alternating, wherever the value is not the one before.
    Count(Vec<f64>),
}

#[derive(Debug, Serialize)]
struct ChangeData {
    entry: u32,
    before: f64,
    after: f64,
    direction: &'static str,
    evidence: String,
}

/// A change's evidence in words, and the reason where it was accepted.
pub fn evidence(change: &Change) -> String {
    let evidence = match change.evidence {
        Evidence::Exact => "exact".to_owned(),
        Evidence::Shift { p_value } if p_value < 1e-4 => "lasting shift, p < 0.0001".to_owned(),
        Evidence::Shift { p_value } => format!("lasting shift, p = {p_value:.4}"),
        Evidence::Unconfirmed => "unconfirmed: too few runs yet".to_owned(),
    };
    match &change.accepted {
        Some(accepted) => format!("{evidence}; {accepted}"),
        None => evidence,
    }
}

/// The dashboard's numbers from the entry `first` on.
pub fn encode(dashboard: &Dashboard, first: u32) -> Data {
    let history = dashboard.history;
    let mut environments: Vec<Vec<(String, String)>> = Vec::new();
    let mut entries = Vec::new();
    let named = history.entries.iter().zip(&dashboard.names);
    for (entry, name) in named.skip(first as usize) {
        let e = &entry.environment;
        let own = crate::model::fingerprint(e);
        let known = environments.iter().position(|known| *known == own);
        let environment = known.unwrap_or_else(|| {
            environments.push(own);
            environments.len() - 1
        });
        let when = match e.committed.is_empty() {
            true => &e.finished,
            false => &e.committed,
        };
        entries.push(EntryData {
            name: name.clone(),
            subject: e.subject.clone(),
            when: when.clone(),
            environment,
        });
    }
    let mut presence = Presence::default();
    let series = dashboard
        .shown()
        .map(|series| SeriesData {
            case: series.case.clone(),
            payload: series.payload.clone(),
            baseline: series.baseline.clone(),
            metric: series.metric.name(),
            group: Group::of(series.metric),
            parts: parts(series, first, &mut presence),
            changes: dashboard
                .changes_of(series)
                .filter(|change| change.entry >= first)
                .map(|change| ChangeData {
                    entry: change.entry - first,
                    before: change.before,
                    after: change.after,
                    direction: direction(change).name(),
                    evidence: evidence(change),
                })
                .collect(),
        })
        .collect();
    Data {
        first,
        entries,
        environments,
        presence: presence.lists,
        series,
    }
}

fn parts(series: &Series, first: u32, presence: &mut Presence) -> Vec<Part> {
    let mut groups = series.by_group();
    for points in groups.values_mut() {
        points.retain(|point| point.entry >= first);
    }
    groups
        .into_values()
        .filter(|points| !points.is_empty())
        .map(|points| Part {
            at: presence.index(points.iter().map(|point| point.entry - first)),
            values: match series.metric {
                Metric::Ratio => Values::Ratio(ratios(&points)),
                Metric::Count(_) => Values::Count(counts(&points)),
            },
        })
        .collect()
}

fn ratios(points: &[Point]) -> [Vec<i64>; 3] {
    let units = |value: f64| (value * RATIO_UNITS).round() as i64;
    let each = |pick: fn(&Point) -> f64| points.iter().map(move |point| units(pick(point)));
    [
        each(|p| p.value).collect(),
        each(|p| p.value - p.low).collect(),
        each(|p| p.high - p.value).collect(),
    ]
}

fn counts(points: &[Point]) -> Vec<f64> {
    let mut out = Vec::new();
    let mut last = None;
    for (index, point) in points.iter().enumerate() {
        if last != Some(point.value) {
            out.extend([index as f64, point.value]);
            last = Some(point.value);
        }
    }
    out
}

/// Lists of entries, each kept once: most series are of the same runs.
#[derive(Default)]
struct Presence {
    lists: Vec<Vec<u32>>,
    known: HashMap<Vec<u32>, usize>,
}

impl Presence {
    fn index(&mut self, entries: impl Iterator<Item = u32>) -> usize {
        let mut runs: Vec<u32> = Vec::new();
        for entry in entries {
            match runs.as_mut_slice() {
                [.., start, length] if *start + *length == entry => *length += 1,
                _ => runs.extend([entry, 1]),
            }
        }
        *self.known.entry(runs).or_insert_with_key(|runs| {
            self.lists.push(runs.clone());
            self.lists.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_entries_are_kept_once_and_short() {
        let mut presence = Presence::default();
        let first = presence.index([0, 1, 2, 7, 8].into_iter());
        assert_eq!(presence.index([0, 1, 2, 7, 8].into_iter()), first);
        assert_ne!(presence.index([0, 2].into_iter()), first);
        assert_eq!(presence.lists, [vec![0, 3, 7, 2], vec![0, 1, 2, 1]]);
    }

    #[test]
    fn counts_are_kept_where_they_change() {
        let point = |entry, value| Point {
            method: bench_record::wire::Method::default(),
            entry,
            group: 0,
            value,
            low: value,
            high: value,
        };
        let points = [point(3, 7.0), point(4, 7.0), point(9, 8.0)];
        assert_eq!(counts(&points), [0.0, 7.0, 2.0, 8.0]);
    }

    #[test]
    fn an_accepted_change_has_its_reason_and_is_neither_worse_nor_better() {
        let mut change = Change {
            case: "drain/u64/arena".to_owned(),
            baseline: None,
            metric: Metric::Count(bench_record::Count::Instructions),
            entry: 1,
            previous: 0,
            before: 70.0,
            after: 72.0,
            evidence: Evidence::Exact,
            threshold: None,
            accepted: None,
        };
        assert_eq!(
            (evidence(&change).as_str(), direction(&change).name()),
            ("exact", "slower")
        );
        change.accepted = Some("accepted: it checks more (up to 3%)".to_owned());
        assert_eq!(
            evidence(&change),
            "exact; accepted: it checks more (up to 3%)"
        );
        assert_eq!(direction(&change).name(), "inconclusive");
        assert!(!change.is_regression());
    }
}
