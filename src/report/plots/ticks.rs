//! Where axes are labelled: round values, seldom enough to be read.

/// The most labels an axis bears.
const MOST: usize = 7;

/// Powers of two between two byte counts, thinned to every second, third, ... until few.
pub fn binary(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log2().ceil() as i32, high.log2().floor() as i32);
    let step = (1..)
        .find(|step| (last - first) / step < MOST as i32)
        .unwrap_or(1);
    (first..=last)
        .filter(|power| power % step == 0)
        .map(|power| 2_f64.powi(power))
        .collect()
}

/// 1, 2 and 5 times powers of ten, or the powers alone where those are enough.
pub fn decimal(low: f64, high: f64) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let values = |factors: &[f64]| -> Vec<f64> {
        decades
            .clone()
            .flat_map(|power| {
                factors
                    .iter()
                    .map(move |factor| factor * 10_f64.powi(power))
            })
            .filter(|value| (low..=high).contains(value))
            .collect()
    };
    let fine = values(&[1.0, 2.0, 5.0]);
    if fine.len() <= MOST {
        fine
    } else {
        values(&[1.0])
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
pub fn linear(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / MOST as f64;
    let magnitude = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|f| f * magnitude >= rough)
        .unwrap_or(10.0);
    multiples(factor * magnitude, low, high)
}

/// Multiples of a power of two.
pub fn linear_binary(low: f64, high: f64) -> Vec<f64> {
    multiples(
        2_f64.powf(((high - low) / MOST as f64).log2().ceil()),
        low,
        high,
    )
}

fn multiples(step: f64, low: f64, high: f64) -> Vec<f64> {
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last)
        .map(|multiple| multiple as f64 * step)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_ticks_are_powers_of_two() {
        assert_eq!(
            binary(60.0, 70_000.0),
            [64.0, 256.0, 1024.0, 4096.0, 16_384.0, 65_536.0]
        );
    }

    #[test]
    fn a_wide_logarithmic_axis_keeps_its_powers_of_ten_alone() {
        assert_eq!(decimal(3.0, 30.0), [5.0, 10.0, 20.0]);
        assert_eq!(decimal(0.5, 200_000.0), [1.0, 10.0, 100.0, 1e3, 1e4, 1e5]);
    }

    #[test]
    fn linear_ticks_lie_within_the_axis() {
        let ticks = linear(0.43, 1.08);
        assert!(
            ticks.len() <= 8 && ticks.iter().all(|t| (0.43..=1.08).contains(t)),
            "{ticks:?}"
        );
        assert!(ticks.iter().any(|t| (t - 1.0).abs() < 1e-9));
    }
}
