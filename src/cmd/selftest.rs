//! `selftest`: the experiment that proves the method on this machine.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use bench_record::output;
use clap::ValueEnum;

use super::building::Chance;
use super::options::seconds;
use super::outcome::{Outcome, print_json, say};
use super::progress::Progress;
use crate::case::filter;
use crate::environment::Watch;
use crate::pair_process::PairProcess;
use crate::selftest::load::Compiler;
use crate::selftest::plan::{self, Part, Plan};
use crate::selftest::pools::Pools;
use crate::selftest::trials::BUDGET;
use crate::selftest::{Report, table};
use crate::workspace;

/// Link layouts of each side: several times what a comparison uses, so that comparisons
/// do not all have the same.
const LAYOUTS: u32 = 512;

/// How the method is tried.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench selftest\n  \
    arena-bench selftest --share 0.05 --load none --output target/selftest\n  \
    arena-bench selftest --only unrelated,work\n  \
    arena-bench selftest --only work --filter u64 --budget 8 --layouts 1024")]
pub struct Config {
    /// Share of the comparisons to make: 1 for the whole experiment, which takes more
    /// than an hour
    #[arg(long, default_value_t = 1.0, value_parser = share, allow_negative_numbers = true)]
    share: f64,
    /// What runs beside the measurement
    #[arg(long, value_enum, default_value = "compiler")]
    load: Load,
    #[command(flatten)]
    chance: Chance,
    /// Seconds for a comparison, its two looks together. With more than the default, more
    /// layouts as well
    #[arg(long, value_parser = seconds, allow_negative_numbers = true,
        default_value_t = BUDGET.as_secs_f64())]
    budget: f64,
    /// Only the cases whose id matches this regular expression
    #[arg(long, value_name = "REGEX")]
    filter: Option<String>,
    /// Only these parts of the experiment
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Folder that takes selftest.json and selftest.md
    #[arg(long, default_value = "results", value_name = "DIR")]
    output: PathBuf,
    /// Print the result as JSON instead of the table
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

impl Load {
    fn name(self) -> &'static str {
        match self {
            Self::Compiler => "rustc -O, over and over",
            Self::None => "nothing of this workbench",
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("a number above 0, up to 1".to_owned()),
    }
}

/// Runs the experiment and writes its table.
pub fn run(config: &Config) -> Result<Outcome> {
    let cases = filter::select(plan::subjects().to_vec(), config.filter.as_deref())?;
    fs::create_dir_all(&config.output)
        .with_context(|| format!("--output {}", config.output.display()))?;
    let [json, text] = ["selftest.json", "selftest.md"].map(|name| config.output.join(name));
    output::check(&json)?;
    output::check(&text)?;
    let root = workspace::root()?;
    let count = config.chance.count(LAYOUTS);
    let seed = config.chance.seed();
    notice!("arena-bench: random seed {seed} (--seed {seed} repeats it)");
    let progress = Progress::new("link layouts of both builds", 2 * u64::from(count));
    let pools = Pools::build(&root, seed, count, &mut |_, _| progress.tick())?;
    drop(progress);
    // Before anything is measured: what fails here would cost all of it later.
    let pair = PairProcess::load(&pools.base.plain)?;
    let watch = Watch::start();
    let beside = match config.load {
        Load::Compiler => Some(Compiler::start()?),
        Load::None => None,
    };
    let begin = |what: &str, count: usize| -> Box<dyn Fn()> {
        let progress = Progress::new(what, count as u64);
        Box::new(move || progress.tick())
    };
    let plan = Plan {
        only: &config.only,
        share: config.share,
        cases: &cases,
        budget: Duration::from_secs_f64(config.budget),
        begin: &begin,
    };
    let rows = plan.run(&root, &pools, seed);
    drop(beside);
    let environment = watch.finish(&pools.base.plain, pair.builds()).environment;
    let report = Report {
        load: config.load.name().to_owned(),
        share: config.share,
        layouts: pools.base.guest.layouts.len(),
        seed,
        environment,
        rows: rows?,
    };
    output::keep(&json, &serde_json::to_vec_pretty(&report)?)?;
    output::keep(&text, table::markdown(&report).as_bytes())?;
    if config.json {
        print_json(&report)?;
    } else {
        say(table::markdown(&report))?;
    }
    let reached = report.rows.iter().all(|row| row.reached);
    Ok(Outcome::of(!reached))
}
