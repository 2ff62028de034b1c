//! Growth as it goes into a record: cells in memory become cells on disk, with
//! what dominates them and what to use.

use bench_protocol::spec::Regrow;

use super::advice::{self, Measure};
use super::matrix::{self, Stream};
use super::retry::RetryCost;
use crate::case::plans;
use crate::record::growth::{Advice, Cell, Plan, Ratio, Retry};

/// What may be asked of a host, and which cells then may be chosen.
type Condition = (&'static str, fn(&matrix::Cell) -> bool);

/// The conditions that advice is given under, each wider than the last.
const CONDITIONS: [Condition; 3] = [
    ("nothing is known", advice::asks_nothing),
    ("the largest item is known", |cell| {
        cell.buffer.regrow != Regrow::Uninit
    }),
    ("and buffers may be left unzeroed", |_| true),
];

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
