//! What the growth section must hold.

use std::collections::BTreeSet;

use super::check::{
    Fault, MAX_COUNT, comparisons, difference, each, id, name, names, once, optional, ratio,
    wholes, within,
};
use crate::growth::{Cell, Growth, Plan, Retry};

pub(super) fn growth(growth: &Growth) -> Result<(), Fault> {
    each("growth.plans", &growth.plans, plan)?;
    each("growth.retry", &growth.retry, retry)?;
    comparisons("growth.comparisons", &growth.comparisons)
}

fn plan(at: &str, plan: &Plan) -> Result<(), Fault> {
    names(at, [("name", &plan.name), ("parameters", &plan.parameters)])?;
    let (items, bytes, largest) = (plan.items, plan.bytes, plan.largest);
    wholes(
        at,
        [("items", items), ("bytes", bytes), ("largest", largest)],
    )?;
    let mut ids = BTreeSet::new();
    let cells = format!("{at}.cells");
    each(&cells, &plan.cells, |at, cell| {
        let field = format!("{at}.id");
        id(&field, &cell.id)?;
        once(&mut ids, field, &cell.id)?;
        self::cell(&format!("{cells}[{}]", cell.id), cell)
    })?;
    each(&format!("{at}.advice"), &plan.advice, |at, advice| {
        id(&format!("{at}.id"), &advice.id)?;
        name(&format!("{at}.condition"), &advice.condition)
    })
}

fn cell(at: &str, cell: &Cell) -> Result<(), Fault> {
    let (growth, regrow, shrink) = (&cell.growth, &cell.regrow, &cell.shrink);
    names(
        at,
        [("growth", growth), ("regrow", regrow), ("shrink", shrink)],
    )?;
    let counts = [
        ("growth_param", cell.growth_param),
        ("initial_capacity", cell.initial_capacity),
        ("shrink_param", cell.shrink_param),
        ("boundary_calls", cell.boundary_calls),
        ("retries", cell.retries),
        ("encoded_bytes", cell.encoded_bytes),
        ("retried_bytes", cell.retried_bytes),
        ("zeroed_bytes", cell.zeroed_bytes),
        ("moved_bytes", cell.moved_bytes),
        ("allocated_bytes", cell.allocated_bytes),
        ("shrinks", cell.shrinks),
        ("peak_capacity", cell.peak_capacity),
        ("final_capacity", cell.final_capacity),
    ];
    wholes(at, counts)?;
    within(at, "mean_held", cell.mean_held, 0.0, MAX_COUNT)?;
    within(at, "mean_share", cell.mean_share, 0.0, 1.0)?;
    let instructions = cell.instructions_per_item;
    optional(at, "instructions_per_item", instructions, 0.0, MAX_COUNT)?;
    if let Some(it) = &cell.ratio {
        let at = format!("{at}.ratio");
        ratio(&at, it.low, it.estimate, it.high)?;
    }
    match &cell.dominated_by {
        Some(better) => id(&format!("{at}.dominated_by"), better),
        None => Ok(()),
    }
}

/// A price is a slope, so it may come out below nothing.
fn retry(at: &str, retry: &Retry) -> Result<(), Fault> {
    id(&format!("{at}.many"), &retry.many)?;
    id(&format!("{at}.few"), &retry.few)?;
    wholes(at, [("retries", retry.retries)])?;
    let worked = retry.bytes_worked;
    within(at, "bytes_worked", worked, -MAX_COUNT, MAX_COUNT)?;
    within(at, "item_bytes", retry.item_bytes, 0.0, MAX_COUNT)?;
    let instructions = retry.instructions;
    optional(at, "instructions", instructions, -MAX_COUNT, MAX_COUNT)?;
    match &retry.ns {
        Some(ns) => difference(&format!("{at}.ns"), ns),
        None => Ok(()),
    }
}
