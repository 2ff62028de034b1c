//! Growth as it goes into a record: cells in memory become cells on disk, with
//! what dominates them and what to use.

use bench_host::pair::Pair;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{BufferConfig, DEFAULT_MEMORY_LIMIT, Regrow};

use super::advice::{self, Measure};
use super::matrix::{self, GrowthError, Stream};
use super::paired;
use super::retry::{self, RetryCost};
use crate::case::plans;
use crate::record::growth::{Advice, Cell, Growth, Plan, Ratio, Retry};
use crate::record::wire::{Comparison, Record};

/// What may be asked of a host, and which cells then may be chosen.
type Condition = (&'static str, fn(&matrix::Cell) -> bool);

/// The conditions that advice is given under, each wider than the last.
const CONDITIONS: [Condition; 3] = [
    ("nothing is known", advice::asks_nothing),
    ("the largest item is known", |cell| {
        cell.buffer.regrow != Regrow::Uninit
    }),
    (
        "the largest item is known and buffers stay unzeroed",
        |_| true,
    ),
];

/// The section of all standard plans for a record: drained now, with the
/// record's own counts and comparisons, and only the cells that say something.
///
/// # Errors
/// When a stream is not what it must be.
///
/// # Panics
/// If a standard plan is above the standard memory limit.
pub fn standard(pair: &Pair, record: &Record) -> Result<Growth, GrowthError> {
    let streams: Vec<Stream> = plans::standard()
        .into_iter()
        .map(|plan| Stream::new(plan, DEFAULT_MEMORY_LIMIT))
        .collect::<Result<_, _>>()?;
    let drain = |stream: &Stream| stream.drain(pair, &stream.buffers(Regrow::ALL));
    let matrices = streams.iter().map(drain).collect::<Result<_, _>>()?;
    let mut growth = section(&streams, matrices, Some(record), Vec::new());
    for plan in &mut growth.plans {
        let advice = &plan.advice;
        plan.cells.retain(|cell| {
            let measured = cell.ratio.is_some() || cell.instructions_per_item.is_some();
            let advised = advice.iter().any(|advice| advice.id == cell.id);
            cell.plain || measured || advised || cell.dominated_by.is_none()
        });
    }
    Ok(growth)
}

/// The cells of each stream with their costs: instructions and comparisons of a
/// record, and comparisons `made` for these streams.
#[must_use]
pub fn section(
    streams: &[Stream],
    mut matrices: Vec<Vec<matrix::Cell>>,
    record: Option<&Record>,
    made: Vec<Comparison>,
) -> Growth {
    let counted = |id: &str| {
        let case = record?.cases.iter().find(|case| case.id == id)?;
        case.counts.as_ref()?.instructions_per_item
    };
    let earlier = record.map_or(&[][..], |record| &record.comparisons);
    let known = [&made[..], earlier].concat();
    for cells in &mut matrices {
        for cell in &mut *cells {
            cell.instructions_per_item = counted(&cell.id);
        }
        paired::attach(cells, &known);
    }
    let plans = streams.iter().zip(&matrices);
    // The ramp is where exact fit retries for every item.
    let ramp = plans
        .clone()
        .filter(|(stream, _)| matches!(stream.plan(), SizePlan::Ramp { every: 1, .. }));
    let prices = ramp.flat_map(|(_, cells)| retry::prices(cells, &known));
    Growth {
        plans: plans.map(|(stream, cells)| plan(stream, cells)).collect(),
        retry: prices.map(Retry::from).collect(),
        comparisons: made,
    }
}

/// A strategy as such: nothing else differs from Fidius' stream pump.
#[must_use]
pub fn is_plain(buffer: &BufferConfig) -> bool {
    let usual = BufferConfig::default();
    buffer.initial_capacity == usual.initial_capacity
        && buffer.regrow == usual.regrow
        && buffer.shrink == usual.shrink
}

/// The section of one plan.
#[must_use]
pub fn plan(stream: &Stream, cells: &[matrix::Cell]) -> Plan {
    let all: Vec<&matrix::Cell> = cells.iter().collect();
    let measure = Measure::of(&all);
    let by_counters = advice::dominators(&all, Measure::Counters);
    let by_measure = advice::dominators(&all, measure);
    let dominated_by = |at: usize| {
        let by = if measure.has(all[at]) {
            by_measure[at]
        } else {
            by_counters[at]
        };
        by.map(|by| all[by].id.clone())
    };
    let advise = |(condition, may): &Condition| {
        let advice = advice::choose(cells, may)?;
        Some(Advice {
            condition: (*condition).to_owned(),
            id: cells[advice.chosen].id.clone(),
            measure: advice.measure.name().to_owned(),
            reason: advice.reason,
        })
    };
    Plan {
        name: stream.plan().name().to_owned(),
        parameters: plans::describe(stream.plan()),
        items: stream.items(),
        bytes: cells.first().map_or(0, |cell| cell.counts.bytes),
        largest: stream.wire_max(),
        cells: (0..cells.len())
            .map(|at| Cell {
                dominated_by: dominated_by(at),
                ..Cell::from(&cells[at])
            })
            .collect(),
        advice: CONDITIONS.iter().filter_map(advise).collect(),
    }
}

impl From<&matrix::Cell> for Cell {
    fn from(cell: &matrix::Cell) -> Self {
        let (buffer, counts) = (&cell.buffer, &cell.counts);
        Self {
            id: cell.id.clone(),
            growth: buffer.growth.name().to_owned(),
            growth_param: buffer.growth_param,
            initial_capacity: u64::from(buffer.initial_capacity),
            regrow: buffer.regrow.name().to_owned(),
            shrink: buffer.shrink.name().to_owned(),
            shrink_param: buffer.shrink_param,
            needs_maximum: cell.needs_maximum,
            plain: is_plain(buffer),
            boundary_calls: counts.calls,
            retries: counts.retries,
            encoded_bytes: counts.bytes,
            retried_bytes: counts.retried_bytes,
            zeroed_bytes: counts.zeroed,
            moved_bytes: counts.moved,
            allocated_bytes: counts.allocated,
            shrinks: counts.shrinks,
            peak_capacity: counts.peak_capacity,
            final_capacity: counts.capacity,
            mean_held: cell.mean_held(),
            mean_share: cell.mean_share(),
            instructions_per_item: cell.instructions_per_item,
            ratio: cell.ratio.map(|ratio| Ratio {
                estimate: ratio.estimate,
                low: ratio.low,
                high: ratio.high,
            }),
            dominated_by: None,
        }
    }
}

impl From<RetryCost> for Retry {
    fn from(cost: RetryCost) -> Self {
        Self {
            regrow: cost.regrow.name().to_owned(),
            many: cost.many,
            few: cost.few,
            retries: cost.retries,
            bytes_worked: cost.bytes_worked,
            item_bytes: cost.item_bytes,
            instructions: cost.instructions,
            ns: cost.ns,
        }
    }
}
