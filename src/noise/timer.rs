//! What the clock can tell apart.

use std::time::Duration;

use serde::Serialize;

use paired::stats::StatsError;
use paired::stats::order::Sorted;

/// Readings of the clock that are looked at.
const READINGS: usize = 20_000;

/// The clock that everything is timed with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timer {
    /// Smallest step that it was seen to take, nanoseconds.
    pub resolution_ns: f64,
    /// Median time from one reading to the next, nanoseconds.
    pub reading_ns: f64,
}

/// Reads a clock many times in a row.
///
/// # Errors
/// When it never moves.
pub fn measure(now: impl Fn() -> Duration) -> Result<Timer, StatsError> {
    let mut readings = Vec::with_capacity(READINGS);
    for _ in 0..READINGS {
        readings.push(now());
    }
    let steps = readings
        .windows(2)
        .map(|pair| (pair[1].saturating_sub(pair[0])).as_nanos() as f64);
    let moved = Sorted::new(steps.filter(|&nanoseconds| nanoseconds > 0.0))?;
    let all = readings[READINGS - 1].saturating_sub(readings[0]);
    let still = moved.values().len() < READINGS / 2;
    Ok(Timer {
        resolution_ns: moved.values()[0],
        // A coarse clock mostly stands still: then the mean says what a reading takes.
        reading_ns: if still {
            all.as_nanos() as f64 / (READINGS - 1) as f64
        } else {
            moved.median()
        },
    })
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
        let timer = measure(clock(25, 1)).expect("it moves");
        assert_eq!((timer.resolution_ns, timer.reading_ns), (25.0, 25.0));
    }

    #[test]
    fn a_coarse_clock_is_told_by_its_step() {
        let timer = measure(clock(25, 1000)).expect("it moves");
        assert_eq!(timer.resolution_ns, 1000.0);
        assert!((timer.reading_ns - 25.0).abs() < 0.1, "{timer:?}");
    }

    #[test]
    fn a_clock_that_stands_still_is_an_error() {
        assert!(measure(|| Duration::ZERO).is_err());
    }
}
