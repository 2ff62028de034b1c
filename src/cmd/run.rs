//! `run`: the measurements, and the record of them.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::building::{Chance, pair};
use super::options::Selection;
use super::progress::Progress;
use super::{Outcome, print_json, say};
use crate::case::{Case, Group};
use crate::environment::Watch;
use crate::growth::matrix::Stream;
use crate::growth::section;
use crate::pair::Layouts;
use crate::pair_process::{Builds, PairProcess};
use crate::run::{self, Listener, Options, Step};
use crate::workspace;
use bench_record::store;
use bench_record::validate::parse_shard;
use bench_record::wire::{Failure, Record, SCHEMA, SelfCheck};
use bench_report::run::table;
use bench_report::terminal::Screen;
use paired::stats::Delta;

/// What to measure, how, and where the record goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench run --quick\n  \
    arena-bench run --filter '^drain/(u64|record)' --skip criterion\n  \
    arena-bench run --shard 1/4 --output results/shard-1.json")]
pub struct Config {
    #[command(flatten)]
    selection: Selection,
    /// All cases with full timings; this is the default.
    #[arg(long, conflicts_with = "quick")]
    full: bool,
    /// Folder of the pair, as `build-pair` leaves it; by default the pair is
    /// built from the sources here.
    #[arg(long, value_name = "DIR")]
    pair: Option<PathBuf>,
    /// Leave out parts of the run.
    #[arg(long, value_enum, value_delimiter = ',')]
    skip: Vec<Step>,
    /// Go on with an interrupted run of the same output.
    #[arg(long)]
    resume: bool,
    /// Only the K-th of N shards of the cases; `merge` joins their records.
    #[arg(long, value_name = "K/N", value_parser = shard)]
    shard: Option<(u32, u32)>,
    /// The smallest change that matters, percent.
    #[arg(long, default_value_t = 1.0, value_parser = percent, allow_negative_numbers = true)]
    delta: f64,
    /// Seconds for each of the two looks at a comparison.
    #[arg(long, value_parser = seconds, allow_negative_numbers = true)]
    budget: Option<f64>,
    #[command(flatten)]
    chance: Chance,
    /// The record.
    #[arg(long, default_value = "results/latest.json", value_name = "FILE")]
    output: PathBuf,
    /// Print the record instead of the table.
    #[arg(long)]
    json: bool,
}

fn shard(text: &str) -> Result<(u32, u32), String> {
    parse_shard(text).ok_or_else(|| "K/N with K from 1 to N, such as 1/4".to_owned())
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse() {
        Ok(percent) if percent > 0.0 && percent < 100.0 => Ok(percent),
        _ => Err("a percentage above 0 and below 100, such as 1 or 0.25".to_owned()),
    }
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        _ => Err("seconds above 0, up to 3600".to_owned()),
    }
}

/// Measures and writes the record.
///
/// # Errors
/// When there is no pair, the record cannot be written, another run writes to
/// the same place, or a harness cannot be run at all.
pub fn run(config: &Config) -> Result<Outcome> {
    let _lock = Lock::take(&config.output)?;
    let all = config.selection.cases()?;
    let comparisons = run::protocol_pairs(&all).len();
    let cases = chosen(config, all)?;
    let seeds = config.chance.layouts(config.selection.quick);
    let layouts = pair(config.pair.as_deref(), &seeds)?;
    let mut pair = PairProcess::load(&layouts.plain)?;
    let watch = Watch::start();
    let observed = watch.finish(&layouts.plain, pair.builds());
    observed
        .notices
        .iter()
        .for_each(|notice| eprintln!("arena-bench: {notice}"));
    let mut record = Record {
        schema: SCHEMA.to_owned(),
        environment: observed.environment,
        cases: Vec::new(),
        comparisons: Vec::new(),
        self_check: None,
        failures: Vec::new(),
        growth: None,
        ladder: None,
    };
    record.environment.shard = config.shard.map(|(k, n)| format!("{k}/{n}"));
    let partial = run::partial(&config.output);
    if config.resume {
        resume(&mut record, &partial)?;
    }
    let mut reporter = Reporter {
        partial: partial.clone(),
        progress: None,
        failed: None,
    };
    let correct = run::verify(&mut record, &mut pair, &cases, &mut reporter);
    run::measure(
        &mut record,
        &layouts,
        &correct,
        &options(config, &layouts, comparisons)?,
        &mut reporter,
    )?;
    drop(reporter.progress.take());
    if let Some(error) = reporter.failed {
        return Err(error.into());
    }
    if correct.iter().any(|case| case.group == Group::Growth) {
        let mut drain = |stream: &Stream, buffers: &[_]| pair.grow(stream, buffers);
        match section::standard(&mut drain, &record) {
            Ok(growth) => record.growth = Some(growth),
            // What was measured is worth more than this.
            Err(error) => record.failures.push(Failure {
                id: "growth".to_owned(),
                why: error.to_string(),
            }),
        }
    }
    finish(&mut record, &watch, &layouts, pair.builds());
    store::save(&config.output, &record)?;
    // What it was for is done; a resumed run of nothing would be no help.
    let _ = fs::remove_file(&partial);
    if config.json {
        print_json(&record)?;
    } else {
        say(table(&record, Screen::stdout()))?;
    }
    eprintln!("arena-bench: the record is {}", config.output.display());
    for failure in &record.failures {
        eprintln!("arena-bench: failed: {}: {}", failure.id, failure.why);
    }
    Ok(if record.failures.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Found
    })
}

/// The cases of the shard that is to be measured.
fn chosen(config: &Config, cases: Vec<Case>) -> Result<Vec<Case>> {
    let cases = match config.shard {
        Some((k, n)) => run::shard(cases, k, n),
        None => cases,
    };
    ensure!(
        !cases.is_empty(),
        "the shard has no cases: there are fewer cases than shards"
    );
    Ok(cases)
}

/// Adds what the system tells of the likely cause to a self-check that failed.
pub(super) fn explain(check: &mut SelfCheck, watch: &Watch) {
    let causes = watch.likely_causes();
    if !check.trusted && !causes.is_empty() {
        check.why = format!("{}; likely because {}", check.why, causes.join(" and "));
    }
}

fn options(config: &Config, layouts: &Layouts, comparisons: usize) -> Result<Options> {
    let default = if config.selection.quick { 1.5 } else { 0.9 };
    let root = workspace::root().unwrap_or_default();
    Ok(Options {
        skip: config.skip.clone(),
        quick: config.selection.quick,
        delta: Delta::new(config.delta / 100.0)?,
        look: Duration::from_secs_f64(config.budget.unwrap_or(default)),
        pair: layouts.plain.guest.parent().map(Path::to_owned),
        criterion: workspace::target(&root).join("criterion"),
        comparisons,
        seed: config.chance.seed,
    })
}

/// Takes over what an interrupted run of the same pair on the same machine had
/// finished.
fn resume(record: &mut Record, partial: &Path) -> Result<()> {
    if !partial.exists() {
        eprintln!("arena-bench: no unfinished run to resume; starting anew");
        return Ok(());
    }
    let earlier = store::load(partial)?;
    let differences = earlier.environment.differences(&record.environment);
    if let Some(difference) = differences.first() {
        bail!(
            "cannot resume {}: {difference}; start anew without --resume",
            partial.display()
        );
    }
    record.environment.started = earlier.environment.started;
    record.cases = earlier.cases;
    record.comparisons = earlier.comparisons;
    record.self_check = earlier.self_check;
    Ok(())
}

/// What is known of the environment only now.
fn finish(record: &mut Record, watch: &Watch, layouts: &Layouts, builds: &Builds) {
    let begun = record.environment.clone();
    record.environment = watch.finish(&layouts.plain, builds).environment;
    record.environment.started = begun.started;
    record.environment.shard = begun.shard;
    if let Some(check) = &mut record.self_check {
        explain(check, watch);
    }
}

/// Keeps what is finished, and shows how far the run is.
struct Reporter {
    partial: PathBuf,
    progress: Option<Progress>,
    failed: Option<bench_record::store::RecordError>,
}

impl Listener for Reporter {
    fn begin(&mut self, part: &str, steps: usize) {
        self.progress = None;
        self.progress = Some(Progress::new(part, steps as u64));
    }

    fn step(&mut self, record: &Record) {
        if self.failed.is_none() {
            self.failed = store::save(&self.partial, record).err();
        }
        if let Some(progress) = &self.progress {
            progress.tick();
        }
    }

    fn notice(&mut self, text: &str) {
        eprintln!("arena-bench: {text}");
    }
}

/// The right to write one record; the file is gone when it is given back.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn take(output: &Path) -> Result<Self> {
        let path = output.with_extension("lock");
        if let Some(folder) = output
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let unwritable = || {
            format!(
                "{}: cannot be written; choose another --output",
                output.display()
            )
        };
        loop {
            let file = File::create(&path).with_context(unwritable)?;
            match file.try_lock() {
                // Not the file that another run has just removed.
                Ok(()) if is_at(&file, &path) => return Ok(Self { path, _file: file }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => bail!(
                    "another run writes to {}; wait for it, or choose another --output",
                    output.display()
                ),
                Err(TryLockError::Error(error)) => return Err(error).with_context(unwritable),
            }
        }
    }
}

/// Whether an open file is the one that stands at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    let known = |found: std::io::Result<fs::Metadata>| found.map(|it| (it.dev(), it.ino())).ok();
    known(file.metadata()) == known(fs::metadata(path))
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
