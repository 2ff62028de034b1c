//! The same trials by other methods, to show what they make of this machine.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::Row;
use crate::case::Case;
use crate::wall::Label;
use paired::draw::Draw;
use paired::job::{ArmJob, Job};
use paired::process::{Execute, Processes};
use paired::runner::Arm;
use paired::stats::order::Sorted;
use paired::stats::{Confidence, sign};

/// Rounds of one arm measured alone: some second at 50 µs a drain.
const ALONE: u32 = 20_000;
/// Rounds of the arms together in one process.
const TOGETHER: u32 = 2_000;
/// A measuring process that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// All of A measured first and then all of B, each in one process.
///
/// # Errors
/// When a process fails.
pub fn sequential(
    [baseline, candidate]: [&Arm; 2],
    items: u64,
    count: usize,
    tick: &mut dyn FnMut(),
) -> Result<Row> {
    let mut processes = Processes::new(crate::PRODUCT, LIMIT)?;
    let mut rng = SmallRng::seed_from_u64(1);
    one_by_one(count, tick, || {
        let mut alone = |arm: &Arm| -> Result<f64> {
            let job = job(&[arm], items, ALONE, Draw::new(&mut rng, 1));
            let rows = processes.execute(&job)?.rounds;
            median(rows.iter().map(|row| row[0] as f64))
        };
        let (a, b) = (alone(baseline)?, alone(candidate)?);
        Ok((100.0 * (b / a - 1.0), false))
    })
}

/// A and B in turn, but in a single process each time.
///
/// # Errors
/// When a process fails.
pub fn one_process(
    arms: [&Arm; 2],
    items: u64,
    count: usize,
    tick: &mut dyn FnMut(),
) -> Result<Row> {
    let mut processes = Processes::new(crate::PRODUCT, LIMIT)?;
    let mut rng = SmallRng::seed_from_u64(2);
    let confidence = Confidence::new(super::experiment::CONFIDENCE)?;
    one_by_one(count, tick, || {
        let job = job(&arms, items, TOGETHER, Draw::new(&mut rng, 2));
        let rows = processes.execute(&job)?.rounds;
        let ratios = Sorted::new(rows.iter().map(|row| (row[1] as f64 / row[0] as f64).ln()))?;
        let interval =
            sign::interval(&ratios, confidence).context("rounds enough for an interval")?;
        let excludes = interval.low > 0.0 || interval.high < 0.0;
        Ok((100.0 * interval.estimate.exp_m1(), excludes))
    })
}

/// Criterion's own comparison with its last run, of an unchanged benchmark.
///
/// # Errors
/// When the benchmark cannot be run.
pub fn criterion(root: &Path, case: &Case, count: usize, tick: &mut dyn FnMut()) -> Result<Row> {
    let label = Label::of(case).to_string();
    let run = || -> Result<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .current_dir(root)
            .args([
                "bench",
                "--quiet",
                "--bench",
                "item_size",
                "--",
                "--exact",
                &label,
            ])
            .args(["--warm-up-time", "1", "--measurement-time", "3", "--noplot"])
            .output()
            .context("starting cargo bench")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo bench failed: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    // The first run has nothing of its own to be compared with.
    run()?;
    let (mut slower, mut faster) = (0, 0);
    let row = one_by_one(count, tick, || {
        let said = run()?;
        slower += usize::from(said.contains("Performance has regressed"));
        faster += usize::from(said.contains("Performance has improved"));
        let change = change_percent(&said)
            .with_context(|| format!("criterion printed no change for {label}: {said}"))?;
        Ok((
            change,
            said.contains("(p = 0.0") && !said.contains("No change"),
        ))
    })?;
    Ok(Row {
        slower,
        faster,
        same: row.comparisons - slower - faster,
        ..row
    })
}

/// The middle of criterion's line `change: [-1.2% +0.1% +1.4%]`.
fn change_percent(said: &str) -> Option<f64> {
    let (_, change) = said.split_once("change:")?;
    let bracket = change.split_once('[')?.1.split_once(']')?.0;
    let middle = bracket.split_whitespace().nth(1)?;
    middle
        .trim_end_matches('%')
        .replace('\u{2212}', "-")
        .parse()
        .ok()
}

/// The row of `count` estimates in percent, and whether each excludes zero.
fn one_by_one(
    count: usize,
    tick: &mut dyn FnMut(),
    mut one: impl FnMut() -> Result<(f64, bool)>,
) -> Result<Row> {
    let start = Instant::now();
    let mut estimates = Vec::with_capacity(count);
    let mut exclude_zero = 0;
    for _ in 0..count {
        let (percent, excludes) = one()?;
        estimates.push(percent);
        exclude_zero += usize::from(excludes);
        tick();
    }
    let estimates = Sorted::new(estimates)?;
    let values = estimates.values();
    Ok(Row {
        experiment: String::new(),
        method: None,
        case: String::new(),
        truth_percent: 0.0,
        delta_percent: None,
        comparisons: count,
        slower: 0,
        faster: 0,
        same: 0,
        inconclusive: 0,
        exclude_zero,
        lowest_percent: values[0],
        median_percent: estimates.median(),
        highest_percent: values[values.len() - 1],
        seconds: start.elapsed().as_secs_f64() / count.max(1) as f64,
        required: String::new(),
        reached: true,
    })
}

fn job(arms: &[&Arm], items: u64, rounds: u32, draw: Draw) -> Job {
    let arm = |arm: &&Arm| ArmJob {
        libraries: arm.first_layout(),
        copy: arm.copy,
        workload: arm.workload.clone(),
        items: (items as f64 * arm.work).round() as u64,
    };
    Job {
        arms: arms.iter().map(arm).collect(),
        warmup: 3,
        rounds,
        fresh_copies: true,
        draw,
    }
}

fn median(values: impl IntoIterator<Item = f64>) -> Result<f64> {
    Ok(Sorted::new(values)?.median())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_criterions_change_is_read() {
        let said = "time: [4.9 ns 5.0 ns 5.1 ns]\n change:\n time:   [\u{2212}1.25% +0.50% +2.00%] (p = 0.20 > 0.05)";
        assert_eq!(change_percent(said), Some(0.5));
        assert_eq!(change_percent("time: [4.9 ns]"), None);
    }
}
