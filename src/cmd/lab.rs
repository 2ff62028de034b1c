//! `lab`: which protocol should a framework use?

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bench_record::lab::Lab;
use bench_record::wire::{Record, SCHEMA};
use bench_record::{output, store};
use bench_report::lab as shown;
use bench_report::terminal::Screen;
use paired::process::Processes;
use paired::runner::Runner;
use paired::stats::Confidence;
use regex::Regex;

use super::building::{Chance, laboratory};

use super::options::{self, matching, seconds};
use super::outcome::{Outcome, print_json, say};
use super::progress::{Progress, Shown};

use crate::PROCESS_LIMIT;
use crate::environment::{Observed, Watch};
use crate::lab::build::Built;
use crate::lab::catalog::{self, Set};
use crate::lab::measure;
use crate::lab::run::{Found, Listener};
use crate::pair_process::PairProcess;

/// Time for a set.
const FULL: Duration = Duration::from_secs(8);
/// The same in a hurry.
const QUICK: Duration = Duration::from_secs(4);
/// Link layouts of each library.
const LAYOUTS: u32 = 64;
/// The same in a hurry.
const QUICK_LAYOUTS: u32 = 24;

/// Which sets, how, and where the result goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench lab --quick\n  \
    arena-bench lab --filter '^u64$' --counts-only --output /tmp/lab.json\n  \
    arena-bench lab --advice results/advice.md\n\n\
    Above some KiB, copies by `rep movsb` can hide everything else on some CPUs; \
    GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x7fffffff turns them off.")]
pub struct Config {
    /// Folder of the pair and of the laboratory's libraries; by default all are built from the
    /// sources here.
    #[arg(long, value_name = "DIR")]
    pair: Option<PathBuf>,
    /// Only sets whose name (such as record-64B or blob-4KiB/borrowed) matches this regular
    /// expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<String>,
    /// Four of the items, with owned decoding and short timings.
    #[arg(long)]
    quick: bool,
    /// Verify and count; time nothing.
    #[arg(long, conflicts_with = "no_counts")]
    counts_only: bool,
    /// Leave out the instructions and allocations.
    #[arg(long)]
    no_counts: bool,
    /// Verify every arm; count and time nothing, and write no record.
    #[arg(long, conflicts_with_all = ["counts_only", "no_counts", "output", "into", "advice"])]
    verify_only: bool,
    /// With --verify-only: drain whole batches of at least so many items.
    #[arg(long, value_name = "N", requires = "verify_only", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    items: Option<u64>,
    /// Seconds for a set of arms [default: 8, or 4 for the quick ones]
    #[arg(long, value_parser = seconds, allow_negative_numbers = true)]
    budget: Option<f64>,
    #[command(flatten)]
    chance: Chance,
    /// The record.
    #[arg(long, default_value = "results/lab.json", value_name = "FILE")]
    output: PathBuf,
    /// Add the result to this record instead, which must be of the same pair and machine.
    #[arg(long, value_name = "RECORD", conflicts_with = "output")]
    into: Option<PathBuf>,
    /// Write the advice for authors of frameworks and plugins into this Markdown file.
    #[arg(long, value_name = "FILE")]
    advice: Option<PathBuf>,
    /// Print the section of the record as JSON instead of tables.
    #[arg(long)]
    json: bool,
}

/// Shows how far a run is.
#[derive(Default)]
struct Bar(Option<Progress>);

impl Listener for Bar {
    fn begin(&mut self, part: &str, steps: usize) {
        self.0 = Some(Progress::new(part, steps as u64));
    }

    fn step(&mut self) {
        if let Some(progress) = &self.0 {
            progress.tick();
        }
    }
}

/// Verifies every arm, counts and times them, and writes what it found.
///
/// # Errors
/// When the libraries do not build or cannot be used, the filter matches nothing, or a file
/// cannot be written.
pub fn run(config: &Config) -> Result<Outcome> {
    let sets = chosen(config.filter.as_deref(), config.quick)?;
    let record = config.into.as_deref();
    if !config.verify_only {
        options::writable("--output", Some(record.unwrap_or(&config.output)))?;
        options::writable("--advice", config.advice.as_deref())?;
    }
    let seeds = match config.counts_only || config.verify_only {
        true => Vec::new(),
        false => config.chance.seeds(match config.quick {
            true => QUICK_LAYOUTS,
            false => LAYOUTS,
        }),
    };
    let built = match config.verify_only {
        true => Built::find(config.pair.as_deref())?,
        false => laboratory(config.pair.as_deref(), &seeds)?,
    };
    let watch = Watch::start();
    let mut found = Found::default();
    let mut bar = Bar::default();
    found.verify(&built, &sets, config.items, &mut bar)?;
    if config.verify_only {
        return finished(&found);
    }
    // Before minutes are spent on what could not be kept.
    let pair = PairProcess::load(&built.today.plain)?;
    if let Some(path) = record {
        matching("--into", path, &built.today.plain, pair.builds(), true)?;
    }
    if !config.no_counts
        && let Err(error) = found.count(&built, &sets, &mut bar)
    {
        notice!("arena-bench: no instructions: {error}");
    }
    drop(bar);
    if !config.counts_only {
        time(config, &mut found, &built, &sets)?;
    }
    let Observed {
        environment,
        notices,
    } = watch.finish(&built.today.plain, pair.builds());
    for notice in notices {
        notice!("arena-bench: {notice}");
    }
    let lab = Lab {
        environment: Some(environment),
        ..found.section(&sets)
    };
    keep(config, &found, &lab)?;
    if let Some(path) = &config.advice {
        let text = shown::advice(&lab);
        output::replace(path, text.as_bytes())
            .with_context(|| format!("--advice {}", path.display()))?;
    }
    if config.json {
        print_json(&lab)?;
    } else {
        for set in &lab.sets {
            say(shown::set(set, Screen::stdout()))?;
        }
    }
    finished(&found)
}

fn finished(found: &Found) -> Result<Outcome> {
    for failure in &found.failures {
        notice!("arena-bench: {}: {}", failure.id, failure.why);
    }
    Ok(if found.failures.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Found
    })
}

fn time(config: &Config, found: &mut Found, built: &Built, sets: &[Set]) -> Result<()> {
    let usual = if config.quick { QUICK } else { FULL };
    let budget = config.budget.map_or(usual, Duration::from_secs_f64);
    let family = Confidence::new(crate::CONFIDENCE)?;
    let progress = Progress::of_time("", budget * 2 * sets.len() as u32);
    let mut processes = Shown {
        execute: Processes::new(crate::PRODUCT, PROCESS_LIMIT)?,
        progress: &progress,
    };
    let builder = Runner::builder(&mut processes).seed(config.chance.seed());
    let settings = measure::settings(sets, family, budget);
    let mut runner = builder.settings(settings).build();
    for set in sets {
        progress.say(&format!("protocols for {}", set.name()));
        found.time(&mut runner, built, set);
    }
    Ok(())
}

/// Writes the record, or adds to the one that `--into` names.
fn keep(config: &Config, found: &Found, lab: &Lab) -> Result<()> {
    let Some(path) = &config.into else {
        let mut lab = lab.clone();
        let record = Record {
            schema: SCHEMA.to_owned(),
            environment: lab.environment.take().unwrap_or_default(),
            cases: Vec::new(),
            comparisons: Vec::new(),
            self_check: None,
            failures: found.failures.clone(),
            growth: None,
            ladder: None,
            lab: Some(lab),
        };
        folder_of(&config.output)?;
        return Ok(store::keep(&config.output, &record)?);
    };
    let mut record = store::load(path)?;
    record
        .failures
        .retain(|failure| !failure.id.starts_with("lab/"));
    record.failures.extend(found.failures.iter().cloned());
    record.lab = Some(lab.clone());
    Ok(store::keep(path, &record)?)
}

fn folder_of(file: &Path) -> Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), |folder| {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))
    })
}

/// The sets whose names match.
fn chosen(filter: Option<&str>, quick: bool) -> Result<Vec<Set>> {
    let regex = Regex::new(filter.unwrap_or_default()).context("--filter")?;
    let all = catalog::sets();
    let names = || all.iter().map(Set::name).collect::<Vec<_>>().join(", ");
    let mut sets = all.clone();
    sets.retain(|set| (!quick || set.quick) && regex.is_match(&set.name()));
    ensure!(
        !sets.is_empty(),
        "--filter {:?} matches no set{}; there are {}",
        filter.unwrap_or_default(),
        if quick { " of the quick ones" } else { "" },
        names()
    );
    Ok(sets)
}
