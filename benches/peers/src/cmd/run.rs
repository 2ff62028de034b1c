//! `run`: the measurements of the peers, and the record of them.

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use arena_bench::cmd::Outcome;
use arena_bench::environment::Watch;
use arena_bench::pair_process::PairProcess;
use bench_record::wire::{Case, Failure, Record, SCHEMA};
use bench_record::{output, store};
use paired::layouts::seeds;
use paired::stats::{Confidence, Delta};
use rand::RngExt;

use super::{matching, report};
use crate::count::{Lean, Subject};
use crate::files::Files;
use crate::parts::{self, ByArm};
use crate::peer::{Arm, Peer, SIZES};
use crate::timed::{self, Timed};
use crate::work::Work;
use crate::{child, claims, page, tried};

/// Confidence of all intervals of the run together.
const CONFIDENCE: f64 = 0.99;
/// Items of a verification.
const VERIFIED: u64 = 3000;

/// What to measure, and where it goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  peers run --filter '/u64/' --budget 1")]
pub struct Config {
    /// Only what has an id that matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<regex::Regex>,
    /// Seconds for a comparison, its two looks together.
    #[arg(long, alias = "seconds", value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds_of)]
    budget: f64,
    /// The smallest change that matters, percent.
    #[arg(long, default_value_t = 1.0)]
    delta: f64,
    /// Do not count instructions and allocations (which needs valgrind).
    #[arg(long)]
    no_counts: bool,
    /// Do not time anything.
    #[arg(long)]
    no_times: bool,
    /// Link layouts of each library, each for one process of a comparison.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    layouts: u32,
    /// Random seed of layouts, order and draws; by default a fresh one, which is printed.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The record; the pages are written beside it.
    #[arg(long, default_value = "results/peers.json", value_name = "FILE")]
    output: PathBuf,
}

fn seconds_of(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        _ => Err("seconds above 0, up to 3600".to_owned()),
    }
}

/// Verifies, counts and times the peers, and writes the record and its pages.
///
/// # Errors
/// When a library does not build, or the record cannot be written.
pub fn run(config: &Config) -> Result<Outcome> {
    let watch = Watch::start();
    let delta = Delta::new(config.delta / 100.0).context("--delta")?;
    output::check(&config.output)
        .with_context(|| format!("--output: cannot write {}", config.output.display()))?;
    let seed = config
        .seed
        .unwrap_or_else(|| rand::rng().random_range(1..1_000_000_000));
    let all = matching(config.filter.as_ref());
    ensure!(
        !all.is_empty(),
        "--filter matches nothing; `peers verify` prints the ids"
    );
    let files = files(config, &all, seed)?;
    let mut failures = Vec::new();
    let mut cases = verified(&all, &files, &mut failures);
    let plugin = Arm::new(Peer::FidiusRaw, SIZES[0].0, SIZES[0].1);
    let libraries = <[PathBuf; 2]>::try_from(files.of(plugin))
        .map_err(|libraries| anyhow::anyhow!("a plugin and a host, not {libraries:?}"))?;
    match child::claims(libraries) {
        Ok(found) => cases.extend(found.into_iter().map(|case| (None, case))),
        Err(error) => failures.push(failure(claims::RAMP, &error)),
    }
    let tried = tried::all(&mut failures);
    let mut parts = ByArm::new();
    if !config.no_counts {
        count(&mut cases, &files, &mut failures)?;
        parts = explained(&cases, &mut failures)?;
    }
    let mut timed = Timed::default();
    if !config.no_times {
        let options = timed::Options {
            delta,
            family: Confidence::new(CONFIDENCE)?,
            budget: Duration::from_secs_f64(config.budget),
            seed,
        };
        let right: Vec<Work> = cases.iter().filter_map(|(work, _)| *work).collect();
        timed = timed::measure(&right, &files, &options, &mut |name, left| {
            eprintln!("peers: {name}; {left} comparisons left");
        })?;
    }
    failures.append(&mut timed.failures);
    for failure in &failures {
        eprintln!("peers: {}: {}", failure.id, failure.why);
    }
    let outcome = if failures.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Found
    };
    let pair = files.pair();
    let mut record = Record {
        schema: SCHEMA.to_owned(),
        environment: watch
            .finish(pair, PairProcess::load(pair)?.builds())
            .environment,
        cases: cases.into_iter().map(|(_, case)| case).collect(),
        self_check: timed.self_check,
        growth: None,
        ladder: None,
        lab: None,
        comparisons: timed.comparisons,
        failures,
    };
    let drawn = [
        ("random_seed", seed),
        ("link_layouts", config.layouts.into()),
    ];
    let drawn = drawn.map(|(name, value)| (name.to_owned(), value.to_string()));
    record.environment.observed.extend(drawn);
    store::keep(&config.output, &record)?;
    parts::save(&config.output, &parts)?;
    tried::save(&config.output, &tried)?;
    report::write(&record, &config.output)?;
    Ok(outcome)
}

fn failure(id: &str, error: &anyhow::Error) -> Failure {
    Failure {
        id: id.to_owned(),
        why: format!("{error:#}"),
    }
}

/// The libraries in their link layouts; where nothing is timed, one layout is enough.
fn files(config: &Config, all: &[Work], seed: u64) -> Result<Files> {
    let layouts = if config.no_times { 0 } else { config.layouts };
    eprintln!("peers: random seed {seed} (--seed {seed} repeats it)");
    // The claims need the plugin, whatever is measured.
    let plugin = Arm::new(Peer::FidiusRaw, SIZES[0].0, SIZES[0].1);
    let files = Files::in_layouts(
        &[all, &[plugin.into()]].concat(),
        &seeds(seed, layouts),
        &mut |what| {
            eprintln!("peers: {what}");
        },
    )?;
    if !config.no_times {
        for peer in Peer::ALL
            .into_iter()
            .filter(|peer| !peer.libraries().is_empty())
        {
            let is_its = |work: &&Work| matches!(work, Work::Peer(arm) if arm.peer == peer);
            let Some(work) = all.iter().find(is_its) else {
                continue;
            };
            if let Some(why) = files.why_one_layout(*work) {
                eprintln!(
                    "peers: {}: {why}: one link layout only, so what the linker did by chance is \
                     part of its ratio",
                    peer.name()
                );
            }
        }
    }
    Ok(files)
}

/// Verifies everything: only what streams the right items is measured.
fn verified(all: &[Work], files: &Files, failures: &mut Vec<Failure>) -> Vec<(Option<Work>, Case)> {
    let mut cases = Vec::new();
    for &work in all {
        let id = work.id();
        let expected = work.expected(VERIFIED);
        match child::verify(&work, files.of(work), VERIFIED) {
            Ok(found) if found == expected => cases.push((
                Some(work),
                Case {
                    id,
                    params: work.params(VERIFIED),
                    verified: Some(claims::verified(&found)),
                    counts: None,
                },
            )),
            Ok(found) => failures.push(Failure {
                id,
                why: format!("{found:?} where {expected:?} was expected"),
            }),
            Err(error) => failures.push(failure(&id, &error)),
        }
    }
    cases
}

/// Counts the arms into their cases, as many at once as there are cores: other load
/// does not change a count.
fn count(
    cases: &mut [(Option<Work>, Case)],
    files: &Files,
    failures: &mut Vec<Failure>,
) -> Result<()> {
    let arms = cases.iter().filter(|(work, _)| work.is_some()).count();
    eprintln!("peers: counting {arms} arms under valgrind");
    let lean = Lean::of(&std::env::current_exe()?)?;
    let queue = Mutex::new(cases.iter_mut());
    let next = || loop {
        let (work, case) = queue.lock().expect("no worker panics").next()?;
        if let Some(work) = *work {
            return Some((work, case));
        }
    };
    let failed = Mutex::new(failures);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((work, case)) = next() {
                    let libraries = files.of(work);
                    let subject = Subject {
                        executable: lean.path(),
                        work,
                        libraries: &libraries,
                    };
                    match subject.count() {
                        Ok(counts) => case.counts = Some(counts),
                        Err(error) => {
                            let mut failed = failed.lock().expect("no worker panics");
                            failed.push(failure(&work.id(), &error));
                        }
                    }
                }
            });
        }
    });
    Ok(())
}

/// Where the instructions go, of those arms whose counts differ from Fidius'.
fn explained(cases: &[(Option<Work>, Case)], failures: &mut Vec<Failure>) -> Result<ByArm> {
    // Those that have their line tables still; the layouts go without.
    let (executable, files) = (std::env::current_exe()?, Files::beside_executable()?);
    let counted = |arm: &Arm| {
        let case = cases.iter().find(|(known, _)| *known == Some(arm.into()));
        case.and_then(|(_, case)| case.counts.as_ref()?.instructions_per_item)
    };
    let mut found = ByArm::new();
    for ours in page::compared() {
        let theirs = ours.by(Peer::FidiusRaw);
        let both = counted(&ours).zip(counted(&theirs));
        if both.is_none_or(|(ours, theirs)| page::at_par(ours, theirs)) {
            continue;
        }
        for arm in [ours, theirs] {
            eprintln!("peers: where the instructions of {} go", arm.id());
            let libraries = files.of(arm);
            let subject = Subject {
                executable: &executable,
                work: arm.into(),
                libraries: &libraries,
            };
            match parts::of(&subject) {
                Ok(parts) => drop(found.insert(arm.id(), parts)),
                Err(error) => failures.push(failure(&arm.id(), &error)),
            }
        }
    }
    Ok(found)
}
