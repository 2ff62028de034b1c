//! What a machine does to measurements, before anyone trusts them.
//!
//! [`paired::clock::timer`] asks the clock, [`speed`] times a fixed computation again and again,
//! [`band`] compares a case with a copy of itself in two ways, and [`detectable`]
//! says from that how small a change can be seen in how much time. Nothing here
//! says anything about the pair under test.

pub mod band;
pub mod detectable;
pub mod speed;

use anyhow::Result;
use band::Band;
use bench_record::wire::Environment;
use detectable::Detectable;
use paired::clock::{Clock, Timer};
use paired::process::Execute;
use paired::runner::Arm;
use serde::Serialize;
use speed::Speed;
use std::time::Duration;

/// Budgets for which the smallest detectable change is told, milliseconds.
const BUDGETS_MS: [u64; 3] = [500, 2_000, 10_000];

#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Id of the case that was compared with itself.
    pub case: String,
    pub timer: Timer,
    /// How a fixed computation's time varies.
    pub speed: Speed,
    /// A/A with all of A measured first and then all of B.
    pub sequential: Band,
    /// A/A by the paired runner.
    pub paired: Band,
    /// What can be seen in how much time.
    pub detectable: Vec<Detectable>,
    /// The machine, and what it did meanwhile.
    pub environment: Environment,
    /// What makes measurements doubtful, in words.
    pub warnings: Vec<String>,
}

/// The two bands of an arm against a copy of itself, and what can be detected:
/// `budget` is shared by the two methods, and may be exceeded by a comparison of
/// each.
pub fn compare(
    execute: &mut dyn Execute,
    clock: &dyn Clock,
    seed: u64,
    arm: &Arm,
    budget: Duration,
) -> Result<(Band, Band, Vec<Detectable>)> {
    let mut bench = band::Bench::new(execute, clock, seed)?;
    let items = bench.items(arm)?;
    let sequential = bench.sequential(arm, items, budget / 2)?;
    let (paired, spread) = bench.paired(arm, budget / 2)?;
    let detectable = BUDGETS_MS
        .into_iter()
        .map(|budget| detectable::within(Duration::from_millis(budget), &spread))
        .collect::<Result<_, _>>()?;
    Ok((sequential, paired, detectable))
}
