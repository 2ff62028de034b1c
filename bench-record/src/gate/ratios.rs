//! Ratios of a record against those of a baseline, by their intervals.

use super::judgement::{Change, Inconclusive, What, number};
use crate::wire::{Comparison, Counts, Record, Verdict};
use paired::stats::Delta;

/// By how much the instructions of two arms must have moved against each other,
/// as a share, to be held against the clock.
const MOVED: f64 = 0.001;

pub(super) fn ratio(comparison: &Comparison, regression: bool, why: String) -> Change {
    Change {
        baseline_case: Some(comparison.baseline.clone()),
        ..Change::of(&comparison.candidate, What::Ratio, regression, why)
    }
}

/// The larger δ of two comparisons; a record that names none has the default.
fn delta(before: &Comparison, after: &Comparison) -> f64 {
    let known = |delta: f64| {
        if delta > 0.0 {
            delta
        } else {
            Delta::DEFAULT.share()
        }
    };
    known(before.delta).max(known(after.delta))
}

/// A ratio of which a change beyond δ is not excluded: the true values lie within
/// their intervals, so that after / before lies between the ratios of their ends.
pub(super) fn unsettled(before: &Comparison, after: &Comparison) -> Option<Inconclusive> {
    let least = after.low / before.high - 1.0;
    let most = after.high / before.low - 1.0;
    let delta = delta(before, after);
    (most >= delta || 1.0 / (1.0 + least) - 1.0 >= delta).then(|| Inconclusive {
        case: before.candidate.clone(),
        baseline_case: before.baseline.clone(),
        before: before.ratio,
        after: after.ratio,
        least: least.min(0.0),
        most: most.max(0.0),
    })
}

/// Whether a ratio rose (a regression) or fell beyond doubt: the intervals are
/// apart by more than the larger δ of the two, or *faster* became *slower* or
/// the reverse.
///
/// Two intervals that each hold their true value with the family's confidence
/// are both right with at least twice its error; asking for a gap of δ on top
/// keeps a ratio that hardly moved from failing a build.
pub(super) fn shift(before: &Comparison, after: &Comparison) -> Option<(bool, String)> {
    let delta = delta(before, after);
    let apart = |low: f64, high: f64| low > high * (1.0 + delta);
    let turned = "the verdict turned round".to_owned();
    let intervals = || {
        format!(
            "[{:.4}, {:.4}] and [{:.4}, {:.4}] are apart by more than {}%",
            before.low,
            before.high,
            after.low,
            after.high,
            number(100.0 * delta)
        )
    };
    match (before.verdict, after.verdict) {
        _ if apart(after.low, before.high) => Some((true, intervals())),
        _ if apart(before.low, after.high) => Some((false, intervals())),
        (Verdict::Faster, Verdict::Slower) => Some((true, turned)),
        (Verdict::Slower, Verdict::Faster) => Some((false, turned)),
        _ => None,
    }
}

/// What the instructions say against the clock: the same ratio, of counts,
/// before and after.
pub(super) fn contradiction(
    baseline: &Record,
    record: &Record,
    arms: &Comparison,
    rose: bool,
) -> Option<&'static str> {
    let of = |record: &Record| {
        let count = |id: &str| {
            let instructions = |counts: &Counts| counts.instructions_per_item;
            record.case(id)?.counts.as_ref().and_then(instructions)
        };
        Some(count(&arms.candidate)? / count(&arms.baseline)?)
    };
    let moved = (of(record)? / of(baseline)?).ln();
    match rose {
        true if moved < -MOVED => Some("yet it runs fewer instructions in proportion"),
        false if moved > MOVED => Some("yet it runs more instructions in proportion"),
        _ => None,
    }
}
