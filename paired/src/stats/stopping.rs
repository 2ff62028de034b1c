//! When to look, how sure each look must be, and whether to go on. Knows the
//! share of the budget that is spent; not what the budget is made of.
//!
//! A sequential test that stops as soon as its interval says something has looked
//! several times, and each look is a chance to be wrong. So looks are planned
//! and the error is spent on them, as the cube of the budget that is used up
//! (Lan & DeMets, *Discrete sequential boundaries for clinical trials*,
//! Biometrika 70, 1983; the power function with ρ = 3 is that of Kim & DeMets,
//! Biometrika 74, 1987, close to O'Brien & Fleming's boundary). Early looks see
//! only what is plain; seven eighths of the error are left for the last look.
//!
//! The looks are joined by the union bound instead of a joint normal
//! distribution: it asks nothing of the noise. The intervals hold at all looks
//! at once, so any rule may stop on them (Jennison & Turnbull, *Repeated
//! confidence intervals*, JRSS B 51, 1989).

use std::cmp::Ordering;

use super::summary::Summary;
use super::verdict::Finding;
use super::{Confidence, Delta};

/// Shares of the planned processes after which to look.
pub(crate) const LOOKS: [f64; 3] = [0.25, 0.5, 1.0];

/// The exponent of the share of the budget that gives the share of the error.
const POWER: i32 = 3;

/// The error of one sequential test, spent over its looks.
#[derive(Debug, Clone)]
pub(crate) struct Spending {
    confidence: Confidence,
    spent: f64,
}

impl Spending {
    /// Spends the error of this confidence: that of one comparison, after
    /// [`super::correction`].
    pub(crate) fn new(confidence: Confidence) -> Self {
        Self {
            confidence,
            spent: 0.0,
        }
    }

    /// The confidence of the interval at a look made when this share of the
    /// budget (processes or time, clamped to 0..=1) is spent; `None` when no
    /// budget was spent since the last look, which leaves no error for one.
    ///
    /// The times of the looks may depend on the clock, never on the ratios seen.
    pub(crate) fn look(&mut self, share_of_budget: f64) -> Option<Confidence> {
        let share = share_of_budget.clamp(0.0, 1.0);
        // A share that is not a number is no look either.
        if share.partial_cmp(&self.spent) != Some(Ordering::Greater) {
            return None;
        }
        let error = self.confidence.error() * (share.powi(POWER) - self.spent.powi(POWER));
        self.spent = share;
        Some(Confidence::with_error(error))
    }
}

/// The confidence that is left for the last look of a test.
#[must_use]
pub fn at_the_last_look(confidence: Confidence) -> Confidence {
    let mut spending = Spending::new(confidence);
    LOOKS
        .iter()
        .filter_map(|&share| spending.look(share))
        .last()
        .unwrap_or(confidence)
}

/// Whether a test may stop: something is shown, and the longer arm of the
/// interval is no wider than `resolution`. A suspicion of a change far beyond δ
/// is raised early, while its size is still uncertain; the resolution makes the
/// ratio worth quoting.
pub(crate) fn is_answered(summary: &Summary, finding: Finding, resolution: Delta) -> bool {
    let shown = !matches!(finding, Finding::Open(_));
    shown && summary.log_ratio.half_width() <= resolution.log()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::verdict::{Direction, Open};
    use crate::stats::{Interval, LogRatio, sign};

    fn confidence(share: f64) -> Confidence {
        Confidence::new(share).expect("a valid share")
    }

    #[test]
    fn the_looks_spend_the_error_and_no_more() {
        let mut spending = Spending::new(confidence(0.99));
        let errors: Vec<f64> = LOOKS
            .iter()
            .map(|&share| spending.look(share).expect("budget was spent").error())
            .collect();
        assert!((errors.iter().sum::<f64>() - 0.01).abs() < 1e-12);
        assert!((errors[0] - 0.01 / 64.0).abs() < 1e-12 && (errors[2] - 0.00875).abs() < 1e-12);
        let last = at_the_last_look(confidence(0.99));
        assert!((last.error() - 0.00875).abs() < 1e-12);
        assert_eq!(sign::fewest(last), 8);
    }

    #[test]
    fn a_look_without_new_budget_has_no_error_left_to_spend() {
        let mut spending = Spending::new(confidence(0.99));
        assert!(spending.look(0.0).is_none());
        assert!(spending.look(f64::NAN).is_none());
        assert!(spending.look(0.5).is_some());
        assert!(spending.look(0.5).is_none());
        assert!(spending.look(0.25).is_none());
        let last = spending.look(7.0).expect("clamped to the whole budget");
        assert!((last.error() - 0.00875).abs() < 1e-12);
        assert!(spending.look(8.0).is_none());
    }

    #[test]
    fn a_test_stops_when_something_is_shown_at_the_resolution() {
        let at = |half_width: f64| {
            let interval = Interval {
                low: 0.3 - half_width,
                estimate: 0.3,
                high: 0.3 + half_width,
                confidence: confidence(0.99),
            };
            Summary {
                log_ratio: interval.map(LogRatio),
                sign: interval.map(LogRatio),
                difference_ns: interval,
                copies: None,
                mean_of_copies: None,
                processes: 100,
            }
        };
        let suspect = Finding::Suspect(Direction::Slower);
        let resolution = Delta::DEFAULT;
        assert!(is_answered(&at(0.009), suspect, resolution));
        assert!(is_answered(&at(0.009), Finding::Same, resolution));
        let open = Finding::Open(Open::SmallerThanDelta);
        assert!(!is_answered(&at(0.009), open, resolution));
        assert!(!is_answered(&at(0.1), suspect, resolution));
    }
}
