//! The dashboard: a history as one page. A small chart per case and metric, the commits
//! that changed something, and the numbers behind them in compact form.
//!
//! Finds no change itself: that is `history`'s work.

mod encode;
mod spark;

use std::collections::BTreeMap;

use serde::Serialize;

use bench_record::history::{Change, Evidence, Findings, History, Metric, Options, Series};
use bench_record::{Count, short_commit};

pub use encode::{Data, encode, evidence};
pub use spark::{LEAST_SPAN, spark};

/// A history with what it says of its commits.
pub struct Dashboard<'a> {
    /// The history.
    pub history: &'a History,
    /// Its changes.
    pub findings: Findings,
    /// A name for each entry, unique: its commit, numbered where it was run several times.
    pub names: Vec<String>,
}

/// Which group of charts a series belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Paired ratios.
    Wall,
    /// Instructions per item.
    Instructions,
    /// All other counts.
    Counts,
}

impl Group {
    /// The group of a metric.
    #[must_use]
    pub fn of(metric: Metric) -> Self {
        match metric {
            Metric::Ratio => Self::Wall,
            Metric::Count(Count::Instructions) => Self::Instructions,
            Metric::Count(_) => Self::Counts,
        }
    }

    /// Its name on the page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Instructions => "instructions",
            Self::Counts => "counts",
        }
    }
}

impl<'a> Dashboard<'a> {
    /// Looks for the changes of a history.
    #[must_use]
    pub fn new(history: &'a History, options: &Options) -> Self {
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        let names = history
            .entries
            .iter()
            .map(|entry| {
                let commit = match entry.environment.commit.as_str() {
                    "" => "no commit".to_owned(),
                    commit => short_commit(commit),
                };
                let times = times.entry(commit.clone()).or_default();
                *times += 1;
                if *times == 1 {
                    commit
                } else {
                    format!("{commit} ({times})")
                }
            })
            .collect();
        Self {
            history,
            findings: history.findings(options),
            names,
        }
    }

    /// The series that are drawn: ratios, instructions, and of the other counts those that
    /// ever changed.
    pub fn shown(&self) -> impl Iterator<Item = &'a Series> {
        self.history.series.iter().filter(|series| {
            let first = series.points.first().map(|point| point.value);
            Group::of(series.metric) != Group::Counts
                || series.points.iter().any(|point| Some(point.value) != first)
        })
    }

    /// The changes of one series, newest first.
    pub fn changes_of(&self, series: &Series) -> impl Iterator<Item = &Change> {
        self.findings.changes.iter().filter(move |change| {
            change.case == series.case
                && change.metric == series.metric
                && change.baseline == series.baseline
        })
    }
}

/// The direction of a change in the words of a verdict.
#[must_use]
pub fn direction(change: &Change) -> &'static str {
    match change.evidence {
        Evidence::Unconfirmed => "inconclusive",
        _ if change.after > change.before => "slower",
        _ => "faster",
    }
}
