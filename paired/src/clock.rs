//! The clock that budgets are measured with; a test brings its own.

use std::time::{Duration, Instant};

/// Tells how much time has passed since some fixed moment.
pub trait Clock {
    /// Time since the clock's beginning.
    fn now(&self) -> Duration;
}

/// The machine's monotonic clock.
#[derive(Debug)]
pub struct Monotonic {
    start: Instant,
}

impl Default for Monotonic {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}
