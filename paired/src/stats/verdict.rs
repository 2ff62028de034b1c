//! From intervals to one of four verdicts, and the reason in words. Knows
//! intervals and δ; not how they were measured.
//!
//! One look yields a [`Finding`], which may be a suspicion but never *slower* or
//! *faster*: only [`confirm`], given a second look with layouts that the first did not
//! use, speaks those.

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

impl Direction {
    /// That of a change.
    fn of(change: LogRatio) -> Self {
        match change.0 > 0.0 {
            true => Self::Slower,
            false => Self::Faster,
        }
    }
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
    /// The interval includes zero and reaches δ or beyond.
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
    /// *inconclusive*: a suspicion that was not to be looked at again.
    Unconfirmed(Direction),
    /// *inconclusive*: a suspicion that first appeared when all layouts were used.
    NoFreshLayouts(Direction),
    /// *inconclusive*: the second look does not agree.
    NotRepeated {
        /// What the first look suspected.
        first: Direction,
        /// What the second found instead.
        second: Finding,
    },
    /// *inconclusive*: copies of one arm differ as much as the two arms do.
    CopiesDiffer {
        /// The second copies against the first.
        copies: Interval<LogRatio>,
        /// The change that was found.
        change: LogRatio,
    },
    /// *inconclusive*: the clock is too coarse for what a round takes.
    CoarseClock {
        /// Steps of the clock that a round of the fastest arm lasts.
        steps: u64,
        /// Steps that it should last.
        wanted: u64,
        /// What one step takes, nanoseconds.
        step_ns: u64,
    },
}

/// What one look shows: *same* when the interval lies inside (−δ, +δ); a suspicion when it excludes zero
/// *and* the estimate is beyond δ; otherwise the question is open.
pub fn find(interval: &Interval<LogRatio>, delta: Delta) -> Finding {
    let band = delta.log();
    let estimate = interval.estimate;
    if interval.inside(band) {
        Finding::Same
    } else if !interval.excludes_zero() {
        Finding::Open(Open::TooWide)
    } else if estimate.0.abs() > band.0 {
        Finding::Suspect(Direction::of(estimate))
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

/// What a first look leads to: reason enough for a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspicion {
    /// Which way its estimate lies.
    pub direction: Direction,
    /// Whether its interval excluded zero.
    pub excluded_zero: bool,
}

/// Whether a first look leads to a second: its estimate is beyond δ, and *same* is not
/// shown. That is reason enough, whatever the interval, or without one: the second
/// look decides alone, so the first needs no more time than this takes.
#[must_use]
pub fn screen(
    estimate: LogRatio,
    interval: Option<&Interval<LogRatio>>,
    delta: Delta,
) -> Option<Suspicion> {
    let band = delta.log();
    let same = interval.is_some_and(|interval| interval.inside(band));
    if same || estimate.0.abs() <= band.0 {
        return None;
    }
    Some(Suspicion {
        direction: Direction::of(estimate),
        excluded_zero: interval.is_some_and(Interval::excludes_zero),
    })
}

/// The verdict on a suspicion, after the second look: `second` is the comparison made
/// again with new draws of everything, layouts included, and `copies` the A/A of the
/// same processes.
///
/// A change is confirmed when the second look raises the suspicion by its interval, in
/// the direction of the first, and the change is beyond what the A/A showed: the A/A's
/// interval reaches no further than the estimate, and where it excludes zero itself,
/// no further than the near end of the interval. There is no fixed bar for the A/A: a
/// change far beyond it is spoken however noisy the machine is. Where every arm had one
/// copy there is no A/A, and the second look decides alone: its test is exact without.
///
/// Where the first look had no more than an estimate, the second may show that
/// nothing differs; against an interval of the first it may not.
///
/// Quote the interval of `second`: the first look was selected for being far off, so
/// its estimate leans outward.
#[must_use]
pub fn confirm(
    suspicion: Suspicion,
    second: &Interval<LogRatio>,
    copies: Option<&Interval<LogRatio>>,
    delta: Delta,
) -> Judgement {
    let found = find(second, delta);
    if found == Finding::Same && !suspicion.excluded_zero {
        return found.unconfirmed(delta);
    }
    if found != Finding::Suspect(suspicion.direction) {
        return inconclusive(Reason::NotRepeated {
            first: suspicion.direction,
            second: found,
        });
    }
    let change = second.estimate;
    let near_end = second.low.0.abs().min(second.high.0.abs());
    let within = |copies: &&Interval<LogRatio>| {
        let reach = copies.reach().0;
        reach > change.0.abs() || copies.excludes_zero() && reach >= near_end
    };
    if let Some(&copies) = copies.filter(within) {
        return inconclusive(Reason::CopiesDiffer { copies, change });
    }
    let verdict = match suspicion.direction {
        Direction::Faster => Verdict::Faster,
        Direction::Slower => Verdict::Slower,
    };
    Judgement {
        verdict,
        reason: Reason::Confirmed(suspicion.direction),
    }
}

/// *inconclusive*, for this reason.
pub(crate) fn inconclusive(reason: Reason) -> Judgement {
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

    /// What a first look led to that showed a slowdown.
    const SLOWER: Suspicion = Suspicion {
        direction: Direction::Slower,
        excluded_zero: true,
    };

    fn screened(interval: &Interval<LogRatio>) -> Option<Suspicion> {
        screen(interval.estimate, Some(interval), DELTA)
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
            "the interval includes both zero and a change of 1.00% when the budget is spent"
        );
    }

    #[test]
    fn without_copies_the_second_look_decides_alone() {
        let confirmed = confirm(SLOWER, &percent(1.0, 2.0, 3.0), None, DELTA);
        assert_eq!(confirmed.verdict, Verdict::Slower);
        let open = confirm(SLOWER, &percent(-0.5, 0.6, 1.5), None, DELTA);
        assert_eq!(open.verdict, Verdict::Inconclusive);
    }

    #[test]
    fn a_suspicion_stands_when_repeated_beyond_what_the_copies_show() {
        let copies = percent(-0.5, 0.1, 0.6);
        let confirmed = confirm(SLOWER, &percent(1.0, 2.0, 3.0), Some(&copies), DELTA);
        assert_eq!(
            (confirmed.verdict, confirmed.reason),
            (Verdict::Slower, Reason::Confirmed(Direction::Slower))
        );
        let second = percent(-3.0, -2.0, -1.0);
        let faster = confirm(
            screened(&second).expect("it is beyond delta"),
            &second,
            Some(&copies),
            DELTA,
        );
        assert_eq!(faster.verdict, Verdict::Faster);
    }

    #[test]
    fn an_estimate_beyond_delta_is_worth_a_second_look_whatever_its_interval() {
        let wide = screened(&percent(-4.0, 2.0, 9.0)).expect("it is beyond delta");
        assert_eq!(
            (wide.direction, wide.excluded_zero),
            (Direction::Slower, false)
        );
        let faster = screened(&percent(-9.0, -2.0, -0.5)).expect("it is beyond delta");
        assert_eq!(
            (faster.direction, faster.excluded_zero),
            (Direction::Faster, true)
        );
        assert_eq!(screened(&percent(-4.0, 0.9, 9.0)), None);
        assert_eq!(screened(&percent(-0.5, 0.1, 0.6)), None);
        // Too few processes for an interval.
        let alone = screen(LogRatio(0.02), None, DELTA).expect("it is beyond delta");
        assert_eq!(
            (alone.direction, alone.excluded_zero),
            (Direction::Slower, false)
        );
    }

    #[test]
    fn where_the_first_look_had_an_estimate_alone_the_second_decides() {
        let first = screened(&percent(-1.0, 2.0, 5.0)).expect("it is beyond delta");
        let copies = percent(-0.5, 0.1, 0.6);
        for (second, wanted) in [
            (percent(1.5, 2.0, 2.5), Verdict::Slower),
            (percent(-0.5, 0.1, 0.6), Verdict::Same),
            (percent(-0.5, 1.1, 2.6), Verdict::Inconclusive),
            (percent(-2.5, -2.0, -1.5), Verdict::Inconclusive),
        ] {
            let judged = confirm(first, &second, Some(&copies), DELTA);
            assert_eq!(judged.verdict, wanted, "{second:?}");
        }
    }

    #[test]
    fn a_suspicion_that_is_not_repeated_is_inconclusive() {
        let copies = percent(-0.5, 0.1, 0.6);
        for (second, words) in [
            (
                percent(-0.2, 0.1, 0.4),
                "slower in the first look, the same in the second",
            ),
            (
                percent(-0.2, 2.0, 4.0),
                "slower in the first look, nothing certain in the second",
            ),
            (
                percent(-3.0, -2.0, -1.0),
                "slower in the first look, faster in the second",
            ),
        ] {
            let judged = confirm(SLOWER, &second, Some(&copies), DELTA);
            assert_eq!(judged.verdict, Verdict::Inconclusive);
            assert_eq!(judged.reason.to_string(), words);
        }
    }

    #[test]
    fn a_change_that_copies_show_as_well_is_inconclusive() {
        let second = percent(0.5, 2.0, 3.0);
        for copies in [percent(0.2, 0.8, 1.4), percent(-2.5, -0.1, 1.0)] {
            let judged = confirm(SLOWER, &second, Some(&copies), DELTA);
            assert_eq!(judged.verdict, Verdict::Inconclusive, "{copies:?}");
        }
        let judged = confirm(SLOWER, &second, Some(&percent(0.2, 0.8, 1.4)), DELTA);
        assert_eq!(
            judged.reason.to_string(),
            "the change of +2.02% is not beyond the A/A of the same processes, \
             +0.20% to +1.41%"
        );
    }

    #[test]
    fn a_change_far_beyond_the_self_comparison_is_spoken_however_noisy_that_is() {
        // A guest that got 93% slower, with an A/A from -1.6% to +1.7%.
        let second = percent(60.0, 66.0, 72.0);
        for (copies, wanted) in [
            (percent(-1.6, 0.0, 1.7), Verdict::Slower),
            (percent(-20.0, 0.4, 24.0), Verdict::Slower),
            (percent(0.2, 5.0, 20.0), Verdict::Slower),
            (percent(-20.0, 0.4, 67.0), Verdict::Inconclusive),
            (percent(2.0, 30.0, 61.0), Verdict::Inconclusive),
        ] {
            let judged = confirm(SLOWER, &second, Some(&copies), DELTA);
            assert_eq!(judged.verdict, wanted, "{copies:?}");
        }
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
            let verdict = |first: Interval<LogRatio>, second, copies| match screened(&first) {
                Some(suspicion) => confirm(suspicion, &second, Some(&copies), DELTA).verdict,
                None => find(&first, DELTA).unconfirmed(DELTA).verdict,
            };
            let one = verdict(interval(ends), interval(again), interval(copies));
            let other = verdict(mirrored(ends), mirrored(again), mirrored(copies));
            let mirror = |verdict| match verdict {
                Verdict::Slower => Verdict::Faster,
                Verdict::Faster => Verdict::Slower,
                other => other,
            };
            prop_assert_eq!(one, mirror(other));
        }
    }
}
