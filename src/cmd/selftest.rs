//! `selftest`: the experiment that proves the method on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::Protocol;
use clap::ValueEnum;

use super::building::{Chance, pair};
use super::progress::Progress;
use super::{Outcome, print_json, say};
use crate::arms::of_case;
use crate::case::Case;
use crate::environment::Watch;
use crate::pair::Layouts;
use crate::pair_process::PairProcess;
use crate::selftest::experiment::{Requirement, Trials};
use crate::selftest::load::Compiler;
use crate::selftest::variant::Variants;
use crate::selftest::{Method, Report, Row, alternatives, table};
use crate::workspace;
use bench_record::output;
use paired::layouts::seeds;
use paired::runner::Arm;

/// How the method is tried.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench selftest\n  \
    arena-bench selftest --share 0.05 --load none --output target/selftest\n  \
    arena-bench selftest --only methods --add")]
pub struct Config {
    /// Share of the comparisons to make: 1 for the whole experiment (some 40
    /// minutes).
    #[arg(long, default_value_t = 1.0, value_parser = share, allow_negative_numbers = true)]
    share: f64,
    /// What runs beside the measurement.
    #[arg(long, value_enum, default_value = "compiler")]
    load: Load,
    #[command(flatten)]
    chance: Chance,
    /// Only these parts of the experiment.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Add to the result that stands in the folder, as another sitting on the same
    /// machine.
    #[arg(long)]
    add: bool,
    /// Folder that takes selftest.json and selftest.md.
    #[arg(long, default_value = "results", value_name = "DIR")]
    output: PathBuf,
    /// Print the result as JSON as well.
    #[arg(long)]
    json: bool,
}

/// What runs beside the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Load {
    /// A compiler, over and over.
    Compiler,
    /// Nothing of ours.
    None,
}

/// The parts of the experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A pair against a copy of itself.
    Aa,
    /// Known slowdowns.
    Injected,
    /// A guest with one more function, which nobody calls.
    Unrelated,
    /// Nothing and known slowdowns, one remedy after another.
    Methods,
    /// Criterion's own comparison.
    Criterion,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("a number above 0, up to 1".to_owned()),
    }
}

impl Config {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The number of comparisons that stand for `whole` of the experiment.
    fn count(&self, whole: usize) -> usize {
        ((whole as f64 * self.share).ceil() as usize).max(1)
    }
}

/// The case of each payload that the experiment is made on, with the change that
/// matters there.
fn subjects() -> Vec<(Case, f64)> {
    let case = |payload, bytes| Case::drain(payload, bytes, Protocol::Arena);
    vec![
        (case(PayloadKind::U64, 8), 0.0025),
        (case(PayloadKind::Record, 256), 0.0025),
        (case(PayloadKind::Bytes, 64), 0.01),
        (case(PayloadKind::Blob, 16), 0.01),
        (case(PayloadKind::F64s, 1024), 0.01),
    ]
}

/// Cases whose times depend on where the allocator puts their buffers: shown, but no proof of the
/// method is asked of them.
fn at_the_mercy_of_copies() -> [Case; 2] {
    [1024, 4096].map(|bytes| Case::drain(PayloadKind::Blob, bytes, Protocol::Arena))
}

/// Runs the experiment and writes its table.
///
/// # Errors
/// When the pair does not build, a comparison cannot be made, or the table
/// cannot be written.
pub fn run(config: &Config) -> Result<Outcome> {
    fs::create_dir_all(&config.output).with_context(|| config.output.display().to_string())?;
    // Before the best part of an hour is spent on what could not be kept.
    let before = config.add.then(|| load(&config.output)).transpose()?;
    let root = workspace::root()?;
    let layouts = pair(None, &config.chance.layouts(true))?;
    let watch = Watch::start();
    let beside = match config.load {
        Load::Compiler => Some(Compiler::start()?),
        Load::None => None,
    };
    let rows = experiment(config, &root, &layouts);
    drop(beside);
    let environment = watch
        .finish(&layouts.plain, PairProcess::load(&layouts.plain)?.builds())
        .environment;
    let beside = match config.load {
        Load::Compiler => "rustc -O, over and over",
        Load::None => "nothing of this workbench",
    };
    let made = Report {
        load: beside.to_owned(),
        environment,
        rows: rows?,
        added: Vec::new(),
    };
    let report = match before {
        Some(before) => before.with(made)?,
        None => made,
    };
    write(&config.output, &report)?;
    if config.json {
        print_json(&report)?;
    } else {
        say(table::markdown(&report))?;
    }
    let reached = report.all_rows().all(|row| row.reached);
    Ok(if reached {
        Outcome::Fine
    } else {
        Outcome::Found
    })
}

/// The result that stands in a folder.
fn load(folder: &Path) -> Result<Report> {
    let path = folder.join("selftest.json");
    let text = fs::read_to_string(&path)
        .with_context(|| format!("--add: {} cannot be read", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("--add: {} is no result of selftest", path.display()))
}

fn write(folder: &Path, report: &Report) -> Result<()> {
    let json = serde_json::to_vec_pretty(report)?;
    output::replace(&folder.join("selftest.json"), &json)?;
    output::replace(
        &folder.join("selftest.md"),
        table::markdown(report).as_bytes(),
    )?;
    Ok(())
}

fn experiment(config: &Config, root: &Path, layouts: &Layouts) -> Result<Vec<Row>> {
    let mut trials = Trials::new(config.chance.seed())?;
    let mut rows = Vec::new();
    if config.wants(Part::Aa) {
        rows.extend(same(config, &mut trials, layouts)?);
    }
    if config.wants(Part::Injected) {
        rows.extend(injected(config, &mut trials, layouts)?);
    }
    if config.wants(Part::Unrelated) {
        rows.extend(unrelated(config, &mut trials, root, layouts)?);
    }
    if config.wants(Part::Methods) {
        rows.extend(methods(config, &mut trials, layouts)?);
    }
    if config.wants(Part::Criterion) {
        rows.push(criterion(config, root)?);
    }
    Ok(rows)
}

/// Nothing differs: no verdict *slower* or *faster* may be spoken.
fn same(config: &Config, trials: &mut Trials, layouts: &Layouts) -> Result<Vec<Row>> {
    let none: Requirement = ("no false verdict".to_owned(), |row| {
        row.slower == 0 && row.faster == 0
    });
    let mut rows = Vec::new();
    for (case, delta) in subjects() {
        let count = config.count(if case.payload == PayloadKind::U64 {
            200
        } else {
            50
        });
        let progress = Progress::new(&format!("A/A {case}"), count as u64);
        let row = trials.known(&case, layouts, 1.0, delta, count, &mut || progress.tick())?;
        rows.push(row.judged("A/A", none.clone()));
    }
    Ok(rows)
}

/// A known slowdown: more items of real work.
fn injected(config: &Config, trials: &mut Trials, layouts: &Layouts) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (index, (case, delta)) in subjects().into_iter().enumerate() {
        // The first must be called; of the others the interval must show it.
        let trial = |work: f64| -> (f64, usize, Option<Requirement>) {
            match (index, work) {
                (0, 1.005) => {
                    let called: Requirement = ("95% called slower".to_owned(), |row| {
                        row.slower * 100 >= row.comparisons * 95
                    });
                    (delta, 100, Some(called))
                }
                (1.., 1.01) => {
                    let seen: Requirement = ("95% exclude zero".to_owned(), |row| {
                        row.exclude_zero * 100 >= row.comparisons * 95
                    });
                    (0.005, 100, Some(seen))
                }
                _ => (delta, 20, None),
            }
        };
        let works: &[f64] = if index == 0 {
            &[1.005, 1.01, 1.02]
        } else {
            &[1.01]
        };
        for &work in works {
            let (delta, whole, required) = trial(work);
            let count = config.count(whole);
            let name = format!("slower by {:.1}%", 100.0 * (work - 1.0));
            let progress = Progress::new(&format!("{name} {case}"), count as u64);
            let row = trials.known(&case, layouts, work, delta, count, &mut || progress.tick())?;
            rows.push(match required {
                Some(required) => row.judged(&name, required),
                None => row.named(&name),
            });
        }
    }
    for case in at_the_mercy_of_copies() {
        let count = config.count(20);
        let progress = Progress::new(&format!("slower by 1.0% {case}"), count as u64);
        let row = trials.known(&case, layouts, 1.01, 0.005, count, &mut || progress.tick())?;
        rows.push(row.named("slower by 1.0%, copies decide"));
    }
    Ok(rows)
}

/// The guest rebuilt with a function that nobody calls.
fn unrelated(
    config: &Config,
    trials: &mut Trials,
    root: &Path,
    layouts: &Layouts,
) -> Result<Vec<Row>> {
    let (case, _) = &subjects()[0];
    let count = config.count(20);
    let variants = Variants::new(root, &workspace::scratch(root)?.join("variant"))?;
    let progress = Progress::new("an unrelated function", count as u64);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for n in 0..count as u32 {
        let variant = variants.build(
            n,
            &seeds(
                config.chance.seed() + 1 + u64::from(n),
                layouts.guest.layouts.len() as u32,
            ),
        )?;
        let (a, b) = (of_case(case, layouts), of_case(case, &variant));
        with.push(trials.repeat(&a, &b, 0.01, 1, &mut || ())?);
        let (a, b) = (of_case(case, &one(layouts)), of_case(case, &one(&variant)));
        without.push(trials.repeat(&a, &b, 0.01, 1, &mut || ())?);
        progress.tick();
    }
    let none: Requirement = ("no false verdict".to_owned(), |row| {
        row.slower == 0 && row.faster == 0
    });
    Ok(vec![
        Row::sum(&with)?
            .judged("an unrelated function", none)
            .by(Method::Layouts, 0.0),
        Row::sum(&without)?
            .named("an unrelated function")
            .by(Method::Processes, 0.0),
    ])
}

/// Nothing, and known slowdowns, by each method: what every remedy adds.
fn methods(config: &Config, trials: &mut Trials, layouts: &Layouts) -> Result<Vec<Row>> {
    let (case, delta) = &subjects()[0];
    let single = one(layouts);
    let count = config.count(20);
    let mut rows = Vec::new();
    for (experiment, work) in [
        ("A/A", 1.0),
        ("more work", 1.01),
        ("more work", 1.005),
        ("more work", 1.0025),
    ] {
        let truth = 100.0 * (work - 1.0);
        for method in Method::ALL {
            // Smaller slowdowns are beyond these two.
            if !matches!(method, Method::Processes | Method::Layouts) && truth > 0.0 && truth < 1.0
            {
                continue;
            }
            let what = format!("{experiment} {truth:+.2}%, {}", method.words());
            let progress = Progress::new(&what, count as u64);
            let mut tick = || progress.tick();
            let row = match method {
                Method::Sequential | Method::OneProcess => {
                    let baseline = of_case(case, &single);
                    let candidate = Arm {
                        work,
                        ..baseline.copied()
                    };
                    let items = trials.items(&baseline)?;
                    let arms = [&baseline, &candidate];
                    let measure = match method {
                        Method::Sequential => alternatives::sequential,
                        _ => alternatives::one_process,
                    };
                    measure(arms, items, count, &mut tick)?.of(case)
                }
                Method::Processes => trials.known(case, &single, work, *delta, count, &mut tick)?,
                Method::Layouts => trials.known(case, layouts, work, *delta, count, &mut tick)?,
            };
            rows.push(row.named(experiment).by(method, truth));
        }
    }
    Ok(rows)
}

/// What criterion's comparison with its last run makes of nothing.
fn criterion(config: &Config, root: &Path) -> Result<Row> {
    let (case, _) = &subjects()[0];
    let count = config.count(20);
    let progress = Progress::new("A/A by criterion", count as u64);
    let row = alternatives::criterion(root, case, count, &mut || progress.tick())?;
    Ok(row.of(case).named("A/A, criterion against its last run"))
}

/// The pair as it was linked, without its shuffled layouts.
fn one(layouts: &Layouts) -> Layouts {
    Layouts::single(layouts.plain.clone())
}
