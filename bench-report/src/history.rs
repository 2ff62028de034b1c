//! A history's entries and changes as lists, for programs and for a terminal.

use serde::Serialize;

use crate::terminal::{Cell, Column, Screen, Table};
use bench_record::history::{self, Evidence, History, Missing};
use bench_record::short_commit;

/// An entry, as `history list --json` shows it.
#[derive(Debug, Serialize)]
pub struct Entry<'a> {
    file: String,
    commit: &'a str,
    subject: &'a str,
    dirty: bool,
    started: &'a str,
    cpu: &'a str,
    rustc: &'a str,
    trusted: bool,
}

pub fn entries(history: &History) -> Vec<Entry<'_>> {
    let entries = history.entries.iter().map(|entry| Entry {
        file: entry.path.display().to_string(),
        commit: &entry.environment.commit,
        subject: &entry.environment.subject,
        dirty: entry.environment.dirty,
        started: &entry.environment.started,
        cpu: &entry.environment.cpu,
        rustc: &entry.environment.rustc,
        trusted: entry.trusted,
    });
    entries.collect()
}

/// Entries for a terminal.
pub fn entries_table(entries: &[Entry<'_>], screen: Screen) -> String {
    let mut table = Table::new([
        Column::text("commit"),
        Column::text("started"),
        Column::text("wall clock"),
        Column::text("cpu").breaking().drops(1),
        Column::text("subject").breaking().drops(2),
    ]);
    for entry in entries {
        let dirty = if entry.dirty { " dirty" } else { "" };
        let trusted = match entry.trusted {
            true => "trusted",
            false => "untrusted",
        };
        let commit = short_commit(entry.commit) + dirty;
        let rest = [entry.started, trusted, entry.cpu, entry.subject].map(Cell::from);
        table.row([Cell::from(commit)].into_iter().chain(rest));
    }
    table.show(screen)
}

/// A change, as `history changes --json` shows it.
#[derive(Debug, Serialize)]
pub struct Change<'a> {
    case: &'a str,
    baseline: Option<&'a str>,
    metric: &'static str,
    commit: &'a str,
    subject: &'a str,
    started: &'a str,
    /// Last commit without the change that was measured.
    previous_commit: &'a str,
    before: f64,
    after: f64,
    /// after / before - 1; null where there was nothing before.
    relative: Option<f64>,
    regression: bool,
    /// The reason, where it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<&'a str>,
    evidence: &'static str,
    p_value: Option<f64>,
    /// What the case moves by when nothing happens.
    threshold: Option<f64>,
}

impl<'a> Change<'a> {
    /// A change with what the history says of its commits.
    pub fn new(history: &'a History, change: &'a history::Change) -> Self {
        let at = |entry: u32| &history.entries[entry as usize].environment;
        let (evidence, p_value) = match change.evidence {
            Evidence::Exact => ("exact", None),
            Evidence::Shift { p_value } => ("shift", Some(p_value)),
            Evidence::Unconfirmed => ("unconfirmed", None),
        };
        Self {
            case: &change.case,
            baseline: change.baseline.as_deref(),
            metric: change.metric.name(),
            commit: &at(change.entry).commit,
            subject: &at(change.entry).subject,
            started: &at(change.entry).started,
            previous_commit: &at(change.previous).commit,
            before: change.before,
            after: change.after,
            relative: change.relative(),
            regression: change.is_regression(),
            accepted: change.accepted.as_deref(),
            evidence,
            p_value,
            threshold: change.threshold,
        }
    }
}

/// Changes for a terminal.
pub fn changes_table(changes: &[Change<'_>], screen: Screen) -> String {
    let mut table = Table::new([
        Column::text("commit"),
        Column::number("change"),
        Column::number("before").drops(1),
        Column::number("after").drops(1),
        Column::text("metric"),
        Column::text("evidence").drops(2),
        Column::text("case").breaking(),
        Column::text("subject").breaking().drops(3),
    ]);
    for change in changes {
        let size = match change.relative {
            Some(relative) => format!("{:+.2}%", 100.0 * relative),
            None => "new".to_owned(),
        };
        let evidence = match change.p_value {
            Some(p) => format!("{}, p = {p:.1e}", change.evidence),
            None => change.evidence.to_owned(),
        };
        let subject = match change.accepted {
            Some(accepted) => format!("{accepted}; {}", change.subject),
            None => change.subject.to_owned(),
        };
        let numbers = [change.before, change.after].map(|value| Cell::from(format!("{value:.4}")));
        let first = [short_commit(change.commit), size].map(Cell::from);
        let rest = [change.metric, &evidence, change.case, &subject].map(Cell::from);
        table.row(first.into_iter().chain(numbers).chain(rest));
    }
    table.show(screen)
}

/// A case that the newest commit lacks, in words.
pub fn missing(history: &History, missing: &Missing) -> String {
    let commit = |entry: u32| short_commit(&history.entries[entry as usize].environment.commit);
    let (case, newest) = (&missing.case, commit(missing.entry));
    match &missing.failure {
        Some(why) => format!("{case} failed at {newest}: {why}"),
        None => format!(
            "{case} is missing at {newest}: {} has it",
            commit(missing.previous)
        ),
    }
}
