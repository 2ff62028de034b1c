//! How small a change can be seen in how much time, from how the processes of
//! A/A comparisons scattered.
//!
//! The interval of the processes that were measured (see [`signed_rank`]) narrows with
//! the root of their number, which gives the reach of as many as a budget pays for. A
//! change is seen in 95 of 100 comparisons when it exceeds that reach by what the
//! estimate itself may be off, which is the reach at 90% (5% to each side).
//!
//! Between two builds the differences of their link layouts come on top.

use std::time::Duration;

use serde::Serialize;

use paired::stats::order::Sorted;
use paired::stats::stopping::at_the_last_look;
use paired::stats::{Confidence, StatsError, sign, signed_rank};

/// Two-sided confidence at which the median is off to one side in 5%.
const POWER: f64 = 0.9;

/// How single processes scatter, and what they cost.
#[derive(Debug, Clone)]
pub struct Spread {
    /// Log-ratios of A/A, one a process.
    pub log_ratios: Sorted,
    /// Time that one process takes, all told.
    pub process: Duration,
    pub confidence: Confidence,
    /// Processes that a comparison makes at most.
    pub most_processes: usize,
}

/// What can be seen within a budget.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Detectable {
    /// Time for one look, seconds.
    pub budget_s: f64,
    /// Processes that it pays for.
    pub processes: usize,
    /// Smallest change that 95 of 100 comparisons see, percent; `null` where the
    /// processes are too few for any interval.
    pub percent: Option<f64>,
}

/// The smallest change that a look of this budget sees.
pub fn within(budget: Duration, spread: &Spread) -> Result<Detectable, StatsError> {
    let paid = budget.as_secs_f64() / spread.process.as_secs_f64().max(1e-9);
    let processes = (paid as usize).min(spread.most_processes);
    let last = at_the_last_look(spread.confidence);
    let seen = reach(spread, processes, last);
    let off = reach(spread, processes, Confidence::new(POWER)?);
    let log_ratio = seen.zip(off).map(|(seen, off)| seen + off);
    Ok(Detectable {
        budget_s: budget.as_secs_f64(),
        processes,
        percent: log_ratio.map(|log_ratio| 100.0 * log_ratio.exp_m1()),
    })
}

/// Half the expected width of the interval of so many processes, in log-ratios.
fn reach(spread: &Spread, processes: usize, confidence: Confidence) -> Option<f64> {
    if processes < sign::fewest(confidence) {
        return None;
    }
    let found = signed_rank::interval(&spread.log_ratios, confidence)?;
    let measured = spread.log_ratios.values().len() as f64;
    Some((found.high - found.low) / 2.0 * (measured / processes as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Processes of 10 ms that scatter evenly within ±1%.
    fn spread() -> Spread {
        Spread {
            log_ratios: Sorted::new((0..=200).map(|i| f64::from(i - 100) / 100.0 * 0.01))
                .expect("finite"),
            process: Duration::from_millis(10),
            confidence: Confidence::new(0.99).expect("a share"),
            most_processes: usize::MAX,
        }
    }

    #[test]
    fn four_times_the_budget_sees_half_the_change() {
        let percent = |budget| {
            let found = within(Duration::from_secs(budget), &spread()).expect("a statistic");
            found.percent.expect("enough processes")
        };
        assert!((percent(1) / percent(4) - 2.0).abs() < 0.1);
        assert!((percent(4) / percent(16) - 2.0).abs() < 0.1);
    }

    #[test]
    fn a_budget_for_too_few_processes_sees_nothing() {
        let found = within(Duration::from_millis(50), &spread()).expect("no error");
        assert_eq!((found.processes, found.percent), (5, None));
    }

    #[test]
    fn a_change_of_that_size_is_seen_in_95_of_100_comparisons() {
        let spread = spread();
        let found = within(Duration::from_millis(1000), &spread).expect("a statistic");
        let change = (found.percent.expect("enough processes") / 100.0).ln_1p();
        let mut rng = SmallRng::seed_from_u64(1);
        let values = spread.log_ratios.values();
        let comparisons = 300;
        let seen = (0..comparisons).filter(|_| {
            let sample =
                (0..found.processes).map(|_| change + values[rng.random_range(0..values.len())]);
            let sample = Sorted::new(sample).expect("finite");
            let interval = signed_rank::interval(&sample, spread.confidence).expect("enough");
            interval.low > 0.0
        });
        let share = seen.count() as f64 / f64::from(comparisons);
        assert!((0.9..=1.0).contains(&share), "{share}");
    }
}
