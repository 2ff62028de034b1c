//! The price of one retry: the slope between two cells of one stream that differ
//! in the number of retries alone.

use bench_protocol::spec::{Growth, Regrow, Shrink};

use super::matrix::Cell;
use bench_record::growth::Retry;
use bench_record::wire::{Comparison, Difference};

/// The prices that the cells of one stream show: for each way to regrow, exact
/// fit (a retry for every longer item) against presized (one retry in all).
pub fn prices(cells: &[Cell], comparisons: &[Comparison]) -> Vec<Retry> {
    let find = |growth: Growth, regrow: Regrow| {
        cells.iter().find(|cell| {
            let buffer = &cell.buffer;
            buffer.growth == growth
                && buffer.regrow == regrow
                && buffer.shrink == Shrink::Never
                && buffer.initial_capacity == 64
        })
    };
    let price = |&regrow| {
        let many = find(Growth::Exact, regrow)?;
        let few = find(Growth::Presized, regrow)?;
        price(many, few, comparisons)
    };
    Regrow::ALL.iter().filter_map(price).collect()
}

/// The price between two cells; `None` when the one has no more retries than the
/// other.
fn price(many: &Cell, few: &Cell, comparisons: &[Comparison]) -> Option<Retry> {
    let retries = many.counts.retries.checked_sub(few.counts.retries)?;
    if retries == 0 {
        return None;
    }
    let per_retry = |more: f64| more / retries as f64;
    let items = many.counts.items as f64;
    let instructions = many
        .instructions_per_item
        .zip(few.instructions_per_item)
        .map(|(many, few)| per_retry((many - few) * items));
    let ns = comparisons.iter().find_map(|comparison| {
        let difference = comparison.difference_ns.as_ref()?;
        let scaled = |ns: f64| per_retry(ns * items);
        let [estimate, low, high] =
            [difference.estimate, difference.low, difference.high].map(scaled);
        let named = (&comparison.baseline, &comparison.candidate);
        if named == (&few.id, &many.id) {
            return Some(Difference {
                estimate,
                low,
                high,
            });
        }
        (named == (&many.id, &few.id)).then_some(Difference {
            estimate: -estimate,
            low: -high,
            high: -low,
        })
    });
    let between = |a: u64, b: u64| per_retry(a as f64 - b as f64);
    Some(Retry {
        regrow: many.buffer.regrow.name().to_owned(),
        many: many.id.clone(),
        few: few.id.clone(),
        retries,
        bytes_worked: between(many.worked(), few.worked()),
        item_bytes: between(many.counts.retried_bytes, few.counts.retried_bytes),
        instructions,
        ns,
    })
}
