//! `lab`: which protocol should a framework use?

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use bench_record::lab::Lab;
use bench_record::store;
use bench_record::wire::{Failure, Record};
use bench_report::lab as shown;
use bench_report::terminal::Screen;
use paired::runner::Runner;
use paired::stats::Confidence;

use super::building::laboratory;
use super::options::{self, matching, seconds};
use super::outcome::{Outcome, print_json, say, tell, tell_failures};
use super::part::Part;
use super::progress::{Progress, Shown};
use crate::allocator::Allocator;
use crate::environment::Watch;
use crate::lab::build::{Built, Links};
use crate::lab::catalog::{self, Differ, Set};
use crate::lab::measure;
use crate::lab::run::{Found, Listener};
use crate::pair_process::PairProcess;

/// What a run has, and how long it takes.
struct Scale {
    /// Link layouts of each library.
    layouts: u32,
    /// Time for a set.
    set: Duration,
    /// Time for the first items of a set.
    firsts: Duration,
}

const FULL: Scale = Scale {
    layouts: 48,
    set: Duration::from_secs(6),
    firsts: Duration::from_secs(3),
};

const QUICK: Scale = Scale {
    layouts: 24,
    set: Duration::from_secs(4),
    firsts: Duration::from_millis(1500),
};

/// Link layouts of the pair with each other allocator.
const OTHER_LAYOUTS: usize = 24;

/// Which sets, how, and where the result goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench lab --quick\n  \
    arena-bench lab --filter '^u64$' --counts-only --output /tmp/lab.json\n  \
    arena-bench lab --advice results/advice.md\n\n\
    Above some KiB, copies by `rep movsb` can hide everything else on some CPUs; \
    GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x7fffffff turns them off.")]
pub struct Config {
    #[command(flatten)]
    part: Part,
    /// The allocators beside the system's that guest and host are built with, separated by
    /// commas; system for none [default: mimalloc,jemalloc; none with --quick or --pair]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with_all = ["pair", "verify_only"])]
    allocator: Option<Vec<Allocator>>,
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
    /// Seconds for a set of arms [default: 6, or 4 for the quick ones]
    #[arg(long, value_parser = seconds, allow_negative_numbers = true)]
    budget: Option<f64>,
    /// The record; with --into, none is written.
    #[arg(
        long,
        default_value = "results/lab.json",
        value_name = "FILE",
        conflicts_with = "into"
    )]
    output: PathBuf,
    /// Write the advice for authors of frameworks and plugins into this Markdown file.
    #[arg(long, value_name = "FILE")]
    advice: Option<PathBuf>,
}

impl Config {
    fn scale(&self) -> &'static Scale {
        if self.part.quick { &QUICK } else { &FULL }
    }

    /// The allocators beside the system's.
    fn others(&self) -> Vec<Allocator> {
        let none = self.part.quick || self.part.pair.is_some() || self.verify_only;
        let usual = if none { &[][..] } else { &Allocator::ALL };
        let mut others = self.allocator.clone().unwrap_or_else(|| usual.to_vec());
        others.sort_unstable();
        others.dedup();
        others.retain(|&it| it != Allocator::System);
        others
    }
}

/// Shows how far a run is, and says in the end what its parts took.
#[derive(Default)]
struct Bar {
    progress: Option<Progress>,
    part: Option<(String, Instant)>,
    took: Vec<String>,
}

impl Bar {
    fn part(&mut self, part: &str) {
        self.progress = None;
        let before = self.part.replace((part.to_owned(), Instant::now()));
        if let Some((part, since)) = before {
            self.took
                .push(format!("{part} {:.0} s", since.elapsed().as_secs_f64()));
        }
    }

    /// The parts and their times.
    fn finish(mut self) -> String {
        self.part("");
        self.took.join(", ")
    }
}

impl Listener for Bar {
    fn begin(&mut self, part: &str, steps: usize) {
        self.part(part);
        self.progress = Some(Progress::new(part, steps as u64));
    }

    fn step(&mut self) {
        if let Some(progress) = &self.progress {
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
    let others = config.others();
    let sets = chosen(config.part.filter.as_deref(), config.part.quick, &others)?;
    let record = config.part.into.as_deref();
    if !config.verify_only {
        options::writable("--output", Some(record.unwrap_or(&config.output)))?;
        options::writable("--advice", config.advice.as_deref())?;
    }
    let timed = !(config.counts_only || config.verify_only);
    let seeds = config.part.chance.where_timed(timed);
    let seeds = seeds.seeds(config.scale().layouts);
    let mut bar = Bar::default();
    bar.part("building");
    let built = match config.verify_only {
        true => Built::find(config.part.folder())?,
        false => laboratory(config.part.folder(), links(&sets, &seeds, &others))?,
    };
    let watch = Watch::start();
    let mut found = Found::default();
    found.verify(&built, &sets, config.items, &mut bar)?;
    if config.verify_only {
        return Ok(tell_failures(crate::PRODUCT, &found.failures));
    }
    // Before minutes are spent on what could not be kept.
    let pair = PairProcess::load(&built.today().plain)?;
    if let Some(path) = record {
        matching("--into", path, &built.today().plain, pair.builds(), true)?;
    }
    if !config.no_counts
        && let Err(error) = found.count(&built, &sets, &mut bar)
    {
        notice!("arena-bench: no instructions: {error}");
    }
    if !config.counts_only {
        bar.part("timing");
        time(config, &mut found, &built, &sets)?;
    }
    notice!("arena-bench: {}", bar.finish());
    let observed = watch.finish(&built.today().plain, pair.builds());
    tell(&observed.notices);
    let lab = Lab {
        environment: Some(observed.environment),
        ..found.section(&sets)
    };
    keep(config, &found, &lab)?;
    if let Some(path) = &config.advice {
        options::write("--advice", path, &shown::advice(&lab))?;
    }
    if config.part.json {
        print_json(&lab)?;
    } else {
        for set in lab.sets.iter().chain(&lab.allocators) {
            say(shown::set(set, Screen::stdout()))?;
        }
    }
    Ok(tell_failures(crate::PRODUCT, &found.failures))
}

/// How often libraries are linked for these sets.
fn links<'a>(sets: &[Set], seeds: &'a [u64], others: &'a [Allocator]) -> Links<'a> {
    let by_others = sets.iter().any(|set| set.differ == Differ::Allocators);
    Links {
        seeds,
        allocators: if by_others { others } else { &[] },
        others: OTHER_LAYOUTS,
    }
}

fn time(config: &Config, found: &mut Found, built: &Built, sets: &[Set]) -> Result<()> {
    let scale = config.scale();
    let budget = config.budget.map_or(scale.set, Duration::from_secs_f64);
    let firsts = scale.firsts.min(budget);
    let with_firsts: Vec<&Set> = sets.iter().filter(|set| set.firsts().len() > 1).collect();
    let expected = budget * sets.len() as u32 + firsts * with_firsts.len() as u32;
    let family = Confidence::new(crate::CONFIDENCE)?;
    let progress = Progress::of_time("", expected);
    let mut processes = Shown::new(&progress)?;
    let seed = config.part.chance.seed();
    let settings = measure::settings(sets, family, budget);
    let builder = Runner::builder(&mut processes).seed(seed);
    let mut of_sets = builder.settings(settings).build();
    for set in sets {
        progress.say(&format!("protocols for {}", set.name()));
        found.time(&mut of_sets, built, set);
    }
    let settings = measure::settings(sets, family, firsts);
    let builder = Runner::builder(&mut processes).seed(seed);
    let mut of_firsts = builder.settings(settings).build();
    for set in with_firsts {
        progress.say(&format!("first items of {}", set.name()));
        found.time_firsts(&mut of_firsts, built, set);
    }
    Ok(())
}

/// Writes the record, or adds to the one that `--into` names.
fn keep(config: &Config, found: &Found, lab: &Lab) -> Result<()> {
    let Some(path) = &config.part.into else {
        let mut lab = lab.clone();
        let environment = lab.environment.take().unwrap_or_default();
        let record = Record {
            failures: found.failures.clone(),
            lab: Some(lab),
            ..Record::new(environment)
        };
        options::make_folder_of(&config.output)?;
        return Ok(store::keep(&config.output, &record)?);
    };
    let mut record = store::load(path)?;
    let ours = |failure: &Failure| failure.id.starts_with("lab/");
    record.failures.retain(|failure| !ours(failure));
    record.failures.extend(found.failures.iter().cloned());
    record.lab = Some(lab.clone());
    Ok(store::keep(path, &record)?)
}

/// The sets whose names match.
fn chosen(filter: Option<&str>, quick: bool, others: &[Allocator]) -> Result<Vec<Set>> {
    let what = if quick {
        "set of the quick ones"
    } else {
        "set"
    };
    let wanted = |set: &Set| !quick || set.quick;
    options::named(filter, what, catalog::sets(others), Set::name, wanted)
}
