//! The statistics behind every interval and every verdict.
//!
//! Pure functions of numbers: nothing here knows a case, a process, a clock or
//! a file. The way through: per-process samples → `summary` (estimate and interval by
//! [`signed_rank`], that of [`sign`] beside) → `verdict` → [`stopping`] says
//! whether to go on → a suspicion is measured again and confirmed or not.

pub mod correction;
mod display;
mod error;
pub mod order;
pub mod quantity;
pub mod sign;
pub mod signed_rank;
pub mod stopping;
pub(crate) mod summary;
#[cfg(test)]
mod tests;
pub(crate) mod verdict;

pub use error::StatsError;
pub use quantity::{Confidence, Delta, Interval, LogRatio};
