//! `ladder`: where do the nanoseconds go?

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;
use comfy_table::{CellAlignment, Table, presets};
use regex::Regex;

use super::options::PairChoice;
use super::{Outcome, print_json};
use crate::ladder::breakdown::{Breakdown, Stair, SumCheck};
use crate::ladder::run::{Found, payload, settings, verified};
use crate::ladder::{Arm, ITEMS, Part, chart, words};
use crate::layouts::Layouts;
use crate::pair::PairFiles;
use crate::paired::clock::Monotonic;
use crate::paired::contest::Runner;
use crate::paired::process::Processes;
use crate::stats::Confidence;

/// How often all intervals of a run hold at once.
const FAMILY: f64 = 0.99;
/// Time for a contest; a payload has three.
const FULL: Duration = Duration::from_secs(8);
/// The same in a hurry.
const QUICK: Duration = Duration::from_secs(2);
/// A process that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// What to break down.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  arena-bench ladder --quick --filter record\n  arena-bench ladder --plot ladder.svg --json > ladder.json"
)]
pub struct Config {
    #[command(flatten)]
    pair: PairChoice,
    /// Only payloads whose name (such as record-256B) matches this regular
    /// expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<String>,
    /// Seconds instead of minutes, with wider intervals.
    #[arg(long)]
    quick: bool,
    /// Verify every arm and time none.
    #[arg(long, conflicts_with = "plot")]
    verify_only: bool,
    /// Print JSON instead of tables: breakdowns, sentences, cases, comparisons.
    #[arg(long)]
    json: bool,
    /// Draw the waterfall into this SVG file.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

/// Verifies every arm, then measures what each step adds.
///
/// # Errors
/// When there is no pair, the filter matches nothing, or a file cannot be
/// written.
pub fn run(config: &Config) -> Result<Outcome> {
    let items = items(config.filter.as_deref())?;
    let files = config.pair.files()?;
    let pair = files.load()?;
    if config.verify_only {
        return verify_only(&pair, &items, config.json);
    }
    let layouts = layouts(&files);
    let budget = if config.quick { QUICK } else { FULL };
    let family = Confidence::new(FAMILY)?;
    let mut processes = Processes::new(LIMIT)?;
    let mut runner = Runner {
        execute: &mut processes,
        clock: &Monotonic::default(),
        rng: rand::rng(),
        settings: settings(&items, family, budget),
    };
    let mut found = Found::default();
    for &item in &items {
        let arm = |step| name(item, step);
        eprintln!("arena-bench: {}", arm(Step::Arena).item());
        payload(
            &mut found,
            &mut runner,
            (&pair, &layouts),
            item,
            &BTreeMap::new(),
        );
    }
    for failure in &found.failures {
        eprintln!("arena-bench: {}: {}", failure.id, failure.why);
    }
    if let Some(path) = &config.plot {
        let svg = chart::svg(&found.breakdowns)?;
        fs::write(path, svg).with_context(|| format!("--plot {}", path.display()))?;
    }
    if config.json {
        print_json(&json(&found))?;
    } else {
        for breakdown in &found.breakdowns {
            print(breakdown);
        }
        for (id, check) in &found.self_checks {
            let word = if check.trusted { "trusted" } else { "unstable" };
            let (low, high) = (100.0 * (check.low - 1.0), 100.0 * (check.high - 1.0));
            eprintln!("A/A of {id}: {low:+.2}% to {high:+.2}%, {word}");
        }
    }
    Ok(if found.failures.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Found
    })
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

/// The link layouts that lie beside the pair.
fn layouts(files: &PairFiles) -> Layouts {
    let folder = files.guest.parent().unwrap_or(Path::new("."));
    let layouts = Layouts::in_folder(folder);
    if !layouts.shuffled() {
        eprintln!(
            "arena-bench: one link layout only: where the linker put a function may be worth a \
             nanosecond, and the intervals do not know of it"
        );
        return Layouts::single(files.clone());
    }
    layouts
}

fn verify_only(
    pair: &bench_host::pair::Pair,
    items: &[(PayloadKind, u32)],
    as_json: bool,
) -> Result<Outcome> {
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

fn json(found: &Found) -> serde_json::Value {
    let sentences: Vec<String> = found.breakdowns.iter().map(words::sentence).collect();
    serde_json::json!({
        "breakdowns": found.breakdowns,
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
