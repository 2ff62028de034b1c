//! A history with what the page says of its entries: their names, their links, and which
//! series are drawn.

use std::collections::BTreeMap;

use serde::Serialize;

use bench_record::history::{Change, Evidence, Findings, History, Metric, Options, Series};
use bench_record::wire::{Environment, REPOSITORY, Verdict};
use bench_record::{Count, short_commit};

/// A history with what it says of its commits.
pub struct Dashboard<'a> {
    pub history: &'a History,
    pub findings: Findings,
    /// A name for each entry, unique: its commit, numbered where it was run several times.
    pub names: Vec<String>,
    /// CPU models, in order of appearance: each has a colour of its own.
    pub cpus: Vec<String>,
    /// Address of the repository, where commits and pull requests have pages.
    pub repository: Option<String>,
}

/// Which group of charts a series belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    Wall,
    /// Instructions per item.
    Instructions,
    Counts,
}

impl Group {
    pub fn of(metric: Metric) -> Self {
        match metric {
            Metric::Ratio => Self::Wall,
            Metric::Count(Count::Instructions) => Self::Instructions,
            Metric::Count(_) => Self::Counts,
        }
    }

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
        let mut cpus: Vec<String> = Vec::new();
        for entry in &history.entries {
            if !cpus.contains(&entry.environment.cpu) {
                cpus.push(entry.environment.cpu.clone());
            }
        }
        let mut kept = history.entries.iter().rev();
        let kept = kept.find_map(|e| e.environment.observed.get(REPOSITORY));
        Self {
            history,
            findings: history.findings(options),
            names,
            cpus,
            repository: kept.and_then(|address| web_address(address)),
        }
    }

    /// With another address of the repository than the records have.
    pub fn of_repository(mut self, address: Option<&str>) -> Self {
        self.repository = address.and_then(web_address).or(self.repository);
        self
    }

    /// Which of [`Self::cpus`] an entry was made on.
    pub fn cpu(&self, entry: u32) -> usize {
        let cpu = self.history.entries.get(entry as usize);
        let place = cpu.map(|e| self.cpus.iter().position(|cpu| *cpu == e.environment.cpu));
        place.flatten().unwrap_or(0)
    }

    /// Pages of an entry: its commit, what changed since `before`, its pull request.
    pub fn links(&self, entry: u32, before: Option<u32>) -> Vec<(String, String)> {
        let environment = |at: u32| Some(&self.history.entries.get(at as usize)?.environment);
        let (Some(base), Some(e)) = (&self.repository, environment(entry)) else {
            return Vec::new();
        };
        let hash = |e: &Environment| {
            let hex = !e.commit.is_empty() && e.commit.bytes().all(|b| b.is_ascii_hexdigit());
            hex.then(|| e.commit.clone())
        };
        let mut links = Vec::new();
        if let Some(commit) = hash(e) {
            links.push(("commit".to_owned(), format!("{base}/commit/{commit}")));
            if let Some(old) = before.and_then(environment).and_then(hash) {
                links.push((
                    "diff".to_owned(),
                    format!("{base}/compare/{old}...{commit}"),
                ));
            }
        }
        if let Some(number) = pull_request(&e.subject) {
            links.push((format!("#{number}"), format!("{base}/pull/{number}")));
        }
        links
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

/// An address that a browser may be sent to, without a slash or `.git` at its end.
fn web_address(address: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/%".contains(c);
    let known = ["https://", "http://"]
        .iter()
        .any(|start| address.starts_with(start));
    let address = address.trim_end_matches('/').trim_end_matches(".git");
    (known && address.chars().all(plain)).then(|| address.to_owned())
}

/// The number of the pull request in a subject, as merges have it: `Grow twice (#123)`,
/// `Merge pull request #123 from ...`.
fn pull_request(subject: &str) -> Option<u64> {
    let merged = subject.strip_prefix("Merge pull request #");
    let squashed = || {
        subject
            .rsplit_once("(#")
            .and_then(|(_, rest)| rest.strip_suffix(')'))
    };
    let text = merged
        .and_then(|rest| rest.split(' ').next())
        .or_else(squashed)?;
    text.parse().ok()
}

/// The direction of a change as a verdict.
pub fn direction(change: &Change) -> Verdict {
    match change.evidence {
        Evidence::Unconfirmed => Verdict::Inconclusive,
        // No alarm, and no improvement.
        _ if change.accepted.is_some() => Verdict::Inconclusive,
        _ if change.after > change.before => Verdict::Slower,
        _ => Verdict::Faster,
    }
}
