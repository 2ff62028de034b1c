//! How much a case moves from run to run when nothing happens.
//!
//! As in rustc-perf's comparison analysis: the upper fence of the absolute
//! relative changes of the case's own past, Q3 + 3 · (Q3 − Q1), with the
//! quartiles as medians of the upper and the lower half. Quartiles do not see
//! the few real changes in it. rustc-perf asks for 50 runs; 20 are enough here
//! because a crossing is shown as unconfirmed, and never as a verdict.

use paired::stats::order::Sorted;

/// Most changes that are looked back at: as many as rustc-perf does.
const MOST_CHANGES: usize = 100;
/// Fewest that say anything of a quartile.
const FEWEST_CHANGES: usize = 20;

/// The absolute relative change from one run to the next beyond which a run is
/// an outlier of its own past (0.01 is one percent); `None` where the past is
/// too short.
pub fn relative_threshold(past: &[f64]) -> Option<f64> {
    let recent = &past[past.len().saturating_sub(MOST_CHANGES + 1)..];
    let mut changes: Vec<f64> = recent
        .windows(2)
        .map(|pair| ((pair[1] - pair[0]) / pair[0]).abs())
        .collect();
    if changes.len() < FEWEST_CHANGES {
        return None;
    }
    changes.sort_by(f64::total_cmp);
    let half = changes.len() / 2;
    let q1 = median(&changes[..half])?;
    let q3 = median(&changes[changes.len() - half..])?;
    Some(q3 + 3.0 * (q3 - q1))
}

/// `None` of nothing, and where a value is not finite.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let sorted = Sorted::new(values.iter().copied()).ok()?;
    Some(sorted.median())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100, then steps of 1 %, 2 %, ... up and back down.
    fn zigzag(steps: usize) -> Vec<f64> {
        let up = |step: usize| 100.0 + step as f64;
        (0..=steps)
            .map(|at| if at % 2 == 0 { 100.0 } else { up(at) })
            .collect()
    }

    #[test]
    fn the_fence_is_that_of_the_quartiles() {
        // Changes from a value that alternates between 100 and 101: 1 % up and
        // 1/101 down, half each: both quartiles are known.
        let past: Vec<f64> = (0..=20).map(|at| 100.0 + f64::from(at % 2)).collect();
        let (q1, q3) = (1.0 / 101.0, 0.01);
        let expected = q3 + 3.0 * (q3 - q1);
        let threshold = relative_threshold(&past).expect("long enough");
        assert!((threshold - expected).abs() < 1e-12, "{threshold}");
    }

    #[test]
    fn a_short_past_says_nothing() {
        assert_eq!(relative_threshold(&zigzag(FEWEST_CHANGES - 1)), None);
        assert!(relative_threshold(&zigzag(FEWEST_CHANGES)).is_some());
        assert_eq!(relative_threshold(&[]), None);
    }

    #[test]
    fn one_real_change_hardly_moves_it() {
        let mut past: Vec<f64> = (0..=40)
            .map(|at| 1.0 + 0.001 * f64::from(at * 7 % 5))
            .collect();
        let quiet = relative_threshold(&past).expect("long enough");
        past.iter_mut().skip(20).for_each(|value| *value *= 1.5);
        let with_change = relative_threshold(&past).expect("long enough");
        assert!(
            (with_change / quiet - 1.0).abs() < 0.1,
            "{quiet} {with_change}"
        );
    }
}
