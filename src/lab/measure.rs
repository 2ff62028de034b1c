//! Times the arms of a set against each other, and those of first items.

use std::time::Duration;

use bench_protocol::lab::spec::{Codec, Floor};
use bench_record::wire::{Comparison, SelfCheck};
use paired::runner::{Arm, MeasureError, Runner, Settings};
use paired::stats::correction::per_comparison;
use paired::stats::{Confidence, Delta};

use super::arm::{LabArm, Way};
use super::build::Built;
use super::catalog::Set;
use crate::ladder::measure::judge;
use crate::workload::Workload;

/// Time that the slowest arm's drain takes: the fastest takes about a hundredth of it.
const DRAIN: Duration = Duration::from_micros(200);
/// Streams whose first items are taken in a drain.
const STREAMS: u64 = 96;

/// What a set's times came to.
#[derive(Debug, Clone, Default)]
pub struct Timed {
    /// Every arm against today's arena, against the floor and against the copy.
    pub comparisons: Vec<Comparison>,
    /// First items, against today's arena.
    pub firsts: Vec<Comparison>,
    /// The arena against its own copy.
    pub self_check: Option<SelfCheck>,
}

/// Baselines and candidates, by their places in the set; the A/A comparison left out.
fn pairs(set: &Set) -> Vec<(usize, usize)> {
    let floor = |wanted| {
        let is = |arm: &LabArm| arm.way == Way::Floor(wanted) && arm.codec == Codec::Bincode;
        set.arms
            .iter()
            .position(is)
            .expect("every set has both floors")
    };
    let (codec, copy) = (floor(Floor::Codec), floor(Floor::Copy));
    [0, codec, copy]
        .into_iter()
        .flat_map(|base| {
            (0..set.arms.len())
                .filter(move |&arm| arm != base)
                .map(move |arm| (base, arm))
        })
        .collect()
}

/// Comparisons of a run, whose intervals are to hold together.
fn comparisons(sets: &[Set]) -> usize {
    let of = |set: &Set| pairs(set).len() + 1 + set.firsts().len().saturating_sub(1);
    sets.iter().map(of).sum()
}

/// The settings of a run: `budget` for a set.
#[must_use]
pub fn settings(sets: &[Set], family: Confidence, budget: Duration) -> Settings {
    Settings {
        drain: DRAIN,
        ..Settings::new(
            Delta::DEFAULT,
            per_comparison(family, comparisons(sets)),
            budget,
        )
    }
}

fn arm_of(arm: &LabArm, built: &Built) -> Arm {
    Arm {
        items: arm.first.then_some(STREAMS),
        unit: match arm.first {
            true => 1,
            false => u64::from(arm.items_per_call()),
        },
        ..Arm::new(
            arm.id(),
            Workload::Lab(*arm).to_value(),
            built.libraries(arm).map(<[_]>::to_vec).into(),
        )
    }
}

/// Times a set.
///
/// # Errors
/// When a process fails, or the samples have no statistic.
pub fn run(runner: &mut Runner<'_>, built: &Built, set: &Set) -> Result<Timed, MeasureError> {
    let mut arms: Vec<Arm> = set.arms.iter().map(|arm| arm_of(arm, built)).collect();
    let copy = arms.len();
    arms.push(arms[0].copied());
    let mut pairs = pairs(set);
    pairs.push((0, copy));
    let mut comparisons = runner.survey(&arms, &pairs)?;
    let mut same = comparisons.pop().expect("the A/A comparison was asked for");
    same.samples.clear();
    let arena = set.arms[0].id();
    for comparison in &mut comparisons {
        // The samples against the floors follow from those against the arena.
        if comparison.baseline != arena {
            comparison.samples.clear();
        }
        for sample in &mut comparison.samples {
            sample.copies_ns = None;
        }
    }
    Ok(Timed {
        comparisons,
        firsts: firsts(runner, built, set)?,
        self_check: Some(judge(same)),
    })
}

fn firsts(
    runner: &mut Runner<'_>,
    built: &Built,
    set: &Set,
) -> Result<Vec<Comparison>, MeasureError> {
    let firsts = set.firsts();
    if firsts.len() < 2 {
        return Ok(Vec::new());
    }
    let arms: Vec<Arm> = firsts.iter().map(|arm| arm_of(arm, built)).collect();
    let pairs: Vec<(usize, usize)> = (1..arms.len()).map(|arm| (0, arm)).collect();
    let mut found = runner.survey(&arms, &pairs)?;
    let samples = found.iter_mut().flat_map(|it| &mut it.samples);
    samples.for_each(|sample| sample.copies_ns = None);
    Ok(found)
}
