//! The child: it opens the arms of one job, lets them take turns, and answers
//! with the times. It knows no name, no baseline and no verdict.

use std::fs;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::clock;
use super::draw::{Draw, order};
use super::job::{ArmJob, Job, Reply, Times};
use super::worker;

/// The first argument of a child process: any executable that measures pairs
/// looks for it first and calls [`serve`].
pub const ARGUMENT: &str = "--paired-child";

/// An opened arm.
pub trait Drive {
    /// Makes ready for the next drain; not timed.
    ///
    /// # Errors
    /// When the arm cannot go on.
    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    /// Whether the arm opens its libraries again for each drain, so that their files
    /// must stay.
    fn reopens(&self) -> bool {
        false
    }

    /// Drains so many items; this is timed.
    ///
    /// # Errors
    /// When the arm cannot go on.
    fn drain(&mut self, items: u64) -> Result<()>;
}

/// Opens arms, in the order of the job; may keep what arms share.
pub type Open<'a> = dyn FnMut(&ArmJob) -> Result<Box<dyn Drive>> + 'a;

/// Does the jobs of this process, if it was started as a measuring child. Call it before
/// anything else in `main`.
pub fn serve(open: &mut Open<'_>) -> Option<ExitCode> {
    worker::serve(ARGUMENT, &mut |job: Job| {
        run(&job, open).map_or_else(|stopped| stopped, Reply::Times)
    })
}

/// Runs a job below the drawn number of stack frames; the error is the answer of one that was
/// stopped.
fn run(job: &Job, open: &mut Open<'_>) -> Result<Times, Reply> {
    let heap = vec![1_u8; job.draw.heap as usize];
    let times = below(job.draw.stack_frames, &mut || measure(job, open));
    drop(black_box(heap));
    times
}

/// Calls `body` that many frames further down the stack.
#[inline(never)]
fn below<T>(frames: u32, body: &mut dyn FnMut() -> T) -> T {
    let frame = black_box([frames; 24]);
    let result = if frame[0] == 0 {
        body()
    } else {
        below(frames - 1, body)
    };
    black_box(frame);
    result
}

fn measure(job: &Job, open: &mut Open<'_>) -> Result<Times, Reply> {
    let failed = |error: anyhow::Error| Reply::Failed(format!("{error:#}"));
    let start = Instant::now();
    let clock_step_ns = clock::step_ns(|| start.elapsed())
        .ok()
        .context("the clock of this machine does not move: nothing can be timed with it")
        .map_err(failed)?;
    let not_opened = |error: anyhow::Error| Reply::NotOpened(format!("{error:#}"));
    let mut arms = open_all(job, open).map_err(not_opened)?;
    let mut rng = SmallRng::seed_from_u64(job.draw.rounds_seed);
    let mut times = Vec::with_capacity(job.rounds as usize);
    for round in 0..job.warmup + job.rounds {
        let mut row = vec![0; arms.len()];
        for arm in order(&mut rng, arms.len()) {
            row[arm] = time(arms[arm].as_mut(), job.arms[arm].items).map_err(failed)?;
        }
        if round >= job.warmup {
            times.push(row);
        }
    }
    Ok(Times {
        rounds: times,
        clock_step_ns,
    })
}

/// Opens the arms, a gap before each, and removes the files if they are copies
/// for this process alone and no arm wants them again.
fn open_all(job: &Job, open: &mut Open<'_>) -> Result<Vec<Box<dyn Drive>>> {
    let Draw { gaps, .. } = &job.draw;
    let mut arms = Vec::with_capacity(job.arms.len());
    for (index, arm) in job.arms.iter().enumerate() {
        // Kept: what is given back would be where the next library goes.
        std::mem::forget(black_box(vec![
            0_u8;
            gaps.get(index).copied().unwrap_or(0)
                as usize
        ]));
        arms.push(open(arm).with_context(|| format!("opening arm {index}"))?);
    }
    let libraries = job.arms.iter().flat_map(|arm| &arm.libraries);
    let keep = !job.fresh_copies || arms.iter().any(|arm| arm.reopens());
    for library in libraries.filter(|_| !keep) {
        // Arms may share a file, and its folder goes with the parent's in the end.
        let _ = fs::remove_file(library);
    }
    Ok(arms)
}

/// Nanoseconds of one drain. Never inlined: every arm is timed by the same
/// machine code.
#[inline(never)]
fn time(arm: &mut dyn Drive, items: u64) -> Result<u64> {
    arm.prepare()?;
    let start = Instant::now();
    arm.drain(items)?;
    let nanoseconds = start.elapsed().as_nanos();
    Ok(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}
