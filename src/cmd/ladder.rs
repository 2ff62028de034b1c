//! `ladder`: where do the nanoseconds go?

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;

use super::building::pair_with;
use super::options;
use super::outcome::{Outcome, print_json, say, tell, tell_failures};
use super::part::Part;
use super::progress::{Progress, Shown};
use crate::allocator::Allocators;
use crate::counts;
use crate::environment::Watch;
use crate::harness::Profile;
use crate::ladder::measure::ArmSet;
use crate::ladder::run::{Found, payload, settings, verified};
use crate::ladder::{LadderArm, counted_arms};
use crate::pair::{Layouts, PairFiles};
use crate::pair_process::PairProcess;
use bench_record::ladder::Ladder;
use bench_record::store;
use bench_report::ladder as shown;
use bench_report::ladder_plot;
use bench_report::terminal::Screen;
use paired::runner::Runner;
use paired::stats::Confidence;

/// Time for a set; a payload has three.
const FULL: Duration = Duration::from_secs(5);
/// The same in a hurry.
const QUICK: Duration = Duration::from_secs(2);

/// What to break down.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench ladder --quick --filter record\n  \
    arena-bench ladder --plot results/ladder.svg --table results/ladder.md \
    --into results/latest.json")]
pub struct Config {
    #[command(flatten)]
    part: Part,
    /// Verify every arm of the pair at hand and time none.
    #[arg(long, conflicts_with_all = ["plot", "table", "into", "skip_counts", "quick"])]
    verify_only: bool,
    /// Leave out the instructions.
    #[arg(long)]
    skip_counts: bool,
    /// Draw the waterfall into this SVG file.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Write the tables, sums and sentences into this Markdown file.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

/// Verifies every arm, then measures what each step adds.
pub fn run(config: &Config) -> Result<Outcome> {
    let items = options::payloads(config.part.filter.as_deref())?;
    if config.verify_only {
        let mut pair = PairProcess::load(&PairFiles::find(config.part.folder())?)?;
        return verify_only(&mut pair, &items, config.part.json);
    }
    for (option, file) in [
        ("--plot", &config.plot),
        ("--table", &config.table),
        ("--into", &config.part.into),
    ] {
        options::writable(option, file.as_deref())?;
    }
    let seeds = config.part.chance.layouts(config.part.quick);
    let layouts = pair_with(config.part.folder(), Allocators::default(), &seeds)?;
    let mut pair = PairProcess::load(&layouts.plain)?;
    // Before minutes are spent on what could not be kept.
    let into = config.part.into.as_deref();
    let read = |path| options::matching("--into", path, &layouts.plain, pair.builds(), false);
    let record = into.map(read).transpose()?;
    let watch = Watch::start();
    let found = measure(config, &items, &mut pair, &layouts)?;
    let outcome = tell_failures(crate::PRODUCT, &found.failures);
    let environment = watch.finish(&layouts.plain, pair.builds()).environment;
    let ladder = found.ladder(&environment);
    if let Some((path, mut record)) = into.zip(record) {
        found.add_to(&mut record, ladder.clone());
        store::keep(path, &record)?;
    }
    if config.part.json {
        print_json(&json(&found, &ladder))?;
    } else {
        for found in &ladder.payloads {
            say(shown::payload(found, Screen::stdout()) + "\n")?;
        }
        tell(&shown::a_a_of_all(&found.self_checks));
    }
    if let Some(path) = &config.table {
        let text = shown::document(&ladder.payloads, &environment);
        options::write("--table", path, &text)?;
    }
    if let Some(path) = &config.plot {
        let svg = ladder_plot(&ladder.payloads, &environment)?.document();
        options::write("--plot", path, &svg)?;
    }
    Ok(outcome)
}

fn measure(
    config: &Config,
    items: &[(PayloadKind, u32)],
    pair: &mut PairProcess,
    layouts: &Layouts,
) -> Result<Found> {
    let budget = if config.part.quick { QUICK } else { FULL };
    let family = Confidence::new(crate::CONFIDENCE)?;
    let sets: usize = items
        .iter()
        .map(|&(payload, bytes)| ArmSet::all(payload, bytes).len())
        .sum();
    let progress = Progress::of_time("", budget * sets as u32);
    let mut processes = Shown::new(&progress)?;
    let builder = Runner::builder(&mut processes).seed(config.part.chance.seed());
    let mut runner = builder.settings(settings(items, family, budget)).build();
    let mut found = Found::default();
    for &item in items {
        let arm = LadderArm::new(item, Step::Arena, false);
        progress.say(&format!("steps of {}", arm.item()));
        payload(&mut found, &mut runner, (pair, layouts), item);
    }
    drop(progress);
    // Last, as in `run`: building the target may replace this very executable,
    // from which measuring processes are started.
    if !config.skip_counts {
        count(&mut found, items, layouts, Allocators::of(pair.builds()));
    }
    Ok(found)
}

/// Counts instructions and allocations; says so where they cannot be had.
fn count(
    found: &mut Found,
    items: &[(PayloadKind, u32)],
    layouts: &Layouts,
    allocators: Allocators,
) {
    let arms = counted_arms(items);
    let counted = counts::build(Profile::Release).and_then(|executable| {
        let progress = Progress::new("instructions and allocations", arms.len() as u64);
        let options = counts::Options {
            executable,
            pair: layouts.plain.guest.parent().map(Path::to_owned),
            allocators,
        };
        counts::measure(&arms, &options, &mut |arm, result| {
            match result {
                Ok(counts) => found.count(arm, counts),
                Err(error) => notice!("arena-bench: {arm}: {error}"),
            }
            progress.tick();
        })
    });
    if let Err(error) = counted {
        notice!("arena-bench: no instructions: {error}");
    }
}

fn verify_only(
    pair: &mut PairProcess,
    items: &[(PayloadKind, u32)],
    as_json: bool,
) -> Result<Outcome> {
    let mut outcome = Outcome::Fine;
    let mut rows = Vec::new();
    for (arm, result) in items.iter().flat_map(|&item| verified(pair, item)) {
        if let Err(error) = &result {
            outcome = Outcome::Found;
            notice!("arena-bench: {error}");
        }
        let error = result.as_ref().err().map(ToString::to_string);
        let verified = result.ok();
        if !as_json && let Some(verified) = &verified {
            say(format_args!(
                "{arm}: {} items, digest {}",
                verified.items, verified.digest
            ))?;
        }
        rows.push(serde_json::json!({ "id": arm.id(), "verified": verified, "error": error }));
    }
    if as_json {
        print_json(&rows)?;
    }
    Ok(outcome)
}

fn json(found: &Found, ladder: &Ladder) -> serde_json::Value {
    let breakdowns = &ladder.payloads;
    let sentences: Vec<String> = breakdowns.iter().map(shown::sentence).collect();
    serde_json::json!({
        "breakdowns": breakdowns,
        "sentences": sentences,
        "cases": found.cases,
        "comparisons": found.comparisons,
        "failures": found.failures,
    })
}
