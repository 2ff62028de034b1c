//! How comparisons are made.

use std::time::Duration;

use crate::stats::{Confidence, Delta};

/// How comparisons are made; the same for all of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The smallest change that matters.
    pub delta: Delta,
    /// Confidence of one comparison, after correction for their number
    /// ([`crate::stats::correction`]).
    pub confidence: Confidence,
    /// How narrow an interval must be before a comparison may stop early: the longer of
    /// its arms is at most this. By default δ.
    pub resolution: Delta,
    /// Time for the processes of one comparison, both looks together. A suspicion that
    /// appears when it is spent gets half as much again.
    pub budget: Duration,
    /// Processes of one look at most, where layouts do not set a limit.
    pub most_processes: usize,
    /// Rounds of a process that are not recorded.
    pub warmup: u32,
    /// Rounds of a process that are.
    pub rounds: u32,
    /// Time that the slowest arm's drain should take in a round. Where the clock is too
    /// coarse for that, a drain takes longer.
    pub drain: Duration,
}

impl Settings {
    /// The usual settings for a change of `delta`, within `budget` a comparison.
    #[must_use]
    pub fn new(delta: Delta, confidence: Confidence, budget: Duration) -> Self {
        Self {
            delta,
            confidence,
            resolution: delta,
            budget,
            most_processes: 480,
            warmup: 2,
            rounds: 9,
            drain: Duration::from_micros(50),
        }
    }
}
