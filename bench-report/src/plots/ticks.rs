//! Where axes are labelled: round values, seldom enough to be read. Whatever the ends of
//! an axis are, its ticks are few and lie on it.

/// The most labels an axis bears.
const MOST: usize = 7;

/// Powers of two between two byte counts, thinned to every second, third, ... until few.
pub fn binary(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (power(low, f64::log2).0, power(high, f64::log2).1);
    thinned(first, last, low, high, |power| 2_f64.powi(power))
}

/// 1, 2 and 5 times powers of ten, or the powers alone where those are enough, thinned
/// where even they are many.
pub fn decimal(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (power(low, f64::log10).0, power(high, f64::log10).1);
    let fine: Vec<f64> = (first - 1..=last)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10_f64.powi(power)))
        .filter(|value| value.is_finite() && (low..=high).contains(value))
        .take(MOST + 1)
        .collect();
    if fine.len() <= MOST {
        return fine;
    }
    thinned(first, last, low, high, |power| 10_f64.powi(power))
}

/// The power that a value is of: the next whole one above and the next below. A value
/// that has none, such as 0, counts as the nearest that has.
fn power(value: f64, logarithm: fn(f64) -> f64) -> (i32, i32) {
    let power = logarithm(value.clamp(f64::MIN_POSITIVE, f64::MAX));
    (power.ceil() as i32, power.floor() as i32)
}

/// The powers from `first` to `last` that lie on the axis, every so many that few are left.
fn thinned(first: i32, last: i32, low: f64, high: f64, of: fn(i32) -> f64) -> Vec<f64> {
    let step = (1..)
        .find(|step| (last - first) / step < MOST as i32)
        .unwrap_or(1);
    (first..=last)
        .filter(|power| power % step == 0)
        .map(of)
        .filter(|value| value.is_finite() && (low..=high).contains(value))
        .collect()
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
    // One size alone: parts of a byte are none.
    let only = (low * high).sqrt().round();
    if high < 1.3 * low && (low..=high).contains(&only) {
        return vec![only];
    }
    multiples(
        2_f64.powf(((high - low) / MOST as f64).log2().ceil()),
        low,
        high,
    )
}

fn multiples(step: f64, low: f64, high: f64) -> Vec<f64> {
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    // An axis of no length, or of ends that no step tells apart, has no round values.
    if !step.is_normal() || last.saturating_sub(first) > 2 * MOST as i64 {
        return Vec::new();
    }
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
    fn no_axis_has_more_ticks_than_can_be_read() {
        let ends = [
            0.0,
            f64::MIN_POSITIVE,
            1e-300,
            1.0,
            1.0 + f64::EPSILON,
            1e15,
            1e308,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
        ];
        for low in ends {
            for high in ends {
                for ticks in [
                    binary(low, high),
                    decimal(low, high),
                    linear(low, high),
                    linear_binary(low, high),
                ] {
                    assert!(ticks.len() <= 2 * MOST + 1, "{low} to {high}: {ticks:?}");
                    assert!(ticks.iter().all(|tick| tick.is_finite()), "{low} to {high}");
                }
            }
        }
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
