//! What the ladder section must hold.

use std::collections::BTreeSet;

use super::check::{
    Fault, MAX_COUNT, MAX_NS, difference, each, id, name, names, once, optional, self_check, within,
};
use crate::ladder::{Breakdown, Ladder, StepCost, SumCheck};

pub(super) fn ladder(ladder: &Ladder) -> Result<(), Fault> {
    let mut items = BTreeSet::new();
    each("ladder.payloads", &ladder.payloads, |at, payload| {
        once(&mut items, format!("{at}.item"), &payload.item)?;
        breakdown(at, payload)
    })
}

fn breakdown(at: &str, payload: &Breakdown) -> Result<(), Fault> {
    name(&format!("{at}.item"), &payload.item)?;
    each(&format!("{at}.steps"), &payload.steps, step)?;
    each(&format!("{at}.checks"), &payload.checks, sum)?;
    each(
        &format!("{at}.self_checks"),
        &payload.self_checks,
        |at, set| {
            id(&format!("{at}.arm"), &set.arm)?;
            self_check(&format!("{at}.check"), &set.check)
        },
    )
}

fn step(at: &str, step: &StepCost) -> Result<(), Fault> {
    id(&format!("{at}.id"), &step.id)?;
    let on = step.on.as_deref().unwrap_or_default();
    names(at, [("step", &step.step), ("on", on), ("adds", &step.adds)])?;
    optional(at, "ns_per_item", step.ns_per_item, 0.0, MAX_NS)?;
    count(at, "instructions_per_item", step.instructions_per_item)?;
    count(at, "step_instructions", step.step_instructions)?;
    match &step.step_ns {
        Some(ns) => difference(&format!("{at}.step_ns"), ns),
        None => Ok(()),
    }
}

fn sum(at: &str, check: &SumCheck) -> Result<(), Fault> {
    names(at, [("from", &check.from), ("to", &check.to)])?;
    within(at, "sum_ns", check.sum_ns, -MAX_NS, MAX_NS)?;
    within(at, "gap_ns", check.gap_ns, -MAX_NS, MAX_NS)?;
    count(at, "sum_instructions", check.sum_instructions)?;
    count(at, "whole_instructions", check.whole_instructions)?;
    difference(&format!("{at}.whole_ns"), &check.whole_ns)
}

/// A step may take fewer instructions than the one below it.
fn count(at: &str, name: &str, count: Option<f64>) -> Result<(), Fault> {
    optional(at, name, count, -MAX_COUNT, MAX_COUNT)
}
