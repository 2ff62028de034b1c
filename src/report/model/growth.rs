//! Growth strategies by size plan: what each costs, what it leaves held, and
//! which are dominated.

use std::collections::BTreeMap;

use super::index::{Estimate, Index, counts};
use super::{Measure, format};
use crate::record::wire::Case;

/// One size plan with every strategy tried on it.
pub struct Plan<'a> {
    /// `heavy-tail`, and the payload where it is not the usual one.
    pub name: String,
    /// Strategies by cost, cheapest first.
    pub strategies: Vec<Strategy<'a>>,
}

/// One strategy with one initial capacity.
pub struct Strategy<'a> {
    /// Its case.
    pub case: &'a Case,
    /// Its cost per item in the plan's measure.
    pub cost: Estimate,
    /// Capacity still held when the stream ended, bytes.
    pub held: u64,
    /// Whether another strategy costs no more and holds no more.
    pub dominated: bool,
}

impl Strategy<'_> {
    /// `doubling from 64 B`.
    pub fn name(&self) -> String {
        let p = &self.case.params;
        format!("{} from {}", p.growth, format::bytes(p.initial_capacity))
    }
}

/// The record's plans, in alphabetical order, by one measure.
pub fn plans<'a>(index: &Index<'a>, measure: Measure) -> Vec<Plan<'a>> {
    let mut plans: BTreeMap<(&str, &str), Vec<Strategy>> = BTreeMap::new();
    for case in index
        .family("growth")
        .filter(|case| case.params.protocol == "arena")
    {
        let held = counts(case).and_then(|c| c.final_capacity);
        if let Some((cost, held)) = index.cost(case, measure).zip(held) {
            plans
                .entry((&case.params.size_plan, &case.params.payload))
                .or_default()
                .push(Strategy {
                    case,
                    cost,
                    held,
                    dominated: false,
                });
        }
    }
    plans
        .into_iter()
        .map(|((plan, payload), mut strategies)| {
            mark_dominated(&mut strategies);
            Plan {
                name: format!("{plan} ({payload})"),
                strategies,
            }
        })
        .collect()
}

/// Sorts by cost, then by memory held, and marks what another strategy beats on one
/// and matches on the other. After sorting it is enough to look back.
fn mark_dominated(strategies: &mut [Strategy]) {
    strategies.sort_by(|a, b| {
        (a.cost.value.total_cmp(&b.cost.value))
            .then(a.held.cmp(&b.held))
            .then_with(|| a.case.id.cmp(&b.case.id))
    });
    let mut best: Option<(f64, u64)> = None;
    for strategy in strategies {
        let here = (strategy.cost.value, strategy.held);
        match best {
            Some(front) if front != here && front.1 <= here.1 => strategy.dominated = true,
            _ => best = Some(here),
        }
    }
}

/// The share of bytes encoded a second time, because of retries.
pub fn encoded_again(case: &Case) -> Option<f64> {
    let encoded = counts(case)?.encoded_bytes?;
    let once = case.verified.as_ref()?.bytes;
    (once > 0).then(|| encoded as f64 / once as f64 - 1.0)
}
