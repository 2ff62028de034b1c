//! The statistics behind every interval and every verdict.
//!
//! Pure functions of numbers: nothing here knows a case, a process, a clock or
//! a file. The way through: per-process samples → `summary` (estimate and interval by
//! [`signed_rank`], that of [`sign`] beside) → `verdict` → [`stopping`] says
//! whether to go on → a suspicion is measured again and confirmed or not.

pub mod correction;
mod display;
pub mod order;
pub mod quantity;
pub mod sign;
pub mod signed_rank;
#[cfg(test)]
mod simulation;
pub mod stopping;
pub(crate) mod summary;
pub(crate) mod verdict;

pub use quantity::{Confidence, Delta, Interval, LogRatio};

/// Why a statistic cannot be had from these numbers.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum StatsError {
    /// There is nothing to take a statistic of.
    #[error("no samples: at least one is needed")]
    Empty,
    /// A sample is NaN or infinite.
    #[error("sample {index} is {value}: every sample must be a finite number")]
    NotFinite {
        /// Its position in the input, from 0.
        index: usize,
        /// What it was.
        value: f64,
    },
    /// No interval of this confidence exists for so few values.
    #[error(
        "{have} {what} cannot give an interval at {:.3}% confidence: at least {need} are needed",
        100.0 * confidence.share()
    )]
    TooFew {
        /// What was counted, such as `processes`.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
        /// The confidence asked for.
        confidence: Confidence,
    },
    /// A parameter lies outside its range.
    #[error("{what} is {value}: it must be greater than 0 and less than 1")]
    NotAShare {
        /// Which parameter.
        what: &'static str,
        /// What it was.
        value: f64,
    },
}
