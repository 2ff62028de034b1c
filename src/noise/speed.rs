//! How steady the machine is, by a computation that always does the same work.
//!
//! It touches no memory: what moves it is frequency, time that others take, and
//! interrupts, also where the system shows none of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Serialize;

use paired::stats::StatsError;
use paired::stats::order::Sorted;

/// Time that one computation should take: long beside the timer, short beside a
/// scheduler's slice.
const EACH: Duration = Duration::from_micros(500);
/// Multiplications that one is calibrated from.
const PROBE: u32 = 100_000;

/// How the time of a fixed computation varies, relative to its median.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Speed {
    /// The fastest twentieth takes at most so much less, percent.
    pub low_percent: f64,
    /// The slowest twentieth takes at least so much more, percent.
    pub high_percent: f64,
    /// The slowest of all, percent above the median: an interruption.
    pub worst_percent: f64,
}

/// Times the computation again and again for `budget`.
///
/// # Errors
/// When there is no statistic of the times, which are finite: never.
pub fn measure(budget: Duration) -> Result<Speed, StatsError> {
    let probe = (0..5).map(|_| time(PROBE)).min().unwrap_or(EACH);
    let each = EACH.as_secs_f64() / probe.as_secs_f64().max(1e-9);
    let steps = (f64::from(PROBE) * each) as u32;
    let start = Instant::now();
    let mut times = vec![time(steps).as_secs_f64()];
    while start.elapsed() < budget {
        times.push(time(steps).as_secs_f64());
    }
    of(times)
}

fn of(times: impl IntoIterator<Item = f64>) -> Result<Speed, StatsError> {
    let times = Sorted::new(times)?;
    let percent = |time: f64| 100.0 * (time / times.median() - 1.0);
    Ok(Speed {
        low_percent: percent(times.quantile(0.05)),
        high_percent: percent(times.quantile(0.95)),
        worst_percent: percent(times.quantile(1.0)),
    })
}

/// Time of a chain of dependent multiplications.
#[inline(never)]
fn time(steps: u32) -> Duration {
    let start = Instant::now();
    let mut state = black_box(1_u64);
    for _ in 0..steps {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
    }
    black_box(state);
    start.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_machine_varies_by_nothing_and_an_interruption_is_the_worst() {
        let steady = of([2.0; 100]).expect("finite");
        assert_eq!((steady.low_percent, steady.high_percent), (0.0, 0.0));
        let mut times = [2.0; 100];
        times[17] = 8.0;
        let interrupted = of(times).expect("finite");
        assert_eq!(
            (interrupted.high_percent, interrupted.worst_percent),
            (0.0, 300.0)
        );
    }
}
