//! From intervals to one of four verdicts, and the reason in words. Knows
//! intervals and δ; not how they were measured.
//!
//! One comparison yields a [`Finding`], which may be a suspicion but never
//! *slower* or *faster*: only [`confirm`], given a second comparison and a
//! second copy of the baseline, speaks those.

use super::{Delta, Interval, LogRatio};
use crate::result::Verdict;

/// Which way the candidate differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It takes less time per item.
    Faster,
    /// It takes more time per item.
    Slower,
}

/// What one comparison shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// Equivalence within δ is shown.
    Same,
    /// A change beyond δ: to be confirmed before it is spoken.
    Suspect(Direction),
    /// Neither, so far.
    Open(Open),
}

/// Why a comparison shows nothing yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Open {
    /// The interval holds zero and reaches to δ or beyond.
    TooWide,
    /// The interval excludes zero, but the estimate does not exceed δ while the
    /// interval reaches to it.
    SmallerThanDelta,
}

/// A verdict and its reason; the reason's text is for people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// The verdict as it stands in the record.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
}

/// Why a verdict is what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// *same*.
    InsideBand(Delta),
    /// *slower* or *faster*.
    Confirmed(Direction),
    /// *inconclusive*: the budget was spent before anything was shown.
    BudgetSpent(Open, Delta),
    /// *inconclusive*: a suspicion that no second comparison looked at.
    Unconfirmed(Direction),
    /// *inconclusive*: the second comparison does not agree.
    NotRepeated {
        /// What the first comparison suspected.
        first: Direction,
        /// What the second found instead.
        second: Finding,
    },
    /// *inconclusive*: copies of one arm could not be shown to be the same in the
    /// very rounds that were to confirm.
    CopiesDiffer {
        /// The second copies against the first.
        copies: Interval<LogRatio>,
        /// The change that they were to rule out between them.
        bound: LogRatio,
    },
}

/// What one comparison shows (METHOD, "The verdict has four values"): *same*
/// when the interval lies inside (−δ, +δ); a suspicion when it excludes zero
/// *and* the estimate is beyond δ; otherwise the question is open.
pub fn find(interval: &Interval<LogRatio>, delta: Delta) -> Finding {
    let band = delta.log();
    let estimate = interval.estimate.0;
    if interval.inside(band) {
        Finding::Same
    } else if !interval.excludes_zero() {
        Finding::Open(Open::TooWide)
    } else if estimate > band.0 {
        Finding::Suspect(Direction::Slower)
    } else if estimate < -band.0 {
        Finding::Suspect(Direction::Faster)
    } else {
        Finding::Open(Open::SmallerThanDelta)
    }
}

impl Finding {
    /// The verdict when this is all that will be measured: a suspicion without
    /// its confirmation is *inconclusive*.
    pub fn unconfirmed(self, delta: Delta) -> Judgement {
        match self {
            Self::Same => Judgement {
                verdict: Verdict::Same,
                reason: Reason::InsideBand(delta),
            },
            Self::Suspect(direction) => inconclusive(Reason::Unconfirmed(direction)),
            Self::Open(open) => inconclusive(Reason::BudgetSpent(open, delta)),
        }
    }
}

/// Which way a first look leads: its estimate is beyond δ, and *same* is not shown.
/// That is reason enough for a second look, whatever the interval: the second look
/// decides alone, so the first needs no more time than this takes.
pub fn screen(interval: &Interval<LogRatio>, delta: Delta) -> Option<Direction> {
    let (band, estimate) = (delta.log(), interval.estimate.0);
    if interval.inside(band) || estimate.abs() <= band.0 {
        None
    } else if estimate > 0.0 {
        Some(Direction::Slower)
    } else {
        Some(Direction::Faster)
    }
}

/// The verdict on what a first look led to, after the second (METHOD, "confirmed
/// before it is spoken"): `second` is the comparison made again with new draws of
/// everything, layouts included, and `copies` the second copy of each arm against
/// its first in the same rounds.
///
/// A change is spoken when the second comparison raises the suspicion by its
/// interval, in the direction of the first's estimate, and the copies come
/// out the same: `copies` is [`Finding::Same`], or it holds zero
/// and lies inside ± the change that `second` estimates. The latter asks of the
/// copies what the claim needs, that no difference between them could pass for
/// it; to ask for δ would leave every regression on a noisy machine unspoken.
///
/// Where the first look had no more than an estimate, the second may show that
/// nothing differs; against an interval of the first it may not.
///
/// Quote the interval of `second`: `first` was selected for being far off, so
/// its estimate leans outward.
pub fn confirm(
    first: &Interval<LogRatio>,
    second: &Interval<LogRatio>,
    copies: &Interval<LogRatio>,
    delta: Delta,
) -> Judgement {
    let Some(suspicion) = screen(first, delta) else {
        return find(first, delta).unconfirmed(delta);
    };
    let found = find(second, delta);
    if found == Finding::Same && !first.excludes_zero() {
        return found.unconfirmed(delta);
    }
    if found != Finding::Suspect(suspicion) {
        return inconclusive(Reason::NotRepeated {
            first: suspicion,
            second: found,
        });
    }
    // A suspicion's estimate lies beyond δ, so this is the wider of the two.
    let bound = LogRatio(second.estimate.0.abs());
    let same =
        find(copies, delta) == Finding::Same || !copies.excludes_zero() && copies.inside(bound);
    if !same {
        return inconclusive(Reason::CopiesDiffer {
            copies: *copies,
            bound,
        });
    }
    let verdict = match suspicion {
        Direction::Faster => Verdict::Faster,
        Direction::Slower => Verdict::Slower,
    };
    Judgement {
        verdict,
        reason: Reason::Confirmed(suspicion),
    }
}

/// Why the verdicts of a run may not be believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Untrusted {
    /// The pair differs from a copy of itself.
    ExcludesZero(Interval<LogRatio>),
    /// The pair could not be shown to equal a copy of itself within δ.
    WiderThanDelta(Interval<LogRatio>, Delta),
}

/// Judges a run by its A/A comparison: it must hold zero and lie inside
/// (−δ, +δ) (METHOD, "The run judges itself").
///
/// # Errors
/// [`Untrusted`], with the interval, when it does not.
pub fn self_check(interval: &Interval<LogRatio>, delta: Delta) -> Result<(), Untrusted> {
    if interval.excludes_zero() {
        Err(Untrusted::ExcludesZero(*interval))
    } else if !interval.inside(delta.log()) {
        Err(Untrusted::WiderThanDelta(*interval, delta))
    } else {
        Ok(())
    }
}

fn inconclusive(reason: Reason) -> Judgement {
    Judgement {
        verdict: Verdict::Inconclusive,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::Confidence;

    const DELTA: Delta = Delta::DEFAULT;

    /// An interval given by its ends and estimate in percent of log-ratio.
    fn percent(low: f64, estimate: f64, high: f64) -> Interval<LogRatio> {
        Interval {
            low,
            estimate,
            high,
            confidence: Confidence::with_error(0.01),
        }
        .map(|value| LogRatio(value / 100.0))
    }

    /// A first look that shows a slowdown.
    fn slower() -> Interval<LogRatio> {
        percent(1.0, 2.0, 3.0)
    }

    #[test]
    fn an_interval_inside_the_band_is_the_same_even_when_it_excludes_zero() {
        assert_eq!(find(&percent(-0.9, 0.0, 0.9), DELTA), Finding::Same);
        assert_eq!(find(&percent(0.1, 0.2, 0.3), DELTA), Finding::Same);
    }

    #[test]
    fn a_change_is_suspected_when_zero_is_excluded_and_the_estimate_is_beyond_delta() {
        assert_eq!(
            find(&percent(0.1, 1.1, 2.0), DELTA),
            Finding::Suspect(Direction::Slower)
        );
        assert_eq!(
            find(&percent(-2.0, -1.1, -0.1), DELTA),
            Finding::Suspect(Direction::Faster)
        );
    }

    #[test]
    fn everything_else_is_open_with_its_reason() {
        assert_eq!(
            find(&percent(-0.1, 1.5, 2.0), DELTA),
            Finding::Open(Open::TooWide)
        );
        assert_eq!(
            find(&percent(0.0, 1.5, 2.0), DELTA),
            Finding::Open(Open::TooWide)
        );
        assert_eq!(
            find(&percent(0.1, 0.5, 1.2), DELTA),
            Finding::Open(Open::SmallerThanDelta)
        );
        assert_eq!(
            find(&percent(-1.2, -0.5, -0.1), DELTA),
            Finding::Open(Open::SmallerThanDelta)
        );
    }

    #[test]
    fn the_edges_of_the_band_lie_outside_it() {
        let edge = 100.0 * DELTA.log().0;
        assert_eq!(
            find(&percent(-0.1, 0.2, edge), DELTA),
            Finding::Open(Open::TooWide)
        );
        assert_eq!(
            find(&percent(0.1, edge, 2.0), DELTA),
            Finding::Open(Open::SmallerThanDelta)
        );
    }

    #[test]
    fn without_a_second_look_a_suspicion_is_inconclusive() {
        let suspect = find(&percent(4.0, 5.0, 6.0), DELTA).unconfirmed(DELTA);
        assert_eq!(suspect.verdict, Verdict::Inconclusive);
        assert_eq!(
            suspect.reason.to_string(),
            "looks slower, but was not measured a second time"
        );
        assert_eq!(Finding::Same.unconfirmed(DELTA).verdict, Verdict::Same);
        let open = Finding::Open(Open::TooWide).unconfirmed(DELTA);
        assert_eq!(open.verdict, Verdict::Inconclusive);
        assert_eq!(
            open.reason.to_string(),
            "the interval holds both zero and a change of 1.00% when the budget is spent"
        );
    }

    #[test]
    fn a_suspicion_stands_when_repeated_and_the_copies_are_the_same() {
        let copies = percent(-0.5, 0.1, 0.6);
        let second = percent(1.0, 2.0, 3.0);
        let confirmed = confirm(&slower(), &second, &copies, DELTA);
        assert_eq!(
            (confirmed.verdict, confirmed.reason),
            (Verdict::Slower, Reason::Confirmed(Direction::Slower))
        );
        let second = percent(-3.0, -2.0, -1.0);
        let faster = confirm(&second, &second, &copies, DELTA);
        assert_eq!(faster.verdict, Verdict::Faster);
    }

    #[test]
    fn an_estimate_beyond_delta_is_worth_a_second_look_whatever_its_interval() {
        assert_eq!(
            screen(&percent(-4.0, 2.0, 9.0), DELTA),
            Some(Direction::Slower)
        );
        assert_eq!(
            screen(&percent(-9.0, -2.0, 4.0), DELTA),
            Some(Direction::Faster)
        );
        assert_eq!(screen(&percent(-4.0, 0.9, 9.0), DELTA), None);
        assert_eq!(screen(&percent(-0.5, 0.1, 0.6), DELTA), None);
    }

    #[test]
    fn where_the_first_look_had_an_estimate_alone_the_second_decides() {
        let (first, copies) = (percent(-1.0, 2.0, 5.0), percent(-0.5, 0.1, 0.6));
        for (second, wanted) in [
            (percent(1.5, 2.0, 2.5), Verdict::Slower),
            (percent(-0.5, 0.1, 0.6), Verdict::Same),
            (percent(-0.5, 1.1, 2.6), Verdict::Inconclusive),
            (percent(-2.5, -2.0, -1.5), Verdict::Inconclusive),
        ] {
            let judged = confirm(&first, &second, &copies, DELTA);
            assert_eq!(judged.verdict, wanted, "{second:?}");
        }
        // Nothing to confirm: the first look's own finding.
        let nothing = confirm(&copies, &percent(1.5, 2.0, 2.5), &copies, DELTA);
        assert_eq!(nothing.verdict, Verdict::Same);
    }

    #[test]
    fn a_suspicion_that_is_not_repeated_is_inconclusive() {
        let copies = percent(-0.5, 0.1, 0.6);
        for (second, words) in [
            (
                percent(-0.2, 0.1, 0.4),
                "slower in the first comparison, the same in the second",
            ),
            (
                percent(-0.2, 2.0, 4.0),
                "slower in the first comparison, nothing certain in the second",
            ),
            (
                percent(-3.0, -2.0, -1.0),
                "slower in the first comparison, faster in the second",
            ),
        ] {
            let judged = confirm(&slower(), &second, &copies, DELTA);
            assert_eq!(judged.verdict, Verdict::Inconclusive);
            assert_eq!(judged.reason.to_string(), words);
        }
    }

    #[test]
    fn copies_that_differ_by_more_than_the_change_leave_it_inconclusive() {
        let second = percent(0.5, 2.0, 3.0);
        let judged = confirm(&slower(), &second, &percent(0.2, 0.8, 1.4), DELTA);
        assert_eq!(judged.verdict, Verdict::Inconclusive);
        assert_eq!(
            judged.reason.to_string(),
            "copies of one arm differ by +0.20% to +1.41%: \
             not shown to be the same beside a change of 2.02%"
        );
    }

    #[test]
    fn a_large_change_bears_copies_that_are_uncertain_by_less() {
        let second = percent(28.0, 30.0, 32.0);
        for (copies, wanted) in [
            (percent(-10.0, 0.4, 14.0), Verdict::Slower),
            (percent(-10.0, 0.4, 31.0), Verdict::Inconclusive),
            (percent(0.2, 0.4, 1.4), Verdict::Inconclusive),
        ] {
            let judged = confirm(&slower(), &second, &copies, DELTA);
            assert_eq!(judged.verdict, wanted, "{copies:?}");
        }
    }

    #[test]
    fn a_run_is_trusted_when_its_self_comparison_holds_zero_within_delta() {
        assert_eq!(self_check(&percent(-0.5, 0.0, 0.9), DELTA), Ok(()));
        let off = self_check(&percent(0.1, 0.2, 0.3), DELTA).expect_err("zero is excluded");
        assert_eq!(
            off.to_string(),
            "A/A gives +0.10% to +0.30%, which excludes zero"
        );
        let wide = self_check(&percent(-2.0, 0.2, 0.3), DELTA).expect_err("too wide");
        assert_eq!(
            wide.to_string(),
            "A/A gives -1.98% to +0.30%, which is not inside ±1.00%"
        );
    }

    proptest! {
        #[test]
        fn swapping_the_arms_mirrors_every_finding_and_verdict(
            ends in prop::array::uniform3(-3.0..3.0f64),
            again in prop::array::uniform3(-3.0..3.0f64),
            copies in prop::array::uniform3(-1.5..1.5f64),
        ) {
            let interval = |mut ends: [f64; 3]| {
                ends.sort_unstable_by(f64::total_cmp);
                percent(ends[0], ends[1], ends[2])
            };
            let mirrored = |ends: [f64; 3]| interval(ends.map(|end| -end));
            let turned = |direction| match direction {
                Direction::Faster => Direction::Slower,
                Direction::Slower => Direction::Faster,
            };
            let one = find(&interval(ends), DELTA);
            let other = find(&mirrored(ends), DELTA);
            match one {
                Finding::Suspect(direction) => prop_assert_eq!(other, Finding::Suspect(turned(direction))),
                same_or_open => prop_assert_eq!(other, same_or_open),
            }
            let one = confirm(&interval(ends), &interval(again), &interval(copies), DELTA);
            let other = confirm(&mirrored(ends), &mirrored(again), &mirrored(copies), DELTA);
            let mirror = |verdict| match verdict {
                Verdict::Slower => Verdict::Faster,
                Verdict::Faster => Verdict::Slower,
                other => other,
            };
            prop_assert_eq!(one.verdict, mirror(other.verdict));
        }
    }
}
