//! `compare`: two builds against each other, on this machine, now.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

use super::building::Chance;
use super::explaining::explain_worse;
use super::gate::FailOn;
use super::options::{self, Selection, percent, seconds};
use super::outcome::{Outcome, print_json, say};
use super::packages::Choice;
use super::progress::Progress;
use super::sides::{Linked, Sides};
use crate::PROCESS_LIMIT;
use crate::compare::{self as sides, Compared, Side};
use crate::counts;
use crate::environment::Watch;
use crate::subject::framework::Calling;
use crate::subject::settings::Settings as RepositorySettings;
use bench_record::wire::{Counts, Failure};
use bench_report::compare;
use bench_report::terminal::Screen;
use paired::process::Processes;
use paired::ratios;
use paired::runner::{Runner, Settings};
use paired::stats::{Confidence, Delta, correction};

/// What is compared with what, and how.
///
/// A case is *same*, *faster*, *slower* or *inconclusive*; the last is listed with what it
/// could not exclude, and never counts as a pass.
///
/// Exit status: 0 nothing regressed, 1 a case regressed (or is inconclusive, with
/// --fail-on inconclusive), 2 the comparison could not be made or could not tell
/// anything, 125 with --bisect where it could not be made.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench compare --against HEAD~1 --quick\n  \
    arena-bench compare --package my-benches --against main\n  \
    arena-bench compare --against origin/main --filter '^drain/blob' --markdown comment.md\n  \
    arena-bench compare --self --quick\n  \
    arena-bench compare --self --allocator mimalloc --baseline-allocator system --quick")]
pub struct Config {
    #[command(flatten)]
    sides: Sides,
    #[command(flatten)]
    selection: Selection,
    /// The smallest change that matters, percent [default: that of bench.toml, or 1]
    #[arg(long, value_parser = percent, allow_negative_numbers = true)]
    delta: Option<f64>,
    /// Seconds for a case, its two looks together [default: that of bench.toml, or 2]
    #[arg(long, value_parser = seconds, allow_negative_numbers = true)]
    budget: Option<f64>,
    /// Compare wall clock alone, no instruction counts.
    #[arg(long)]
    no_counts: bool,
    /// Show what changed in each case that is worse: instructions by function, allocations,
    /// page faults.
    #[arg(long)]
    explain: bool,
    /// Compare exact counts alone, no wall clock.
    #[arg(long, conflicts_with = "no_counts")]
    counts_only: bool,
    /// How far counts may rise; by default the file that bench.toml names, or
    /// `results/limits.json` of the sources.
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// Regressions that were accepted (see `accept`); by default `results/accepted.json` of
    /// the sources, without what the base's own file accepts.
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
    #[command(flatten)]
    chance: Chance,
    /// Also fail on cases that are inconclusive.
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Print JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// For `git bisect run`: exit with 125, which skips the commit, where the comparison
    /// cannot be made, since the sources here do not build, for example.
    #[arg(long)]
    bisect: bool,
    /// Also write the table as Markdown, for a pull request.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// Compares two builds of the pair, or of packages.
pub fn run(config: &Config) -> Result<Outcome> {
    or_skip(config, compare(config, &Calling::default(), true))
}

/// Compares two builds of packages, whose streams are called as `given`.
pub fn run_packages(config: &Config, given: &Calling) -> Result<Outcome> {
    or_skip(config, compare(config, given, false))
}

fn or_skip(config: &Config, compared: Result<Outcome>) -> Result<Outcome> {
    match compared {
        // Any other status would be taken for a bad commit.
        Err(error) if config.bisect => {
            notice!("arena-bench: {error:#}; git bisect is told to skip this commit");
            Ok(Outcome::Skip)
        }
        outcome => outcome,
    }
}

fn compare(config: &Config, given: &Calling, has_pair: bool) -> Result<Outcome> {
    // What can be wrong without a measurement is looked at before one.
    let settings = RepositorySettings::here()?;
    let settings = settings.as_ref();
    let choice = config.sides.choose(settings, given)?;
    choice.ensure(has_pair)?;
    let limits = options::limits(config.limits.as_deref(), settings)?;
    let accepted = options::accepted(config.accepted.as_deref(), settings)?;
    // They are those of packages.
    let asked = settings.filter(|_| matches!(choice, Choice::Packages(_)));
    let own = |of: fn(&RepositorySettings) -> Option<f64>| asked.and_then(of);
    let delta = config.delta.or(own(|it| it.delta)).unwrap_or(1.0);
    let delta = Delta::new(delta / 100.0)?;
    let budget = config.budget.or(own(|it| it.budget)).unwrap_or(2.0);
    if config.counts_only {
        counts::available()?;
    }
    options::writable("--markdown", config.markdown.as_deref())?;
    let chance = config.chance.where_timed(!config.counts_only);
    let linked = config.sides.link(&choice, chance, &config.selection)?;
    let Some(linked) = linked else {
        return Ok(Outcome::Fine);
    };
    let accepted = linked.accepted_since(&choice, settings, accepted);
    let Linked {
        baseline,
        candidate,
        mut cases,
        ..
    } = linked;
    let progress = Progress::new("verify", 2 * cases.len() as u64);
    let mut compared = Compared::default();
    for side in [&baseline, &candidate] {
        for (id, why) in side.verify(&cases, &mut || progress.tick())? {
            cases.retain(|case| *case != id);
            let id = format!("{id} on the {} build", side.role);
            compared.failures.push(Failure { id, why });
        }
    }
    drop(progress);
    let incorrect = !compared.failures.is_empty();
    let watch = Watch::start();
    if !config.counts_only {
        let budget = Duration::from_secs_f64(budget);
        compared.ratios = wall_clock(config, (delta, budget), &baseline, &candidate, &cases)?;
    }
    if !config.no_counts {
        count(&baseline, &candidate, &cases, &mut compared)?;
    }
    let mut verdict = sides::verdict(&baseline, &candidate, &cases, &compared, &limits, &accepted)?;
    if let Some(check) = &mut verdict.self_check {
        watch.explain(check);
    }
    if config.explain {
        explain_worse(&baseline, &candidate, &mut verdict)?;
    }
    // What was measured is shown before a file can fail.
    if config.json {
        print_json(&Summarised {
            summary: verdict.summary(),
            comparison: verdict.clone().without_samples(),
        })?;
    } else {
        say(compare::table(&verdict, Screen::stdout()))?;
    }
    if let Some(path) = &config.markdown {
        options::write(
            "cannot write --markdown",
            path,
            &compare::markdown(&verdict),
        )?;
    }
    if verdict.regressed() || incorrect {
        return Ok(Outcome::Found);
    }
    // What could not be measured is no regression, and no pass either.
    if let Some(failure) = verdict.failures.first() {
        let others = match verdict.failures.len() - 1 {
            0 => String::new(),
            others => format!(" (and {others} more)"),
        };
        bail!(
            "could not be measured: {}: {}{others}",
            failure.id,
            failure.why
        );
    }
    // No regression was found, and none could be: that is no pass.
    if let Some(why) = sides::cannot_tell(&verdict) {
        bail!("{why}");
    }
    let open = config.fail_on.is_some() && verdict.summary().inconclusive > 0;
    Ok(Outcome::of(open))
}

/// A comparison as JSON: the counts of its verdicts first.
#[derive(serde::Serialize)]
struct Summarised {
    summary: bench_report::compare::Summary,
    #[serde(flatten)]
    comparison: bench_report::compare::Verdict,
}

fn wall_clock(
    config: &Config,
    (delta, budget): (Delta, Duration),
    baseline: &Side,
    candidate: &Side,
    cases: &[String],
) -> Result<ratios::Ratios> {
    let family = Confidence::new(crate::CONFIDENCE)?;
    let confidence = correction::per_comparison(family, cases.len() + ratios::BUILD_CHECKS);
    let mut processes = Processes::new(crate::PRODUCT, PROCESS_LIMIT)?;
    let settings = Settings::new(delta, confidence, budget);
    let builder = Runner::builder(&mut processes).seed(config.chance.seed());
    let mut runner = builder.settings(settings).build();
    let progress = Progress::new("wall clock, in turn", cases.len() as u64);
    Ok(sides::wall_clock(
        &mut runner,
        baseline,
        candidate,
        cases,
        &mut || progress.tick(),
    ))
}

/// Counts both builds; without valgrind, says so once.
pub(super) fn count(
    baseline: &Side,
    candidate: &Side,
    cases: &[String],
    compared: &mut Compared,
) -> Result<()> {
    let progress = Progress::new("instructions and allocations", 2 * cases.len() as u64);
    let mut both = [BTreeMap::new(), BTreeMap::new()];
    for (side, counted) in [baseline, candidate].into_iter().zip(&mut both) {
        let heard = &mut |id: &str, result: Result<Counts, String>| {
            match result {
                Ok(counts) => {
                    counted.insert(id.to_owned(), counts);
                }
                Err(why) => {
                    let id = format!("{id} on the {} build", side.role);
                    compared.failures.push(Failure { id, why });
                }
            }
            progress.tick();
        };
        match side.subject.count(cases, heard) {
            Err(counts::CountsError::NoValgrind(missing)) => {
                notice!("arena-bench: {missing}");
                return Ok(());
            }
            other => other?,
        }
    }
    [compared.baseline_counts, compared.candidate_counts] = both;
    Ok(())
}
