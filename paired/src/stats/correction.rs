//! One confidence for many comparisons: what each must have so that *all*
//! intervals of a run hold together.

use super::Confidence;

/// The confidence of each of `comparisons` intervals under which all of them
/// hold at once with `family`; one comparison needs no correction.
///
/// Bonferroni's inequality (Dunn, *Multiple comparisons among means*, JASA 56,
/// 1961): the error is shared out evenly. Holm's procedure rejects more, but it
/// orders p-values and has no simultaneous two-sided intervals to print;
/// Šidák's 1 − (1 − α)^(1/m) gains less than a hundredth of the error allowed
/// (at 99%) and asks for independence, which comparisons that share their arms
/// and their machine do not have.
pub fn per_comparison(family: Confidence, comparisons: usize) -> Confidence {
    Confidence::with_error(family.error() / comparisons.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_shared_out_evenly() {
        let family = Confidence::new(0.99).expect("a valid share");
        assert_eq!(per_comparison(family, 0), family);
        assert_eq!(per_comparison(family, 1), family);
        assert!((per_comparison(family, 20).share() - 0.9995).abs() < 1e-12);
    }

    #[test]
    fn even_comparisons_that_never_fail_together_keep_the_family_error() {
        // The worst case of the inequality: the errors are disjoint and add up.
        let family = Confidence::new(0.95).expect("a valid share");
        for comparisons in [2, 7, 40] {
            let each = per_comparison(family, comparisons).error();
            assert!(each * comparisons as f64 <= family.error() * (1.0 + 1e-12));
        }
    }
}
