//! `run`: the measurements of the peers, and the record of them.

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use arena_bench::cmd::Outcome;
use arena_bench::environment::Watch;
use paired::clock::Monotonic;
use paired::contest::{Contestant, Runner, Settings};
use paired::process::Processes;
use arena_bench::ratios::{self, Match, Ratios};
use bench_record::store;
use bench_record::wire::{Case, Comparison, Failure, Record, SCHEMA};
use paired::stats::{Confidence, Delta, correction};
use bench_protocol::spec::Protocol;
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::{SIZES, matches, report};
use crate::count::{Lean, Subject};
use crate::drive::Workload;
use crate::files::Files;
use crate::parts::{self, ByArm};
use crate::peer::{Arm, Peer};
use crate::{claims, page};

/// Confidence of all intervals of the run together.
const CONFIDENCE: f64 = 0.99;
/// Items of a verification.
const VERIFIED: u64 = 3000;
/// A measuring process that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// What to measure, and where it goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  peers run --filter '/u64/' --seconds 0.5")]
pub struct Config {
    /// Only arms whose id matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<regex::Regex>,
    /// Seconds for each of the two looks at a comparison.
    #[arg(long, default_value_t = 0.3)]
    seconds: f64,
    /// The smallest change that matters, percent.
    #[arg(long, default_value_t = 1.0)]
    delta: f64,
    /// Do not count instructions and allocations (which needs valgrind).
    #[arg(long)]
    no_counts: bool,
    /// Do not time anything.
    #[arg(long)]
    no_times: bool,
    /// Seed of everything that chance decides.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The record; the pages are written beside it.
    #[arg(long, default_value = "results/peers.json", value_name = "FILE")]
    output: PathBuf,
}

/// Verifies, counts and times the peers, and writes the record and its pages.
///
/// # Errors
/// When there are no libraries, or the record cannot be written.
pub fn run(config: &Config) -> Result<Outcome> {
    let watch = Watch::start();
    let delta = Delta::new(config.delta / 100.0).context("--delta")?;
    let files = files(config.seed)?;
    let mut failures = Vec::new();
    let mut cases = verified(config, &files, &mut failures);
    cases.extend(claims::cases(&files)?);
    let mut parts = ByArm::new();
    if !config.no_counts {
        count(&mut cases, &files, &mut failures)?;
        parts = explained(&cases, &mut failures)?;
    }
    let family = Confidence::new(CONFIDENCE)?;
    let (mut ratios, mut hops) = (Ratios::default(), Vec::new());
    if !config.no_times {
        (ratios, hops) = timed(config, &cases, &files, family, delta)?;
    }
    // Arms whose threads hop have each its own copy's word, and no say in whether
    // the others' times may be trusted.
    let mut self_check = ratios::judge(&ratios.copies, delta, family)?;
    if let Some(check) = &mut self_check {
        check.comparisons.extend(hops);
    }
    failures.append(&mut ratios.failures);
    for failure in &failures {
        eprintln!("peers: {}: {}", failure.id, failure.why);
    }
    let outcome = if failures.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Found
    };
    let pair = files.pair();
    let record = Record {
        schema: SCHEMA.to_owned(),
        environment: watch.finish(pair, &(&pair.load()?).into()).environment,
        cases: cases.into_iter().map(|(_, case)| case).collect(),
        self_check,
        growth: None,
        ladder: None,
        comparisons: ratios.comparisons,
        failures,
    };
    store::save(&config.output, &record)?;
    parts::save(&config.output, &parts)?;
    report::write(&record, &config.output)?;
    Ok(outcome)
}

fn failure(id: &str, error: &anyhow::Error) -> Failure {
    Failure {
        id: id.to_owned(),
        why: format!("{error:#}"),
    }
}

/// The libraries: the pair's in its link layouts.
fn files(seed: u64) -> Result<Files> {
    eprintln!("peers: building the pair in its link layouts");
    let files = Files::in_layouts(seed)?;
    if !files.shuffled() {
        eprintln!(
            "peers: one link layout only: what the linker did by chance is part of every ratio"
        );
    }
    Ok(files)
}

/// The arms: every peer with every payload; and, where Fidius' claims are about
/// the boundary alone, the same without decoding and with an owning producer.
fn arms() -> Vec<Arm> {
    let mut arms = Vec::new();
    for (payload, bytes) in SIZES {
        arms.extend(Peer::ALL.map(|peer| Arm::new(peer, payload, bytes)));
        for peer in [Peer::Arena, Peer::Alloc, Peer::FidiusRaw] {
            let arm = Arm::new(peer, payload, bytes);
            arms.extend([arm.raw(), arm.owned()]);
        }
        arms.push(Arm::new(Peer::Fidius, payload, bytes).owned());
    }
    arms
}

/// Verifies each arm: only what streams the right items is measured.
fn verified(
    config: &Config,
    files: &Files,
    failures: &mut Vec<Failure>,
) -> Vec<(Option<Arm>, Case)> {
    let mut cases = Vec::new();
    for arm in arms() {
        if !matches(config.filter.as_ref(), &arm) {
            continue;
        }
        let id = arm.id();
        let found = arm
            .open(&files.of(&arm), VERIFIED)
            .and_then(|mut stream| stream.verify(VERIFIED));
        let expected = arm.expected(VERIFIED);
        match found {
            Ok(found) if found == expected => {
                let mut params = arm.case(Protocol::Arena).params(VERIFIED);
                params.protocol = arm.peer.name().to_owned();
                cases.push((
                    Some(arm),
                    Case {
                        id,
                        params,
                        verified: Some(claims::verified(&found)),
                        counts: None,
                    },
                ));
            }
            Ok(found) => failures.push(Failure {
                id,
                why: format!("{found:?} where {expected:?} was expected"),
            }),
            Err(error) => failures.push(failure(&id, &error)),
        }
    }
    cases
}

/// Counts the arms into their cases, as many at once as there are cores: a count does
/// not care who else runs.
fn count(
    cases: &mut [(Option<Arm>, Case)],
    files: &Files,
    failures: &mut Vec<Failure>,
) -> Result<()> {
    let arms = cases.iter().filter(|(arm, _)| arm.is_some()).count();
    eprintln!("peers: counting {arms} arms under valgrind");
    let lean = Lean::of(&std::env::current_exe()?)?;
    let queue = Mutex::new(cases.iter_mut());
    let next = || loop {
        let (arm, case) = queue.lock().expect("no worker panics").next()?;
        if let Some(arm) = *arm {
            return Some((arm, case));
        }
    };
    let failed = Mutex::new(failures);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((arm, case)) = next() {
                    let libraries = files.of(&arm);
                    let subject = Subject {
                        executable: lean.path(),
                        arm: &arm,
                        libraries: &libraries,
                    };
                    match subject.count() {
                        Ok(counts) => case.counts = Some(counts),
                        Err(error) => {
                            let mut failed = failed.lock().expect("no worker panics");
                            failed.push(failure(&arm.id(), &error));
                        }
                    }
                }
            });
        }
    });
    Ok(())
}

/// Where the instructions go of those of our arms and Fidius' that are not at par.
fn explained(cases: &[(Option<Arm>, Case)], failures: &mut Vec<Failure>) -> Result<ByArm> {
    // Those that have their line tables still; the layouts go without.
    let (executable, files) = (std::env::current_exe()?, Files::beside_executable()?);
    let counted = |arm: &Arm| {
        let case = cases.iter().find(|(known, _)| *known == Some(*arm));
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
            let libraries = files.of(&arm);
            let subject = Subject {
                executable: &executable,
                arm: &arm,
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

/// Compares each arm with the arena: in one process, in turns. The A/A comparisons
/// of arms whose threads hop come by themselves.
fn timed(
    config: &Config,
    cases: &[(Option<Arm>, Case)],
    files: &Files,
    family: Confidence,
    delta: Delta,
) -> Result<(Ratios, Vec<Comparison>)> {
    let measured: Vec<Arm> = cases.iter().filter_map(|(arm, _)| *arm).collect();
    let (mut steady, mut hopping) = (Vec::new(), Vec::new());
    for arm in measured
        .iter()
        // What the pump adds is told by items that are lent.
        .filter(|arm| !(arm.owned && arm.peer.runs_aside()))
        .filter(|arm| !arm.raw && arm.peer != Peer::Arena)
    {
        // What owns its items is compared with what owns them.
        let arena = arm.by(Peer::Arena);
        let pair = |pinned| Match {
            baseline: contestant(&arena, files, pinned, arm.peer),
            candidate: contestant(arm, files, pinned, arm.peer),
        };
        if arm.peer.runs_aside() {
            hopping.extend([pair(true), pair(false)]);
        } else {
            steady.push(pair(false));
        }
        // The other half of the answer: would the arena win then?
        if arm.peer == Peer::OwnWriter {
            steady.push(Match {
                baseline: contestant(&arm.by(Peer::Alloc), files, false, arm.peer),
                candidate: contestant(arm, files, false, arm.peer),
            });
        }
    }
    let comparisons = steady.len() + hopping.len();
    let confidence = correction::per_comparison(family, comparisons.max(1));
    let usual = Settings::new(delta, confidence, Duration::from_secs_f64(config.seconds));
    // Where the system puts threads matters more than a handful of rounds.
    let aside = Settings {
        warmup: 1,
        rounds: 5,
        ..usual.clone()
    };
    let mut ratios = Ratios::default();
    let mut processes = Processes::new(arena_bench::PRODUCT, LIMIT)?;
    let mut left = comparisons;
    let mut hops = Vec::new();
    for (settings, matches, hopping) in [(usual, steady, false), (aside, hopping, true)] {
        let mut runner = Runner {
            execute: &mut processes,
            clock: &Monotonic::default(),
            rng: SmallRng::seed_from_u64(config.seed),
            settings,
        };
        let some = ratios::measure(&mut runner, &matches, &mut |done, _| {
            left -= 1;
            eprintln!("peers: {}; {left} comparisons left", done.candidate.name);
        });
        ratios.comparisons.extend(some.comparisons);
        let copies = if hopping {
            &mut hops
        } else {
            &mut ratios.copies
        };
        copies.extend(some.copies);
        ratios.failures.extend(some.failures);
    }
    Ok((ratios, hops))
}

/// An arm of a comparison with `against`, under its id and how it is pinned.
fn contestant(arm: &Arm, files: &Files, pinned: bool, against: Peer) -> Contestant {
    let unpinned = if against.runs_aside() && !pinned {
        "/unpinned"
    } else {
        ""
    };
    let workload = Workload::Peer {
        arm: *arm,
        pinned,
        beside: against.runs_aside(),
    };
    Contestant {
        name: format!("{}{unpinned}", arm.id()),
        workload: serde_json::to_value(workload).expect("a workload is plain data"),
        layouts: files.first_look(arm),
        reserve: files.second_look(arm),
        copy: 0,
        work: 1.0,
        items: against.items_of_a_drain(arm.bytes),
    }
}
