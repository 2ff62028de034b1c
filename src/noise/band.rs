//! A case against a copy of itself, by two methods: what each reports although
//! nothing differs.

use anyhow::Result;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use std::time::Duration;

use super::detectable::Spread;
use bench_record::wire::{Comparison, Verdict};
use paired::clock::Clock;
use paired::draw::Draw;
use paired::job::{ArmJob, Job, Times};
use paired::process::{Execute, ExecuteError};
use paired::runner::{Arm, MeasureError, Runner, Settings};
use paired::stats::order::Sorted;
use paired::stats::{Confidence, Delta, StatsError};

/// Comparisons by each method, at least: one is no band.
const FEWEST: usize = 2;
/// Rounds of one arm measured alone: about a third of a second.
const ALONE: u32 = 6_000;
const BUDGET: Duration = Duration::from_secs(2);
/// Change that the paired comparisons look for, as a share.
const DELTA: f64 = 0.0025;
const CONFIDENCE: f64 = 0.99;

/// What comparisons of equals came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    pub comparisons: usize,
    /// Lowest estimate, percent; 0 is the truth.
    pub low_percent: f64,
    pub high_percent: f64,
    /// Comparisons that were called *slower* or *faster*; each is false. A method
    /// without verdicts has none.
    pub false_verdicts: usize,
    /// Time of one comparison, seconds.
    pub seconds: f64,
}

impl Band {
    fn of(ratios: &[f64], false_verdicts: usize, time: Duration) -> Result<Self, StatsError> {
        let sorted = Sorted::new(ratios.iter().map(|ratio| 100.0 * (ratio - 1.0)))?;
        let values = sorted.values();
        Ok(Self {
            comparisons: values.len(),
            low_percent: values[0],
            high_percent: values[values.len() - 1],
            false_verdicts,
            seconds: time.as_secs_f64() / values.len() as f64,
        })
    }
}

/// What measures both bands.
pub struct Bench<'a> {
    execute: Counted<'a>,
    clock: &'a dyn Clock,
    rng: SmallRng,
    settings: Settings,
}

/// An executor that counts its jobs.
struct Counted<'a> {
    inner: &'a mut dyn Execute,
    jobs: usize,
}

impl Execute for Counted<'_> {
    fn execute(&mut self, job: &Job) -> Result<Times, ExecuteError> {
        self.jobs += 1;
        self.inner.execute(job)
    }
}

impl<'a> Bench<'a> {
    /// A bench that measures with these.
    ///
    /// # Errors
    /// Never: the shares are constants.
    pub fn new(
        execute: &'a mut dyn Execute,
        clock: &'a dyn Clock,
        seed: u64,
    ) -> Result<Self, StatsError> {
        let (delta, confidence) = (Delta::new(DELTA)?, Confidence::new(CONFIDENCE)?);
        Ok(Self {
            execute: Counted {
                inner: execute,
                jobs: 0,
            },
            clock,
            rng: SmallRng::seed_from_u64(seed),
            settings: Settings::new(delta, confidence, BUDGET),
        })
    }

    /// Items that a drain of the arm is measured with.
    pub fn items(&mut self, arm: &Arm) -> Result<u64, MeasureError> {
        let arms = [arm.clone()];
        Ok(self.runner().calibrate(&arms)?.items)
    }

    fn runner(&mut self) -> Runner<'_> {
        Runner::builder(&mut self.execute)
            .clock(self.clock)
            .seed(self.rng.random())
            .settings(self.settings.clone())
            .build()
    }

    /// All of A in one process, then all of B in another, as one would by hand,
    /// again and again within `budget`.
    pub fn sequential(&mut self, arm: &Arm, items: u64, budget: Duration) -> Result<Band> {
        let start = self.clock.now();
        let mut ratios = Vec::new();
        while ratios.len() < FEWEST || self.clock.now() - start < budget {
            let (a, b) = (self.alone(arm, items)?, self.alone(&arm.copied(), items)?);
            ratios.push(b / a);
        }
        Ok(Band::of(&ratios, 0, self.clock.now() - start)?)
    }

    /// The median time of a drain of the arm alone, nanoseconds.
    fn alone(&mut self, arm: &Arm, items: u64) -> Result<f64> {
        let job = Job {
            arms: vec![ArmJob {
                libraries: arm.first_layout(),
                copy: arm.copy,
                workload: arm.workload.clone(),
                items,
            }],
            warmup: self.settings.warmup,
            rounds: ALONE,
            fresh_copies: false,
            draw: Draw::new(&mut self.rng, 1),
        };
        let found = self.execute.execute(&job)?;
        let times = found.rounds.iter().flatten();
        let times = times.map(|&nanoseconds| nanoseconds.max(1) as f64);
        Ok(Sorted::new(times)?.median())
    }

    /// Comparisons by the paired runner within `budget`, and how its processes
    /// scatter.
    pub fn paired(&mut self, arm: &Arm, budget: Duration) -> Result<(Band, Spread)> {
        let (start, jobs) = (self.clock.now(), self.execute.jobs);
        let arms = [arm.clone(), arm.copied()];
        let mut found: Vec<Comparison> = Vec::new();
        while found.len() < FEWEST || self.clock.now() - start < budget {
            found.extend(self.runner().compare(&arms, &[(0, 1)])?);
        }
        let time = self.clock.now() - start;
        let ratios: Vec<f64> = found.iter().map(|found| found.ratio).collect();
        let spoken =
            |found: &&Comparison| matches!(found.verdict, Verdict::Slower | Verdict::Faster);
        let band = Band::of(&ratios, found.iter().filter(spoken).count(), time)?;
        let samples = found.iter().flat_map(|found| &found.samples);
        let spread = Spread {
            log_ratios: Sorted::new(samples.map(|sample| sample.log_ratio))?,
            process: time.div_f64((self.execute.jobs - jobs).max(1) as f64),
            confidence: self.settings.confidence,
            most_processes: self.settings.most_processes,
        };
        Ok((band, spread))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use paired::mock::Machine;

    #[test]
    fn a_machine_that_drifts_misleads_the_sequential_method_and_not_the_paired_one() {
        let mut machine = Machine::new(1);
        machine.speed = |now| 1.0 + 0.2 * (now.as_secs_f64() * 2.0).sin();
        let clock = machine.clock.clone();
        let arm = Arm::new("a", json!(6.0), vec![vec!["library.so".into()]]);
        let (sequential, paired, detectable) =
            super::super::compare(&mut machine, &clock, 1, &arm, Duration::from_secs(10))
                .expect("nothing fails");
        let width = |band: Band| band.high_percent - band.low_percent;
        assert!(sequential.comparisons > 4 && paired.comparisons > 4);
        assert!(clock.now() < Duration::from_secs(13), "{:?}", clock.now());
        assert!(width(sequential) > 5.0, "{sequential:?}");
        assert!(
            width(paired) < 0.25 && paired.false_verdicts == 0,
            "{paired:?}"
        );
        let percents: Vec<f64> = detectable
            .iter()
            .filter_map(|found| found.percent)
            .collect();
        assert_eq!(percents.len(), 3, "{detectable:?}");
        assert!(percents.is_sorted_by(|a, b| a >= b), "{percents:?}");
        assert!(percents[0] < 0.5, "{percents:?}");
    }
}
