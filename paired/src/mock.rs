//! An executor and a clock that tests script: a machine whose speed drifts,
//! whose memory favours a file, whose layouts differ, and which takes no time.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::clock::Clock;
use super::draw::order;
use super::job::{ArmJob, Job, Times};
use super::process::{Execute, ExecuteError};

/// A clock that moves only as the machine works.
#[derive(Debug, Clone, Default)]
pub struct MockClock(Rc<Cell<Duration>>);

impl MockClock {
    fn advance(&self, nanoseconds: f64) {
        self.0
            .set(self.0.get() + Duration::from_nanos(nanoseconds as u64));
    }
}

impl Clock for MockClock {
    fn now(&self) -> Duration {
        self.0.get()
    }
}

/// What goes wrong with the job of a number, from 0.
pub type Failure = fn(usize) -> Option<ExecuteError>;

/// A library file as physical memory sees it.
pub struct File {
    /// Number of the copy.
    pub copy: u32,
    /// Chance of this process's copy, 0 to 1; `None` for a file that lasts from
    /// process to process.
    pub fresh: Option<f64>,
    /// When the process started.
    pub now: Duration,
}

/// A scripted machine. An arm's workload is its time per item, nanoseconds;
/// everything else multiplies it.
pub struct Machine {
    /// Its clock.
    pub clock: MockClock,
    /// Every job that it was given.
    pub jobs: Vec<Job>,
    /// What starting a process and loading its libraries takes.
    pub start: Duration,
    /// Factor of the machine's speed at a moment.
    pub speed: fn(Duration) -> f64,
    /// Factor of where a file lies in memory.
    pub placement: fn(&File) -> f64,
    /// Factor of how a file was linked.
    pub layout: fn(&Path) -> f64,
    /// Greatest deviation of an arm within one process, as a share.
    pub process_noise: f64,
    /// Greatest deviation of one drain, as a share.
    pub round_noise: f64,
    /// What goes wrong with the job of this number.
    pub failure: Failure,
    /// Nanoseconds that its clock counts in.
    pub clock_step_ns: u64,
    rng: SmallRng,
}

impl Machine {
    /// A machine that is as quiet as a real one at its best.
    pub fn new(seed: u64) -> Self {
        Self {
            clock: MockClock::default(),
            jobs: Vec::new(),
            start: Duration::from_millis(4),
            speed: |_| 1.0,
            placement: |_| 1.0,
            layout: |_| 1.0,
            process_noise: 0.002,
            round_noise: 0.01,
            failure: |_| None,
            clock_step_ns: 1,
            rng: SmallRng::seed_from_u64(seed),
        }
    }

    /// A factor within `noise` of one.
    fn noise(&mut self, noise: f64) -> f64 {
        1.0 + noise * self.rng.random_range(-1.0..=1.0)
    }

    /// Time per item of an arm throughout a process, at speed one.
    fn arm(&mut self, arm: &ArmJob, fresh: bool) -> f64 {
        let mut ns_per_item = arm.workload.as_f64().expect("a time per item");
        for library in &arm.libraries {
            let file = File {
                copy: arm.copy,
                fresh: fresh.then(|| self.rng.random()),
                now: self.clock.now(),
            };
            ns_per_item *= (self.layout)(library) * (self.placement)(&file);
        }
        ns_per_item * self.noise(self.process_noise)
    }
}

impl Execute for Machine {
    fn execute(&mut self, job: &Job) -> Result<Times, ExecuteError> {
        self.jobs.push(job.clone());
        self.clock.advance(self.start.as_nanos() as f64);
        if let Some(error) = (self.failure)(self.jobs.len() - 1) {
            return Err(error);
        }
        let arms: Vec<f64> = job
            .arms
            .iter()
            .map(|arm| self.arm(arm, job.fresh_copies))
            .collect();
        let mut rng = SmallRng::seed_from_u64(job.draw.rounds_seed);
        let mut times = Vec::new();
        for round in 0..job.warmup + job.rounds {
            let mut row = vec![0; arms.len()];
            for arm in order(&mut rng, arms.len()) {
                let speed = (self.speed)(self.clock.now()) * self.noise(self.round_noise);
                let nanoseconds = job.arms[arm].items as f64 * arms[arm] * speed;
                self.clock.advance(nanoseconds);
                row[arm] = nanoseconds as u64 / self.clock_step_ns * self.clock_step_ns;
            }
            if round >= job.warmup {
                times.push(row);
            }
        }
        Ok(Times {
            rounds: times,
            clock_step_ns: self.clock_step_ns,
        })
    }
}
