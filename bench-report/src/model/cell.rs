//! How a cell is made of a number: what is written, what it sorts by, what is drawn.

use super::index::Estimate;
use super::types::{Cell, Drawing, Forest};
use crate::format;
use bench_record::wire::{Comparison, Verdict};

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(crate) fn number(value: f64, write: fn(f64) -> String) -> Self {
        Self {
            text: write(value),
            value: Some(value),
            ..Self::default()
        }
    }

    pub(super) fn optional(value: Option<f64>, write: fn(f64) -> String) -> Self {
        value.map_or_else(|| Self::text("–"), |value| Self::number(value, write))
    }

    pub(super) fn bytes(value: Option<u64>) -> Self {
        Self::optional(value.map(|b| b as f64), |b| format::bytes(b as u64))
    }

    pub(crate) fn estimate(value: f64, low: f64, high: f64, write: fn(f64) -> String) -> Self {
        Self {
            text: format::estimate(value, low, high, write),
            value: Some(value),
            ends: Some((low, high)),
            ..Self::default()
        }
    }

    /// As [`Self::estimate`], where what lies around the number may be quartiles, or nothing.
    pub(super) fn measured(e: Estimate, write: fn(f64) -> String) -> Self {
        if e.low >= e.high {
            return Self::number(e.value, write);
        }
        let cell = Self::estimate(e.value, e.low, e.high, write);
        if !e.quartiles {
            return cell;
        }
        let quartiles = format::interval(e.low, e.high, write);
        Self {
            text: format!("{}, quartiles {quartiles}", write(e.value)),
            ..cell
        }
    }

    /// A ratio and its interval, drawn hollow where most of the time is not the protocols'.
    pub(super) fn ratio(c: &Comparison, hollow: bool) -> Self {
        Self {
            drawing: Some(Drawing::Forest(Forest {
                ratio: c.ratio,
                low: c.low,
                high: c.high,
                delta: c.delta,
                hollow,
            })),
            ..Self::estimate(c.ratio, c.low, c.high, format::ratio)
        }
    }

    /// Sorted with losses first.
    pub(super) fn verdict(verdict: Verdict) -> Self {
        let rank = match verdict {
            Verdict::Slower => 0,
            Verdict::Inconclusive => 1,
            Verdict::Same => 2,
            Verdict::Faster => 3,
        };
        Self {
            rank: Some(rank),
            drawing: Some(Drawing::Verdict(verdict)),
            ..Self::text(verdict.name())
        }
    }
}
