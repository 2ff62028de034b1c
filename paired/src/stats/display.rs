//! The reasons of [`super::verdict`] in words for people. Decides nothing.

use std::fmt;

use super::verdict::{Direction, Finding, Open, Reason, Untrusted};
use super::{Delta, Interval, LogRatio};

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
        let percent = |delta: &Delta| Percent(100.0 * delta.share());
        match self {
            Self::InsideBand(delta) => {
                write!(f, "the interval lies inside ±{}", percent(delta))
            }
            Self::Confirmed(direction) => {
                write!(
                    f,
                    "{direction} in two comparisons, and copies of one arm agree"
                )
            }
            Self::BudgetSpent(Open::TooWide, delta) => write!(
                f,
                "the interval holds both zero and a change of {} when the budget is spent",
                percent(delta)
            ),
            Self::BudgetSpent(Open::SmallerThanDelta, delta) => write!(
                f,
                "a change is seen, but the budget is spent before it is shown to lie on one side of {}",
                percent(delta)
            ),
            Self::Unconfirmed(direction) => {
                write!(f, "looks {direction}, but was not measured a second time")
            }
            Self::NotRepeated { first, second } => {
                write!(f, "{first} in the first comparison, {second} in the second")
            }
            Self::CopiesDiffer { copies, bound } => write!(
                f,
                "copies of one arm differ by {}: not shown to be the same beside a change of {}",
                Range(copies),
                Percent(bound.percent())
            ),
        }
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExcludesZero(interval) => {
                write!(f, "A/A gives {}, which excludes zero", Range(interval))
            }
            Self::WiderThanDelta(interval, delta) => write!(
                f,
                "A/A gives {}, which is not inside ±{}",
                Range(interval),
                Percent(100.0 * delta.share())
            ),
        }
    }
}

/// A share in percent, with the digits that a δ of 0.25% needs.
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}%", self.0)
    }
}

/// The ends of an interval as signed changes in percent.
struct Range<'a>(&'a Interval<LogRatio>);

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:+.2}% to {:+.2}%",
            self.0.low.percent(),
            self.0.high.percent()
        )
    }
}
