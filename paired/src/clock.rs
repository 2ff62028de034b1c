//! The clock that budgets are measured with (a test brings its own), and what a clock
//! can tell apart.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::stats::StatsError;
use crate::stats::order::Sorted;

/// Steps of a clock that are looked at.
const STEPS: usize = 20_000;
/// Steps that a measuring process looks at: a few microseconds of a fine clock.
const FEW_STEPS: usize = 64;
/// Readings after which a clock that has not moved stands still: some 25 ms, the tick
/// of the coarsest clocks in use and half as much again.
const MOST_READINGS: usize = 1_000_000;

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

/// What a clock can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timer {
    /// Smallest step that it was seen to take, nanoseconds. Of a clock that counts
    /// nanoseconds this is what one reading takes.
    pub resolution_ns: f64,
    /// Typical time from one reading to the next, nanoseconds.
    pub reading_ns: f64,
}

/// Reads a clock again and again, at most a million times.
///
/// # Errors
/// [`StatsError::Empty`] when the clock never moves.
pub fn timer(now: impl Fn() -> Duration) -> Result<Timer, StatsError> {
    let watched = watch(now, STEPS);
    let mean = watched.passed.as_nanos() as f64 / watched.readings as f64;
    let (moves, readings) = (watched.steps.len(), watched.readings);
    let moved = Sorted::new(watched.steps)?;
    Ok(Timer {
        resolution_ns: moved.values()[0],
        // A coarse clock mostly stands still: then the mean says what a reading takes.
        reading_ns: if moves * 2 < readings {
            mean
        } else {
            moved.median()
        },
    })
}

/// The smallest step that a clock is seen to take in a short look, nanoseconds, at
/// least 1.
///
/// # Errors
/// [`StatsError::Empty`] when the clock never moves.
pub fn step_ns(now: impl Fn() -> Duration) -> Result<u64, StatsError> {
    let steps = Sorted::new(watch(now, FEW_STEPS).steps)?;
    Ok(steps.values()[0] as u64)
}

/// How a clock moved while it was read.
struct Watched {
    /// Its steps, nanoseconds; none is 0.
    steps: Vec<f64>,
    readings: usize,
    passed: Duration,
}

/// Reads a clock until it has moved so many times or [`MOST_READINGS`] are used up.
fn watch(now: impl Fn() -> Duration, wanted: usize) -> Watched {
    let mut steps = Vec::with_capacity(wanted);
    let start = now();
    let (mut last, mut readings) = (start, 0);
    while steps.len() < wanted && readings < MOST_READINGS {
        let next = now();
        readings += 1;
        if next > last {
            steps.push((next - last).as_nanos() as f64);
            last = next;
        }
    }
    let passed = last.saturating_sub(start);
    Watched {
        steps,
        readings,
        passed,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A clock of which a reading takes `reading` ns and which counts in `step` ns.
    fn clock(reading: u64, step: u64) -> impl Fn() -> Duration {
        let time = Cell::new(0);
        move || {
            time.set(time.get() + reading);
            Duration::from_nanos(time.get() / step * step)
        }
    }

    #[test]
    fn a_fine_clock_is_told_by_its_reading() {
        let found = timer(clock(25, 1)).expect("it moves");
        assert_eq!((found.resolution_ns, found.reading_ns), (25.0, 25.0));
        assert_eq!(step_ns(clock(25, 1)), Ok(25));
    }

    #[test]
    fn a_coarse_clock_is_told_by_its_step() {
        let found = timer(clock(25, 1000)).expect("it moves");
        assert_eq!(found.resolution_ns, 1000.0);
        assert!((found.reading_ns - 25.0).abs() < 0.1, "{found:?}");
        // The tick of a clock that moves 64 times a second.
        assert_eq!(step_ns(clock(25, 15_625_000)), Ok(15_625_000));
    }

    #[test]
    fn a_clock_that_stands_still_is_an_error_after_a_bounded_number_of_readings() {
        let readings = Cell::new(0);
        let still = || {
            readings.set(readings.get() + 1);
            Duration::ZERO
        };
        assert_eq!(step_ns(still), Err(StatsError::Empty));
        assert!(readings.get() <= MOST_READINGS + 1, "{}", readings.get());
        assert!(timer(|| Duration::ZERO).is_err());
    }
}
