//! What the ladder section must hold.

use super::check::{
    Fault, MAX_COUNT, MAX_NS, difference, fault, id, name, optional, self_check, twice, within,
};
use crate::ladder::{Breakdown, Ladder, StepCost, SumCheck};

pub(super) fn ladder(ladder: &Ladder) -> Result<(), Fault> {
    for (index, payload) in ladder.payloads.iter().enumerate() {
        let at = format!("ladder.payloads[{index}]");
        let earlier = &ladder.payloads[..index];
        if earlier.iter().any(|other| other.item == payload.item) {
            return fault(format!("{at}.item"), twice(&payload.item));
        }
        breakdown(&at, payload)?;
    }
    Ok(())
}

fn breakdown(at: &str, payload: &Breakdown) -> Result<(), Fault> {
    name(&format!("{at}.item"), &payload.item)?;
    for (index, step) in payload.steps.iter().enumerate() {
        self::step(&format!("{at}.steps[{index}]"), step)?;
    }
    for (index, check) in payload.checks.iter().enumerate() {
        sum(&format!("{at}.checks[{index}]"), check)?;
    }
    for (index, set) in payload.self_checks.iter().enumerate() {
        let at = format!("{at}.self_checks[{index}]");
        id(&format!("{at}.arm"), &set.arm)?;
        self_check(&format!("{at}.check"), &set.check)?;
    }
    Ok(())
}

fn step(at: &str, step: &StepCost) -> Result<(), Fault> {
    id(&format!("{at}.id"), &step.id)?;
    name(&format!("{at}.step"), &step.step)?;
    name(&format!("{at}.on"), step.on.as_deref().unwrap_or_default())?;
    name(&format!("{at}.adds"), &step.adds)?;
    optional(at, "ns_per_item", step.ns_per_item, 0.0, MAX_NS)?;
    counts(
        at,
        [
            ("instructions_per_item", step.instructions_per_item),
            ("step_instructions", step.step_instructions),
        ],
    )?;
    match &step.step_ns {
        Some(ns) => difference(&format!("{at}.step_ns"), ns),
        None => Ok(()),
    }
}

fn sum(at: &str, check: &SumCheck) -> Result<(), Fault> {
    name(&format!("{at}.from"), &check.from)?;
    name(&format!("{at}.to"), &check.to)?;
    within(at, "sum_ns", check.sum_ns, -MAX_NS, MAX_NS)?;
    within(at, "gap_ns", check.gap_ns, -MAX_NS, MAX_NS)?;
    counts(
        at,
        [
            ("sum_instructions", check.sum_instructions),
            ("whole_instructions", check.whole_instructions),
        ],
    )?;
    difference(&format!("{at}.whole_ns"), &check.whole_ns)
}

/// A step may take fewer instructions than the one below it.
fn counts(at: &str, counts: [(&str, Option<f64>); 2]) -> Result<(), Fault> {
    for (name, count) in counts {
        optional(at, name, count, -MAX_COUNT, MAX_COUNT)?;
    }
    Ok(())
}
