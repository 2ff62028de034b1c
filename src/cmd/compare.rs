//! `compare`: two pairs against each other, on this machine, now.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::options::Selection;
use super::progress::Progress;
use super::run::{explain, in_folder, pair, percent, seconds, warn_of_one};
use super::{Outcome, print_json, say};
use crate::case::Case;
use crate::compare::{self as sides, Compared, PROCESS_LIMIT, Side};
use crate::counts;
use crate::environment::Watch;
use crate::harness::Profile;
use crate::{run, workspace};
use bench_record::wire::{Counts, Failure};
use bench_record::{atomic, short_commit};
use bench_report::compare;
use bench_report::terminal::Screen;
use paired::clock::Monotonic;
use paired::process::Processes;
use paired::ratios;
use paired::runner::{Runner, Settings};
use paired::stats::{Confidence, Delta, correction};

/// What is compared with what, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench compare --against HEAD~1 --quick\n  \
    arena-bench compare --against origin/main --filter '^drain/blob' --markdown comment.md\n  \
    arena-bench compare --self --quick")]
pub struct Config {
    #[command(flatten)]
    baseline: Baseline,
    /// Folder of the candidate pair; by default it is built from the sources
    /// here, uncommitted changes included.
    #[arg(long, value_name = "DIR")]
    pair: Option<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    /// The smallest change that matters, percent.
    #[arg(long, default_value_t = 1.0, value_parser = percent, allow_negative_numbers = true)]
    delta: f64,
    /// Seconds for each of the two looks at a case.
    #[arg(long, default_value_t = 2.0, value_parser = seconds, allow_negative_numbers = true)]
    budget: f64,
    /// Compare wall clock alone, no instruction counts.
    #[arg(long)]
    no_counts: bool,
    /// Compare exact counts alone, no wall clock.
    #[arg(long, conflicts_with = "no_counts")]
    counts_only: bool,
    /// How far counts may rise; by default `results/limits.json` of the sources.
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// Seed of everything that chance decides.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// Also write the table as Markdown, for a pull request.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// The pair that is compared with.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Baseline {
    /// A commit, branch or tag; its pair is built in a scratch worktree.
    #[arg(long, value_name = "REF")]
    against: Option<String>,
    /// Folder of a pair that was kept, with its layouts (see `build-pair`).
    #[arg(long, value_name = "DIR")]
    baseline_pair: Option<PathBuf>,
    /// The candidate itself, from another copy of its files: A/A.
    #[arg(long = "self")]
    itself: bool,
}

/// Compares two pairs.
///
/// # Errors
/// When one of them cannot be had, loaded or verified, or nothing can be
/// measured.
pub fn run(config: &Config) -> Result<Outcome> {
    let mut cases: Vec<Case> = config
        .selection
        .cases()?
        .into_iter()
        .filter(Case::is_drain)
        .collect();
    let candidate = Side {
        role: "candidate",
        name: config
            .pair
            .as_ref()
            .map_or_else(here, |folder| folder.display().to_string()),
        layouts: pair(config.pair.as_deref())?,
    };
    let baseline = baseline(config, &candidate)?;
    let progress = Progress::new("verify", 2 * cases.len() as u64);
    let mut compared = Compared::default();
    for side in [&baseline, &candidate] {
        for (id, why) in side.verify(&cases, &mut || progress.tick())? {
            cases.retain(|case| case.id() != id);
            let id = format!("{id} on the {} pair", side.role);
            compared.failures.push(Failure { id, why });
        }
    }
    drop(progress);
    let watch = Watch::start();
    if !config.counts_only {
        compared.ratios = wall_clock(config, &baseline, &candidate, &cases)?;
    }
    if !config.no_counts {
        count(&baseline, &candidate, &cases, &mut compared)?;
    }
    let limits = super::options::limits(config.limits.as_deref())?;
    let delta = delta(config)?;
    let mut verdict = sides::verdict(&baseline, &candidate, &cases, &compared, &limits, delta)?;
    if let Some(check) = &mut verdict.self_check {
        explain(check, &watch);
    }
    if let Some(path) = &config.markdown {
        atomic::replace(path, compare::markdown(&verdict).as_bytes())
            .with_context(|| path.display().to_string())?;
    }
    if config.json {
        print_json(&verdict.clone().without_samples())?;
    } else {
        say(compare::table(&verdict, Screen::stdout()))?;
    }
    Ok(if verdict.regressed() {
        Outcome::Found
    } else {
        Outcome::Fine
    })
}

fn delta(config: &Config) -> Result<Delta> {
    Ok(Delta::new(config.delta / 100.0)?)
}

/// The sources here, for people.
fn here() -> String {
    let root = workspace::root().and_then(|root| workspace::resolve(&root, "HEAD"));
    match root {
        Ok(commit) => format!("the sources here, on {}", short_commit(&commit)),
        Err(_) => "the sources here".to_owned(),
    }
}

fn baseline(config: &Config, candidate: &Side) -> Result<Side> {
    let (name, layouts) = match (&config.baseline.against, &config.baseline.baseline_pair) {
        (Some(reference), _) => {
            eprintln!("arena-bench: building the pair of {reference}");
            let (layouts, commit) = workspace::build_at(&workspace::root()?, reference)?;
            (format!("{reference} ({})", short_commit(&commit)), layouts)
        }
        (None, Some(folder)) => {
            let layouts = in_folder(folder).context("the baseline pair")?;
            if candidate.layouts.shuffled() {
                warn_of_one(&layouts);
            }
            (folder.display().to_string(), layouts)
        }
        (None, None) => (
            format!("{}, once more", candidate.name),
            candidate.layouts.clone(),
        ),
    };
    Ok(Side {
        role: "baseline",
        name,
        layouts,
    })
}

fn wall_clock(
    config: &Config,
    baseline: &Side,
    candidate: &Side,
    cases: &[Case],
) -> Result<ratios::Ratios> {
    let family = Confidence::new(run::CONFIDENCE)?;
    let confidence = correction::per_comparison(family, cases.len().max(1));
    let mut processes = Processes::new(crate::PRODUCT, PROCESS_LIMIT)?;
    let clock = Monotonic::default();
    let budget = Duration::from_secs_f64(config.budget);
    let mut runner = Runner {
        execute: &mut processes,
        clock: &clock,
        rng: SmallRng::seed_from_u64(config.seed),
        settings: Settings::new(delta(config)?, confidence, budget),
    };
    let progress = Progress::new("wall clock, in turn", cases.len() as u64);
    Ok(sides::wall_clock(
        &mut runner,
        baseline,
        candidate,
        cases,
        &mut || progress.tick(),
    ))
}

/// Counts both pairs; without valgrind, says so once.
fn count(baseline: &Side, candidate: &Side, cases: &[Case], compared: &mut Compared) -> Result<()> {
    let executable = match counts::build(Profile::Release) {
        Err(counts::CountsError::NoValgrind(missing)) => {
            eprintln!("arena-bench: {missing}");
            return Ok(());
        }
        built => built?,
    };
    let progress = Progress::new("instructions and allocations", 2 * cases.len() as u64);
    let mut of = |side: &Side, counted: &mut BTreeMap<String, Counts>| -> Result<()> {
        let pair = Some(side.folder());
        let options = counts::Options {
            executable: executable.clone(),
            pair,
            jobs: None,
        };
        counts::measure(cases, &options, &mut |case, result| {
            match result {
                Ok(counts) => {
                    counted.insert(case.id(), counts);
                }
                Err(error) => compared.failures.push(Failure {
                    id: format!("{} on the {} pair", case.id(), side.role),
                    why: error.to_string(),
                }),
            }
            progress.tick();
        })?;
        Ok(())
    };
    let (mut first, mut second) = (BTreeMap::new(), BTreeMap::new());
    of(baseline, &mut first)?;
    of(candidate, &mut second)?;
    (compared.baseline_counts, compared.candidate_counts) = (first, second);
    Ok(())
}
