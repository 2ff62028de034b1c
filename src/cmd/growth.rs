//! `growth`: what items that do not fit cost, and which way to grow is right for
//! a stream.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bench_host::pair::Pair;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{DEFAULT_MEMORY_LIMIT, Protocol, Regrow};
use comfy_table::{CellAlignment, Table, presets};

use super::options::PairChoice;
use super::{Outcome, print_json, say};
use crate::case::{ByteSize, plans, recorded};
use crate::growth::matrix::{Cell, Stream};
use crate::growth::paired::Plan as Contest;
use crate::growth::replay;
use crate::growth::section::{self, is_plain};
use crate::layouts::Layouts;
use crate::pair::PairFiles;
use crate::paired::clock::Monotonic;
use crate::paired::contest::{Runner, Settings};
use crate::paired::process::Processes;
use crate::record::growth as wire;
use crate::record::store;
use crate::record::wire::Comparison;
use crate::stats::correction::per_comparison;
use crate::stats::{Confidence, Delta};
use crate::{atomic, report};

/// The longest recording whose drains are timed, items: every measuring process
/// is handed the whole of it.
const LONGEST_TIMED: usize = 1 << 16;
/// Confidence that all intervals of a run hold at once.
const FAMILY: f64 = 0.99;
/// The smallest difference that matters.
const DELTA: f64 = 0.01;
/// Time for one measuring process, at most.
const PROCESS_LIMIT: Duration = Duration::from_secs(60);

/// What to count.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  arena-bench growth --plan spike --plan ramp\n  arena-bench growth --sizes sizes.txt --plot growth.svg\n  arena-bench growth --time --json > growth.json"
)]
pub struct Config {
    /// A file with the sizes of your own stream, content bytes, one a line, in
    /// place of the standard plans.
    #[arg(long, value_name = "FILE", conflicts_with = "plans")]
    sizes: Option<PathBuf>,
    /// Only this standard plan; may be given more than once.
    #[arg(long = "plan", value_name = "NAME")]
    plans: Vec<String>,
    /// The largest buffer that a guest may demand, bytes.
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_MEMORY_LIMIT)]
    memory_limit: u64,
    /// Time them as well: each against exact fit and alloc, interleaved.
    #[arg(long)]
    time: bool,
    /// Seconds that all timing may take, about.
    #[arg(long, value_name = "SECONDS", default_value_t = 180, requires = "time")]
    budget: u64,
    /// Take instruction counts and comparisons from this record.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
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
}

/// Counts every way to grow on every plan, and says which one to use.
///
/// # Errors
/// When sizes, plans or the record cannot be used, an item is above the memory
/// limit, there is no pair, or a stream is not what it must be.
pub fn run(config: &Config) -> Result<Outcome> {
    let streams = streams(config)?;
    let files = config.pair.files()?;
    let pair = files.load()?;
    let mut matrices = Vec::new();
    for stream in &streams {
        matrices.push(match config.sizes {
            None => stream.drain(&pair, &stream.buffers(Regrow::ALL))?,
            Some(_) => replayed(&pair, stream)?,
        });
    }
    let made = if config.time {
        time(config, &streams, &files)?
    } else {
        Vec::new()
    };
    let record = config.record.as_deref().map(store::load).transpose()?;
    let growth = section::section(&streams, matrices, record.as_ref(), made);
    if let Some(file) = &config.plot {
        let plot = report::growth_plot(&growth.plans)?;
        atomic::replace(file, plot.svg.as_bytes())
            .with_context(|| format!("--plot {}", file.display()))?;
        eprintln!("arena-bench: wrote {}", file.display());
    }
    if config.json {
        return print_json(&growth);
    }
    print(&growth, config.all)?;
    Ok(Outcome::Fine)
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
fn replayed(pair: &Pair, stream: &Stream) -> Result<Vec<Cell>> {
    let cells = stream.replay(&stream.buffers(Regrow::ALL))?;
    let advised = section::plan(stream, &cells).advice;
    let shown =
        |cell: &&Cell| is_plain(&cell.buffer) || advised.iter().any(|advice| advice.id == cell.id);
    let shown: Vec<&Cell> = cells.iter().filter(shown).collect();
    replay::checked(pair, stream, &shown)?;
    eprintln!(
        "arena-bench: {} cells replayed, {} of them drained through the pair: the counters agree",
        cells.len(),
        shown.len()
    );
    Ok(cells)
}

/// The contests of all plans.
fn time(config: &Config, streams: &[Stream], files: &PairFiles) -> Result<Vec<Comparison>> {
    let contests: Vec<Contest> = streams.iter().map(Contest::new).collect();
    let comparisons: usize = contests.iter().map(Contest::comparisons).sum();
    // A look for each contest, and a second one for each suspicion.
    let looks = (contests.len() + comparisons) as f64;
    let folder = files.guest.parent().context("the pair has no folder")?;
    let layouts = Layouts::in_folder(folder);
    let mut processes = Processes::new(PROCESS_LIMIT)?;
    let clock = Monotonic::default();
    let mut runner = Runner {
        execute: &mut processes,
        clock: &clock,
        rng: rand::rng(),
        settings: Settings {
            // A plan has a dozen arms: two copies of each pay in the second look alone.
            copies: 1,
            ..Settings::new(
                Delta::new(DELTA)?,
                per_comparison(Confidence::new(FAMILY)?, comparisons),
                Duration::from_secs(config.budget).div_f64(looks),
            )
        },
    };
    let mut made = Vec::new();
    for (stream, contest) in streams.iter().zip(&contests) {
        eprintln!("arena-bench: timing {}", stream.plan().name());
        made.extend(contest.contest(&mut runner, &layouts)?);
    }
    Ok(made)
}

fn print(growth: &wire::Growth, all: bool) -> io::Result<()> {
    for plan in &growth.plans {
        say(format_args!(
            "{}: {}; {} items, {} bytes on the wire, the largest {}",
            plan.name, plan.parameters, plan.items, plan.bytes, plan.largest
        ))?;
        say(format_args!("{}\n", cells(growth, plan, all)))?;
        // What asks for more is shown where it brings something.
        let mut advices = plan.advice.clone();
        advices.dedup_by(|wider, narrower| wider.id == narrower.id);
        for advice in &advices {
            let chosen = short(plan, &advice.id);
            say(format_args!(
                "  where {}: {chosen}\n    {}",
                advice.condition, advice.reason
            ))?;
        }
        say("")?;
    }
    if !growth.retry.is_empty() {
        say(format_args!(
            "one retry, as the slope between exact fit and presized on a ramp\n{}",
            retries(growth)
        ))?;
    }
    eprintln!(
        "arena-bench: held is the mean over the items; a cell in brackets is dominated: one that \
         regrows alike and need not be told more costs and holds no more. Bytes are zeroed and \
         moved by the host; a retry sizes its item again and encodes nothing twice."
    );
    Ok(())
}

/// The id of a cell within its plan.
fn short<'a>(plan: &wire::Plan, id: &'a str) -> &'a str {
    let prefix = format!("growth/{}/{}/", plan.name, Protocol::Arena.name());
    id.strip_prefix(prefix.as_str()).unwrap_or(id)
}

fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(columns.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn cells(growth: &wire::Growth, plan: &wire::Plan, all: bool) -> Table {
    let instructions = plan
        .cells
        .iter()
        .any(|cell| cell.instructions_per_item.is_some());
    let time = plan.cells.iter().any(|cell| cell.ratio.is_some());
    let against = |cell: &wire::Cell, baseline: &str| {
        growth
            .comparisons
            .iter()
            .find(|it| it.candidate == cell.id && it.baseline.ends_with(baseline))
    };
    let verdict = |found: &Comparison| format!("{:?}", found.verdict).to_lowercase();
    let alloc = plan
        .cells
        .iter()
        .any(|cell| against(cell, "/alloc").is_some());
    let mut columns = vec![
        "grows",
        "retries",
        "sized again",
        "zeroed",
        "moved",
        "allocated",
        "peak",
        "final",
        "held",
        "used",
    ];
    if instructions {
        columns.push("instr/item");
    }
    if time {
        columns.push("time / exact");
    }
    if alloc {
        columns.push("time / alloc");
    }
    let mut table = table(&columns);
    let advised = |cell: &wire::Cell| plan.advice.iter().any(|advice| advice.id == cell.id);
    for cell in &plan.cells {
        if !(all || cell.plain || advised(cell) || cell.ratio.is_some()) {
            continue;
        }
        let name = short(plan, &cell.id);
        let mut row = vec![
            if cell.dominated_by.is_some() {
                format!("({name})")
            } else {
                name.to_owned()
            },
            cell.retries.to_string(),
            cell.retried_bytes.to_string(),
            cell.zeroed_bytes.to_string(),
            cell.moved_bytes.to_string(),
            cell.allocated_bytes.to_string(),
            cell.peak_capacity.to_string(),
            cell.final_capacity.to_string(),
            format!("{:.0}", cell.mean_held),
            format!("{:.1}%", 100.0 * cell.mean_share),
        ];
        if instructions {
            row.push(optional(cell.instructions_per_item, |count| {
                format!("{count:.1}")
            }));
        }
        if time {
            row.push(optional(cell.ratio.as_ref(), |ratio| {
                let verdict = against(cell, "/arena/exact").map_or_else(String::new, verdict);
                format!(
                    "{:.3} [{:.3}, {:.3}] {verdict}",
                    ratio.estimate, ratio.low, ratio.high
                )
            }));
        }
        if alloc {
            row.push(optional(against(cell, "/alloc"), |found| {
                format!(
                    "{:.3} [{:.3}, {:.3}] {}",
                    found.ratio,
                    found.low,
                    found.high,
                    verdict(found)
                )
            }));
        }
        table.add_row(row);
    }
    table
}

fn retries(growth: &wire::Growth) -> Table {
    let mut table = table(&[
        "regrows",
        "retries",
        "item",
        "zeroed, moved",
        "instructions",
        "ns",
    ]);
    for retry in &growth.retry {
        table.add_row(vec![
            retry.regrow.clone(),
            retry.retries.to_string(),
            ByteSize(retry.item_bytes as u64).to_string(),
            format!("{:.0}", retry.bytes_worked),
            optional(retry.instructions, |count| format!("{count:.1}")),
            optional(retry.ns.as_ref(), |ns| {
                format!("{:.1} [{:.1}, {:.1}]", ns.estimate, ns.low, ns.high)
            }),
        ]);
    }
    table
}

/// A value, or a dash where it was not measured.
fn optional<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}
