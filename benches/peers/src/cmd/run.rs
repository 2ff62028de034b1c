//! `run`: the measurements of the peers, and the record of them; or those of packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use arena_bench::cmd::building::Chance;
use arena_bench::cmd::packages::{Choice, PackageChoice};
use arena_bench::cmd::{Outcome, run_packages, tell_failures};
use arena_bench::counts::side_by_side;
use arena_bench::environment::Watch;
use arena_bench::pair_process::PairProcess;
use arena_bench::run::Step;
use arena_bench::subject::settings::Settings;
use bench_record::wire::{Case, Failure, Record, SCHEMA};
use bench_record::{output, store};
use paired::layouts::seeds;
use paired::stats::{Confidence, Delta};

use super::calling::CallingOptions;
use super::compare::PACKAGE;
use super::{matching, report};
use crate::child::{self, failure};
use crate::count::{Executables, Subject};
use crate::files::Files;
use crate::parts::{self, ByArm};
use crate::peer::{Arm, Peer, SIZES};
use crate::timed::{self, Timed};
use crate::work::Work;
use crate::{claims, counted, page, tried};

/// Confidence of all intervals of the run together.
const CONFIDENCE: f64 = 0.99;
/// Items of a verification.
const VERIFIED: u64 = 3000;

/// Measures packages with Fidius plugins, or, where none is named, the peers.
///
/// Of packages that are named here or in bench.toml, the methods that give out a stream and take
/// none are verified, timed in other link layouts and counted. What is not driven is listed with
/// its kind and the reason. Without packages, every peer of this workbench is measured, and the
/// pages of them are written.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  \
    peers run --package my-plugin --output run.json\n  \
    peers run --package my-plugin --args 'tick=[100000]' --no-times --output run.json\n  \
    peers run --filter '/u64/' --budget 1    # the peers",
    mut_arg("package", |arg| arg.help(PACKAGE)),
    mut_arg("layouts", |arg| arg.help(LAYOUTS_HELP))
)]
pub struct Config {
    /// Only what has an id that matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<regex::Regex>,
    /// Seconds for a comparison, its two looks together; twice that where threads hop [default: 1;
    /// with --package that of bench.toml, or 2]
    #[arg(long, alias = "seconds", value_name = "SECONDS", value_parser = seconds_of)]
    budget: Option<f64>,
    /// The smallest change that matters, percent [default: that of bench.toml, or 1]
    #[arg(long)]
    delta: Option<f64>,
    /// Do not count instructions and allocations (which needs valgrind).
    #[arg(long)]
    no_counts: bool,
    /// Do not time anything.
    #[arg(long)]
    no_times: bool,
    #[command(flatten)]
    chance: Chance,
    /// The record [default: results/latest.json; of the peers, results/peers.json, and their
    /// pages beside it]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the record.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    packages: PackageChoice,
    #[command(flatten)]
    calling: CallingOptions,
}

/// Link layouts of each library of the peers.
const LAYOUTS: u32 = 48;
const LAYOUTS_HELP: &str = "Link layouts of each library, each for one process of a comparison \
    [default: 128, of the peers 48]";
/// The smallest change that matters between peers, percent.
const DELTA: f64 = 1.0;
/// Seconds for a comparison of peers: enough to tell ways that differ by a multiple, and there
/// are some two hundred of them.
const SECONDS: f64 = 1.0;

fn seconds_of(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        _ => Err("seconds above 0, up to 3600".to_owned()),
    }
}

/// Verifies, counts and times packages or the peers, and writes the record and its pages.
///
/// # Errors
/// When a library does not build, or the record cannot be written.
pub fn run(config: &Config) -> Result<Outcome> {
    let settings = Settings::here()?;
    let choice = config
        .packages
        .choose(settings.as_ref(), &config.calling.calling()?)?;
    let usual = match choice {
        Choice::Pair => report::RECORD,
        _ => "results/latest.json",
    };
    let output = config.output.as_deref().unwrap_or(Path::new(usual));
    // The usual folder is made; one that was named wrongly is an error.
    if config.output.is_none() {
        fs::create_dir_all(paired::paths::folder(output))?;
    }
    output::check(output)
        .with_context(|| format!("--output: cannot write {}", output.display()))?;
    match choice {
        Choice::Pair => run_peers(config, output),
        choice => run_packages::run(
            &choice,
            settings.as_ref(),
            &run_packages::Asked {
                filter: config.filter.as_ref().map(regex::Regex::as_str),
                quick: false,
                skip: &skipped(config),
                chance: config.chance,
                delta: config.delta,
                budget: config.budget,
                output,
                json: config.json,
            },
        ),
    }
}

fn skipped(config: &Config) -> Vec<Step> {
    let skip = [
        (config.no_times, Step::Paired),
        (config.no_counts, Step::Counts),
    ];
    let skip = skip.into_iter().filter(|(skip, _)| *skip);
    skip.map(|(_, step)| step).collect()
}

fn run_peers(config: &Config, output: &Path) -> Result<Outcome> {
    let watch = Watch::start();
    let delta = Delta::new(config.delta.unwrap_or(DELTA) / 100.0).context("--delta")?;
    let seed = config.chance.seed();
    let all = matching(config.filter.as_ref());
    ensure!(
        !all.is_empty(),
        "--filter matches nothing; `peers list` prints the ids"
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
        let right: Vec<Work> = right(&cases).collect();
        eprintln!("peers: counting {} arms under valgrind", right.len());
        counted::count(&right, &files, &mut |work, found| {
            let case = cases.iter_mut().find(|(known, _)| *known == Some(*work));
            let Some((_, case)) = case else { return };
            match found {
                Ok(found) => found.add_to(case.counts.get_or_insert_default()),
                Err(error) => failures.push(failure(&case.id, &error)),
            }
        })?;
        parts = explained(&cases, &mut failures)?;
    }
    let mut timed = Timed::default();
    if !config.no_times {
        let options = timed::Options {
            delta,
            family: Confidence::new(CONFIDENCE)?,
            budget: Duration::from_secs_f64(config.budget.unwrap_or(SECONDS)),
            seed,
        };
        let right: Vec<Work> = right(&cases).collect();
        timed = timed::measure(&right, &files, &options, &mut |name, left| {
            eprintln!("peers: {name}; {left} comparisons left");
        })?;
    }
    failures.append(&mut timed.failures);
    let outcome = tell_failures("peers", &failures);
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
    let layouts = config.chance.count(LAYOUTS).into();
    let drawn = [("random_seed", seed), ("link_layouts", layouts)];
    let drawn = drawn.map(|(name, value)| (name.to_owned(), value.to_string()));
    record.environment.observed.extend(drawn);
    store::keep(output, &record)?;
    parts::FILE.save(output, &parts)?;
    tried::FILE.save(output, &tried)?;
    report::write(&record, output)?;
    if config.json {
        println!("{}", serde_json::to_string_pretty(&record)?);
    }
    Ok(outcome)
}

/// The libraries in their link layouts; where nothing is timed, one layout is enough.
fn files(config: &Config, all: &[Work], seed: u64) -> Result<Files> {
    let layouts = match config.no_times {
        true => 0,
        false => config.chance.count(LAYOUTS),
    };
    eprintln!("peers: random seed {seed} (--seed {seed} repeats it)");
    // The claims need the plugin, whatever is measured.
    let plugin = Arm::new(Peer::FidiusRaw, SIZES[0].0, SIZES[0].1);
    let all_and_plugin = [all, &[plugin.into()]].concat();
    let files = Files::in_layouts(&all_and_plugin, &seeds(seed, layouts), &mut |what| {
        eprintln!("peers: {what}");
    })?;
    if !config.no_times {
        for peer in Peer::ALL {
            let is_its = |work: &&Work| matches!(work, Work::Peer(arm) if arm.peer == peer);
            let mut with_libraries = all.iter().filter(|work| !work.libraries().is_empty());
            let work = with_libraries.find(is_its);
            if let Some(why) = work.and_then(|work| files.why_one_layout(*work)) {
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
        match child::verify(&work, files.of(work), VERIFIED) {
            Ok(found) => cases.push((
                Some(work),
                Case {
                    id,
                    params: work.params(VERIFIED),
                    verified: Some(found.verified()),
                    counts: None,
                },
            )),
            Err(error) => failures.push(failure(&id, &error)),
        }
    }
    cases
}

/// The arms among the cases: what streams the right items.
fn right(cases: &[(Option<Work>, Case)]) -> impl Iterator<Item = Work> {
    cases.iter().filter_map(|(work, _)| *work)
}

/// Where the instructions go, of those arms whose counts differ from Fidius'.
fn explained(cases: &[(Option<Work>, Case)], failures: &mut Vec<Failure>) -> Result<ByArm> {
    // Those that have their line tables still; the layouts go without.
    let executables = Executables::whole(&std::env::current_exe()?);
    let files = Files::beside_executable()?;
    let counted = |work: &Work| {
        let case = cases.iter().find(|(known, _)| known.as_ref() == Some(work));
        case.and_then(|(_, case)| case.counts.as_ref()?.instructions_per_item)
    };
    let differ = page::compared().filter(|[ours, theirs]| {
        let both = counted(ours).zip(counted(theirs));
        both.is_some_and(|(ours, theirs)| !page::at_par(ours, theirs))
    });
    let differ: Vec<Work> = differ.flatten().collect();
    eprintln!("peers: where the instructions of {} arms go", differ.len());
    let parts = |work: &Work| {
        let libraries = files.of(*work);
        parts::of(&Subject {
            executables: &executables,
            work: *work,
            libraries: &libraries,
        })
    };
    let mut found = ByArm::new();
    side_by_side(
        differ.iter().collect(),
        usize::MAX,
        &parts,
        &mut |work, parts| match parts {
            Ok(parts) => drop(found.insert(work.id(), parts)),
            Err(error) => failures.push(failure(&work.id(), &error)),
        },
    );
    Ok(found)
}
