//! An axis: its range, its ticks, how a value is placed and written.
//!
//! Every axis is logarithmic: half and twice lie equally far from 1.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::ticks;
use crate::format;
use crate::format::Unit;
use crate::model::Axis;

type Ticks = fn(f64, f64) -> Vec<f64>;

/// An axis ready to draw.
#[derive(Clone)]
pub struct Scale {
    unit: Unit,
    pub low: f64,
    pub high: f64,
    ticks: Vec<f64>,
}

impl Scale {
    /// An axis over all values with `margin`, a share of the range, left free at either end.
    pub fn new(axis: &Axis, values: impl Iterator<Item = f64>, margin: f64) -> Self {
        let unit = axis.unit;
        let shown = values.filter(|v| v.is_finite() && *v > 0.0).map(drawable);
        let (least, most) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
        let (least, most) = match least > most {
            true => (1.0, 2.0),
            false => (least, most),
        };
        // Where all values are one and large, a fixed span would be lost in rounding.
        let least_span = 0.1_f64.max(most.log10().abs() * 1e-6);
        let span = (most.log10() - least.log10()).max(least_span) * margin;
        let low = drawable(10_f64.powf(least.log10() - span));
        let high = drawable(10_f64.powf(most.log10() + span));
        let (choose, narrow): (Ticks, Ticks) = match unit {
            Unit::Bytes => (ticks::binary, ticks::linear_binary),
            // Such as ¼, ½, 1, 2, 4.
            Unit::Ratio => (ticks::binary, ticks::linear),
            Unit::Ns | Unit::Count => (ticks::decimal, ticks::linear),
        };
        let mut ticks = choose(low, high);
        if ticks.len() < 3 {
            ticks = narrow(low, high);
        }
        Self {
            unit,
            low,
            high,
            ticks,
        }
    }

    /// The same axis with as few ticks as lie a share of its length apart.
    pub fn apart(mut self, least: f64) -> Self {
        let places: Vec<f64> = self.ticks.iter().map(|tick| self.share(*tick)).collect();
        let mut last = f64::NEG_INFINITY;
        let mut places = places.into_iter();
        self.ticks.retain(|_| {
            let far = places.next().filter(|place| place - last >= least);
            last = far.unwrap_or(last);
            far.is_some()
        });
        self
    }

    /// The share of the axis below a value. What a logarithmic axis cannot show lies on
    /// its lower edge.
    fn share(&self, value: f64) -> f64 {
        if value <= 0.0 {
            return 0.0;
        }
        let (low, high) = (self.low.log10(), self.high.log10());
        (value.log10() - low) / (high - low)
    }

    /// Whether a value lies in the right, or upper, half.
    pub fn beyond_middle(&self, value: f64) -> bool {
        self.share(value) > 0.5
    }
}

/// The nearest value that an axis may end at: its length stays a number.
fn drawable(value: f64) -> f64 {
    value.clamp(f64::MIN_POSITIVE, f64::MAX / 8.0)
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (self.share(*value) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            Vec::new()
        } else {
            self.ticks.clone()
        }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Scale {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        format::tick(self.unit, *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_that_crowd_at_one_end_are_left_out() {
        let axis = Axis {
            label: "",
            unit: Unit::Bytes,
        };
        let held = [36.0, 120.0].map(|kib| kib * 1024.0);
        let scale = Scale::new(&axis, held.into_iter(), 0.04);
        let shown = scale.clone().apart(0.15);
        assert!(shown.ticks.len() < scale.ticks.len(), "{:?}", scale.ticks);
        let places: Vec<f64> = shown.ticks.iter().map(|tick| shown.share(*tick)).collect();
        assert!(places.windows(2).all(|two| two[1] - two[0] >= 0.15));
    }

    #[test]
    fn an_axis_over_absurd_values_still_has_two_ends_and_few_ticks() {
        for unit in [Unit::Bytes, Unit::Ns, Unit::Count, Unit::Ratio] {
            let axis = Axis { label: "x", unit };
            for values in [[1e-320, 1e308], [1e308, 1e308], [0.0, f64::INFINITY]] {
                let scale = Scale::new(&axis, values.into_iter(), 0.06);
                assert!(scale.low < scale.high, "{unit:?} {values:?}");
                assert!(scale.high.is_finite() && scale.low.is_finite());
                assert!(scale.ticks.len() < 20, "{:?}", scale.ticks);
            }
        }
    }
}
