//! The reasons of [`super::verdict`] in words for people. Decides nothing.

use std::fmt;

use super::Delta;
use super::verdict::{Direction, Finding, Open, Reason};

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("the same"),
            Self::Suspect(direction) => direction.fmt(f),
            Self::Open(_) => f.write_str("nothing certain"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the digits that a δ of 0.25% needs.
        let percent = |delta: &Delta| format!("{:.2}%", 100.0 * delta.share());
        match self {
            Self::InsideBand(delta) => {
                write!(f, "the interval lies inside ±{}", percent(delta))
            }
            Self::Confirmed(direction) => write!(
                f,
                "{direction} in two looks with draws of their own, by more than copies of one arm \
                 differ"
            ),
            Self::BudgetSpent(Open::TooWide, delta) => write!(
                f,
                "the interval includes both zero and a change of {} when the budget is spent",
                percent(delta)
            ),
            Self::BudgetSpent(Open::SmallerThanDelta, delta) => write!(
                f,
                "a change is seen, but the budget is spent before it is shown to be larger or \
                 smaller than {}",
                percent(delta)
            ),
            Self::Unconfirmed(direction) => {
                write!(f, "looks {direction}, but was not measured a second time")
            }
            Self::NoFreshLayouts(direction) => write!(
                f,
                "looks {direction}, but only after all layouts were used: none was left to \
                 confirm it with; link more layouts"
            ),
            Self::NotRepeated { first, second } => {
                write!(f, "{first} in the first look, {second} in the second")
            }
            Self::CopiesDiffer { copies, change } => write!(
                f,
                "the change of {:+.2}% is not beyond the A/A of the same processes, {:+.2}% to \
                 {:+.2}%",
                change.percent(),
                copies.low.percent(),
                copies.high.percent()
            ),
            Self::CoarseClock {
                steps,
                wanted,
                step_ns,
            } => write!(
                f,
                "the clock is too coarse: it moves in steps of {step_ns} ns, of which a round of \
                 the fastest arm lasts {steps}; {wanted} are needed"
            ),
        }
    }
}
