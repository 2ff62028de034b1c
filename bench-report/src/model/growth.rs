//! Growth strategies by size plan, as charts and tables need them. What is dominated and
//! what is advised stands in the record; nothing is judged here.

use super::index::Estimate;
use super::types::{Axis, Mark, Measure};
use crate::format::{self, Unit};
use crate::growth::{in_words, name};
use bench_record::growth::{Cell, Plan};
use bench_record::wire::Record;

/// The record's plans, or none.
pub fn plans(record: &Record) -> &[Plan] {
    record.growth.as_ref().map_or(&[], |growth| &growth.plans)
}

/// Where the ways to grow lie that a plan is advised: the one that asks least of the
/// host, and those that need to know more.
pub fn marks(plan: &Plan) -> Vec<Mark> {
    let mut marked: Vec<&str> = Vec::new();
    let mut marks = Vec::new();
    for (asked, advice) in plan.advice.iter().enumerate() {
        let cell = plan.cells.iter().find(|cell| cell.id == advice.id);
        let Some(cell) = cell.filter(|_| !marked.contains(&advice.id.as_str())) else {
            continue;
        };
        marked.push(&advice.id);
        let name = in_words(name(&advice.id));
        marks.push(Mark {
            x: cell.mean_held.max(1.0),
            label: match asked {
                0 => format!("use {name}"),
                _ => format!("knowing more, {name}"),
            },
        });
    }
    marks
}

/// What the cost axis of one plan shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Time as a multiple of the exact fit's.
    Time,
    /// Instructions per item.
    Instructions,
    /// Retries, for a plan of which only the counters are known.
    Retries,
}

impl Cost {
    /// The cost of a measure for which two cells at least can be compared. Retries stand in
    /// for instructions that were not counted, and for times nothing does.
    pub fn of(plan: &Plan, measure: Measure) -> Option<Self> {
        let two = |cost: &Self| {
            let known = |cell: &&Cell| cost.estimate(plan, cell).is_some();
            plan.cells.iter().filter(known).count() > 1
        };
        let candidates: &[Self] = match measure {
            Measure::Wall => &[Self::Time],
            Measure::Instructions => &[Self::Instructions, Self::Retries],
        };
        candidates.iter().copied().find(two)
    }

    /// The cost of a cell, where it is known.
    pub fn estimate(self, plan: &Plan, cell: &Cell) -> Option<Estimate> {
        match self {
            Self::Time => cell
                .ratio
                .as_ref()
                .map(|ratio| Estimate::within(ratio.estimate, ratio.low, ratio.high)),
            Self::Instructions => cell.instructions_per_item.map(Estimate::exact),
            Self::Retries => {
                let per_thousand = 1000.0 * cell.retries as f64 / plan.items.max(1) as f64;
                Some(Estimate::exact(per_thousand))
            }
        }
    }

    /// The axis it is drawn on.
    pub fn axis(self) -> Axis {
        match self {
            Self::Time => Axis::new("time / exact fit", Unit::Ratio),
            Self::Instructions => Axis::new("instructions per item", Unit::Count),
            Self::Retries => Axis::new("retries per 1000 items", Unit::Count),
        }
    }
}

/// What a cell leaves held: `holds 3.3 KiB on average, 108 B at the end`.
pub fn held(cell: &Cell) -> String {
    format!(
        "holds {} on average, {} at the end",
        format::bytes(cell.mean_held.round() as u64),
        format::bytes(cell.final_capacity)
    )
}
