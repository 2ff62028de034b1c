//! Which way to grow, and why.
//!
//! One rule for every measure: of all ways that cost as little as the cheapest,
//! the one that holds the least memory. "As little" allows one percent. The
//! measure is the best there is: times with intervals, else instructions, else
//! the exact counters.

use bench_protocol::spec::Regrow;

use super::front;
use super::matrix::Cell;

/// Costs that differ by less than this share are alike.
pub const TOLERANCE: f64 = 0.01;

/// What the costs of a choice were compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Boundary calls, bytes zeroed and moved: exact, without any tool.
    Counters,
    /// Instructions per item, exact.
    Instructions,
    /// Time against exact fit, by intervals.
    Time,
}

impl Measure {
    /// The name in records and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Counters => "counters",
            Self::Instructions => "instructions",
            Self::Time => "time",
        }
    }

    /// The best measure that at least two of the cells have: one alone would be
    /// the cheapest for want of another.
    #[must_use]
    pub fn of(cells: &[&Cell]) -> Self {
        let two = |has: &dyn Fn(&Cell) -> bool| cells.iter().filter(|cell| has(cell)).count() > 1;
        if two(&|cell| cell.ratio.is_some()) {
            Self::Time
        } else if two(&|cell| cell.instructions_per_item.is_some()) {
            Self::Instructions
        } else {
            Self::Counters
        }
    }

    /// Whether a cell has it.
    #[must_use]
    pub fn has(self, cell: &Cell) -> bool {
        match self {
            Self::Counters => true,
            Self::Instructions => cell.instructions_per_item.is_some(),
            Self::Time => cell.ratio.is_some(),
        }
    }

    /// The costs of a cell, and behind them the memory it holds: the coordinates
    /// of its Pareto front. A cost that it does not have is infinite.
    #[must_use]
    pub fn coordinates(self, cell: &Cell) -> [f64; 3] {
        let held = cell.mean_held();
        match self {
            Self::Counters => [cell.calls_per_item(), cell.worked() as f64, held],
            Self::Instructions => {
                let instructions = cell.instructions_per_item.unwrap_or(f64::INFINITY);
                [instructions, 0.0, held]
            }
            Self::Time => {
                let time = cell.ratio.map_or(f64::INFINITY, |ratio| ratio.high);
                [time, 0.0, held]
            }
        }
    }
}

/// Of each cell the one that dominates it in cost and memory, by its index: one
/// that regrows alike, which is a switch of its own, and need not be told more.
#[must_use]
pub fn dominators(cells: &[&Cell], measure: Measure) -> Vec<Option<usize>> {
    let points: Vec<[f64; 3]> = cells.iter().map(|cell| measure.coordinates(cell)).collect();
    front::dominators(&points, |by, at| {
        let (by, at) = (cells[by], cells[at]);
        by.buffer.regrow == at.buffer.regrow && (at.needs_maximum || !by.needs_maximum)
    })
}

/// A choice and its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// Index of the chosen cell.
    pub chosen: usize,
    /// What the costs were compared by.
    pub measure: Measure,
    /// Why this one, with its numbers.
    pub reason: String,
}

/// The choice among the cells that `may` be chosen; `None` when there are none.
#[must_use]
pub fn choose(cells: &[Cell], may: impl Fn(&Cell) -> bool) -> Option<Advice> {
    let allowed: Vec<usize> = (0..cells.len()).filter(|&at| may(&cells[at])).collect();
    let measure = Measure::of(&allowed.iter().map(|&at| &cells[at]).collect::<Vec<_>>());
    let mut left: Vec<usize> = allowed
        .into_iter()
        .filter(|&at| measure.has(&cells[at]))
        .collect();
    let compared = left.len();
    keep_cheap(&mut left, TOLERANCE, |at| {
        measure.coordinates(&cells[at])[0]
    });
    if measure == Measure::Counters {
        // A hundredth of the stream's own bytes, not of the bytes zeroed and
        // moved: those may be few.
        let bytes = |at: usize| cells[at].counts.bytes as f64;
        keep_cheap(&mut left, TOLERANCE, |at| {
            bytes(at) + cells[at].worked() as f64
        });
    }
    let order = |cell: &Cell| {
        let [first, second, held] = measure.coordinates(cell);
        [held, first, second, cell.counts.peak_capacity as f64]
    };
    // Of equals the first: the matrix has the simplest strategies first.
    let chosen = left.into_iter().min_by(|&a, &b| {
        let (a, b) = (order(&cells[a]), order(&cells[b]));
        a.partial_cmp(&b).expect("costs are finite")
    })?;
    let reason = reason(&cells[chosen], measure, compared);
    Some(Advice {
        chosen,
        measure,
        reason,
    })
}

/// Keeps those whose cost is at most the lowest and the tolerance.
fn keep_cheap(left: &mut Vec<usize>, tolerance: f64, cost: impl Fn(usize) -> f64) {
    let lowest = left
        .iter()
        .map(|&at| cost(at))
        .fold(f64::INFINITY, f64::min);
    left.retain(|&at| cost(at) <= lowest * (1.0 + tolerance));
}

fn reason(cell: &Cell, measure: Measure, compared: usize) -> String {
    let counts = &cell.counts;
    // The baseline of the ratios stands until another is shown to be better.
    if measure == Measure::Time && cell.ratio.is_some_and(|ratio| ratio.low == ratio.high) {
        return format!(
            "it is what the times are compared with; of the {compared} compared, none is shown \
             by its interval to be as fast (within {:.0}%) and to hold less than its mean of {:.0} bytes",
            TOLERANCE * 100.0,
            cell.mean_held()
        );
    }
    let cost = match (measure, cell.ratio, cell.instructions_per_item) {
        (Measure::Time, Some(ratio), _) => format!(
            "{:.3} times the time of exact fit [{:.3}, {:.3}]",
            ratio.estimate, ratio.low, ratio.high
        ),
        (Measure::Instructions, _, Some(instructions)) => {
            format!("{instructions:.1} instructions per item")
        }
        _ => format!(
            "{} retries in {} items, {} bytes zeroed and {} moved",
            counts.retries, counts.items, counts.zeroed, counts.moved
        ),
    };
    format!(
        "{cost}; of the {compared} compared, none as cheap (within {:.0}%) holds less than its mean of {:.0} bytes",
        TOLERANCE * 100.0,
        cell.mean_held()
    )
}

/// Whether a buffer asks nothing special: it is not told the largest item, and
/// what the guest may write into is zeroed.
#[must_use]
pub fn asks_nothing(cell: &Cell) -> bool {
    !cell.needs_maximum && cell.buffer.regrow != Regrow::Uninit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::matrix::{Ratio, Stream};
    use bench_protocol::counts::HostCounts;
    use bench_protocol::size_plan::SizePlan;
    use bench_protocol::spec::BufferConfig;

    /// A cell of 1000 items of 100 bytes.
    fn cell(retries: u64, zeroed: u64, mean_held: u64) -> Cell {
        let stream = Stream::new(SizePlan::Constant { bytes: 92 }, 1 << 20).unwrap();
        let counts = HostCounts {
            items: 1000,
            retries,
            zeroed,
            bytes: 100_000,
            held_sum: mean_held * 1000,
            ..HostCounts::default()
        };
        stream.cell(BufferConfig::default(), counts)
    }

    #[test]
    fn of_those_as_cheap_as_the_cheapest_the_one_that_holds_least_is_chosen() {
        // One percent more calls is as cheap; two percent is not, whatever it holds.
        let cells = [cell(0, 0, 5000), cell(9, 500, 200), cell(20, 0, 100)];
        let advice = choose(&cells, |_| true).unwrap();
        assert_eq!((advice.chosen, advice.measure), (1, Measure::Counters));
        assert!(
            advice
                .reason
                .starts_with("9 retries in 1000 items, 500 bytes zeroed"),
            "{}",
            advice.reason
        );
        // Bytes zeroed count as well.
        let cells = [cell(0, 0, 5000), cell(9, 50_000, 200)];
        assert_eq!(choose(&cells, |_| true).unwrap().chosen, 0);
    }

    #[test]
    fn times_and_instructions_outrank_counters_where_two_cells_have_them() {
        let mut cells = [cell(0, 0, 5000), cell(500, 0, 200), cell(900, 0, 10)];
        cells[0].instructions_per_item = Some(100.0);
        assert_eq!(choose(&cells, |_| true).unwrap().measure, Measure::Counters);
        cells[1].instructions_per_item = Some(100.5);
        let advice = choose(&cells, |_| true).unwrap();
        assert_eq!((advice.chosen, advice.measure), (1, Measure::Instructions));
        let ratio = |estimate, low, high| {
            Some(Ratio {
                estimate,
                low,
                high,
            })
        };
        cells[0].ratio = ratio(1.0, 1.0, 1.0);
        cells[2].ratio = ratio(1.0, 0.9, 1.2);
        // An interval that reaches up to 1.2 does not show that it is as cheap.
        let advice = choose(&cells, |_| true).unwrap();
        assert_eq!((advice.chosen, advice.measure), (0, Measure::Time));
        assert!(
            advice.reason.contains("none is shown by its interval"),
            "{}",
            advice.reason
        );
    }

    #[test]
    fn nothing_is_chosen_where_nothing_may_be() {
        assert_eq!(choose(&[cell(0, 0, 1)], |_| false), None);
    }
}
