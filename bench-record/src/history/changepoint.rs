//! E-divisive change points of one noisy series.
//!
//! Matteson & James, *A nonparametric approach for multiple change point
//! analysis of multivariate data* (JASA 2014), with the two changes of Fleming
//! et al., *Hunter* (ICPE 2023), now Apache Otava: significance by Student's t
//! test instead of random permutations, so the same series always gives the
//! same points; and sliding windows, so that one large change does not hide
//! small ones, with a second pass that drops what does not stand on its own.
//!
//! The time is O(n · window). Knows nothing of commits and metrics.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Fewest values on either side of a change point: what did not last for three
/// runs may be an outlier as well.
pub const MIN_SEGMENT: usize = 3;

/// How much weaker a candidate of the first pass may be; the second pass sees
/// more values on both sides (Fleming et al., section 4).
const CANDIDATE_FACTOR: f64 = 10.0;

/// A lasting change of the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// First value after the change.
    pub index: usize,
    /// Mean since the change point before.
    pub before: f64,
    /// Mean until the change point after.
    pub after: f64,
    /// Two-sided probability, by Student's t test, of such a difference between
    /// the two stretches if nothing had changed. The split was chosen to be the
    /// best, so it flatters: a magnitude belongs beside it.
    pub p_value: f64,
}

/// The change points of `values`, in order.
///
/// `window` is the number of values looked at together, `significance` the
/// largest p-value of a change point, and `magnitude` the smallest difference of
/// the means, in the unit of `values`.
pub fn change_points(
    values: &[f64],
    window: usize,
    significance: f64,
    magnitude: f64,
) -> Vec<ChangePoint> {
    let mut indices = candidates(values, window, significance * CANDIDATE_FACTOR);
    // Drops the weakest, which joins its neighbours' stretches, until all hold.
    loop {
        let points = judged(values, &indices);
        let misplaced = |at: usize| {
            let left = if at == 0 { 0 } else { indices[at - 1] };
            let right = indices.get(at + 1).copied().unwrap_or(values.len());
            let split = indices[at] - left;
            split.min(right - indices[at]) < MIN_SEGMENT
                || is_beyond_an_end(&values[left..right], split)
        };
        let fails = |(at, point): &(usize, &ChangePoint)| {
            point.p_value > significance
                || (point.after - point.before).abs() < magnitude
                || misplaced(*at)
        };
        let weakest = points.iter().enumerate().filter(fails).max_by(|a, b| {
            let size = |p: &ChangePoint| (p.after - p.before).abs();
            let by_size = || size(b.1).total_cmp(&size(a.1));
            a.1.p_value.total_cmp(&b.1.p_value).then_with(by_size)
        });
        match weakest {
            Some((at, _)) => indices.remove(at),
            None => return points,
        };
    }
}

/// The points at `indices`, each judged by the stretches to its neighbours.
fn judged(values: &[f64], indices: &[usize]) -> Vec<ChangePoint> {
    let ends = indices.iter().skip(1).copied().chain([values.len()]);
    let starts = [0].into_iter().chain(indices.iter().copied());
    starts
        .zip(indices)
        .zip(ends)
        .map(|((start, &index), end)| judge(&values[start..end], index - start, start))
        .collect()
}

/// The candidates of all windows, which overlap by half.
fn candidates(values: &[f64], window: usize, significance: f64) -> Vec<usize> {
    let window = window.max(2 * MIN_SEGMENT);
    let mut found = Vec::new();
    let mut start = 0;
    loop {
        let end = values.len().min(start + window);
        bisect(&values[start..end], start, significance, &mut found);
        if end == values.len() {
            break;
        }
        start += window / 2;
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Splits `values`, which begin at `offset`, where the two sides differ most,
/// as long as they differ significantly.
fn bisect(values: &[f64], offset: usize, significance: f64, found: &mut Vec<usize>) {
    let Some(split) = best_split(values) else {
        return;
    };
    let point = judge(values, split, offset);
    if point.p_value > significance {
        return;
    }
    found.push(point.index);
    bisect(&values[..split], offset, significance, found);
    bisect(&values[split..], offset + split, significance, found);
}

/// The split that maximises the statistic Q̂ of Matteson & James, equations 5
/// to 7 with α = 1 and no second end point:
/// mn/(m+n) · (2/(mn) Σ|xᵢ−yⱼ| − C(m,2)⁻¹ Σ|xᵢ−xₖ| − C(n,2)⁻¹ Σ|yⱼ−yₖ|).
fn best_split(values: &[f64]) -> Option<usize> {
    let n = values.len();
    if n < 2 * MIN_SEGMENT {
        return None;
    }
    let distances = |value: f64, others: &[f64]| -> f64 {
        others.iter().map(|other| (value - other).abs()).sum()
    };
    // Everything is on the right at first; each step moves one value over.
    let (mut within_left, mut between) = (0.0, 0.0);
    let mut within_right: f64 = (1..n).map(|i| distances(values[i], &values[..i])).sum();
    let mut best: Option<(f64, usize)> = None;
    for split in 1..=n - MIN_SEGMENT {
        let moved = values[split - 1];
        let to_left = distances(moved, &values[..split - 1]);
        let to_right = distances(moved, &values[split..]);
        between += to_right - to_left;
        within_left += to_left;
        within_right -= to_right;
        if split < MIN_SEGMENT {
            continue;
        }
        let (left, right) = (split as f64, (n - split) as f64);
        let pairs = |count: f64| count * (count - 1.0) / 2.0;
        let energy = 2.0 * between / (left * right)
            - within_left / pairs(left)
            - within_right / pairs(right);
        let q = left * right / (left + right) * energy;
        if best.is_none_or(|(most, _)| q > most) {
            best = Some((q, split));
        }
    }
    best.map(|(_, split)| split)
}

/// Whether a split as near to an end as one may be would fit better still nearer
/// to it: what changed is then the last one or two values alone.
fn is_beyond_an_end(values: &[f64], split: usize) -> bool {
    let residual = |split: usize| {
        let (left, right) = values.split_at(split);
        squares(left) + squares(right)
    };
    let nearer = if split == MIN_SEGMENT {
        1..split
    } else if values.len() - split == MIN_SEGMENT {
        split + 1..values.len()
    } else {
        return false;
    };
    let here = residual(split);
    nearer.into_iter().any(|nearer| residual(nearer) < here)
}

/// The mean; that of equal values is exactly their value.
fn mean(values: &[f64]) -> f64 {
    let first = values[0];
    let excess: f64 = values.iter().map(|value| value - first).sum();
    first + excess / values.len() as f64
}

/// Sum of the squared deviations from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// Student's two-sample t test, with the variances pooled, of the two sides.
fn judge(values: &[f64], split: usize, offset: usize) -> ChangePoint {
    let (left, right) = values.split_at(split);
    let (before, after) = (mean(left), mean(right));
    let freedom = values.len() as f64 - 2.0;
    let pooled = (squares(left) + squares(right)) / freedom;
    let error = (pooled * (1.0 / left.len() as f64 + 1.0 / right.len() as f64)).sqrt();
    let difference = (after - before).abs();
    let p_value = if freedom < 1.0 {
        1.0
    } else if error > 0.0 {
        let student = StudentsT::new(0.0, 1.0, freedom).expect("there is a degree of freedom");
        2.0 * student.cdf(-difference / error)
    } else if difference > 0.0 {
        0.0
    } else {
        1.0
    };
    ChangePoint {
        index: offset + split,
        before,
        after,
        p_value,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::synthetic::Synthetic;

    /// ln(ratio) of a synthetic history with noise `noise`, shifted from each
    /// `(index, shift)` on.
    fn series(seed: u64, length: usize, noise: f64, shifts: &[(usize, f64)]) -> Vec<f64> {
        let plan = Synthetic {
            seed,
            noise,
            ..Synthetic::default()
        };
        let shift = |at| {
            shifts
                .iter()
                .filter(move |s| s.0 <= at)
                .map(|s| s.1)
                .sum::<f64>()
        };
        (0..length)
            .map(|at| plan.record(at).comparisons[0].ratio.ln() + shift(at))
            .collect()
    }

    fn found(values: &[f64]) -> Vec<usize> {
        let points = change_points(values, 50, 0.001, 0.0);
        points.iter().map(|point| point.index).collect()
    }

    #[test]
    fn steps_are_found_where_they_are_and_with_their_size() {
        let values = series(1, 300, 0.002, &[(120, 0.02), (200, -0.05), (260, 0.01)]);
        let points = change_points(&values, 50, 0.001, 0.005);
        let indices: Vec<_> = points.iter().map(|p| p.index).collect();
        assert_eq!(indices, [120, 200, 260]);
        for (point, size) in points.iter().zip([0.02, -0.05, 0.01]) {
            assert!(
                (point.after - point.before - size).abs() < 0.001,
                "{point:?}"
            );
            assert!(point.p_value < 1e-6);
        }
    }

    #[test]
    fn a_step_far_smaller_than_the_noise_of_one_run_is_found_when_it_lasts() {
        let hits = (0..40)
            .filter(|&seed| {
                let values = series(seed, 200, 0.01, &[(100, 0.015)]);
                found(&values).iter().any(|at| at.abs_diff(100) <= 5)
            })
            .count();
        assert!(hits >= 38, "{hits} of 40");
    }

    #[test]
    fn noise_alone_rarely_makes_a_point_and_never_one_of_magnitude() {
        let (mut series_with_points, mut large) = (0, 0);
        for seed in 0..100 {
            let values = series(seed, 200, 0.002, &[]);
            series_with_points += usize::from(!found(&values).is_empty());
            large += change_points(&values, 50, 0.001, 0.01).len();
        }
        assert_eq!(large, 0);
        assert!(series_with_points <= 20, "{series_with_points} of 100");
    }

    #[test]
    fn an_outlier_is_no_change_and_three_equal_values_are() {
        let mut values = series(3, 60, 0.002, &[]);
        values[30] += 0.5;
        assert!(found(&values).is_empty());
        let values = series(3, 60, 0.002, &[(57, 0.05)]);
        assert_eq!(found(&values), [57]);
    }

    #[test]
    fn constant_and_short_series_have_none() {
        assert!(found(&[]).is_empty());
        assert!(found(&[1.0, 2.0, 3.0]).is_empty());
        assert!(found(&[0.1; 200]).is_empty());
        let step = [[0.1; 50], [0.3; 50]].concat();
        assert_eq!(found(&step), [50]);
    }

    #[test]
    fn the_statistic_is_the_published_one() {
        // By hand for x = 0 0 0, y = 1 1 2: Σ|x−y| = 12, within y = 2.
        // 9/6 · (2/9·12 − 0 − 2/3) = 3: the largest of all splits of six.
        assert_eq!(best_split(&[0.0, 0.0, 0.0, 1.0, 1.0, 2.0]), Some(3));
        // Against the definition, split by split.
        let values = series(7, 40, 0.01, &[(13, 0.02)]);
        let sum = |a: &[f64], b: &[f64]| -> f64 {
            a.iter()
                .flat_map(|x| b.iter().map(move |y| (x - y).abs()))
                .sum()
        };
        let q = |split: usize| {
            let (x, y) = values.split_at(split);
            let (m, n) = (x.len() as f64, y.len() as f64);
            // Each pair within a side is in the double sum twice.
            let energy = 2.0 / (m * n) * sum(x, y)
                - sum(x, x) / (m * (m - 1.0))
                - sum(y, y) / (n * (n - 1.0));
            m * n / (m + n) * energy
        };
        let best = (3..=37).max_by(|a, b| q(*a).total_cmp(&q(*b)));
        assert_eq!(best_split(&values), best);
    }

    #[test]
    fn the_p_value_is_that_of_the_t_test() {
        // Means 2 and 5, pooled variance 1, error √(2/3): t = 3.674 with four
        // degrees of freedom, two-sided p = 0.02131 (tables of Student's t).
        let point = judge(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 10);
        assert_eq!((point.index, point.before, point.after), (13, 2.0, 5.0));
        assert!((point.p_value - 0.021_31).abs() < 1e-4, "{}", point.p_value);
    }

    proptest! {
        #[test]
        fn points_are_in_order_apart_and_inside(values in prop::collection::vec(-1e3..1e3, 0..150), window in 0..80_usize) {
            let points = change_points(&values, window, 0.05, 0.0);
            let mut last = 0;
            for point in &points {
                prop_assert!(point.index >= last + MIN_SEGMENT);
                prop_assert!((0.0..=0.05).contains(&point.p_value));
                last = point.index;
            }
            prop_assert!(points.is_empty() || last + MIN_SEGMENT <= values.len());
        }
    }
}
