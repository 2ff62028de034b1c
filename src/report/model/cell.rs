//! How a cell is made of a number: what is written, what it sorts by, what is drawn.

use super::{Cell, Drawing, Forest, format};
use crate::record::wire::{Comparison, Verdict};

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            value: None,
            drawing: None,
        }
    }

    pub(super) fn number(value: f64, write: fn(f64) -> String) -> Self {
        Self {
            text: write(value),
            value: Some(value),
            drawing: None,
        }
    }

    pub(super) fn optional(value: Option<f64>, write: fn(f64) -> String) -> Self {
        value.map_or_else(|| Self::text("–"), |value| Self::number(value, write))
    }

    pub(super) fn bytes(value: Option<u64>) -> Self {
        Self::optional(value.map(|b| b as f64), |b| format::bytes(b as u64))
    }

    pub(super) fn estimate(value: f64, low: f64, high: f64, write: fn(f64) -> String) -> Self {
        let text = format!("{} [{}]", write(value), format::interval(low, high, write));
        Self {
            text,
            value: Some(value),
            drawing: None,
        }
    }

    pub(super) fn ratio(c: &Comparison) -> Self {
        Self {
            drawing: Some(Drawing::Forest(Forest {
                ratio: c.ratio,
                low: c.low,
                high: c.high,
                delta: c.delta,
            })),
            ..Self::estimate(c.ratio, c.low, c.high, format::ratio)
        }
    }

    /// Sorted with losses first.
    pub(super) fn verdict(verdict: Verdict) -> Self {
        let rank = match verdict {
            Verdict::Slower => 0.0,
            Verdict::Inconclusive => 1.0,
            Verdict::Same => 2.0,
            Verdict::Faster => 3.0,
        };
        Self {
            text: super::answers::verdict_word(verdict).to_owned(),
            value: Some(rank),
            drawing: Some(Drawing::Verdict(verdict)),
        }
    }
}
