//! Pareto fronts: what is dominated, and by what.

/// Whether a point is no larger than another in any coordinate and smaller in at
/// least one.
pub fn dominates<const N: usize>(by: &[f64; N], at: &[f64; N]) -> bool {
    by.iter().zip(at).all(|(by, at)| by <= at) && by.iter().zip(at).any(|(by, at)| by < at)
}

/// Of each of `count` things the first one of the front that `dominates` it (the
/// index of the one, then of the other), or the first at all where none of the front
/// does. `None` for the things of the front.
pub fn dominators(count: usize, dominates: impl Fn(usize, usize) -> bool) -> Vec<Option<usize>> {
    let dominates = &dominates;
    let better = |at: usize| (0..count).filter(move |&by| dominates(by, at));
    let first: Vec<Option<usize>> = (0..count).map(|at| better(at).next()).collect();
    let of_front = |at: usize| better(at).find(|&by| first[by].is_none());
    (0..count).map(|at| of_front(at).or(first[at])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of_points<const N: usize>(points: &[[f64; N]]) -> Vec<Option<usize>> {
        dominators(points.len(), |by, at| dominates(&points[by], &points[at]))
    }

    #[test]
    fn a_point_that_is_worse_in_everything_is_dominated_and_twins_are_not() {
        let points = [[1.0, 4.0], [2.0, 5.0], [4.0, 1.0], [1.0, 4.0], [4.0, 1.5]];
        assert_eq!(of_points(&points), [None, Some(0), None, None, Some(2)]);
    }

    proptest! {
        #[test]
        fn every_point_is_on_the_front_or_behind_a_point_of_it(
            points in proptest::collection::vec([0..6_u8, 0..6, 0..6], 1..30),
        ) {
            let points: Vec<[f64; 3]> = points.iter().map(|point| point.map(f64::from)).collect();
            let found = of_points(&points);
            for (at, point) in points.iter().enumerate() {
                if let Some(by) = found[at] {
                    prop_assert_eq!(found[by], None);
                }
                let behind = points.iter().zip(&found).any(|(other, dominator)| {
                    dominator.is_none()
                        && other != point
                        && other.iter().zip(point).all(|(a, b)| a <= b)
                });
                prop_assert_eq!(found[at].is_some(), behind);
            }
        }
    }
}
