//! `growth`: what items that do not fit cost, and which way to grow is right for
//! a stream.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{DEFAULT_MEMORY_LIMIT, Regrow};

use super::building::{Chance, pair_with};
use super::options::{self, PairChoice, matching};
use super::outcome::{Outcome, print_json, say, tell};
use super::progress::{Progress, Shown};
use crate::allocator::Allocators;
use crate::case::{plans, recorded};
use crate::environment::Watch;
use crate::growth::matrix::{Cell, Stream};
use crate::growth::paired::Plan as ArmSet;
use crate::growth::replay;
use crate::growth::section::{self, Timed, is_plain};
use crate::pair::Layouts;
use crate::pair_process::{Builds, PairProcess};
use bench_record::store;
use bench_report as report;
use bench_report::terminal::Screen;
use paired::runner::{Runner, Settings};
use paired::stats::correction::per_comparison;
use paired::stats::{Confidence, Delta};

/// The longest recording whose drains are timed, items: every measuring process
/// is handed the whole of it.
const LONGEST_TIMED: usize = 1 << 16;
/// Confidence that all intervals of a run hold at once.
const FAMILY: f64 = 0.99;
/// The smallest difference that matters.
const DELTA: f64 = 0.01;
/// What to count.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  arena-bench growth --plan spike --plan ramp\n  arena-bench growth --sizes sizes.txt --plot growth.svg\n  arena-bench growth --time --into results/latest.json"
)]
pub struct Config {
    /// A file with the sizes of your own stream, content bytes, one a line, in
    /// place of the standard plans. It is held in memory as a whole, about 64 bytes a
    /// size; the streams themselves take no more, however long they are.
    #[arg(long, value_name = "FILE", conflicts_with = "plans")]
    sizes: Option<PathBuf>,
    /// Only this standard plan; may be given more than once.
    #[arg(long = "plan", value_name = "NAME")]
    plans: Vec<String>,
    /// The largest buffer that a guest may demand, bytes.
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_MEMORY_LIMIT)]
    memory_limit: u64,
    /// Time them as well: each against exact fit and alloc, interleaved, over the
    /// pair's link layouts.
    #[arg(long)]
    time: bool,
    /// Seconds for the looks of all comparisons; calibrations and second looks that
    /// start late take about a quarter more.
    #[arg(long, value_name = "SECONDS", default_value_t = 130, requires = "time")]
    budget: u64,
    /// Take instruction counts and comparisons from this record, which must be of
    /// the same pair and machine.
    #[arg(long, value_name = "FILE", conflicts_with = "sizes")]
    record: Option<PathBuf>,
    /// The same, and put what is timed into it, raw samples included: the record's
    /// report then says the same as the tables here.
    #[arg(
        long,
        value_name = "RECORD",
        requires = "time",
        conflicts_with_all = ["sizes", "plans", "record", "memory_limit"]
    )]
    into: Option<PathBuf>,
    /// Show every cell, not only the strategies from 64 bytes on and the advised.
    #[arg(long)]
    all: bool,
    /// Write cost against memory held to this SVG file.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print everything as JSON instead of tables.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pair: PairChoice,
    #[command(flatten)]
    chance: Chance,
}

/// Counts every way to grow on every plan, and says which one to use.
pub fn run(config: &Config) -> Result<Outcome> {
    let streams = streams(config)?;
    options::writable("--plot", config.plot.as_deref())?;
    options::writable("--into", config.into.as_deref())?;
    let layouts = layouts(config)?;
    let mut pair = PairProcess::load(&layouts.plain)?.with_buffers(config.memory_limit);
    // Before minutes are spent on what could not be kept.
    let options = [("--record", &config.record), ("--into", &config.into)];
    let mut options = options.into_iter();
    let given = options.find_map(|(name, path)| Some((name, path.as_deref()?)));
    let read = |(option, path)| matching(option, path, &layouts.plain, pair.builds(), true);
    let mut record = given.map(read).transpose()?;
    let matrices = matrices(config, &streams, &mut pair)?;
    let timed = match config.time {
        true => Some(time(config, &streams, &layouts, pair.builds())?),
        false => None,
    };
    let growth = section::section(&streams, matrices, record.as_ref(), timed);
    if let Some((path, record)) = config.into.as_deref().zip(record.as_mut()) {
        section::add_to(record, growth.clone());
        store::keep(path, record)?;
        notice!("arena-bench: added to {}", path.display());
    }
    if let Some(file) = &config.plot {
        let plot = report::growth_plot(&growth.plans)?;
        options::write("--plot", file, &plot.document())?;
        notice!("arena-bench: wrote {}", file.display());
    }
    if config.json {
        return print_json(&growth);
    }
    let counted = record.as_ref().map(|record| &record.environment);
    let shown = report::growth::text(&growth, counted, config.all, Screen::stdout());
    say(shown.trim_end())?;
    notice!(
        "arena-bench: held is the mean over the items; a dominated way is beaten by one that \
         regrows alike, need not be told more, costs no more and holds no more. Bytes are zeroed and \
         moved by the host; a retry sizes its item again and encodes nothing twice."
    );
    Ok(Outcome::Fine)
}

/// The pair: in its layouts where times are taken, and as a record's run built it
/// where a record is given; the exact counters alone need but the one at hand.
fn layouts(config: &Config) -> Result<Layouts> {
    if config.time || config.record.is_some() {
        let seeds = config.chance.layouts(false);
        return pair_with(config.pair.pair.as_deref(), Allocators::default(), &seeds);
    }
    Ok(Layouts::single(config.pair.files()?))
}

/// Every cell of every stream, counted.
fn matrices(config: &Config, streams: &[Stream], pair: &mut PairProcess) -> Result<Vec<Vec<Cell>>> {
    let start = Instant::now();
    let mut counted = |stream: &Stream| match config.sizes {
        None => Ok(pair.grow(stream, &stream.buffers(Regrow::ALL))?),
        Some(_) => replayed(pair, stream),
    };
    let matrices: Vec<Vec<Cell>> = streams.iter().map(&mut counted).collect::<Result<_>>()?;
    notice!(
        "arena-bench: {} ways to grow, counted and verified in {:.1} s",
        matrices.iter().map(Vec::len).sum::<usize>(),
        start.elapsed().as_secs_f64()
    );
    Ok(matrices)
}

/// The streams asked for; all of them are refused together, before anything runs.
fn streams(config: &Config) -> Result<Vec<Stream>> {
    let plans = match &config.sizes {
        Some(file) => {
            let sizes = recorded::read(file)?;
            ensure!(
                !config.time || sizes.len() <= LONGEST_TIMED,
                "{}: {} sizes; --time takes {LONGEST_TIMED} at most, the exact counters take any number",
                file.display(),
                sizes.len()
            );
            vec![SizePlan::Recorded { sizes }]
        }
        None => standard(&config.plans)?,
    };
    let stream = |plan| Ok(Stream::new(plan, config.memory_limit)?);
    plans.into_iter().map(stream).collect()
}

fn standard(names: &[String]) -> Result<Vec<SizePlan>> {
    let mut plans = plans::standard();
    let known: Vec<&str> = plans.iter().map(SizePlan::name).collect();
    for name in names {
        if !known.contains(&name.as_str()) {
            bail!("--plan {name:?}: expected one of {}", known.join(", "));
        }
    }
    plans.retain(|plan| names.is_empty() || names.iter().any(|name| name == plan.name()));
    Ok(plans)
}

/// The cells of a recording. What will be shown is drained through the pair too.
fn replayed(pair: &mut PairProcess, stream: &Stream) -> Result<Vec<Cell>> {
    let cells = stream.replay(&stream.buffers(Regrow::ALL))?;
    let advised = section::plan(stream, &cells).advice;
    let shown =
        |cell: &&Cell| is_plain(&cell.buffer) || advised.iter().any(|advice| advice.id == cell.id);
    let shown: Vec<&Cell> = cells.iter().filter(shown).collect();
    let mut drain = |stream: &Stream, buffers: &[_]| pair.grow(stream, buffers);
    replay::checked(&mut drain, stream, &shown)?;
    notice!(
        "arena-bench: {} cells replayed, {} of them drained through the pair: the counters agree",
        cells.len(),
        shown.len()
    );
    Ok(cells)
}

/// The sets of all plans.
fn time(config: &Config, streams: &[Stream], layouts: &Layouts, builds: &Builds) -> Result<Timed> {
    let watch = Watch::start();
    let sets: Vec<ArmSet> = streams.iter().map(ArmSet::new).collect();
    let comparisons: usize = sets.iter().map(ArmSet::comparisons).sum();
    let progress = Progress::of_time("", Duration::from_secs(config.budget).mul_f64(1.25));
    let mut processes = Shown::new(&progress)?;
    let settings = Settings::new(
        Delta::new(DELTA)?,
        per_comparison(Confidence::new(FAMILY)?, comparisons),
        Duration::from_secs(config.budget).div_f64(sets.len().max(1) as f64),
    );
    let mut runner = Runner::builder(&mut processes).settings(settings).build();
    let mut made = Vec::new();
    for (stream, set) in streams.iter().zip(&sets) {
        progress.say(&format!("growth on {}", stream.plan().name()));
        made.extend(set.compare(&mut runner, layouts)?);
    }
    drop(progress);
    let observed = watch.finish(&layouts.plain, builds);
    tell(&observed.notices);
    Ok(Timed {
        comparisons: made,
        environment: Some(observed.environment),
    })
}
