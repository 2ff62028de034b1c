//! From comparisons to what each step costs: pure arithmetic on what was found.

use std::collections::BTreeMap;

use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;

use super::measure::{WHOLES, nanoseconds};
use super::{LadderArm, Part, STEPS, StepInfo};
use bench_record::ladder::{Breakdown, StepCost, SumCheck};
use bench_record::wire::Comparison;

/// Breaks a payload's time down. `instructions` are per item, by arm;
/// `unstable` says of arms' ids why their times are not to be believed.
pub fn breakdown(
    item: (PayloadKind, u32),
    comparisons: &[Comparison],
    instructions: &BTreeMap<String, f64>,
    unstable: &BTreeMap<String, String>,
) -> Breakdown {
    let arm = |step, pinned| LadderArm::new(item, step, pinned);
    let ns = nanoseconds(comparisons);
    let difference = |from: &str, to: &str| {
        let mut all = comparisons.iter();
        let comparison = all.find(|c| c.baseline == from && c.candidate == to)?;
        comparison.difference_ns.clone()
    };
    let places = [false, true]
        .into_iter()
        .flat_map(|pinned| STEPS.iter().map(move |step| (step, pinned)))
        // Only hops are bound to a core, each on an arm that is bound as well.
        .filter(|(step, pinned)| !pinned || step.part == Part::Hop);
    let cost = |(step, pinned): (&StepInfo, bool)| {
        let id = arm(step.step, pinned).id();
        let below = step.on.map(|on| arm(on, pinned).id());
        let counted = instructions.get(&id).copied();
        StepCost {
            step: step.step.name().to_owned(),
            on: step.on.map(|on| on.name().to_owned()),
            adds: step.adds.to_owned(),
            part: step.part,
            pinned,
            ns_per_item: ns.get(&id).copied(),
            step_ns: below.as_ref().and_then(|below| difference(below, &id)),
            instructions_per_item: counted,
            step_instructions: below.and_then(|below| Some(counted? - instructions.get(&below)?)),
            unstable: unstable.get(&id).cloned().unwrap_or_default(),
            id,
        }
    };
    let mut found = Breakdown {
        item: arm(Step::Arena, false).item(),
        bytes: item.1,
        steps: places.map(cost).collect(),
        ..Breakdown::default()
    };
    let check = |(from, to): (Step, Step)| {
        let whole_ns = difference(&arm(from, false).id(), &arm(to, false).id())?;
        let steps = between(&found, from, to);
        let sum = |cost: fn(&StepCost) -> Option<f64>| steps.iter().map(|s| cost(s)).sum();
        let sum_ns: Option<f64> = sum(|step| Some(step.step_ns.as_ref()?.estimate));
        let sum_ns = sum_ns?;
        let counted = |step| instructions.get(&arm(step, false).id());
        Some(SumCheck {
            from: from.name().to_owned(),
            to: to.name().to_owned(),
            sum_ns,
            gap_ns: whole_ns.estimate - sum_ns,
            whole_ns,
            sum_instructions: sum(|step| step.step_instructions),
            whole_instructions: counted(to).zip(counted(from)).map(|(a, b)| a - b),
        })
    };
    found.checks = WHOLES.into_iter().filter_map(check).collect();
    found
}

/// The steps between two arms. The codec's arm stands on the iterator, not below
/// the arena: between these two it is the boundary's steps that differ, since the
/// codec does the rest in process.
fn between(found: &Breakdown, from: Step, to: Step) -> Vec<&StepCost> {
    if from == Step::Codec {
        let mut way = found.way(Step::Iterator.name(), to.name());
        way.retain(|step| step.part == Part::Boundary);
        way
    } else {
        found.way(from.name(), to.name())
    }
}
