//! Why a comparison has no result.

use std::time::Duration;

use crate::process::ExecuteError;
use crate::stats::{Confidence, StatsError};

/// Why a comparison has no result.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// A process failed.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// A process answered with other times than it was asked for.
    #[error("a measuring process answered with {found} times where {expected} were asked for")]
    Shape {
        /// Times it answered with.
        found: usize,
        /// Times it was asked for.
        expected: usize,
    },
    /// No item count makes a drain long enough to time.
    #[error("no number of items makes a drain of {name} take {} µs", drain.as_micros())]
    TooFast {
        /// Name of the arm.
        name: String,
        /// The wanted length of a drain.
        drain: Duration,
    },
    /// There are several layouts, but fewer than an interval needs.
    #[error(
        "{have} link layouts are too few: an interval at {:.3}% confidence needs {need} processes, \
         each with layouts of its own; link {need} layouts or more, or use one for all processes",
        100.0 * confidence.share()
    )]
    TooFewLayouts {
        /// Layouts of the library that has fewest of those with more than one.
        have: usize,
        /// Layouts needed.
        need: usize,
        /// Confidence of a comparison.
        confidence: Confidence,
    },
    /// The samples have no statistic.
    #[error(transparent)]
    Stats(#[from] StatsError),
}
