//! Measuring a ladder: its arms take turns in one set; those that hop between
//! threads have two of their own, one of them bound to one core.

use std::collections::BTreeMap;

use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;

use super::{LadderArm, Part, STEPS, step_of};
use crate::arms;
use crate::pair::Layouts;
use bench_record::wire::{Comparison, SelfCheck};
use paired::runner::{Arm, MeasureError, Runner};

/// What can be compared in one set: no process holds both an arm that is
/// bound to one core and one that is not.
#[derive(Debug, Clone)]
pub struct ArmSet {
    pub arms: Vec<LadderArm>,
    /// Place of the arm that the A/A comparison is of.
    pub copy_of: usize,
    /// Baselines and candidates, the A/A comparison left out.
    pub pairs: Vec<(usize, usize)>,
}

#[derive(Debug, Clone)]
pub struct Outcome {
    /// One comparison a pair, in their order.
    pub comparisons: Vec<Comparison>,
    /// The set's own A/A comparison.
    pub self_check: SelfCheck,
}

impl ArmSet {
    /// A set of `steps` and the pairs among them: each with what it stands
    /// on, and the `wholes`.
    fn new(
        (payload, bytes, pinned): (PayloadKind, u32, bool),
        steps: &[Step],
        copied: Step,
        wholes: &[(Step, Step)],
    ) -> Self {
        let arm = |&step: &Step| LadderArm::new((payload, bytes), step, pinned);
        let place = |step: Step| steps.iter().position(|other| *other == step);
        let neighbours = STEPS.iter().filter_map(|step| Some((step.on?, step.step)));
        let pairs = neighbours
            .chain(wholes.iter().copied())
            .filter_map(|(from, to)| place(from).zip(place(to)))
            .collect();
        let copy_of = place(copied).expect("the copied step is one of the set's");
        Self {
            arms: steps.iter().map(arm).collect(),
            copy_of,
            pairs,
        }
    }

    /// The sets of one payload: the ladder, then the hops, bound to one core
    /// and free.
    pub fn all(payload: PayloadKind, bytes: u32) -> Vec<Self> {
        let hop = |step: &Step| matches!(step, Step::Hop4 | Step::Hop1024);
        let steps: Vec<Step> = Step::ALL.iter().copied().filter(|s| !hop(s)).collect();
        let hops = [Step::Arena, Step::Hop4, Step::Hop1024];
        let ladder = Self::new((payload, bytes, false), &steps, Step::Arena, &WHOLES);
        let hopping = |pinned| Self::new((payload, bytes, pinned), &hops, Step::Hop4, &[]);
        vec![ladder, hopping(true), hopping(false)]
    }

    /// The arms whose times are this set's to tell: among hops, the arm below
    /// is there to be stood on, and has its place in the ladder.
    pub fn own(&self) -> impl Iterator<Item = &LadderArm> {
        let hop = |arm: &LadderArm| step_of(arm.step).part == Part::Hop;
        let of_hops = self.arms.iter().any(hop);
        self.arms.iter().filter(move |arm| !of_hops || hop(arm))
    }

    /// Lets the arms take turns.
    pub fn run(&self, runner: &mut Runner<'_>, layouts: &Layouts) -> Result<Outcome, MeasureError> {
        let arm_of = |arm: &LadderArm| arms::of_step(arm, layouts);
        let mut arms: Vec<Arm> = self.arms.iter().map(arm_of).collect();
        let copy = arms.len();
        arms.push(arms[self.copy_of].copied());
        let mut pairs = self.pairs.clone();
        pairs.push((self.copy_of, copy));
        let mut comparisons = runner.survey(&arms, &pairs)?;
        let same = comparisons.pop().expect("the A/A comparison was asked for");
        Ok(Outcome {
            comparisons,
            self_check: judge(same),
        })
    }
}

/// Steps whose costs together are a whole that is compared directly, too.
pub const WHOLES: [(Step, Step); 4] = [
    (Step::Iterator, Step::Arena),
    (Step::Iterator, Step::Alloc),
    (Step::Arena, Step::Alloc),
    (Step::Codec, Step::Arena),
];

/// Whether a set may be believed: not where its A/A comparison excludes zero.
pub(crate) fn judge(same: Comparison) -> SelfCheck {
    let trusted = same.low <= 1.0 && 1.0 <= same.high;
    let percent = |ratio: f64| 100.0 * (ratio - 1.0);
    let (low, high) = (percent(same.low), percent(same.high));
    let why = format!("A/A gives {low:+.2}% to {high:+.2}%, which excludes zero");
    SelfCheck {
        ratio: same.ratio,
        low: same.low,
        high: same.high,
        trusted,
        why: if trusted { String::new() } else { why },
        comparisons: vec![same],
    }
}

/// Nanoseconds per item of every arm that comparisons speak of: those of the
/// first comparison with it.
pub fn nanoseconds(comparisons: &[Comparison]) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    for comparison in comparisons {
        let baseline = (&comparison.baseline, comparison.baseline_ns);
        for (id, ns) in [baseline, (&comparison.candidate, comparison.candidate_ns)] {
            if let Some(ns) = ns {
                found.entry(id.clone()).or_insert(ns);
            }
        }
    }
    found
}
