//! `bisect`: the commit that made a case slower, or made it run more instructions.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde::Serialize;

use super::bisecting::{Bisection, Plan, Step, What};
use super::building::Chance;
use super::options::{self, Selection, percent, seconds};
use super::outcome::{Outcome, print_json, say};
use super::packages::{Choice, PackageChoice};
use crate::bisect::{Answer, Listed, Odds, most_steps, range, search};
use crate::case::catalog;
use crate::counts;
use crate::subject::framework::Calling;
use crate::subject::settings::Settings;
use crate::workspace;
use bench_record::short_commit;
use paired::stats::Delta;

/// Finds the first bad commit by comparing commits with the good one.
///
/// The two ends are compared first. Then a commit between is bad if a case is slower than at
/// the good one, and good if all are the same. A comparison that is inconclusive is repeated with
/// more; then instruction counts decide if they rose beyond the limits, and if not, the commit
/// is skipped. So is one that does not build or whose streams are wrong; the result may then
/// be a range. Of a merge, the first parent is followed: the merge stands for all that it
/// brought in.
///
/// Exit status: 0 the first bad commit was found, 2 it was not: the ends do not differ, or
/// skipped commits leave more than one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench bisect --good v0.1 --filter '^drain/bytes-1KiB/arena$'\n  \
    arena-bench bisect --good HEAD~40 --bad HEAD~3 --filter '^drain/u64/alloc$' --counts-only")]
pub struct Config {
    /// A commit, branch or tag from before the change.
    #[arg(long, value_name = "REF")]
    good: String,
    /// One that has the change; it descends from the good one.
    #[arg(long, value_name = "REF", default_value = "HEAD")]
    bad: String,
    /// The cases whose ids match this regular expression: the fewer, the faster.
    #[arg(long, value_name = "REGEX")]
    filter: String,
    #[command(flatten)]
    packages: PackageChoice,
    /// The smallest change that matters, percent.
    #[arg(long, default_value_t = 1.0, value_parser = percent, allow_negative_numbers = true)]
    delta: f64,
    /// Seconds for a case at a commit; four times as many where that tells nothing.
    #[arg(long, default_value_t = 2.0, value_parser = seconds, allow_negative_numbers = true)]
    budget: f64,
    /// Compare exact counts alone, no wall clock.
    #[arg(long)]
    counts_only: bool,
    /// How far counts may rise; by default `results/limits.json` of the sources.
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    #[command(flatten)]
    chance: Chance,
    /// Print JSON instead of words.
    #[arg(long)]
    json: bool,
}

/// What a search came to.
#[derive(Debug, Serialize)]
struct Report {
    good: String,
    bad: String,
    /// The first bad commit; `null` where skipped commits leave more than one.
    first_bad: Option<String>,
    /// The commits of which one is the first bad one, oldest first.
    candidates: Vec<Listed>,
    /// The comparisons, in their order: the bad end first.
    steps: Vec<Step>,
    /// `null` where exact counts decided everything.
    odds: Option<Odds>,
}

/// Searches the pair, or packages.
pub fn run(config: &Config) -> Result<Outcome> {
    bisect(config, &Calling::default(), true)
}

/// Searches packages, whose streams are called as `given`.
///
/// # Errors
/// When the good end or the bad one cannot be measured, or they do not differ.
pub fn run_packages(config: &Config, given: &Calling) -> Result<Outcome> {
    bisect(config, given, false)
}

fn bisect(config: &Config, given: &Calling, has_pair: bool) -> Result<Outcome> {
    let settings = Settings::here()?;
    let limits = options::limits(config.limits.as_deref(), settings.as_ref())?;
    let delta = Delta::new(config.delta / 100.0)?;
    if config.counts_only {
        counts::available()?;
    }
    let choice = config.packages.choose(settings.as_ref(), given)?;
    choice.ensure(has_pair)?;
    let what = what(config, choice)?;
    let good = what.resolve(&config.good)?;
    let bad = what.resolve(&config.bad)?;
    let commits = range(what.root(), &good, &bad)?;
    tell_of(&commits, config);
    let chance = config.chance.where_timed(!config.counts_only);
    let mut bisection = Bisection::begin(Plan {
        what,
        good: good.clone(),
        commits: commits.len(),
        limits,
        delta,
        budget: Duration::from_secs_f64(config.budget),
        seed: chance.seed(),
        layouts: chance.layouts(false),
    })?;
    let last = commits.len() - 1;
    if bisection.ask(&commits[last])? != Answer::Bad {
        let why = bisection.steps.remove(0).why;
        bail!(
            "{} is not found to be worse than {}: {why}; there is nothing to search",
            config.bad,
            config.good
        );
    }
    let found = search(commits.len(), &mut |at| bisection.ask(&commits[at]))?;
    let candidates = commits[found].to_vec();
    let report = Report {
        good: good.hash,
        bad: bad.hash,
        first_bad: match &candidates[..] {
            [one] => Some(one.commit.clone()),
            _ => None,
        },
        odds: (!config.counts_only).then(|| Odds::of(bisection.comparisons, bisection.confidence)),
        candidates,
        steps: bisection.steps,
    };
    match config.json {
        true => print_json(&report)?,
        false => say(words(&report)).map(|()| Outcome::Fine)?,
    };
    match report.candidates.len() {
        1 => Ok(Outcome::Fine),
        several => bail!(
            "the first bad commit is one of {several}: those before the last of them could not be told"
        ),
    }
}

/// What is built of each commit: the packages that were named, or the pair.
fn what(config: &Config, choice: Choice) -> Result<What> {
    match choice {
        Choice::Packages(wanted) => {
            let filter = config.filter.clone();
            return Ok(What::Packages { wanted, filter });
        }
        Choice::Library(..) => bail!("--library is one build: a search needs a package"),
        Choice::Pair => {}
    }
    let root = workspace::root()?;
    let selection = Selection {
        filter: Some(config.filter.clone()),
        quick: false,
    };
    let cases = catalog::compared(selection.cases()?);
    ensure!(
        !cases.is_empty(),
        "--filter {:?} matches no drain and no channel, and only those are compared",
        config.filter
    );
    Ok(What::Pair { root, cases })
}

/// What lies ahead.
fn tell_of(commits: &[Listed], config: &Config) {
    notice!(
        "arena-bench: {} commits after {} up to {}: some {} comparisons and the two ends",
        commits.len(),
        config.good,
        config.bad,
        most_steps(commits.len())
    );
    let merges = commits.iter().filter(|commit| commit.merge).count();
    if merges > 0 {
        notice!(
            "arena-bench: first parents are followed: each of the {merges} merges stands for all \
             that it brought in"
        );
    }
}

/// The result in words.
fn words(report: &Report) -> String {
    let mut text = String::new();
    match &report.candidates[..] {
        [one] => {
            let name = short_commit(&one.commit);
            let _ = writeln!(text, "{name} is the first bad commit: {}", one.subject);
            let step = report.steps.iter().find(|step| step.commit == *one);
            if let Some(step) = step {
                let _ = writeln!(text, "against the good one: {}", step.why);
            }
            if one.merge {
                text.push_str(
                    "It is a merge: the change came with one of the commits that it brought in.\n",
                );
            }
        }
        several => {
            let _ = writeln!(text, "the first bad commit is one of {}:", several.len());
            for one in several {
                let step = report.steps.iter().find(|step| step.commit == *one);
                let why = step.map(|step| step.why.as_str()).unwrap_or_default();
                let name = short_commit(&one.commit);
                let _ = writeln!(text, "  {name} {}: {why}", one.subject);
            }
        }
    }
    match &report.odds {
        Some(odds) => text.push_str(&odds.words()),
        None => text.push_str("exact counts decided this: chance had no part in it"),
    }
    text
}
