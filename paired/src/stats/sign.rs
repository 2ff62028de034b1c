//! The exact confidence interval of a median, from the sign test. Knows one
//! sample and one confidence. No verdict rests on it ([`super::signed_rank`] says why);
//! it is shown beside, since it needs no symmetry.
//!
//! The number of values below the true median is binomial (n, 1/2), whatever
//! the distribution, so the k-th smallest and the k-th largest value enclose
//! it with probability 1 − 2·P(X ≤ k − 1): Conover, *Practical Nonparametric
//! Statistics* (3rd ed. 1999, section 3.2); Hettmansperger & McKean, *Robust
//! Nonparametric Statistical Methods* (2nd ed. 2011, section 1.5). Ties make it
//! wider than needed, never narrower. Ranks are whole: nothing is interpolated,
//! and the confidence achieved is at least the one asked for.

use statrs::distribution::{Binomial, DiscreteCDF};

use super::order::Sorted;
use super::{Confidence, Interval, StatsError};

/// The error allowed may be a rounded 2^−n; this much above it still counts as it.
const ROUNDING: f64 = 1e-9;

/// The narrowest sign-test interval that has the confidence, with the sample
/// median as its estimate; `None` when the sample is too small for any
/// ([`fewest`]).
pub fn interval(sample: &Sorted, confidence: Confidence) -> Option<Interval<f64>> {
    let values = sample.values();
    let (rank, confidence) = rank(values.len(), confidence)?;
    Some(Interval {
        low: values[rank - 1],
        estimate: sample.median(),
        high: values[values.len() - rank],
        confidence,
    })
}

/// The smallest sample that has an interval of this confidence: all of its
/// range, with error 2^(1−n).
pub fn fewest(confidence: Confidence) -> usize {
    (1.0 - (confidence.error() * (1.0 + ROUNDING)).log2()).ceil() as usize
}

/// That so many processes have no interval of this confidence.
pub(crate) fn too_few(have: usize, confidence: Confidence) -> StatsError {
    StatsError::TooFew {
        what: "processes",
        have,
        need: fewest(confidence),
        confidence: confidence.share(),
    }
}

/// The largest k, from 1, for which the k-th smallest and k-th largest of `n`
/// values enclose the median with this confidence; and the confidence achieved.
fn rank(n: usize, confidence: Confidence) -> Option<(usize, Confidence)> {
    let allowed = confidence.error() * (1.0 + ROUNDING);
    let signs = Binomial::new(0.5, n as u64).expect("one half is a probability");
    let error = |rank: usize| 2.0 * signs.cdf(rank as u64 - 1);
    if n == 0 || error(1) > allowed {
        return None;
    }
    // error(fits) ≤ allowed throughout; error(n/2 + 1) ≥ 1 is too much for any n.
    let (mut fits, mut too_much) = (1, n / 2 + 1);
    while too_much - fits > 1 {
        let middle = usize::midpoint(fits, too_much);
        if error(middle) <= allowed {
            fits = middle;
        } else {
            too_much = middle;
        }
    }
    Some((fits, Confidence::with_error(error(fits))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence(share: f64) -> Confidence {
        Confidence::new(share).expect("a valid share")
    }

    fn sorted(values: &[f64]) -> Sorted {
        Sorted::new(values.iter().copied()).expect("finite values")
    }

    #[test]
    fn ranks_and_coverage_agree_with_published_tables() {
        // (n, wanted, rank, achieved), as tabulated for the sign test.
        let tabulated = [
            (6, 0.95, 1, 0.96875),
            (8, 0.99, 1, 0.9921875),
            (9, 0.95, 2, 0.9609375),
            (10, 0.95, 2, 0.978515625),
            (10, 0.99, 1, 0.998046875),
            (12, 0.99, 2, 0.99365234375),
            (15, 0.95, 4, 0.96484375),
            (20, 0.95, 6, 0.958610534667969),
            (20, 0.98, 5, 0.988182067871094),
            (20, 0.99, 4, 0.997423171997070),
            (25, 0.95, 8, 0.956_714_749_336),
            // Beyond the tables: sums of binomial coefficients in exact fractions.
            (40, 0.99, 12, 0.993_573_423_909),
            (200, 0.99, 82, 0.991_277_498_753),
            (400, 0.99, 174, 0.992_030_169_424),
        ];
        for (n, wanted, k, achieved) in tabulated {
            let (rank, confidence) = rank(n, confidence(wanted)).expect("enough values");
            assert_eq!(rank, k, "n = {n} at {wanted}");
            assert!(
                (confidence.share() - achieved).abs() < 1e-9,
                "n = {n} at {wanted}: {}",
                confidence.share()
            );
        }
    }

    #[test]
    fn the_interval_is_made_of_the_ranked_values() {
        let sample: Vec<f64> = (1..=10).rev().map(f64::from).collect();
        let found = interval(&sorted(&sample), confidence(0.95)).expect("ten are enough");
        assert_eq!((found.low, found.estimate, found.high), (2.0, 5.5, 9.0));
    }

    #[test]
    fn too_small_a_sample_has_no_interval_and_fewest_says_how_many_are_needed() {
        for (share, need) in [
            (0.5, 2),
            (0.95, 6),
            (0.99, 8),
            (0.9921875, 8),
            (0.999, 11),
            (0.9999, 15),
        ] {
            let confidence = confidence(share);
            assert_eq!(fewest(confidence), need, "at {share}");
            assert!(rank(need, confidence).is_some(), "at {share}");
            assert!(rank(need - 1, confidence).is_none(), "at {share}");
        }
        assert!(rank(0, confidence(0.5)).is_none());
    }

    #[test]
    fn large_samples_agree_with_the_normal_approximation() {
        // k ≈ (n + 1)/2 − z·√n/2, with z(0.995) = 2.5758.
        let n = 10_000;
        let (rank, _) = rank(n, confidence(0.99)).expect("enough values");
        let approximate = (n as f64 + 1.0) / 2.0 - 2.5758 * (n as f64).sqrt() / 2.0;
        assert!(
            (rank as f64 - approximate).abs() < 1.5,
            "{rank} for {approximate}"
        );
    }
}
