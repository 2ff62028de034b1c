//! The estimate that verdicts rest on: the Hodges-Lehmann pseudo-median of one
//! sample, with the interval of Wilcoxon's signed-rank test. Knows one sample and one
//! confidence.
//!
//! The pseudo-median is the median of the Walsh averages (xᵢ + xⱼ)/2, i ≤ j (Hodges &
//! Lehmann, *Estimates of location based on rank tests*, Annals of Mathematical
//! Statistics 34, 1963). Of n independent values that are distributed symmetrically,
//! and so of log-ratios of two arms that can be exchanged, the sum W of the ranks of
//! the positive ones is distributed as the sum of a random subset of 1..n, whatever
//! the noise looks like (Wilcoxon, *Individual comparisons by ranking methods*, 1945).
//! So the k-th smallest and the k-th largest Walsh average enclose the centre with
//! probability 1 − 2·P(W ≤ k − 1) (Hollander, Wolfe & Chicken, *Nonparametric
//! Statistical Methods*, 3rd ed. 2014, section 3.3). This is R's
//! `wilcox.test(x, conf.int = TRUE, exact = TRUE)`, except that ranks are whole and
//! the confidence achieved is at least the one asked for.
//!
//! Where a change acts on some processes more than on others, the log-ratios are not
//! symmetric, and the interval is of the pseudo-median, which lies between median and
//! mean. That no change is there (ratio 1) remains exact: then the arms can be exchanged.
//!
//! # Why not the median
//!
//! [`super::sign`] needs no symmetry and is computed beside, but its interval is wider
//! for every noise that processes were seen or feared to have. By the simulations of this
//! crate (64 processes, 99%, 3000 samples each; half-width in units of the noise's scale,
//! and share of the intervals that hold the true centre):
//!
//! | noise of a process | signed-rank | sign |
//! |---|---|---|
//! | normal | 0.34, 98.9% | 0.42, 99.3% |
//! | heavy tails (Student's t, 3 degrees of freedom) | 0.43, 98.8% | 0.47, 99.5% |
//! | bimodal (modes at ±1) | 0.23, 99.0% | 0.94, 99.1% |
//! | ratio of two skewed (lognormal) arms | 0.24, 98.9% | 0.27, 98.8% |
//! | common draws: one process of ten differs ten times as much | 0.042, 99.1% | 0.047, 99.2% |
//!
//! The standard error of a coverage is 0.2%. A verdict uses one estimator, fixed here and
//! not chosen by looking at the data: the better-looking of two intervals would hold less
//! often than either says.

use statrs::distribution::{ContinuousCDF, Normal};

use super::order::Sorted;
use super::{Confidence, Interval, sign};

/// The largest sample whose null distribution is computed exactly. Above it, the normal
/// approximation with continuity correction takes its place. It errs to the safe side:
/// at this size the rank it gives is smaller than the exact one by 0.05% at 99%
/// confidence and by 0.3% at 99.99%, so the interval is that little wider.
pub const LARGEST_EXACT: usize = 256;

/// The error allowed may be a rounded 2^−n; this much above it still counts as it.
const ROUNDING: f64 = 1e-9;

/// The narrowest signed-rank interval that has the confidence, around the
/// pseudo-median; `None` when the sample is too small for any ([`sign::fewest`] says
/// how many values it takes: the whole range of both is enclosed with the same error).
#[must_use]
pub fn interval(sample: &Sorted, confidence: Confidence) -> Option<Interval<f64>> {
    let (rank, confidence) = rank(sample.values().len(), confidence)?;
    let mut walsh = walsh_averages(sample);
    let count = walsh.len();
    // Each selection leaves smaller values before its place and larger ones after it.
    let low = *walsh.select_nth_unstable_by(rank - 1, f64::total_cmp).1;
    let high = *walsh.select_nth_unstable_by(count - rank, f64::total_cmp).1;
    Some(Interval {
        low,
        estimate: middle(&mut walsh),
        high,
        confidence,
    })
}

/// The Hodges-Lehmann estimate alone.
#[must_use]
pub fn pseudo_median(sample: &Sorted) -> f64 {
    middle(&mut walsh_averages(sample))
}

/// All (xᵢ + xⱼ)/2 with i ≤ j: n(n + 1)/2 of them.
fn walsh_averages(sample: &Sorted) -> Vec<f64> {
    let values = sample.values();
    let mut averages = Vec::with_capacity(values.len() * (values.len() + 1) / 2);
    for (index, &value) in values.iter().enumerate() {
        averages.extend(
            values[index..]
                .iter()
                .map(|&other| f64::midpoint(value, other)),
        );
    }
    averages
}

/// The median of values that are finite and at least one.
fn middle(values: &mut [f64]) -> f64 {
    let count = values.len();
    let (below, &mut upper, _) = values.select_nth_unstable_by(count / 2, f64::total_cmp);
    if count % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(lower, upper)
}

/// The largest k, from 1, for which the k-th smallest and k-th largest Walsh average
/// of `n` values enclose the centre with this confidence; and the confidence achieved.
fn rank(n: usize, confidence: Confidence) -> Option<(usize, Confidence)> {
    if n < sign::fewest(confidence) {
        return None;
    }
    let allowed = confidence.error() * (1.0 + ROUNDING);
    let (rank, error) = if n <= LARGEST_EXACT {
        exact_rank(n, allowed)
    } else {
        approximate_rank(n, allowed)
    };
    (rank > 0).then(|| (rank, Confidence::with_error(error)))
}

/// By the exact distribution: the largest k with 2·P(W ≤ k − 1) ≤ `allowed`, and that
/// error; 0 where there is none.
fn exact_rank(n: usize, allowed: f64) -> (usize, f64) {
    // P(W = sum), below the middle: W is symmetric, and a rank never exceeds that.
    let sums = n * (n + 1) / 4 + 1;
    let mut chance = vec![0.0; sums];
    chance[0] = 1.0;
    for summand in 1..=n {
        // The summand is in the subset with probability one half.
        for sum in (0..sums).rev() {
            let without = chance[sum];
            let with = if sum >= summand {
                chance[sum - summand]
            } else {
                0.0
            };
            chance[sum] = 0.5 * (without + with);
        }
    }
    let (mut rank, mut error) = (0, 0.0);
    for probability in chance {
        let next = error + 2.0 * probability;
        if next > allowed {
            break;
        }
        (rank, error) = (rank + 1, next);
    }
    (rank, error)
}

/// By the normal distribution of the same mean and variance, with the continuity
/// correction of one half.
fn approximate_rank(n: usize, allowed: f64) -> (usize, f64) {
    let n = n as f64;
    let mean = n * (n + 1.0) / 4.0;
    let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    let standard = Normal::standard();
    // 2·Φ((k − 1 + ½ − mean)/deviation) ≤ allowed
    let largest = mean + deviation * standard.inverse_cdf(allowed / 2.0) + 0.5;
    let rank = largest.max(0.0).floor();
    let error = 2.0 * standard.cdf((rank - 0.5 - mean) / deviation);
    (rank as usize, error.min(allowed))
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

    fn close(found: f64, wanted: f64) -> bool {
        (found - wanted).abs() <= 1e-9 * (1.0 + wanted.abs())
    }

    #[test]
    #[expect(clippy::approx_constant, reason = "3.14 is one of the published data")]
    fn estimate_and_interval_agree_with_rs_wilcox_test() {
        // R: x <- c(1.83, .50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30)
        //    y <- c(.878, .647, .598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)
        //    wilcox.test(x, y, paired = TRUE, conf.int = TRUE), Hollander & Wolfe's
        //    depression data: 0.46, 95% interval 0.010 to 0.786.
        let x = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
        let y = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
        let differences: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - y).collect();
        let found = interval(&sorted(&differences), confidence(0.95)).expect("nine values");
        assert!(close(found.estimate, 0.46), "{found:?}");
        assert!(
            close(found.low, 0.010) && close(found.high, 0.786),
            "{found:?}"
        );
        assert!(close(found.confidence.share(), 0.9609375), "{found:?}");
        let surer = interval(&sorted(&differences), confidence(0.99)).expect("nine values");
        assert!(
            close(surer.low, -0.1135) && close(surer.high, 0.987),
            "{surer:?}"
        );
        assert!(close(pseudo_median(&sorted(&differences)), 0.46));
    }

    #[test]
    fn ranks_agree_with_published_critical_values() {
        // (n, two-sided error, critical value T of the published tables): W ≤ T rejects,
        // so T = k − 1.
        let tabulated = [
            (8, 0.05, 3),
            (10, 0.05, 8),
            (10, 0.01, 3),
            (15, 0.05, 25),
            (15, 0.01, 15),
            (20, 0.05, 52),
            (20, 0.01, 37),
            (25, 0.05, 89),
            (25, 0.01, 68),
            (30, 0.05, 137),
            (30, 0.01, 109),
            (50, 0.05, 434),
            (50, 0.01, 373),
        ];
        for (n, error, critical) in tabulated {
            let wanted = Confidence::from_error(error).expect("a valid share");
            let (rank, achieved) = rank(n, wanted).expect("enough values");
            assert_eq!(rank, critical + 1, "n = {n} at {error}");
            assert!(achieved.error() <= error, "n = {n} at {error}");
        }
    }

    #[test]
    fn the_exact_error_is_that_of_all_subsets() {
        // All 2^8 subsets of 1..8, against the recurrence.
        let sums = (0..256_u32).map(|subset| -> u32 {
            (1..=8)
                .filter(|summand| subset >> (summand - 1) & 1 == 1)
                .sum()
        });
        let sums: Vec<u32> = sums.collect();
        for allowed in [0.01, 0.05, 0.2] {
            let (rank, error) = exact_rank(8, allowed);
            let below = |limit: usize| {
                2.0 * sums.iter().filter(|&&sum| (sum as usize) < limit).count() as f64 / 256.0
            };
            assert!(
                close(error, below(rank)) && below(rank + 1) > allowed,
                "{allowed}"
            );
        }
    }

    #[test]
    fn too_small_a_sample_has_no_interval() {
        for share in [0.5, 0.95, 0.99, 0.9999] {
            let confidence = confidence(share);
            let need = sign::fewest(confidence);
            assert!(rank(need, confidence).is_some(), "at {share}");
            assert!(rank(need - 1, confidence).is_none(), "at {share}");
        }
        assert!(rank(0, confidence(0.5)).is_none());
    }

    #[test]
    fn the_approximation_is_close_to_the_exact_rank_and_never_above_it() {
        for n in [64, 128, LARGEST_EXACT] {
            for (error, apart) in [(0.05, 0.002), (0.01, 0.005), (1e-4, 0.04)] {
                let (exact, _) = exact_rank(n, error);
                let (rank, achieved) = approximate_rank(n, error);
                assert!(rank <= exact, "n = {n} at {error}: {rank}, exactly {exact}");
                let off = (exact - rank) as f64 / exact as f64;
                assert!(off <= apart, "n = {n} at {error}: {rank}, exactly {exact}");
                assert!(achieved <= error);
            }
        }
        let (exact, _) = exact_rank(LARGEST_EXACT, 0.01);
        let (rank, _) = approximate_rank(LARGEST_EXACT, 0.01);
        assert!(
            (exact - rank) as f64 / (exact as f64) < 6e-4,
            "as documented"
        );
    }

    #[test]
    fn large_samples_have_an_interval_of_the_normal_approximation() {
        let values: Vec<f64> = (0..500).map(|i| f64::from(i) - 249.5).collect();
        let found = interval(&sorted(&values), confidence(0.99)).expect("enough values");
        assert!(
            found.estimate.abs() < 1e-9 && close(found.low, -found.high),
            "{found:?}"
        );
        // A uniform sample of 500: 2.576·500/√(12·500) is 16.6.
        assert!((15.5..17.5).contains(&found.high), "{found:?}");
    }
}
