//! `history`: keeps records of many commits and says which changed something.

use std::path::PathBuf;

use anyhow::bail;
use regex::Regex;
use serde::Serialize;

use super::outcome::{Outcome, print_json, say};
use super::search::Search;
use bench_record::history::{self, Change, Evidence, History, HistoryError, Missing};
use bench_record::short_commit;
use bench_report::terminal::{Cell, Column, Screen, Table};

/// Keeps records of many commits in a folder and finds the commits that changed
/// something.
///
/// The folder holds one file an entry and no index: keep it in a branch, a cache
/// or an artifact. Jobs that add at the same time lose nothing, and two folders
/// are joined by copying one into the other.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  arena-bench history add results/run.json --to history
  arena-bench history list history
  arena-bench history changes history --last 1   # status 1 if the newest commit regressed")]
pub struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Add(Add),
    List(List),
    Changes(Changes),
}

/// Adds records; raw samples are left out, everything else is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  arena-bench history add results/run.json --to history")]
struct Add {
    /// The records. Each needs a commit and a time, and is added once.
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// The history's folder; made if there is none.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Lists the entries, oldest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  arena-bench history list history --json")]
struct List {
    /// The history's folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A JSON list instead of a table.
    #[arg(long)]
    json: bool,
}

/// Lists what changed, newest first, regressions before improvements.
///
/// Exact counts are compared by the gate's limits: what differs by less has drifted from
/// one build to the next. Wall clock enters as the ratio of two arms
/// of one run and is searched for lasting shifts (E-divisive with Student's t
/// test, as in Hunter). The newest one or two runs are "unconfirmed" where they
/// lie outside the case's own past, Q3 + 3 (Q3 - Q1) of its changes from run to
/// run, as in rustc-perf. A case that the newest commit lacks, or that failed there, is
/// listed as well.
///
/// One branch is followed: the one of most entries, unless told otherwise. Commits are
/// in the order of their ancestry where the repository here has them, else by time.
///
/// Exit status 1 if a regression is listed that is not unconfirmed, or a case is
/// missing; 2 if an entry among those asked for is damaged.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  arena-bench history changes history --last 5 --filter '^drain/'")]
struct Changes {
    /// The history's folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    search: Search,
    /// Only changes at the newest N commits, however often each was measured.
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Only cases whose id matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    /// A JSON list instead of a table.
    #[arg(long)]
    json: bool,
}

/// Does what was asked of the history.
pub fn run(config: &Config) -> anyhow::Result<Outcome> {
    match &config.action {
        Action::Add(add) => run_add(add),
        Action::List(list) => run_list(list),
        Action::Changes(changes) => run_changes(changes),
    }
}

fn run_add(config: &Add) -> anyhow::Result<Outcome> {
    for record in &config.records {
        match history::add(record, &config.to) {
            Ok(path) => notice!("added {} as {}", record.display(), path.display()),
            // A job that runs again publishes its record again.
            Err(there @ HistoryError::Duplicate { .. }) => notice!("{there}"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Outcome::Fine)
}

/// An entry, as `list --json` shows it.
#[derive(Serialize)]
struct ListedEntry<'a> {
    file: String,
    commit: &'a str,
    subject: &'a str,
    dirty: bool,
    started: &'a str,
    cpu: &'a str,
    rustc: &'a str,
    trusted: bool,
}

fn run_list(config: &List) -> anyhow::Result<Outcome> {
    let history = history::load(&config.folder)?;
    let entries: Vec<_> = history
        .entries
        .iter()
        .map(|entry| ListedEntry {
            file: entry.path.display().to_string(),
            commit: &entry.environment.commit,
            subject: &entry.environment.subject,
            dirty: entry.environment.dirty,
            started: &entry.environment.started,
            cpu: &entry.environment.cpu,
            rustc: &entry.environment.rustc,
            trusted: entry.trusted,
        })
        .collect();
    if config.json {
        return print_json(&entries);
    }
    let mut table = Table::new([
        Column::text("commit"),
        Column::text("started"),
        Column::text("wall clock"),
        Column::text("cpu").breaking().drops(1),
        Column::text("subject").breaking().drops(2),
    ]);
    for entry in &entries {
        let dirty = if entry.dirty { " dirty" } else { "" };
        table.row(
            [
                short_commit(entry.commit) + dirty,
                plain(entry.started),
                if entry.trusted {
                    "trusted"
                } else {
                    "untrusted"
                }
                .to_owned(),
                plain(entry.cpu),
                plain(entry.subject),
            ]
            .map(Cell::from),
        );
    }
    say(table.show(Screen::stdout()))?;
    notice!("{} entries, {} series", entries.len(), history.series.len());
    Ok(Outcome::Fine)
}

/// A change, as `changes --json` shows it.
#[derive(Serialize)]
struct ListedChange<'a> {
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
    evidence: &'static str,
    p_value: Option<f64>,
    /// What the case moves by when nothing happens.
    threshold: Option<f64>,
}

impl<'a> ListedChange<'a> {
    fn new(history: &'a History, change: &'a Change) -> Self {
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
            evidence,
            p_value,
            threshold: change.threshold,
        }
    }
}

fn run_changes(config: &Changes) -> anyhow::Result<Outcome> {
    let options = config.search.options()?;
    let history = config.search.load(&config.folder)?;
    let findings = history.findings(&options);
    let newest = config.last.map(|last| history.newest(last));
    let matches = |case: &str| config.filter.as_ref().is_none_or(|it| it.is_match(case));
    let asked = |change: &&Change| {
        let recent = newest.as_ref().is_none_or(|it| it.contains(&change.entry));
        recent && matches(&change.case)
    };
    let changes: Vec<_> = findings.changes.iter().filter(asked).collect();
    let listed: Vec<_> = changes
        .iter()
        .map(|change| ListedChange::new(&history, change))
        .collect();
    if config.json {
        print_json(&listed)?;
    } else if !listed.is_empty() {
        say(table_of(&listed).show(Screen::stdout()))?;
    }
    let regressions = changes.iter().filter(|change| change.is_regression());
    let regressions = regressions.count();
    notice!(
        "{} changes, {regressions} of them regressions, in {} entries",
        changes.len(),
        history.entries.len()
    );
    let missing = findings.missing.iter().filter(|it| matches(&it.case));
    let missing: Vec<String> = missing.map(|it| words_of(&history, it)).collect();
    missing.iter().for_each(|text| notice!("{text}"));
    for gap in findings.gaps(&history) {
        notice!("{gap}");
    }
    if regressions > 0 || !missing.is_empty() {
        return Ok(Outcome::Found);
    }
    // What nobody could read may hold the regression that was asked about.
    let oldest = newest.as_ref().and_then(|it| it.first());
    let oldest = oldest.map(|&at| history.entries[at as usize].path.file_name());
    let asked = |it: &&history::Damaged| oldest.is_some_and(|oldest| it.path.file_name() >= oldest);
    if let Some(damaged) = history.damaged.iter().find(asked) {
        bail!(
            "{}; the newest commits cannot be judged without it",
            damaged.why
        );
    }
    Ok(Outcome::Fine)
}

/// A case that the newest commit lacks, in words.
fn words_of(history: &History, missing: &Missing) -> String {
    let commit = |entry: u32| {
        let commit = &history.entries[entry as usize].environment.commit;
        short_commit(commit)
    };
    let (case, newest) = (plain(&missing.case), commit(missing.entry));
    match &missing.failure {
        Some(why) => format!("{case} failed at {newest}: {}", plain(why)),
        None => format!(
            "{case} is missing at {newest}: {} has it",
            commit(missing.previous)
        ),
    }
}

fn table_of(changes: &[ListedChange<'_>]) -> Table {
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
        table.row(
            [
                short_commit(change.commit),
                size,
                format!("{:.4}", change.before),
                format!("{:.4}", change.after),
                change.metric.to_owned(),
                match change.p_value {
                    Some(p) => format!("{}, p = {p:.1e}", change.evidence),
                    None => change.evidence.to_owned(),
                },
                plain(change.case),
                plain(change.subject),
            ]
            .map(Cell::from),
        );
    }
    table
}

/// A commit's subject is a stranger's text: nothing in it may steer a terminal.
fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
