//! Calibration: with how many items and rounds the processes of a comparison measure.

use std::time::Duration;

use super::arm::Arm;
use super::bench::{Bench, FEWEST_STEPS, Process, Shape, median};
use super::error::MeasureError;
use super::settings::Settings;

/// Rounds of a calibration.
const CALIBRATION_ROUNDS: u32 = 3;
/// Calibrations before the item count must have been found.
const CALIBRATIONS: u32 = 12;
/// Rounds of a process whose single items take far longer than a drain should.
const FEWEST_ROUNDS: u32 = 3;
/// The longest that a drain is made for the sake of a coarse clock.
const LONGEST_DRAIN: Duration = Duration::from_millis(20);

/// Nanoseconds of a drain of the fastest and of the slowest arm.
fn drains(process: &Process) -> (f64, f64) {
    let drains = process.times.iter().flatten().map(|times| median(times));
    drains.fold((f64::INFINITY, 1.0), |(fastest, slowest), drain| {
        (drain.min(fastest), drain.max(slowest))
    })
}

/// The shared number of items with which the slowest arm's drain takes as long as it
/// should, unless the arms say it themselves; more where the fastest arm's drain would
/// be too short for the clock; fewer rounds where a drain takes much longer.
pub(super) fn calibrate(
    bench: &mut Bench<'_>,
    arms: &[Arm],
    settings: &Settings,
) -> Result<Shape, MeasureError> {
    let given = arms.iter().find_map(|arm| arm.items);
    let longest = LONGEST_DRAIN.max(settings.drain).as_nanos() as f64;
    let mut shape = Shape {
        items: given.unwrap_or(1),
        warmup: 1,
        rounds: CALIBRATION_ROUNDS,
    };
    for _ in 0..CALIBRATIONS {
        let layouts = arms.iter().map(|arm| vec![0; arm.libraries.len()]);
        let process = bench.process(arms, layouts.collect(), shape)?;
        let (fastest, slowest) = drains(&process);
        let fine = (FEWEST_STEPS * process.clock_step_ns) as f64;
        let wanted = (settings.drain.as_nanos() as f64).max(fine.min(longest));
        // How much longer the slowest drain must be, and how much the fastest may.
        let longer = wanted / slowest;
        let finer = (fine / fastest).min(longest / slowest);
        if given.is_some() || longer.max(finer) <= 2.0 {
            // One step from close by: what a first drain costs once is small.
            let times = longer.max(finer);
            let items = given.unwrap_or(((shape.items as f64 * times) as u64).max(1));
            let slowest = slowest * items as f64 / shape.items as f64;
            return Ok(rounds_for(items, slowest, settings));
        }
        let more = longer.max(finer).clamp(2.0, 100.0);
        shape.items = (shape.items as f64 * more) as u64;
    }
    let name = arms.first().map(|arm| arm.name.clone()).unwrap_or_default();
    let drain = settings.drain;
    Err(MeasureError::TooFast { name, drain })
}

/// The usual rounds, or fewer where the slowest drain takes longer than it should.
fn rounds_for(items: u64, slowest_ns: f64, settings: &Settings) -> Shape {
    let share = (settings.drain.as_nanos() as f64 / slowest_ns).min(1.0);
    let fewer =
        |rounds: u32, fewest: u32| ((f64::from(rounds) * share) as u32).max(fewest.min(rounds));
    Shape {
        items,
        warmup: fewer(settings.warmup, 1),
        rounds: fewer(settings.rounds, FEWEST_ROUNDS),
    }
}
