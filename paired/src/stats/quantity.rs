//! The quantities of a judgement, as types: a log-ratio is never taken for
//! nanoseconds, nor a confidence for an error.

use super::error::StatsError;

/// Natural logarithm of candidate / baseline, both a time per item.
///
/// Positive: the candidate is slower. Swapping the arms turns the sign.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct LogRatio(pub f64);

impl LogRatio {
    /// The ratio itself: below 1 the candidate is faster.
    pub fn ratio(self) -> f64 {
        self.0.exp()
    }

    /// The ratio as a change in percent: +1.0 for one percent slower.
    pub fn percent(self) -> f64 {
        100.0 * self.0.exp_m1()
    }
}

/// The smallest change that matters, as a share (0.01 is one percent).
///
/// The band of changes that do not matter is (−ln(1+δ), ln(1+δ)) in log-ratios,
/// so that swapping the arms mirrors every verdict.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Delta(f64);

impl Delta {
    /// One percent.
    pub const DEFAULT: Self = Self(0.01);

    /// A δ of this share.
    ///
    /// # Errors
    /// [`StatsError::NotAShare`] unless 0 < `share` < 1.
    pub fn new(share: f64) -> Result<Self, StatsError> {
        check_share("delta", share).map(Self)
    }

    /// The share, such as 0.01.
    pub fn share(self) -> f64 {
        self.0
    }

    /// Half the width of the band: ln(1 + δ).
    pub fn log(self) -> LogRatio {
        LogRatio(self.0.ln_1p())
    }
}

/// How often an interval made in this way holds the true value.
///
/// Kept as its complement, the error, because corrections divide the error and
/// a confidence near 1 would lose its digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    error: f64,
}

impl Confidence {
    /// A confidence of this share, such as 0.99.
    ///
    /// # Errors
    /// [`StatsError::NotAShare`] unless 0 < `share` < 1.
    pub fn new(share: f64) -> Result<Self, StatsError> {
        check_share("confidence", share).map(|share| Self { error: 1.0 - share })
    }

    /// The confidence 1 − `error`.
    ///
    /// # Errors
    /// [`StatsError::NotAShare`] unless 0 < `error` < 1.
    pub fn from_error(error: f64) -> Result<Self, StatsError> {
        check_share("error", error).map(|error| Self { error })
    }

    /// For errors that are a share of a valid one and so are valid themselves.
    pub(super) fn with_error(error: f64) -> Self {
        debug_assert!((0.0..=1.0).contains(&error));
        Self { error }
    }

    /// How often the interval holds the true value, 0 to 1.
    pub fn share(self) -> f64 {
        1.0 - self.error
    }

    /// How often it does not, both tails together, 0 to 1.
    pub fn error(self) -> f64 {
        self.error
    }
}

/// An estimate between the ends of its closed interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval<T> {
    /// Lower end.
    pub low: T,
    /// Estimate; never outside the ends.
    pub estimate: T,
    /// Upper end.
    pub high: T,
    /// The confidence achieved, at least the one asked for.
    pub confidence: Confidence,
}

impl<T> Interval<T> {
    /// The interval on another scale. `f` must be increasing.
    pub fn map<U>(self, f: impl Fn(T) -> U) -> Interval<U> {
        Interval {
            low: f(self.low),
            estimate: f(self.estimate),
            high: f(self.high),
            confidence: self.confidence,
        }
    }
}

impl Interval<LogRatio> {
    /// Whether no change is ruled out.
    pub fn excludes_zero(&self) -> bool {
        self.low.0 > 0.0 || self.high.0 < 0.0
    }

    /// Whether every value of the interval lies strictly inside (−`bound`, `bound`).
    pub fn inside(&self, bound: LogRatio) -> bool {
        self.low.0 > -bound.0 && self.high.0 < bound.0
    }

    /// Whether the value lies between its ends.
    pub(crate) fn holds(&self, value: LogRatio) -> bool {
        self.low <= value && value <= self.high
    }

    /// How far the interval reaches from zero.
    #[must_use]
    pub fn reach(&self) -> LogRatio {
        LogRatio(self.low.0.abs().max(self.high.0.abs()))
    }

    /// The longer of the two arms of the interval.
    pub fn half_width(&self) -> LogRatio {
        LogRatio((self.high.0 - self.estimate.0).max(self.estimate.0 - self.low.0))
    }
}

fn check_share(what: &'static str, value: f64) -> Result<f64, StatsError> {
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(StatsError::NotAShare { what, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_outside_zero_to_one_are_refused() {
        for value in [0.0, 1.0, -0.1, 99.0, f64::NAN, f64::INFINITY] {
            assert!(Delta::new(value).is_err(), "{value}");
            assert!(Confidence::new(value).is_err(), "{value}");
            assert!(Confidence::from_error(value).is_err(), "{value}");
        }
    }

    #[test]
    fn the_band_is_the_same_seen_from_either_arm() {
        let delta = Delta::new(0.01).expect("a valid share");
        assert!((delta.log().ratio() - 1.01).abs() < 1e-15);
        assert!((LogRatio(-delta.log().0).ratio() - 1.0 / 1.01).abs() < 1e-15);
    }

    #[test]
    fn half_width_band_and_zero_are_read_off_the_right_ends() {
        let at = |low, estimate, high| Interval {
            low: LogRatio(low),
            estimate: LogRatio(estimate),
            high: LogRatio(high),
            confidence: Confidence::with_error(0.01),
        };
        assert_eq!(at(1.0, 2.0, 5.0).half_width(), LogRatio(3.0));
        assert!(at(0.0, 1.0, 2.0).inside(LogRatio(2.5)));
        assert!(!at(0.0, 1.0, 2.0).inside(LogRatio(2.0)));
        assert!(!at(0.0, 1.0, 2.0).excludes_zero());
        assert!(at(-2.0, -1.0, -0.5).excludes_zero());
    }
}
