//! The first method of this workbench, kept as an alternative to compare with: twelve
//! link layouts a side that the processes cycle over, and a pre-test that chooses
//! whether the interval rests on processes or on the layouts' medians.
//!
//! It is blind to what the layouts do, since twelve are too few, and the pre-test makes
//! the printed confidence untrue. Nothing but the self-test uses it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use paired::stats::order::Sorted;
use paired::stats::{Confidence, sign};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Error of the pre-test.
const PRETEST_ERROR: f64 = 0.01;

/// Estimate and interval of log-ratios with their layouts.
pub fn interval(samples: &[(usize, f64)], confidence: Confidence) -> Result<[f64; 3]> {
    let mut layouts = BTreeMap::<usize, Vec<f64>>::new();
    for &(layout, value) in samples {
        layouts.entry(layout).or_default().push(value);
    }
    let all = Sorted::new(samples.iter().map(|&(_, value)| value))?;
    let differ = kruskal_wallis(&all, layouts.values().map(Vec::as_slice)) < PRETEST_ERROR;
    let observations = if differ {
        let medians = layouts
            .values()
            .map(|values| Ok(Sorted::new(values.iter().copied())?.median()));
        Sorted::new(medians.collect::<Result<Vec<_>>>()?)?
    } else {
        all
    };
    let found = sign::interval(&observations, confidence);
    let found = found.context("too few layouts for an interval")?;
    Ok([found.low, found.estimate, found.high])
}

/// The p-value of the test of Kruskal & Wallis (1952) that all groups are of one
/// distribution, by the χ² approximation. Ties do not occur among times.
fn kruskal_wallis<'a>(all: &Sorted, groups: impl Iterator<Item = &'a [f64]>) -> f64 {
    let values = all.values();
    let n = values.len() as f64;
    let rank = |value: f64| values.partition_point(|&other| other < value) as f64 + 1.0;
    let (mut sum, mut count) = (0.0, 0);
    for group in groups {
        let ranks: f64 = group.iter().map(|&value| rank(value)).sum();
        sum += ranks * ranks / group.len() as f64;
        count += 1;
    }
    let statistic = 12.0 / (n * (n + 1.0)) * sum - 3.0 * (n + 1.0);
    match ChiSquared::new(f64::from(count - 1)) {
        Ok(distribution) => 1.0 - distribution.cdf(statistic.max(0.0)),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pre_test_agrees_with_a_worked_value() {
        // R: kruskal.test(list(c(1, 2, 3), c(4, 5, 6), c(7, 8, 9))): 7.2, p = 0.02732.
        let groups = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]];
        let all = Sorted::new(groups.iter().flatten().copied()).expect("finite");
        let p = kruskal_wallis(&all, groups.iter().map(|group| &group[..]));
        assert!((p - 0.027_323_72).abs() < 1e-6, "{p}");
    }

    #[test]
    fn layouts_that_differ_are_the_observations() {
        let samples: Vec<(usize, f64)> = (0..96)
            .map(|i| (i % 12, (i % 12) as f64 + 0.001 * (i / 12) as f64))
            .collect();
        let confidence = Confidence::new(0.99).expect("a share");
        let [low, estimate, high] = interval(&samples, confidence).expect("enough");
        assert!(low < 2.0 && high > 9.0, "{low} {high}");
        assert!((estimate - 5.5).abs() < 0.01);
    }
}
