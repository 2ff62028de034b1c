//! From comparisons to what each step costs: pure arithmetic on what was found.

use std::collections::BTreeMap;

use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;
use serde::Serialize;

use super::measure::{WHOLES, nanoseconds};
use super::{LadderArm, Part, STEPS, path};
use bench_record::wire::{Comparison, Difference};

/// Where the time of one payload goes.
#[derive(Debug, Clone, Serialize)]
pub struct Breakdown {
    /// Payload and size, such as `record-256B`.
    pub item: String,
    /// Content bytes of an item.
    pub bytes: u32,
    /// The steps, lowest first; then those of the set bound to one core.
    pub stairs: Vec<Stair>,
    /// The steps' sums held against wholes that were compared directly.
    pub checks: Vec<SumCheck>,
}

/// One step with its cost.
#[derive(Debug, Clone, Serialize)]
pub struct Stair {
    /// Id of the arm.
    pub id: String,
    /// Name of the step.
    pub step: &'static str,
    /// Name of the step that it stands on.
    pub on: Option<&'static str>,
    /// The one thing that it adds.
    pub adds: &'static str,
    /// What that is spent on.
    pub part: Part,
    /// Whether the process was bound to one core.
    pub pinned: bool,
    /// Time of the whole arm, nanoseconds per item.
    pub ns_per_item: Option<f64>,
    /// Cost of the step, nanoseconds per item.
    pub step_ns: Option<Difference>,
    /// Instructions of the whole arm, per item.
    pub instructions_per_item: Option<f64>,
    /// Cost of the step, instructions per item.
    pub step_instructions: Option<f64>,
    /// Why the times may not be believed; empty where they may.
    pub unstable: String,
    #[serde(skip)]
    arm: Step,
}

impl Stair {
    /// Whether the step's cost is told apart from nothing.
    #[must_use]
    pub fn told_apart(&self) -> bool {
        let apart = |ns: &Difference| ns.low > 0.0 || ns.high < 0.0;
        self.step_ns.as_ref().is_some_and(apart)
    }
}

/// A whole, measured directly, beside the sum of its steps.
#[derive(Debug, Clone, Serialize)]
pub struct SumCheck {
    /// Name of the lower arm.
    pub from: &'static str,
    /// Name of the upper arm.
    pub to: &'static str,
    /// Sum of the steps between them, nanoseconds per item.
    pub sum_ns: f64,
    /// The two compared directly, nanoseconds per item.
    pub whole_ns: Difference,
    /// What the sum leaves unexplained: whole − sum, nanoseconds per item.
    pub gap_ns: f64,
    /// Sum of the steps, instructions per item.
    pub sum_instructions: Option<f64>,
    /// The two arms' difference, instructions per item.
    pub whole_instructions: Option<f64>,
}

impl SumCheck {
    /// Whether the sum lies within the whole's interval.
    #[must_use]
    pub fn holds(&self) -> bool {
        (self.whole_ns.low..=self.whole_ns.high).contains(&self.sum_ns)
    }
}

impl Breakdown {
    /// Breaks a payload's time down. `instructions` are per item, by arm;
    /// `unstable` says of arms' ids why their times may not be believed.
    #[must_use]
    pub fn new(
        (payload, bytes): (PayloadKind, u32),
        comparisons: &[Comparison],
        instructions: &BTreeMap<String, f64>,
        unstable: &BTreeMap<String, String>,
    ) -> Self {
        let arm = |step, pinned| LadderArm {
            payload,
            bytes,
            step,
            pinned,
        };
        let ns = nanoseconds(comparisons);
        let difference = |from: &str, to: &str| {
            let comparison = comparisons
                .iter()
                .find(|c| c.baseline == from && c.candidate == to)?;
            comparison.difference_ns.clone()
        };
        let places = [false, true]
            .into_iter()
            .flat_map(|pinned| STEPS.iter().map(move |step| (step, pinned)))
            // Only hops are bound to a core; the arm below is theirs to stand on.
            .filter(|(step, pinned)| !pinned || step.part == Part::Hop);
        let stair = |(step, pinned): (&super::StepInfo, bool)| {
            let id = arm(step.step, pinned).id();
            let below = step.on.map(|on| arm(on, pinned).id());
            let counted = instructions.get(&id).copied();
            Stair {
                step: step.step.name(),
                on: step.on.map(Step::name),
                adds: step.adds,
                part: step.part,
                pinned,
                ns_per_item: ns.get(&id).copied(),
                step_ns: below.as_ref().and_then(|below| difference(below, &id)),
                instructions_per_item: counted,
                step_instructions: below
                    .and_then(|below| Some(counted? - instructions.get(&below)?)),
                unstable: unstable.get(&id).cloned().unwrap_or_default(),
                arm: step.step,
                id,
            }
        };
        let stairs: Vec<Stair> = places.map(stair).collect();
        let check = |(from, to): (Step, Step)| {
            let whole_ns = difference(&arm(from, false).id(), &arm(to, false).id())?;
            let steps = between(&stairs, from, to)?;
            let sum = |cost: fn(&Stair) -> Option<f64>| steps.iter().map(|s| cost(s)).sum();
            let sum_ns: Option<f64> = sum(|stair| Some(stair.step_ns.as_ref()?.estimate));
            let sum_ns = sum_ns?;
            let counted = |step| instructions.get(&arm(step, false).id());
            Some(SumCheck {
                from: from.name(),
                to: to.name(),
                sum_ns,
                gap_ns: whole_ns.estimate - sum_ns,
                whole_ns,
                sum_instructions: sum(|stair| stair.step_instructions),
                whole_instructions: counted(to).zip(counted(from)).map(|(a, b)| a - b),
            })
        };
        Self {
            item: arm(Step::Arena, false).item(),
            bytes,
            checks: WHOLES.into_iter().filter_map(check).collect(),
            stairs,
        }
    }

    /// Why the times of all steps but the hops may not be believed, where that is
    /// so: they were taken in one set.
    #[must_use]
    pub fn unstable(&self) -> Option<&str> {
        let why = self.stair(Step::Arena)?.unstable.as_str();
        (!why.is_empty()).then_some(why)
    }

    /// What a step costs, from the set whose process is not bound to a core.
    #[must_use]
    pub fn stair(&self, step: Step) -> Option<&Stair> {
        let found = |stair: &&Stair| stair.arm == step && !stair.pinned;
        self.stairs.iter().find(found)
    }

    /// The steps of the way from an arm up to another.
    #[must_use]
    pub fn way(&self, from: Step, to: Step) -> Vec<&Stair> {
        between(&self.stairs, from, to).unwrap_or_default()
    }

    /// The hops, free and bound to one core.
    pub fn hops(&self) -> impl Iterator<Item = &Stair> {
        self.stairs.iter().filter(|stair| stair.part == Part::Hop)
    }
}

/// The steps between two arms. Where neither stands on the other, both stand on
/// the iterator: the sum is that of the upper one's boundary steps, since the
/// codec does the rest in process.
fn between(stairs: &[Stair], from: Step, to: Step) -> Option<Vec<&Stair>> {
    let find = |step: Step| stairs.iter().find(|s| s.arm == step && !s.pinned);
    let boundary_only = from == Step::Codec;
    let start = if boundary_only { Step::Iterator } else { from };
    path(start, to)
        .into_iter()
        .map(find)
        .filter(|stair| !boundary_only || stair.is_none_or(|s| s.part == Part::Boundary))
        .collect()
}
