//! `run`: the measurements, and the record of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use super::building::{Chance, pair_with};
use super::options::{self, Selection, percent, seconds};
use super::outcome::{Outcome, show, tell};
use super::packages::{Choice, PackageChoice};
use super::reporter::Reporter;
use super::{resume, run_packages};
use crate::allocator::Allocators;
use crate::case::{Case, Group};
use crate::environment::Watch;
use crate::growth::matrix::Stream;
use crate::growth::section;
use crate::pair::Layouts;
use crate::pair_process::{Builds, PairProcess};
use crate::run::{self, Options, Step};
use crate::subject::framework::Calling;
use crate::subject::settings::Settings;
use crate::workspace;
use bench_record::lock::Lock;
use bench_record::partial::{self, Partial};
use bench_record::validate::parse_shard;
use bench_record::wire::{Failure, Record};
use bench_record::{output, store};
use bench_report::run::table;
use paired::stats::Delta;

/// What to measure, how, and where the record goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench run --quick\n  \
    arena-bench run --filter '^drain/(u64|record)' --skip criterion\n  \
    arena-bench run --shard 1/4 --output results/shard-1.json\n  \
    arena-bench run --package my-benches --output run.json")]
pub struct Config {
    #[command(flatten)]
    selection: Selection,
    /// All cases with full timings; this is the default.
    #[arg(long, conflicts_with = "quick")]
    full: bool,
    /// Folder of the pair, as `build-pair` leaves it; by default the pair is
    /// built from the sources here.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["package", "library"])]
    pair: Option<PathBuf>,
    /// What guest and host allocate by: system, mimalloc or jemalloc for both, or
    /// guest=NAME,host=NAME [default: system].
    #[arg(long, value_name = "NAME", conflicts_with = "pair")]
    allocator: Option<Allocators>,
    #[command(flatten)]
    packages: PackageChoice,
    /// Leave out parts of the run.
    #[arg(long, value_enum, value_delimiter = ',')]
    skip: Vec<Step>,
    /// Go on with an interrupted run of the same output.
    #[arg(long)]
    resume: bool,
    /// Only the K-th of N shards of the cases; `merge` joins their records.
    #[arg(long, value_name = "K/N", value_parser = shard)]
    shard: Option<(u32, u32)>,
    /// The smallest change that matters, percent [default: that of bench.toml, or 1]
    #[arg(long, value_parser = percent, allow_negative_numbers = true)]
    delta: Option<f64>,
    /// Seconds for a comparison, its two looks together.
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

impl Config {
    fn delta(&self) -> f64 {
        self.delta.unwrap_or(run_packages::DELTA)
    }
}

fn shard(text: &str) -> Result<(u32, u32), String> {
    parse_shard(text).ok_or_else(|| "K/N with K from 1 to N, such as 1/4".to_owned())
}

/// Measures and writes the record.
///
/// What is finished is kept as it comes, and what was measured is never thrown away:
/// where the record cannot be written in the end, it is kept beside or in the folder
/// for temporary files, and the error says where.
pub fn run(config: &Config) -> Result<Outcome> {
    options::make_folder_of(&config.output)?;
    options::writable("--output", Some(&config.output))?;
    let settings = Settings::here()?;
    let choice = match config.pair {
        Some(_) => Choice::Pair,
        None => (config.packages).choose(settings.as_ref(), &Calling::default())?,
    };
    if !matches!(choice, Choice::Pair) {
        ensure!(
            config.shard.is_none() && !config.resume,
            "--shard and --resume are for the pair: a run of packages is made at once"
        );
        let asked = run_packages::Asked {
            filter: config.selection.filter.as_deref(),
            quick: config.selection.quick,
            skip: &config.skip,
            chance: config.chance,
            delta: config.delta,
            budget: config.budget,
            output: &config.output,
            json: config.json,
        };
        return run_packages::run(&choice, settings.as_ref(), &asked);
    }
    // A device or a pipe has nothing beside it.
    let file = output::file_of(&config.output)?;
    let _lock = file.as_deref().map(Lock::take).transpose()?;
    let partial = file.as_deref().map(partial::path_of);
    let earlier = partial.as_deref().map(Partial::load).transpose()?.flatten();
    let all = config.selection.cases()?;
    let comparisons = run::protocol_pairs(&all).len();
    let cases = chosen(config, all)?;
    let earlier = earlier.filter(|_| config.resume);
    let seed = earlier.as_ref().and_then(resume::seed);
    let chance = config.chance.resumed(seed);
    let chance = chance.where_timed(!config.skip.contains(&Step::Paired));
    let seeds = chance.layouts(config.selection.quick);
    let allocators = config.allocator.unwrap_or_default();
    let layouts = pair_with(config.pair.as_deref(), allocators, &seeds)?;
    let mut pair = PairProcess::load(&layouts.plain)?;
    let watch = Watch::start();
    let observed = watch.finish(&layouts.plain, pair.builds());
    tell(&observed.notices);
    let mut record = Record::new(observed.environment);
    record.environment.shard = config.shard.map(|(k, n)| format!("{k}/{n}"));
    let asked = asked(config, chance, &layouts);
    if let Some(path) = partial.as_deref().filter(|_| config.resume) {
        resume::take_over(&mut record, path, earlier, &asked)?;
    }
    let parts = 1 + Step::value_variants().len() - skipped(&config.skip);
    let mut reporter = Reporter::new(partial.clone(), asked, parts);
    let correct = run::verify(&mut record, &mut pair, &cases, &mut reporter);
    run::measure(
        &mut record,
        &layouts,
        &correct,
        &options(config, chance, &layouts, pair.builds(), comparisons)?,
        &mut reporter,
    )?;
    drop(reporter);
    if correct.iter().any(|case| case.group == Group::Growth) {
        let mut drain = |stream: &Stream, buffers: &[_]| pair.grow(stream, buffers);
        match section::standard(&mut drain, &record) {
            Ok(growth) => record.growth = Some(growth),
            // What was measured is worth more than this.
            Err(error) => record.failures.push(Failure::new("growth", &error)),
        }
    }
    finish(&mut record, &watch, &layouts, pair.builds());
    let observed = [
        ("random_seed", chance.seed().to_string()),
        ("link_layouts", layouts.guest.layouts.len().to_string()),
    ];
    let observed = observed.map(|(name, value)| (name.to_owned(), value));
    record.environment.observed.extend(observed);
    store::keep(&config.output, &record)?;
    // What it was for is done; a resumed run of nothing would be no help.
    if let Some(partial) = &partial {
        let _ = fs::remove_file(partial);
    }
    show(&record, &config.output, config.json, table)
}

/// How many different parts are left out.
fn skipped(skip: &[Step]) -> usize {
    let all = Step::value_variants().iter();
    all.filter(|part| skip.contains(part)).count()
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

fn options(
    config: &Config,
    chance: Chance,
    layouts: &Layouts,
    builds: &Builds,
    comparisons: usize,
) -> Result<Options> {
    let default = if config.selection.quick { 3.0 } else { 1.8 };
    let root = workspace::root().unwrap_or_default();
    Ok(Options {
        skip: config.skip.clone(),
        delta: Delta::new(config.delta() / 100.0)?,
        budget: Duration::from_secs_f64(config.budget.unwrap_or(default)),
        pair: layouts.plain.guest.parent().map(Path::to_owned),
        allocators: Allocators::of(builds),
        criterion: workspace::target(&root).join("criterion"),
        comparisons,
        seed: chance.seed(),
    })
}

/// The settings that decide what the record holds: a run is resumed with the same.
fn asked(config: &Config, chance: Chance, layouts: &Layouts) -> BTreeMap<String, String> {
    let selection = &config.selection;
    let skip: Vec<String> = Step::value_variants()
        .iter()
        .filter(|step| config.skip.contains(step))
        .filter_map(|step| Some(step.to_possible_value()?.get_name().to_owned()))
        .collect();
    let text = |value: Option<String>| value.unwrap_or_default();
    let shard = config.shard.map(|(k, n)| format!("{k}/{n}"));
    let allocators = config.allocator.unwrap_or_default();
    [
        ("--filter", text(selection.filter.clone())),
        ("--quick", text(selection.quick.then(|| "given".to_owned()))),
        ("--skip", skip.join(",")),
        ("--shard", text(shard)),
        ("--delta", config.delta().to_string()),
        ("--budget", text(config.budget.map(|it| it.to_string()))),
        (resume::SEED, chance.seed().to_string()),
        ("--allocator", allocators.to_string()),
        ("--layouts", layouts.guest.layouts.len().to_string()),
    ]
    .map(|(option, value)| (option.to_owned(), value))
    .into()
}

/// What is known of the environment only now.
fn finish(record: &mut Record, watch: &Watch, layouts: &Layouts, builds: &Builds) {
    let begun = record.environment.clone();
    record.environment = watch.finish(&layouts.plain, builds).environment;
    record.environment.started = begun.started;
    record.environment.shard = begun.shard;
    if let Some(check) = &mut record.self_check {
        watch.explain(check);
    }
}
