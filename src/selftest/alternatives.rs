//! The same comparisons by other methods, to show what they make of this machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use paired::draw::{Draw, order};
use paired::job::{ArmJob, Job};
use paired::process::{Execute, Processes};
use paired::runner::Arm;
use paired::stats::order::Sorted;
use paired::stats::{Confidence, sign};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::pools::Pools;
use super::trials::CONFIDENCE;
use super::{Method, Row, first_version};
use crate::case::Case;
use crate::wall::Label;

/// Rounds of one arm measured alone: about a second at 50 µs a drain.
const ALONE: u32 = 20_000;
/// Rounds of the arms together in one process.
const TOGETHER: u32 = 2_000;
/// Rounds of a process of the first version.
const ROUNDS: u32 = 9;
/// A measuring process that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// `count` comparisons of a case on both builds by another method; the candidate does
/// `work` times the work.
pub fn row(
    method: Method,
    pools: &Pools,
    case: &Case,
    (items, work, budget): (u64, f64, Duration),
    count: usize,
    tick: &mut dyn FnMut(),
) -> Result<Row> {
    let processes = Processes::new(crate::PRODUCT, LIMIT)?;
    let mut trial = Trial {
        processes,
        items,
        work,
        budget,
    };
    let mut rng = SmallRng::seed_from_u64(1);
    let row = one_by_one(count, tick, || match method {
        Method::Sequential => trial.sequential(&pools.plain(case)),
        Method::OneProcess => trial.one_process(&pools.plain(case)),
        _ => trial.first(&pools.dozen(case, &mut rng), &mut rng),
    })?;
    Ok(Row {
        method,
        case: case.id(),
        truth_percent: 100.0 * (work - 1.0),
        ..row
    })
}

/// What makes comparisons of two builds, each an estimate in percent, and whether its
/// interval excludes zero.
struct Trial {
    processes: Processes,
    /// Items of a drain.
    items: u64,
    /// What the candidate does, as a multiple of that.
    work: f64,
    /// Time for a comparison.
    budget: Duration,
}

impl Trial {
    /// All of A measured first and then all of B, each in one process.
    fn sequential(&mut self, arms: &[Arm; 2]) -> Result<(f64, bool)> {
        let mut rng = SmallRng::from_rng(&mut rand::rng());
        let mut alone = |candidate: bool| -> Result<f64> {
            let one = self.job(arms, candidate, 0, 0);
            let rows = self.run(vec![one], ALONE, &mut rng)?;
            Ok(Sorted::new(rows.iter().map(|row| row[0] as f64))?.median())
        };
        let (a, b) = (alone(false)?, alone(true)?);
        Ok((100.0 * (b / a - 1.0), false))
    }

    /// A and B in turn, but in a single process each time.
    fn one_process(&mut self, arms: &[Arm; 2]) -> Result<(f64, bool)> {
        let mut rng = SmallRng::from_rng(&mut rand::rng());
        let both = [false, true].map(|candidate| self.job(arms, candidate, 0, 0));
        let rows = self.run(both.to_vec(), TOGETHER, &mut rng)?;
        let ratios = Sorted::new(rows.iter().map(|row| (row[1] as f64 / row[0] as f64).ln()))?;
        let interval = sign::interval(&ratios, Confidence::new(CONFIDENCE)?)
            .context("there are rounds enough for an interval")?;
        let excludes = interval.low > 0.0 || interval.high < 0.0;
        Ok((100.0 * interval.estimate.exp_m1(), excludes))
    }

    /// As the first version did it: processes cycle over twelve layouts for as long as this
    /// method has, each arm in two copies of which the better one counts.
    fn first(&mut self, arms: &[Arm; 2], rng: &mut SmallRng) -> Result<(f64, bool)> {
        let start = Instant::now();
        let mut samples = Vec::new();
        let mut cycle = Vec::new();
        while start.elapsed() < self.budget {
            if cycle.is_empty() {
                cycle = order(rng, arms[0].libraries[0].len());
            }
            let layout = cycle.pop().context("a build has layouts")?;
            let places = order(rng, 4);
            let job = |place| self.job(arms, place / 2 == 1, layout, place % 2);
            let jobs = places.iter().map(job).collect();
            let rows = self.run(jobs, ROUNDS, rng)?;
            let mut best = [f64::INFINITY; 2];
            for (at, place) in places.iter().enumerate() {
                let time = Sorted::new(rows.iter().map(|row| row[at] as f64))?.median();
                best[place / 2] = best[place / 2].min(time);
            }
            samples.push((layout, (best[1] / best[0]).ln()));
        }
        let interval = first_version::interval(&samples, Confidence::new(CONFIDENCE)?)?;
        let [low, estimate, high] = interval;
        Ok((100.0 * estimate.exp_m1(), low > 0.0 || high < 0.0))
    }

    fn job(&self, arms: &[Arm; 2], candidate: bool, layout: usize, copy: usize) -> ArmJob {
        let arm = &arms[usize::from(candidate)];
        let work = if candidate { self.work } else { 1.0 };
        let file = |library: &Vec<PathBuf>| library[layout % library.len()].clone();
        ArmJob {
            libraries: arm.libraries.iter().map(file).collect(),
            copy: copy as u32,
            workload: arm.workload.clone(),
            items: (self.items as f64 * work).round() as u64,
        }
    }

    /// Times of one process, round by round.
    fn run(&mut self, arms: Vec<ArmJob>, rounds: u32, rng: &mut SmallRng) -> Result<Vec<Vec<u64>>> {
        let job = Job {
            draw: Draw::new(rng, arms.len()),
            arms,
            warmup: 2,
            rounds,
            fresh_copies: true,
        };
        Ok(self.processes.execute(&job)?.rounds)
    }
}

/// Criterion's own comparison with its last run, of an unchanged benchmark.
pub fn criterion(root: &Path, case: &Case, count: usize, tick: &mut dyn FnMut()) -> Result<Row> {
    let label = Label::of(case).to_string();
    let run = || -> Result<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .current_dir(root)
            .args(["bench", "--quiet", "--bench", "item_size"])
            .args(["--", "--exact", &label])
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
        case: case.id(),
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
        comparisons: count,
        exclude_zero,
        lowest_percent: values[0],
        median_percent: estimates.median(),
        highest_percent: values[values.len() - 1],
        seconds: start.elapsed().as_secs_f64() / count.max(1) as f64,
        reached: true,
        ..Row::default()
    })
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
