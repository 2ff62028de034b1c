//! Pareto fronts: what is dominated, and by what.

/// Of each point the first one that dominates it: one that is no larger in any
/// coordinate, smaller in at least one, and `may` stand in its place (the index
/// of the one, then of the other). `None` for the points of the front.
#[must_use]
pub fn dominators<const N: usize>(
    points: &[[f64; N]],
    may: impl Fn(usize, usize) -> bool,
) -> Vec<Option<usize>> {
    let dominates = |a: &[f64; N], b: &[f64; N]| {
        a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
    };
    (0..points.len())
        .map(|at| (0..points.len()).find(|&by| dominates(&points[by], &points[at]) && may(by, at)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_point_that_is_worse_in_everything_is_dominated_and_twins_are_not() {
        let points = [[1.0, 4.0], [2.0, 5.0], [4.0, 1.0], [1.0, 4.0], [4.0, 1.5]];
        assert_eq!(
            dominators(&points, |_, _| true),
            [None, Some(0), None, None, Some(2)]
        );
    }

    proptest! {
        #[test]
        fn every_point_is_on_the_front_or_behind_a_point_of_it(
            points in proptest::collection::vec([0..6_u8, 0..6, 0..6], 1..30),
        ) {
            let points: Vec<[f64; 3]> = points.iter().map(|point| point.map(f64::from)).collect();
            let found = dominators(&points, |_, _| true);
            for (at, point) in points.iter().enumerate() {
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
