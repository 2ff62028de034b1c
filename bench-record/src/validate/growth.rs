//! What the growth section must hold.

use std::collections::BTreeSet;

use super::check::{
    Fault, MAX_COUNT, comparisons, difference, id, name, once, optional, ratio, whole, within,
};
use crate::growth::{Cell, Growth, Plan, Retry};

pub(super) fn growth(growth: &Growth) -> Result<(), Fault> {
    for (index, plan) in growth.plans.iter().enumerate() {
        self::plan(&format!("growth.plans[{index}]"), plan)?;
    }
    for (index, retry) in growth.retry.iter().enumerate() {
        self::retry(&format!("growth.retry[{index}]"), retry)?;
    }
    comparisons("growth.comparisons", &growth.comparisons)
}

fn plan(at: &str, plan: &Plan) -> Result<(), Fault> {
    name(&format!("{at}.name"), &plan.name)?;
    name(&format!("{at}.parameters"), &plan.parameters)?;
    for (name, count) in [
        ("items", plan.items),
        ("bytes", plan.bytes),
        ("largest", plan.largest),
    ] {
        whole(at, name, count)?;
    }
    let mut ids = BTreeSet::new();
    for (index, cell) in plan.cells.iter().enumerate() {
        once(&mut ids, &format!("{at}.cells[{index}].id"), &cell.id)?;
        self::cell(&format!("{at}.cells[{}]", cell.id), cell)?;
    }
    for (index, advice) in plan.advice.iter().enumerate() {
        id(&format!("{at}.advice[{index}].id"), &advice.id)?;
        let field = format!("{at}.advice[{index}].condition");
        name(&field, &advice.condition)?;
    }
    Ok(())
}

fn cell(at: &str, cell: &Cell) -> Result<(), Fault> {
    for (field, text) in [
        ("growth", &cell.growth),
        ("regrow", &cell.regrow),
        ("shrink", &cell.shrink),
    ] {
        name(&format!("{at}.{field}"), text)?;
    }
    for (name, count) in [
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
    ] {
        whole(at, name, count)?;
    }
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
    whole(at, "retries", retry.retries)?;
    let worked = retry.bytes_worked;
    within(at, "bytes_worked", worked, -MAX_COUNT, MAX_COUNT)?;
    within(at, "item_bytes", retry.item_bytes, 0.0, MAX_COUNT)?;
    optional(
        at,
        "instructions",
        retry.instructions,
        -MAX_COUNT,
        MAX_COUNT,
    )?;
    match &retry.ns {
        Some(ns) => difference(&format!("{at}.ns"), ns),
        None => Ok(()),
    }
}
