//! From the samples of a comparison to the numbers that a record holds. Knows
//! the record's samples; judges nothing.

use super::levels::{Level, Samples};
use super::{Confidence, Interval, LogRatio, StatsError};
use crate::result::{Difference, PairedSample};

/// What the samples of one comparison say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Candidate / baseline of the time per item, as a logarithm.
    pub log_ratio: Interval<LogRatio>,
    /// Candidate − baseline of the time per item, nanoseconds; taken at the
    /// same level.
    pub difference_ns: Interval<f64>,
    /// The level at which both were taken.
    pub level: Level,
    /// Processes measured.
    pub processes: usize,
    /// Layouts they cycled over.
    pub layouts: usize,
}

impl Summary {
    /// Takes the intervals at the level where the log-ratios vary.
    ///
    /// # Errors
    /// [`StatsError`] when there is no sample, one is not finite, or there are
    /// too few processes for the confidence.
    pub fn new(samples: &[PairedSample], confidence: Confidence) -> Result<Self, StatsError> {
        let grouped = |value: fn(&PairedSample) -> f64| {
            Samples::new(
                &samples
                    .iter()
                    .map(|s| (s.layout, value(s)))
                    .collect::<Vec<_>>(),
            )
        };
        let log_ratios = grouped(|s| s.log_ratio)?;
        let level = log_ratios.level();
        Ok(Self {
            log_ratio: log_ratios.interval(level, confidence)?.map(LogRatio),
            difference_ns: grouped(|s| s.candidate_ns - s.baseline_ns)?
                .interval(level, confidence)?,
            level,
            processes: log_ratios.processes(),
            layouts: log_ratios.layouts(),
        })
    }

    /// Candidate / baseline of the time per item: below 1 the candidate is faster.
    pub fn ratio(&self) -> Interval<f64> {
        self.log_ratio.map(LogRatio::ratio)
    }
}

impl From<Interval<f64>> for Difference {
    fn from(interval: Interval<f64>) -> Self {
        Self {
            estimate: interval.estimate,
            low: interval.low,
            high: interval.high,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(layout: u32, baseline_ns: f64, candidate_ns: f64) -> PairedSample {
        let log_ratio = (candidate_ns / baseline_ns).ln();
        PairedSample {
            layout,
            log_ratio,
            baseline_ns,
            candidate_ns,
            copies_ns: None,
        }
    }

    #[test]
    fn ratio_and_difference_are_those_of_the_samples() {
        let samples: Vec<_> = (0..40)
            .map(|i| sample(i % 8, 100.0, 110.0 + f64::from(i / 8) - 2.0))
            .collect();
        let confidence = Confidence::new(0.99).expect("a valid share");
        let found = Summary::new(&samples, confidence).expect("forty processes");
        assert_eq!(
            (found.processes, found.layouts, found.level),
            (40, 8, Level::Processes)
        );
        assert!((found.ratio().estimate - 1.10).abs() < 1e-12);
        assert_eq!(found.difference_ns.estimate, 10.0);
        let difference = Difference::from(found.difference_ns);
        assert!(difference.low < 10.0 && difference.high > 10.0);
        assert!(found.ratio().low < 1.10 && found.ratio().high > 1.10);
    }

    #[test]
    fn both_intervals_are_taken_over_layouts_when_the_ratios_differ_there() {
        let samples: Vec<_> = (0..80)
            .map(|i| {
                sample(
                    i % 8,
                    100.0,
                    110.0 + f64::from(i % 8) + 0.01 * f64::from(i / 8),
                )
            })
            .collect();
        let confidence = Confidence::new(0.99).expect("a valid share");
        let found = Summary::new(&samples, confidence).expect("eighty processes");
        assert_eq!(found.level, Level::Layouts);
        assert!((found.difference_ns.low - 10.045).abs() < 1e-9);
        assert!((found.difference_ns.high - 17.045).abs() < 1e-9);
    }

    #[test]
    fn a_sample_that_is_not_finite_is_refused() {
        let confidence = Confidence::new(0.5).expect("a valid share");
        let samples = [sample(0, 1.0, 1.0), sample(0, 0.0, 1.0)];
        let refused = Summary::new(&samples, confidence);
        assert!(matches!(
            refused,
            Err(StatsError::NotFinite { index: 1, .. })
        ));
    }
}
