//! `history`: keeps records of many commits and says which changed something.

use std::path::PathBuf;

use anyhow::bail;
use regex::Regex;

use super::outcome::{Outcome, print_json, say};
use super::search::Search;
use bench_record::history::{self, Change, HistoryError};
use bench_report::history as listed;
use bench_report::terminal::Screen;

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

fn run_list(config: &List) -> anyhow::Result<Outcome> {
    let history = history::load(&config.folder)?;
    let entries = listed::entries(&history);
    if config.json {
        return print_json(&entries);
    }
    say(listed::entries_table(&entries, Screen::stdout()))?;
    notice!("{} entries, {} series", entries.len(), history.series.len());
    Ok(Outcome::Fine)
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
    let shown = changes.iter();
    let shown = shown.map(|change| listed::Change::new(&history, change));
    let shown: Vec<_> = shown.collect();
    if config.json {
        print_json(&shown)?;
    } else if !shown.is_empty() {
        say(listed::changes_table(&shown, Screen::stdout()))?;
    }
    let regressions = changes.iter().filter(|change| change.is_regression());
    let regressions = regressions.count();
    notice!(
        "{} changes, {regressions} of them regressions, in {} entries",
        changes.len(),
        history.entries.len()
    );
    let missing = findings.missing.iter().filter(|it| matches(&it.case));
    let missing: Vec<String> = missing.map(|it| listed::missing(&history, it)).collect();
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
