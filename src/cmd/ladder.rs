//! `ladder`: where do the nanoseconds go?

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bench_host::pair::Pair;
use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;
use comfy_table::{CellAlignment, Table, presets};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use regex::Regex;

use super::{Outcome, print_json};
use crate::compare::PROCESS_LIMIT;
use crate::environment::Watch;
use crate::harness::Profile;
use crate::ladder::breakdown::{Breakdown, Stair, SumCheck};
use crate::ladder::run::{Found, payload, settings, verified};
use crate::ladder::{Arm, ITEMS, Part, chart, counted_arms, words};
use crate::layouts::Layouts;
use crate::pair::PairFiles;
use crate::paired::clock::Monotonic;
use crate::paired::contest::Runner;
use crate::paired::process::Processes;
use crate::record::store;
use crate::record::wire::{Record, SelfCheck};
use crate::stats::Confidence;
use crate::{atomic, counts, run};

/// Time for a contest; a payload has three.
const FULL: Duration = Duration::from_secs(5);
/// The same in a hurry.
const QUICK: Duration = Duration::from_secs(2);

/// What to break down.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench ladder --quick --filter record\n  \
    arena-bench ladder --plot results/ladder.svg --into results/latest.json")]
pub struct Config {
    /// Folder of the pair, as `build-pair` leaves it; by default the pair is
    /// built from the sources here.
    #[arg(long, value_name = "DIR")]
    pair: Option<PathBuf>,
    /// Only payloads whose name (such as record-256B) matches this regular
    /// expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<String>,
    /// Half of the time, with wider intervals.
    #[arg(long)]
    quick: bool,
    /// Verify every arm of the pair at hand and time none.
    #[arg(long, conflicts_with_all = ["plot", "into", "skip_counts", "quick"])]
    verify_only: bool,
    /// Leave out the instructions.
    #[arg(long)]
    skip_counts: bool,
    /// Seed of everything that chance decides.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON instead of tables: breakdowns, sentences, cases, comparisons.
    #[arg(long)]
    json: bool,
    /// Draw the waterfall into this SVG file.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Add the result to this record, which must be of the same pair and machine.
    #[arg(long, value_name = "RECORD")]
    into: Option<PathBuf>,
}

/// Verifies every arm, then measures what each step adds.
///
/// # Errors
/// When there is no pair, the filter matches nothing, the record is of another
/// pair or machine, or a file cannot be written.
pub fn run(config: &Config) -> Result<Outcome> {
    let items = items(config.filter.as_deref())?;
    if config.verify_only {
        let pair = PairFiles::find(config.pair.as_deref())?.load()?;
        return verify_only(&pair, &items, config.json);
    }
    let layouts = super::run::pair(config.pair.as_deref())?;
    let pair = layouts.plain.load()?;
    // Before minutes are spent on what could not be kept.
    let record = match &config.into {
        Some(path) => Some(matching(path, &layouts.plain, &pair)?),
        None => None,
    };
    let found = measure(config, &items, &pair, &layouts)?;
    for failure in &found.failures {
        eprintln!("arena-bench: {}: {}", failure.id, failure.why);
    }
    if let Some((path, mut record)) = config.into.as_ref().zip(record) {
        found.add_to(&mut record);
        store::save(path, &record)?;
    }
    let breakdowns = found.breakdowns();
    if config.json {
        print_json(&json(&found, &breakdowns))?;
    } else {
        breakdowns.iter().for_each(print);
        found.self_checks.iter().for_each(tell);
    }
    if let Some(path) = &config.plot {
        let svg = chart::svg(&breakdowns)?;
        atomic::replace(path, svg.as_bytes())
            .with_context(|| format!("--plot {}", path.display()))?;
    }
    Ok(if found.failures.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Found
    })
}

/// The record to add to.
fn matching(path: &Path, files: &PairFiles, pair: &Pair) -> Result<Record> {
    let record = store::load(path)?;
    let here = Watch::start().finish(files, pair).environment;
    let differences = record.environment.differences(&here);
    if let Some(difference) = differences.first() {
        bail!(
            "--into {}: the record is not of this pair and machine: {difference}; make one with \
             `arena-bench run`",
            path.display()
        );
    }
    Ok(record)
}

fn measure(
    config: &Config,
    items: &[(PayloadKind, u32)],
    pair: &Pair,
    layouts: &Layouts,
) -> Result<Found> {
    let budget = if config.quick { QUICK } else { FULL };
    let family = Confidence::new(run::CONFIDENCE)?;
    let mut processes = Processes::new(PROCESS_LIMIT)?;
    let mut runner = Runner {
        execute: &mut processes,
        clock: &Monotonic::default(),
        rng: SmallRng::seed_from_u64(config.seed),
        settings: settings(items, family, budget),
    };
    let mut found = Found::default();
    for &item in items {
        eprintln!("arena-bench: {}", name(item, Step::Arena).item());
        payload(&mut found, &mut runner, (pair, layouts), item);
    }
    // Last, as in `run`: building the target may replace this very executable,
    // from which measuring processes are started.
    if !config.skip_counts {
        count(&mut found, items, layouts);
    }
    Ok(found)
}

/// Counts instructions and allocations; says so where they cannot be had.
fn count(found: &mut Found, items: &[(PayloadKind, u32)], layouts: &Layouts) {
    let counted = counts::build(Profile::Release).and_then(|executable| {
        eprintln!("arena-bench: counting instructions");
        let options = counts::Options {
            executable,
            pair: layouts.plain.guest.parent().map(Path::to_owned),
            jobs: None,
        };
        counts::measure(
            &counted_arms(items),
            &options,
            &mut |arm, result| match result {
                Ok(counts) => found.count(arm, counts),
                Err(error) => eprintln!("arena-bench: {arm}: {error}"),
            },
        )
    });
    if let Err(error) = counted {
        eprintln!("arena-bench: no instructions: {error}");
    }
}

/// Says what the A/A comparison of a contest found.
fn tell((id, check): (&String, &SelfCheck)) {
    let word = if check.trusted { "trusted" } else { "unstable" };
    let (low, high) = (100.0 * (check.low - 1.0), 100.0 * (check.high - 1.0));
    eprintln!("arena-bench: A/A of {id}: {low:+.2}% to {high:+.2}%, {word}");
}

fn name((payload, bytes): (PayloadKind, u32), step: Step) -> Arm {
    Arm {
        payload,
        bytes,
        step,
        pinned: false,
    }
}

/// The payloads whose names match.
fn items(filter: Option<&str>) -> Result<Vec<(PayloadKind, u32)>> {
    let regex = Regex::new(filter.unwrap_or_default()).context("--filter")?;
    let named = |item| name(item, Step::Arena).item();
    let chosen: Vec<_> = ITEMS
        .into_iter()
        .filter(|&item| regex.is_match(&named(item)))
        .collect();
    ensure!(
        !chosen.is_empty(),
        "--filter {:?} matches no payload; there are {}",
        filter.unwrap_or_default(),
        ITEMS.map(named).join(", ")
    );
    Ok(chosen)
}

fn verify_only(pair: &Pair, items: &[(PayloadKind, u32)], as_json: bool) -> Result<Outcome> {
    let mut outcome = Outcome::Fine;
    let mut rows = Vec::new();
    for (arm, result) in items.iter().flat_map(|&item| verified(pair, item)) {
        if let Err(error) = &result {
            outcome = Outcome::Found;
            eprintln!("arena-bench: {error}");
        }
        let error = result.as_ref().err().map(ToString::to_string);
        let verified = result.ok();
        if !as_json && let Some(verified) = &verified {
            println!(
                "{arm}: {} items, digest {}",
                verified.items, verified.digest
            );
        }
        rows.push(serde_json::json!({ "id": arm.id(), "verified": verified, "error": error }));
    }
    if as_json {
        print_json(&rows)?;
    }
    Ok(outcome)
}

fn json(found: &Found, breakdowns: &[Breakdown]) -> serde_json::Value {
    let sentences: Vec<String> = breakdowns.iter().map(words::sentence).collect();
    serde_json::json!({
        "breakdowns": breakdowns,
        "sentences": sentences,
        "cases": found.cases,
        "comparisons": found.comparisons,
        "self_checks": found.self_checks,
        "failures": found.failures,
    })
}

/// Prints a payload's steps, its sums and its sentence.
fn print(found: &Breakdown) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "step",
        "adds",
        "ns/item",
        "step ns [interval]",
        "instr/item",
        "step instr",
        "of arena",
    ]);
    let arena = found.stair(Step::Arena).and_then(|arena| arena.ns_per_item);
    for stair in &found.stairs {
        table.add_row(row(stair, arena));
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{}\n{table}", found.item);
    for check in &found.checks {
        println!("{}", sum(check));
    }
    println!("{}\n", words::sentence(found));
}

fn row(stair: &Stair, arena: Option<f64>) -> [String; 7] {
    let dash = || "-".to_owned();
    let number = |value: Option<f64>| value.map_or_else(dash, words::ns);
    let step_ns = stair.step_ns.as_ref();
    // A hop is another order of magnitude, and no share of the arena's time.
    let share = step_ns
        .zip(arena.filter(|_| stair.part != Part::Hop))
        .map(|(step, arena)| format!("{:.0}%", 100.0 * step.estimate / arena));
    let pinned = if stair.pinned { ", one core" } else { "" };
    let unstable = match (stair.part, stair.unstable.is_empty()) {
        (Part::Hop, false) => " (unstable)",
        _ => "",
    };
    [
        format!("{}{pinned}", stair.step),
        format!("{}{unstable}", stair.adds),
        number(stair.ns_per_item),
        step_ns.map_or_else(dash, words::difference),
        number(stair.instructions_per_item),
        number(stair.step_instructions),
        share.unwrap_or_else(dash),
    ]
}

/// A whole beside the sum of its steps.
fn sum(check: &SumCheck) -> String {
    let holds = if check.holds() { "within" } else { "outside" };
    format!(
        "{} to {}: the steps add up to {} ns, measured directly {} ns ({holds} its interval; {} ns unexplained)",
        check.from,
        check.to,
        words::ns(check.sum_ns),
        words::difference(&check.whole_ns),
        words::ns(check.gap_ns),
    )
}
