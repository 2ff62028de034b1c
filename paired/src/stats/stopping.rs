//! When to look, how sure each look must be, and whether to go on. Knows the
//! share of the budget that is spent; not what the budget is made of.
//!
//! A comparison that stops as soon as its interval says something has looked
//! several times, and each look is a chance to be wrong. So looks are planned
//! and the error is spent on them, as the cube of the budget that is used up
//! (Lan & DeMets, *Discrete sequential boundaries for clinical trials*,
//! Biometrika 70, 1983; the power function with ρ = 3 is that of Kim & DeMets,
//! Biometrika 74, 1987, close to O'Brien & Fleming's boundary). Early looks see
//! only what is plain; seven eighths of the error are left for the last of
//! [`LOOKS`], so eight layouts still have an exact interval there at 99%.
//!
//! The looks are joined by the union bound instead of a joint normal
//! distribution: it asks nothing of the noise. The intervals hold at all looks
//! at once, so any rule may stop on them (Jennison & Turnbull, *Repeated
//! confidence intervals*, JRSS B 51, 1989).

use std::cmp::Ordering;

use super::levels::Level;
use super::summary::Summary;
use super::verdict::Finding;
use super::{Confidence, Delta};

/// Shares of the budget after which to look: doubling, so that a plain change
/// costs an eighth of the time.
pub const LOOKS: [f64; 4] = [0.125, 0.25, 0.5, 1.0];

/// The exponent of the share of the budget that gives the share of the error.
const POWER: i32 = 3;

/// The error of one comparison, spent over its looks.
#[derive(Debug, Clone)]
pub struct Spending {
    confidence: Confidence,
    spent: f64,
}

impl Spending {
    /// Spends the error of this confidence: that of one comparison, after
    /// [`super::correction`].
    pub fn new(confidence: Confidence) -> Self {
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
    pub fn look(&mut self, share_of_budget: f64) -> Option<Confidence> {
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

/// What to do after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The question is answered at the resolution wanted.
    Stop,
    /// More processes will narrow the interval.
    MoreProcesses,
    /// The variance lies between layouts: more processes buy nothing.
    MoreLayouts,
}

/// Whether a comparison may stop: something is shown, and the longer arm of the
/// interval is no wider than `resolution`. A suspicion of a change far beyond δ
/// is raised early, while its size is still uncertain; the resolution makes the
/// ratio worth quoting.
pub fn next(summary: &Summary, finding: Finding, resolution: Delta) -> Next {
    let shown = !matches!(finding, Finding::Open(_));
    if shown && summary.log_ratio.half_width() <= resolution.log() {
        Next::Stop
    } else {
        match summary.level {
            Level::Processes => Next::MoreProcesses,
            Level::Layouts => Next::MoreLayouts,
        }
    }
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
        assert!((errors[0] - 0.01 / 512.0).abs() < 1e-12 && (errors[3] - 0.00875).abs() < 1e-12);
    }

    #[test]
    fn eight_layouts_have_an_exact_interval_at_the_last_look() {
        let mut spending = Spending::new(confidence(0.99));
        let last = LOOKS.map(|share| spending.look(share).expect("budget was spent"))[3];
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
    fn a_comparison_stops_when_something_is_shown_at_the_resolution() {
        let summary = |half_width: f64, level| Summary {
            log_ratio: Interval {
                low: LogRatio(0.3 - half_width),
                estimate: LogRatio(0.3),
                high: LogRatio(0.3 + half_width),
                confidence: confidence(0.99),
            },
            difference_ns: Interval {
                low: 0.0,
                estimate: 0.0,
                high: 0.0,
                confidence: confidence(0.99),
            },
            level,
            processes: 100,
            layouts: 8,
        };
        let suspect = Finding::Suspect(Direction::Slower);
        let resolution = Delta::DEFAULT;
        let narrow = summary(0.009, Level::Processes);
        assert_eq!(next(&narrow, suspect, resolution), Next::Stop);
        assert_eq!(next(&narrow, Finding::Same, resolution), Next::Stop);
        assert_eq!(
            next(&narrow, Finding::Open(Open::SmallerThanDelta), resolution),
            Next::MoreProcesses
        );
        assert_eq!(
            next(&summary(0.1, Level::Processes), suspect, resolution),
            Next::MoreProcesses
        );
        assert_eq!(
            next(&summary(0.1, Level::Layouts), suspect, resolution),
            Next::MoreLayouts
        );
    }
}
