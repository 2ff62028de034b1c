//! Order statistics. Knows numbers only; every other file gets its medians here.

use super::StatsError;

/// A sample in ascending order, never empty, every value finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// Checks and sorts the values.
    ///
    /// # Errors
    /// [`StatsError::Empty`], or [`StatsError::NotFinite`] with the position of
    /// the first NaN or infinity.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Result<Self, StatsError> {
        let mut values: Vec<f64> = values.into_iter().collect();
        if values.is_empty() {
            return Err(StatsError::Empty);
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let value = values[index];
            return Err(StatsError::NotFinite { index, value });
        }
        values.sort_unstable_by(f64::total_cmp);
        Ok(Self(values))
    }

    /// The values, ascending.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The middle value; the mean of the two middle ones when there are two.
    pub fn median(&self) -> f64 {
        let n = self.0.len();
        f64::midpoint(self.0[(n - 1) / 2], self.0[n / 2])
    }

    /// The quantile at `p`, clamped to 0..=1, with linear interpolation between
    /// order statistics: definition 7 of Hyndman & Fan, *Sample quantiles in
    /// statistical packages* (The American Statistician 50, 1996). At one half
    /// it is the median.
    pub fn quantile(&self, p: f64) -> f64 {
        let last = self.0.len() - 1;
        let position = p.clamp(0.0, 1.0) * last as f64;
        let below = position.floor() as usize;
        let above = (below + 1).min(last);
        let weight = position - below as f64;
        (1.0 - weight) * self.0[below] + weight * self.0[above]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(values: &[f64]) -> Sorted {
        Sorted::new(values.iter().copied()).expect("finite values")
    }

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_two_middle_ones() {
        assert_eq!(sorted(&[3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(sorted(&[4.0, 1.0, 3.0, 2.0]).median(), 2.5);
        assert_eq!(sorted(&[7.0]).median(), 7.0);
        assert_eq!(sorted(&[f64::MAX, f64::MAX]).median(), f64::MAX);
    }

    #[test]
    fn quantiles_agree_with_the_worked_values_of_definition_7() {
        // R: quantile(c(1, 2, 4, 8), c(0, .1, .25, .5, .75, 1), type = 7)
        let sample = sorted(&[8.0, 4.0, 2.0, 1.0]);
        let wanted = [
            (0.0, 1.0),
            (0.1, 1.3),
            (0.25, 1.75),
            (0.5, 3.0),
            (0.75, 5.0),
            (1.0, 8.0),
        ];
        for (p, value) in wanted {
            assert!((sample.quantile(p) - value).abs() < 1e-12, "at {p}");
        }
        assert_eq!(sample.quantile(-1.0), 1.0);
        assert_eq!(sample.quantile(2.0), 8.0);
    }

    #[test]
    fn what_is_empty_or_not_finite_is_refused_with_its_position() {
        assert_eq!(Sorted::new([]), Err(StatsError::Empty));
        let refused = Sorted::new([1.0, f64::INFINITY, 2.0]);
        assert_eq!(
            refused,
            Err(StatsError::NotFinite {
                index: 1,
                value: f64::INFINITY
            })
        );
        assert!(matches!(
            Sorted::new([f64::NAN]),
            Err(StatsError::NotFinite { index: 0, .. })
        ));
    }
}
