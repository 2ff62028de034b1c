//! Which way to grow, and why.
//!
//! One rule for every measure: of all ways that cost as little as the cheapest,
//! the one that holds the least memory. "As little" allows one percent. The
//! measure is the best there is: times with intervals, else instructions, else
//! the exact counters. A time is "as little" as well where it is shown to be shorter
//! than exact fit's and not shown to be longer than the shortest: how wide an interval
//! came out decides nothing. Where times are not told apart, what is exact decides:
//! nothing that is dominated is ever chosen.

use std::cmp::Ordering;

use bench_protocol::spec::Regrow;

use super::front;
use super::matrix::{Cell, Ratio};
use bench_record::wire::Verdict;

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
    pub fn name(self) -> &'static str {
        match self {
            Self::Counters => "counters",
            Self::Instructions => "instructions",
            Self::Time => "time",
        }
    }

    /// The best measure that at least two of the cells have: one alone would be
    /// the cheapest for want of another.
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
    pub fn has(self, cell: &Cell) -> bool {
        match self {
            Self::Counters => true,
            Self::Instructions => cell.instructions_per_item.is_some(),
            Self::Time => cell.ratio.is_some(),
        }
    }

    /// The exact measure that all of `cells` have: instructions, else the counters.
    fn exact(cells: &[&Cell]) -> Self {
        if cells.iter().all(|cell| Self::Instructions.has(cell)) {
            Self::Instructions
        } else {
            Self::Counters
        }
    }

    /// The costs of a cell; one that it does not have is infinite. Of a time, the
    /// most that its interval admits.
    fn costs(self, cell: &Cell) -> [f64; 2] {
        match self {
            Self::Counters => [cell.calls_per_item(), cell.worked() as f64],
            Self::Instructions => [cell.instructions_per_item.unwrap_or(f64::INFINITY), 0.0],
            Self::Time => [cell.ratio.map_or(f64::INFINITY, |ratio| ratio.high), 0.0],
        }
    }

    /// The costs of a cell, and behind them the memory it holds.
    fn coordinates(self, cell: &Cell) -> [f64; 3] {
        let [first, second] = self.costs(cell);
        [first, second, cell.mean_held()]
    }

    /// The costs of a cell in words.
    fn words(self, cell: &Cell) -> String {
        let counts = &cell.counts;
        match (self, cell.ratio, cell.instructions_per_item) {
            (Self::Time, Some(Ratio { verdict: None, .. }), _) => {
                "it is what the times are compared with".to_owned()
            }
            (Self::Time, Some(ratio), _) => format!(
                "{:.3} times the time of exact fit [{:.3}, {:.3}]",
                ratio.estimate, ratio.low, ratio.high
            ),
            (Self::Instructions, _, Some(instructions)) => {
                format!("{instructions:.1} instructions per item")
            }
            _ => format!(
                "{} retries in {} items, {} bytes zeroed and {} moved",
                counts.retries, counts.items, counts.zeroed, counts.moved
            ),
        }
    }
}

/// Of each cell the one that dominates it in cost and memory, by its index: one
/// that regrows alike, which is a switch of its own, and need not be told more.
///
/// A time dominates only where it is shown to be shorter; between times that are
/// not told apart, what is exact decides. By time, cells without one are left out.
pub fn dominators(cells: &[&Cell], measure: Measure) -> Vec<Option<usize>> {
    let may = |by: usize, at: usize| {
        let (by, at) = (cells[by], cells[at]);
        by.buffer.regrow == at.buffer.regrow && (at.needs_maximum || !by.needs_maximum)
    };
    if measure == Measure::Time {
        return dominators_by_time(cells, may);
    }
    let points: Vec<[f64; 3]> = cells.iter().map(|cell| measure.coordinates(cell)).collect();
    front::dominators(cells.len(), |by, at| {
        may(by, at) && front::dominates(&points[by], &points[at])
    })
}

/// First by time alone, then what that leaves by the exact measure. In one step
/// three cells could dominate each other in a ring: the first by time, the others
/// by what decides between times that overlap.
fn dominators_by_time(cells: &[&Cell], may: impl Fn(usize, usize) -> bool) -> Vec<Option<usize>> {
    let shorter = |by: usize, at: usize| match (cells[by].ratio, cells[at].ratio) {
        (Some(by), Some(at)) => by.is_shown_below(&at),
        _ => false,
    };
    let slower = front::dominators(cells.len(), |by, at| {
        may(by, at) && shorter(by, at) && cells[by].mean_held() <= cells[at].mean_held()
    });
    let left = |at: usize| Measure::Time.has(cells[at]) && slower[at].is_none();
    let exact = exact_of_timed(cells);
    let points: Vec<[f64; 3]> = cells.iter().map(|cell| exact.coordinates(cell)).collect();
    let tied = front::dominators(cells.len(), |by, at| {
        left(by)
            && left(at)
            && may(by, at)
            && !shorter(at, by)
            && front::dominates(&points[by], &points[at])
    });
    slower.iter().zip(tied).map(|(at, or)| at.or(or)).collect()
}

/// What decides between times that are not told apart.
fn exact_of_timed(cells: &[&Cell]) -> Measure {
    let timed = |cell: &&&Cell| Measure::Time.has(cell);
    Measure::exact(&cells.iter().filter(timed).copied().collect::<Vec<_>>())
}

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
pub fn choose(cells: &[Cell], may: impl Fn(&Cell) -> bool) -> Option<Advice> {
    let allowed: Vec<&Cell> = cells.iter().filter(|cell| may(cell)).collect();
    let measure = Measure::of(&allowed);
    let compared: Vec<usize> = (0..cells.len())
        .filter(|&at| may(&cells[at]) && measure.has(&cells[at]))
        .collect();
    let allowed: Vec<&Cell> = compared.iter().map(|&at| &cells[at]).collect();
    let first = lightest_of_the_cheap(&allowed, measure)?;
    // What is not dominated: times that are not told apart leave it to what is exact.
    let dominated = dominators(&allowed, measure);
    let mut chosen = first;
    while let Some(by) = dominated[chosen] {
        chosen = by;
    }
    let reason = if chosen == first {
        reason(allowed[chosen], measure, allowed.len())
    } else {
        let exact = exact_of_timed(&allowed);
        reason_of_a_tie(allowed[chosen], allowed[first], exact)
    };
    Some(Advice {
        chosen: compared[chosen],
        measure,
        reason,
    })
}

/// Of those that cost as little as the cheapest, the one that holds the least.
fn lightest_of_the_cheap(cells: &[&Cell], measure: Measure) -> Option<usize> {
    let mut left: Vec<usize> = (0..cells.len()).collect();
    if measure == Measure::Time {
        keep_short(&mut left, cells);
    } else {
        keep_cheap(&mut left, TOLERANCE, |at| measure.costs(cells[at])[0]);
    }
    if measure == Measure::Counters {
        // A hundredth of the stream's own bytes, not of the bytes zeroed and
        // moved: those may be few.
        keep_cheap(&mut left, TOLERANCE, |at| {
            cells[at].counts.bytes as f64 + cells[at].worked() as f64
        });
    }
    let rank = |at: usize| {
        let [first, second, held] = measure.coordinates(cells[at]);
        [held, first, second, cells[at].counts.peak_capacity as f64]
    };
    // Of equals the first: the matrix has the simplest strategies first.
    left.into_iter().min_by(|&a, &b| {
        let pairs = rank(a).into_iter().zip(rank(b));
        pairs.fold(Ordering::Equal, |so_far, (a, b)| {
            so_far.then(a.total_cmp(&b))
        })
    })
}

/// Keeps the times that are as short as the shortest, as far as intervals show.
fn keep_short(left: &mut Vec<usize>, cells: &[&Cell]) {
    let ratios = left.iter().filter_map(|&at| cells[at].ratio);
    let shortest = ratios.min_by(|a, b| a.high.total_cmp(&b.high));
    let as_short = |ratio: &Ratio| {
        shortest.is_some_and(|shortest| {
            let shown = ratio.high <= shortest.high * (1.0 + TOLERANCE);
            let tied = ratio.verdict == Some(Verdict::Faster) && !shortest.is_shown_below(ratio);
            shown || tied
        })
    };
    left.retain(|&at| cells[at].ratio.as_ref().is_some_and(as_short));
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
    let (cost, held) = (measure.words(cell), cell.mean_held());
    let percent = TOLERANCE * 100.0;
    // The baseline of the ratios stands until another is shown to be better.
    if measure == Measure::Time && cell.ratio.is_some_and(|ratio| ratio.verdict.is_none()) {
        return format!(
            "{cost}; of the {compared} compared, none is shown by its interval to be as fast \
             (within {percent:.0}%) and to hold less than its mean of {held:.0} bytes"
        );
    }
    let faster = |ratio: Ratio| ratio.verdict == Some(Verdict::Faster);
    if measure == Measure::Time && cell.ratio.is_some_and(faster) {
        return format!(
            "{cost}; of the {compared} compared, none that is shown to be faster than exact fit \
             and is not told apart from the fastest holds less than its mean of {held:.0} bytes"
        );
    }
    format!(
        "{cost}; of the {compared} compared, none as cheap (within {percent:.0}%) holds less \
         than its mean of {held:.0} bytes"
    )
}

/// The reason of a cell whose time is not told apart from that of `other`.
fn reason_of_a_tie(cell: &Cell, other: &Cell, exact: Measure) -> String {
    format!(
        "{}; by time not told apart from {}, which costs no less ({}, this one {}) and holds no \
         less than its mean of {:.0} bytes",
        Measure::Time.words(cell),
        other.name,
        exact.words(other),
        exact.words(cell),
        cell.mean_held()
    )
}

/// Whether a buffer asks nothing special: it is not told the largest item, and
/// what the guest may write into is zeroed.
pub fn asks_nothing(cell: &Cell) -> bool {
    !cell.needs_maximum && cell.buffer.regrow != Regrow::Uninit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::matrix::Stream;
    use bench_protocol::counts::HostCounts;
    use bench_protocol::size_plan::SizePlan;
    use bench_protocol::spec::BufferConfig;
    use proptest::prelude::*;

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

    fn ratio(estimate: f64, low: f64, high: f64, verdict: Verdict) -> Option<Ratio> {
        Some(Ratio {
            estimate,
            low,
            high,
            verdict: Some(verdict),
        })
    }

    /// The exact fit and other cells, each with its mean held, its instructions and
    /// its time.
    fn timed(cells: &[(u64, f64, Option<Ratio>)]) -> Vec<Cell> {
        let exact = Some(Ratio::OF_EXACT_FIT);
        let timed = |&(held, instructions, ratio): &(u64, f64, Option<Ratio>)| Cell {
            instructions_per_item: Some(instructions),
            ratio: ratio.or(exact),
            ..cell(0, 0, held)
        };
        cells.iter().map(timed).collect()
    }

    fn dominated(cells: &[Cell]) -> Vec<Option<usize>> {
        dominators(&cells.iter().collect::<Vec<_>>(), Measure::Time)
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
        cells[0].ratio = Some(Ratio::OF_EXACT_FIT);
        cells[2].ratio = ratio(1.0, 0.9, 1.2, Verdict::Inconclusive);
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
    fn times_that_are_not_told_apart_leave_it_to_the_instructions() {
        let open = ratio(1.003, 0.97, 1.03, Verdict::Inconclusive);
        let cells = timed(&[(8024, 872.9, None), (8024, 867.3, open)]);
        assert_eq!(dominated(&cells), [Some(1), None]);
        let advice = choose(&cells, |_| true).unwrap();
        assert_eq!((advice.chosen, advice.measure), (1, Measure::Time));
        for number in ["1.003", "[0.970, 1.030]", "872.9", "867.3", "8024"] {
            assert!(advice.reason.contains(number), "{}", advice.reason);
        }
    }

    #[test]
    fn an_inconclusive_time_neither_dominates_nor_is_dominated() {
        // Fewer instructions and more memory, and the reverse.
        let open = ratio(1.1, 0.9, 1.3, Verdict::Inconclusive);
        let cells = timed(&[(100, 900.0, None), (200, 800.0, open), (50, 950.0, open)]);
        assert_eq!(dominated(&cells), [None; 3]);
    }

    #[test]
    fn a_time_that_is_shown_dominates_whatever_the_instructions_are() {
        let faster = ratio(0.9, 0.88, 0.92, Verdict::Faster);
        let slower = ratio(1.2, 1.1, 1.3, Verdict::Slower);
        let cells = timed(&[
            (100, 800.0, None),
            (100, 900.0, faster),
            (100, 700.0, slower),
        ]);
        assert_eq!(dominated(&cells), [Some(1), None, Some(1)]);
        // A suspicion that was not confirmed is not shown, however narrow it is.
        let doubtful = ratio(0.9, 0.88, 0.92, Verdict::Inconclusive);
        let cells = timed(&[(100, 800.0, None), (100, 900.0, doubtful)]);
        assert_eq!(dominated(&cells), [None, Some(0)]);
    }

    #[test]
    fn of_times_that_are_shorter_and_overlap_the_lightest_is_chosen_however_wide_they_are() {
        let wide = ratio(0.82, 0.79, 0.86, Verdict::Faster);
        let narrow = ratio(0.81, 0.78, 0.83, Verdict::Faster);
        let longer = ratio(0.95, 0.93, 0.97, Verdict::Faster);
        let cells = timed(&[
            (298, 379.4, None),
            (298, 369.0, wide),
            (4096, 368.8, narrow),
            (100, 372.0, longer),
        ]);
        let advice = choose(&cells, |_| true).unwrap();
        assert_eq!(advice.chosen, 1, "{}", advice.reason);
        assert!(
            advice.reason.contains("[0.790, 0.860]"),
            "{}",
            advice.reason
        );
        assert!(
            advice.reason.contains("not told apart from the fastest"),
            "{}",
            advice.reason
        );
    }

    #[test]
    fn without_instructions_the_counters_decide_between_such_times() {
        let open = ratio(1.0, 0.9, 1.1, Verdict::Inconclusive);
        let mut cells = [cell(1, 100, 4096), cell(1, 100, 1032)];
        (cells[0].ratio, cells[1].ratio) = (open, Some(Ratio::OF_EXACT_FIT));
        assert_eq!(dominated(&cells), [Some(1), None]);
    }

    proptest! {
        #[test]
        fn by_time_all_are_on_the_front_or_behind_it_and_the_chosen_is_on_it(
            others in proptest::collection::vec((1..4_u64, 1..4_u8, 50..150_u8, 1..40_u8), 1..12),
        ) {
            let mut cells = vec![(2, 2.0, None)];
            cells.extend(others.iter().map(|&(held, instructions, middle, half)| {
                let (middle, half) = (f64::from(middle) / 100.0, f64::from(half) / 100.0);
                let (low, high) = (middle - half, middle + half);
                let verdict = match (high < 1.0, low > 1.0) {
                    (true, _) => Verdict::Faster,
                    (_, true) => Verdict::Slower,
                    _ => Verdict::Inconclusive,
                };
                (held, f64::from(instructions), ratio(middle, low, high, verdict))
            }));
            let cells = timed(&cells);
            let found = dominated(&cells);
            for mut at in 0..cells.len() {
                let mut steps = 0;
                while let Some(by) = found[at] {
                    at = by;
                    steps += 1;
                    prop_assert!(steps < cells.len(), "a ring: {found:?}");
                }
            }
            let advice = choose(&cells, |_| true).unwrap();
            prop_assert_eq!(found[advice.chosen], None);
        }
    }

    #[test]
    fn nothing_is_chosen_where_nothing_may_be() {
        assert_eq!(choose(&[cell(0, 0, 1)], |_| false), None);
    }
}
