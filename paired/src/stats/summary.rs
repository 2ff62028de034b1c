//! From the samples of a comparison to the numbers that a record holds. Knows
//! the record's samples; judges nothing.

use super::order::Sorted;
use super::{Confidence, Interval, LogRatio, StatsError, sign, signed_rank};
use crate::result::{CopiesNs, Difference, PairedSample, RatioInterval};

/// What the samples of one comparison say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Candidate / baseline of the time per item, as a logarithm: what verdicts rest on.
    pub log_ratio: Interval<LogRatio>,
    /// The same by the sign test: shown beside.
    pub sign: Interval<LogRatio>,
    /// Candidate − baseline of the time per item, nanoseconds.
    pub difference_ns: Interval<f64>,
    /// A/A: second copies against first, one number a process: the mean over its two
    /// arms. `None` where the samples do not have both copies' times.
    pub copies: Option<Interval<LogRatio>>,
    /// The log-ratio by the mean of both copies of each arm.
    pub mean_of_copies: Option<Interval<LogRatio>>,
    /// Processes measured.
    pub processes: usize,
}

impl Summary {
    /// Takes each process as one independent observation.
    ///
    /// # Errors
    /// [`StatsError`] when there is no sample, one is not finite, or there are
    /// too few processes for the confidence.
    pub fn new(samples: &[PairedSample], confidence: Confidence) -> Result<Self, StatsError> {
        let interval = |values: &Sorted| {
            signed_rank::interval(values, confidence)
                .ok_or_else(|| sign::too_few(values.values().len(), confidence))
        };
        let log_ratios = Sorted::new(samples.iter().map(|sample| sample.log_ratio))?;
        let differences = samples.iter().map(|s| s.candidate_ns - s.baseline_ns);
        let log_ratio = interval(&log_ratios)?.map(LogRatio);
        let copies: Option<Vec<CopiesNs>> = samples.iter().map(|s| s.copies_ns).collect();
        let (copies, mean_of_copies) = match &copies {
            None => (None, None),
            Some(copies) => {
                let apart = Sorted::new(copies.iter().map(CopiesNs::apart))?;
                let mean = Sorted::new(copies.iter().map(CopiesNs::log_ratio_of_means))?;
                let [apart, mean] = [interval(&apart)?, interval(&mean)?];
                (Some(apart.map(LogRatio)), Some(mean.map(LogRatio)))
            }
        };
        Ok(Self {
            log_ratio,
            // As many values are enough for both.
            sign: sign::interval(&log_ratios, confidence)
                .map_or(log_ratio, |interval| interval.map(LogRatio)),
            difference_ns: interval(&Sorted::new(differences)?)?,
            copies,
            mean_of_copies,
            processes: samples.len(),
        })
    }

    /// Candidate / baseline of the time per item: below 1 the candidate is faster.
    #[must_use]
    pub fn ratio(&self) -> Interval<f64> {
        self.log_ratio.map(LogRatio::ratio)
    }

    /// The log-ratio by the mean of both copies, where it and the estimate lie outside
    /// each other's interval: the change, or its absence, is that of some placements.
    pub(crate) fn copies_disagree(&self) -> Option<LogRatio> {
        let (better, mean) = (&self.log_ratio, self.mean_of_copies?);
        let apart = !better.holds(mean.estimate) && !mean.holds(better.estimate);
        apart.then_some(mean.estimate)
    }

    /// How many processes, each with layouts of its own, would bring the half-width
    /// down to `resolution`, as it falls with the root of their number; `None` where it
    /// is no wider than that.
    pub(crate) fn processes_needed(&self, resolution: LogRatio) -> Option<u32> {
        let times = self.log_ratio.half_width().0 / resolution.0;
        let needed = (self.processes as f64 * times * times).ceil();
        (times > 1.0).then_some(needed.min(f64::from(u32::MAX)) as u32)
    }
}

impl CopiesNs {
    /// The mean over both arms of ln(second copy / first copy).
    pub(crate) fn apart(&self) -> f64 {
        let apart = |[first, second]: [f64; 2]| (second / first).ln();
        f64::midpoint(apart(self.baseline), apart(self.candidate))
    }

    /// ln(candidate / baseline), each the mean of its copies.
    fn log_ratio_of_means(&self) -> f64 {
        let mean = |[first, second]: [f64; 2]| f64::midpoint(first, second);
        (mean(self.candidate) / mean(self.baseline)).ln()
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

impl From<Interval<LogRatio>> for RatioInterval {
    fn from(interval: Interval<LogRatio>) -> Self {
        Self {
            ratio: interval.estimate.ratio(),
            low: interval.low.ratio(),
            high: interval.high.ratio(),
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

    fn confidence() -> Confidence {
        Confidence::new(0.99).expect("a valid share")
    }

    #[test]
    fn ratio_and_difference_are_those_of_the_samples() {
        let samples: Vec<_> = (0..41)
            .map(|i| sample(i, 100.0, 110.0 + 0.1 * (f64::from(i) - 20.0)))
            .collect();
        let found = Summary::new(&samples, confidence()).expect("forty processes");
        assert_eq!((found.processes, found.copies), (41, None));
        assert!((found.ratio().estimate - 1.10).abs() < 1e-4);
        assert!((found.difference_ns.estimate - 10.0).abs() < 1e-9);
        let difference = Difference::from(found.difference_ns);
        assert!(difference.low < 10.0 && difference.high > 10.0);
        assert!(found.ratio().low < 1.10 && found.ratio().high > 1.10);
        let sign = RatioInterval::from(found.sign);
        assert!((sign.ratio - 1.10).abs() < 1e-9);
        assert!(
            sign.low < found.ratio().low,
            "even values are no case for the sign test"
        );
    }

    #[test]
    fn the_self_comparison_is_that_of_both_arms_second_copies_against_their_first() {
        let samples: Vec<_> = (0..40)
            .map(|i| PairedSample {
                copies_ns: Some(CopiesNs {
                    baseline: [100.0, 101.0],
                    candidate: [103.0, 103.0 * 1.03],
                }),
                ..sample(i, 100.0, 103.0)
            })
            .collect();
        let found = Summary::new(&samples, confidence()).expect("forty processes");
        let copies = found.copies.expect("both copies were timed");
        assert!((copies.estimate.0 - f64::midpoint(1.01_f64.ln(), 1.03_f64.ln())).abs() < 1e-12);
        // 103 · 1.015 / 100.5: the mean says more than the better copies do.
        let mean = found.mean_of_copies.expect("both copies were timed");
        assert!((mean.estimate.ratio() - 1.03 * 1.015 / 1.005).abs() < 1e-12);
        assert_eq!(found.copies_disagree(), Some(mean.estimate));
    }

    #[test]
    fn four_times_the_processes_are_needed_for_half_the_width() {
        let samples: Vec<_> = (0..40)
            .map(|i| sample(i, 100.0, 100.0 + 0.1 * (f64::from(i) - 19.5)))
            .collect();
        let found = Summary::new(&samples, confidence()).expect("forty processes");
        let half = LogRatio(found.log_ratio.half_width().0 / 2.0);
        assert_eq!(found.processes_needed(half), Some(160));
        assert_eq!(found.processes_needed(found.log_ratio.half_width()), None);
    }

    #[test]
    fn a_sample_that_is_not_finite_is_refused() {
        let samples = [sample(0, 1.0, 1.0), sample(0, 0.0, 1.0)];
        let refused = Summary::new(&samples, Confidence::new(0.5).expect("a valid share"));
        assert!(matches!(
            refused,
            Err(StatsError::NotFinite { index: 1, .. })
        ));
    }
}
