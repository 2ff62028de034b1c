//! Calibration: with how many items and rounds the processes of a contest measure.

use rand::Rng;

use super::sequential::median;
use super::{Arm, Look, MeasureError, Runner, Settings};

/// Rounds of a calibration.
const CALIBRATION_ROUNDS: u32 = 3;
/// Calibrations before the item count must have been found.
const CALIBRATIONS: u32 = 12;
/// Rounds of a process whose single items take far longer than a drain should.
const FEWEST_ROUNDS: u32 = 3;

/// How the processes of a contest measure: found by calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Items that every arm drains in a round.
    pub items: u64,
    /// Rounds that are not recorded.
    pub warmup: u32,
    /// Rounds that are.
    pub rounds: u32,
}

impl<R: Rng> Runner<'_, R> {
    /// The shared number of items with which the slowest arm's drain takes as
    /// long as it should, unless the arms say it themselves; fewer rounds where
    /// the drain takes much longer.
    ///
    /// # Errors
    /// When a process fails, or no number is large enough.
    pub fn calibrate(&mut self, arms: &[Arm]) -> Result<Shape, MeasureError> {
        let Settings {
            warmup,
            rounds,
            drain,
            ..
        } = self.settings;
        let wanted = drain.as_nanos() as f64;
        let arms: Vec<&Arm> = arms.iter().collect();
        let given = arms.iter().find_map(|arm| arm.items);
        let mut shape = Shape {
            items: given.unwrap_or(1),
            warmup: 1,
            rounds: CALIBRATION_ROUNDS,
        };
        for _ in 0..CALIBRATIONS {
            let times = self.process(&arms, Look::First, 0, shape)?;
            let slowest = times.iter().flatten().map(|times| median(times));
            let slowest = slowest.fold(1.0, f64::max);
            if given.is_some() || slowest >= wanted / 2.0 {
                // One step from close by: what a first drain costs once is small.
                let fitting = ((shape.items as f64 * wanted / slowest) as u64).max(1);
                let items = given.unwrap_or(fitting);
                let each = slowest * items as f64 / shape.items as f64;
                let share = (wanted / each).min(1.0);
                let fewer = |rounds: u32, fewest: u32| {
                    ((f64::from(rounds) * share) as u32).max(fewest.min(rounds))
                };
                let (warmup, rounds) = (fewer(warmup, 1), fewer(rounds, FEWEST_ROUNDS));
                return Ok(Shape {
                    items,
                    warmup,
                    rounds,
                });
            }
            let more = (wanted / slowest).clamp(2.0, 100.0);
            shape.items = (shape.items as f64 * more) as u64;
        }
        let name = arms.first().map(|arm| arm.name.clone()).unwrap_or_default();
        Err(MeasureError::TooFast { name, drain })
    }
}
