//! Times the arms of a set against each other, and those of first items.

use std::time::Duration;

use bench_protocol::lab::spec::{Codec, Floor};
use bench_protocol::spec::Protocol;
use bench_record::wire::{Comparison, SelfCheck};
use paired::runner::{Arm, MeasureError, Runner, Settings};
use paired::stats::correction::per_comparison;
use paired::stats::{Confidence, Delta};

use super::arm::{LabArm, Way};
use super::build::Built;
use super::catalog::{Differ, Set};
use crate::allocator::Allocators;
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
    /// The arena against its own copy.
    pub self_check: Option<SelfCheck>,
}

/// Baselines and candidates, by their places among the timed arms; the A/A comparison left out.
fn pairs(set: &Set, arms: &[LabArm]) -> Vec<(usize, usize)> {
    match set.differ {
        Differ::Ways => against_the_arena_and_the_floors(arms),
        Differ::Allocators => by_allocators(arms),
    }
}

/// Every arm against today's arena, against the floor of its codec and against the copy.
fn against_the_arena_and_the_floors(arms: &[LabArm]) -> Vec<(usize, usize)> {
    let floor = |wanted, codec| {
        let is = |arm: &LabArm| arm.way == Way::Floor(wanted) && arm.codec == codec;
        let found = arms.iter().position(is);
        found.expect("every set has a floor for each codec, and the copy")
    };
    let copy = floor(Floor::Copy, Codec::Bincode);
    let usual = floor(Floor::Codec, Codec::Bincode);
    let bases = |arm: usize| {
        let own = floor(Floor::Codec, arms[arm].codec);
        [0, if own == arm { usual } else { own }, copy]
    };
    let pairs = |arm| bases(arm).map(|base| (base, arm));
    let all = (0..arms.len()).flat_map(pairs);
    all.filter(|(base, arm)| base != arm).collect()
}

/// With each allocator, alloc against the arena, and both against those with the system's.
fn by_allocators(arms: &[LabArm]) -> Vec<(usize, usize)> {
    let place = |way, allocators| {
        let is = |arm: &LabArm| arm.way == Way::Today(way) && arm.allocators == allocators;
        let found = arms.iter().position(is);
        found.expect("every set has both protocols with each allocator")
    };
    let pairs = |arm: usize| match arms[arm].way {
        Way::Today(way) => {
            let allocators = arms[arm].allocators;
            let arena = place(Protocol::Arena, allocators);
            vec![(arena, arm), (place(way, Allocators::default()), arm)]
        }
        _ => Vec::new(),
    };
    let all = (0..arms.len()).flat_map(pairs);
    all.filter(|(base, arm)| base != arm).collect()
}

/// Comparisons of a run, whose intervals are to hold together.
fn comparisons(sets: &[Set]) -> usize {
    let of = |set: &Set| pairs(set, &set.timed()).len() + 1 + set.firsts().len().saturating_sub(1);
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
            false => u64::from(arm.unit()),
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
    let timed = set.timed();
    let mut arms: Vec<Arm> = timed.iter().map(|arm| arm_of(arm, built)).collect();
    let copy = arms.len();
    arms.push(arms[0].copied());
    let mut pairs = pairs(set, &timed);
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
        self_check: Some(judge(same)),
    })
}

/// Times the first items of a set.
///
/// # Errors
/// As for [`run`].
pub fn firsts(
    runner: &mut Runner<'_>,
    built: &Built,
    set: &Set,
) -> Result<Vec<Comparison>, MeasureError> {
    let firsts = set.firsts();
    let arms: Vec<Arm> = firsts.iter().map(|arm| arm_of(arm, built)).collect();
    let pairs: Vec<(usize, usize)> = (1..arms.len()).map(|arm| (0, arm)).collect();
    let mut found = runner.survey(&arms, &pairs)?;
    let samples = found.iter_mut().flat_map(|it| &mut it.samples);
    samples.for_each(|sample| sample.copies_ns = None);
    Ok(found)
}
