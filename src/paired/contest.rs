//! A contest: arms that take turns in many short processes, until every ratio
//! that was asked for is known well enough or the budget is spent.
//!
//! The parent's side: it alone knows which arm is the baseline.

use std::path::PathBuf;
use std::time::Duration;

use rand::Rng;
use serde_json::Value;

use super::clock::Clock;
use super::draw::{Draw, order};
use super::job::{ArmJob, Job};
use super::process::{Execute, ExecuteError};
use crate::record::wire::{Comparison, PairedSample};
use crate::stats::order::Sorted;
use crate::stats::stopping::{LOOKS, Next, Spending, next};
use crate::stats::summary::Summary;
use crate::stats::verdict::{Direction, Finding, Judgement, confirm, find};
use crate::stats::{Confidence, Delta, StatsError};

/// Processes of one comparison, at least: fewer have no interval at 99%.
const FEWEST_PROCESSES: usize = 36;
/// Rounds of a calibration.
const CALIBRATION_ROUNDS: u32 = 3;
/// Calibrations before the item count must have been found.
const CALIBRATIONS: u32 = 12;
/// Rounds of a process whose single items take far longer than a drain should.
const FEWEST_ROUNDS: u32 = 3;

/// One arm: what runs, and the name it has here.
#[derive(Debug, Clone)]
pub struct Contestant {
    /// Id of the case.
    pub name: String,
    /// What the arm does; only the child's opener understands it.
    pub workload: Value,
    /// The libraries of each link layout; at least one layout.
    pub layouts: Vec<Vec<PathBuf>>,
    /// Further layouts, for the second look; those of the first where empty.
    pub reserve: Vec<Vec<PathBuf>>,
    /// Arms with the same libraries and another copy load the files twice.
    pub copy: u32,
    /// Work per item, 1 for what the case says: 1.005 drains half a percent more
    /// items than it is taken to, as a known slowdown.
    pub work: f64,
    /// Items of a drain, where the case is a whole stream and no time decides;
    /// the same for all arms of a contest.
    pub items: Option<u64>,
}

impl Contestant {
    fn libraries(&self, look: Look, layout: usize) -> Vec<PathBuf> {
        let layouts = match look {
            Look::Second if !self.reserve.is_empty() => &self.reserve,
            _ => &self.layouts,
        };
        layouts[layout % layouts.len()].clone()
    }

    fn layout_count(&self, look: Look) -> usize {
        match look {
            Look::Second if !self.reserve.is_empty() => self.reserve.len(),
            _ => self.layouts.len(),
        }
    }
}

/// How a comparison is made; the same for all of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The smallest change that matters.
    pub delta: Delta,
    /// Confidence of one comparison, after correction for their number.
    pub confidence: Confidence,
    /// How narrow an interval must be before the comparison may stop.
    pub resolution: Delta,
    /// Time for one look at one contest.
    pub budget: Duration,
    /// Processes of one look, at most.
    pub most_processes: usize,
    /// Rounds of a process that are not recorded.
    pub warmup: u32,
    /// Rounds of a process that are.
    pub rounds: u32,
    /// Time that the slowest arm's drain should take.
    pub drain: Duration,
    /// Whether every process gets copies of the libraries for itself; else only
    /// those of a second look do.
    pub fresh_copies: bool,
}

impl Settings {
    /// The settings of METHOD for a change of `delta`, within `budget` a look.
    #[must_use]
    pub fn new(delta: Delta, confidence: Confidence, budget: Duration) -> Self {
        Self {
            delta,
            confidence,
            resolution: delta,
            budget,
            most_processes: 480,
            warmup: 3,
            rounds: 15,
            drain: Duration::from_micros(100),
            fresh_copies: true,
        }
    }
}

/// Why a contest has no result.
#[derive(Debug, thiserror::Error)]
pub enum ContestError {
    /// A process failed.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// A process answered with other times than it was asked for.
    #[error("a measuring process answered with {found} times where {expected} were asked for")]
    Shape {
        /// Times it answered with.
        found: usize,
        /// Times it was asked for.
        expected: usize,
    },
    /// No item count makes a drain long enough to time.
    #[error("no number of items makes a drain of {name} take {} µs", drain.as_micros())]
    TooFast {
        /// Id of the case.
        name: String,
        /// The wanted length of a drain.
        drain: Duration,
    },
    /// The samples have no statistic.
    #[error(transparent)]
    Stats(#[from] StatsError),
}

/// The first look at a comparison, or the one that confirms a suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    First,
    Second,
}

/// What runs contests: something that executes, a clock, and chance.
pub struct Runner<'a, R> {
    /// Does the jobs.
    pub execute: &'a mut dyn Execute,
    /// Tells when the budget is spent.
    pub clock: &'a dyn Clock,
    /// Decides what chance must.
    pub rng: R,
    /// How comparisons are made.
    pub settings: Settings,
}

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

/// One process's times: those of each arm, in the contest's order.
struct Process {
    layout: usize,
    times: Vec<Vec<f64>>,
}

/// The state of one comparison of a contest.
struct Course {
    baseline: usize,
    candidate: usize,
    /// The last summary and the number of processes that it is of (another course
    /// of the contest may need more); `None` while there are too few.
    seen: Option<(Summary, usize)>,
    stopped: bool,
}

impl<R: Rng> Runner<'_, R> {
    /// Measures `arms` against each other and judges each (baseline, candidate)
    /// of `pairs`.
    ///
    /// # Errors
    /// When a process fails or the samples have no statistic.
    ///
    /// # Panics
    /// If a pair names an arm that is not there, or an arm has no layout.
    pub fn contest(
        &mut self,
        arms: &[Contestant],
        pairs: &[(usize, usize)],
    ) -> Result<Vec<Comparison>, ContestError> {
        let shape = self.calibrate(arms)?;
        let contestants: Vec<&Contestant> = arms.iter().collect();
        let (processes, courses) = self.look(&contestants, pairs, shape, Look::First)?;
        courses
            .into_iter()
            .map(|course| self.conclude(arms, &processes, &course, shape))
            .collect()
    }

    /// The shared number of items with which the slowest arm's drain takes as
    /// long as it should, unless the arms say it themselves; fewer rounds where
    /// the drain takes much longer.
    ///
    /// # Errors
    /// When a process fails, or no number is large enough.
    pub fn calibrate(&mut self, arms: &[Contestant]) -> Result<Shape, ContestError> {
        let Settings {
            warmup,
            rounds,
            drain,
            ..
        } = self.settings;
        let wanted = drain.as_nanos() as f64;
        let contestants: Vec<&Contestant> = arms.iter().collect();
        let given = arms.iter().find_map(|arm| arm.items);
        let mut shape = Shape {
            items: given.unwrap_or(1),
            warmup: 1,
            rounds: CALIBRATION_ROUNDS,
        };
        for _ in 0..CALIBRATIONS {
            let times = self.process(&contestants, Look::First, 0, shape)?;
            let slowest = times.iter().map(|times| median(times)).fold(1.0, f64::max);
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
        Err(ContestError::TooFast { name, drain })
    }

    /// Runs processes until every course has stopped or the budget is spent.
    fn look(
        &mut self,
        arms: &[&Contestant],
        pairs: &[(usize, usize)],
        shape: Shape,
        look: Look,
    ) -> Result<(Vec<Process>, Vec<Course>), ContestError> {
        let course = |&(baseline, candidate): &(usize, usize)| Course {
            baseline,
            candidate,
            seen: None,
            stopped: false,
        };
        let mut courses: Vec<Course> = pairs.iter().map(course).collect();
        let mut processes = Vec::new();
        let mut spending = Spending::new(self.settings.confidence);
        let mut planned = None;
        let start = self.clock.now();
        let layouts = arms
            .iter()
            .map(|arm| arm.layout_count(look))
            .max()
            .unwrap_or(1);
        let mut looks = LOOKS.iter();
        let mut until = FEWEST_PROCESSES / 4;
        let mut share = None;
        let mut cycle = Vec::new();
        loop {
            while processes.len() < until {
                if cycle.is_empty() {
                    cycle = order(&mut self.rng, layouts);
                }
                let layout = cycle.pop().expect("a cycle has a layout");
                let times = self.process(arms, look, layout, shape)?;
                processes.push(Process { layout, times });
            }
            // The first processes tell how many the budget pays for.
            let planned = *planned.get_or_insert_with(|| {
                let each = (self.clock.now() - start).div_f64(processes.len() as f64);
                let paid = self.settings.budget.as_secs_f64() / each.as_secs_f64().max(1e-9);
                let most = self.settings.most_processes.max(FEWEST_PROCESSES);
                (paid as usize)
                    .clamp(FEWEST_PROCESSES, most)
                    .next_multiple_of(layouts)
            });
            if let Some(share) = share
                && let Some(confidence) = spending.look(share)
            {
                for course in courses.iter_mut().filter(|course| !course.stopped) {
                    course.see(&processes, shape.items, confidence, &self.settings)?;
                }
                if courses.iter().all(|course| course.stopped) {
                    break;
                }
            }
            let Some(&next) = looks.next() else { break };
            share = Some(next);
            until = (planned as f64 * next).ceil() as usize;
        }
        Ok((processes, courses))
    }

    /// The comparison of a course; a suspicion is looked at a second time first.
    fn conclude(
        &mut self,
        arms: &[Contestant],
        processes: &[Process],
        course: &Course,
        shape: Shape,
    ) -> Result<Comparison, ContestError> {
        let (baseline, candidate) = (&arms[course.baseline], &arms[course.candidate]);
        let (summary, samples) = course.result(processes, shape, &self.settings)?;
        let delta = self.settings.delta;
        match find(&summary.log_ratio, delta) {
            Finding::Suspect(direction) => self.second_look(baseline, candidate, direction, shape),
            finding => {
                let judgement = finding.unconfirmed(delta);
                Ok(self.comparison(baseline, candidate, &summary, judgement, samples, shape))
            }
        }
    }

    /// Measures again, with new draws, other layouts and a second copy of the
    /// baseline in the same rounds; this interval is the one that is quoted.
    fn second_look(
        &mut self,
        baseline: &Contestant,
        candidate: &Contestant,
        suspicion: Direction,
        shape: Shape,
    ) -> Result<Comparison, ContestError> {
        let copy = Contestant {
            copy: baseline.copy.max(candidate.copy) + 1,
            ..baseline.clone()
        };
        let arms = [baseline, &copy, candidate];
        let pairs = [(0, 2), (0, 1)];
        let (processes, courses) = self.look(&arms, &pairs, shape, Look::Second)?;
        let (summary, second) = courses[0].result(&processes, shape, &self.settings)?;
        let (copies, _) = courses[1].result(&processes, shape, &self.settings)?;
        let delta = self.settings.delta;
        let judgement = confirm(suspicion, &summary.log_ratio, &copies.log_ratio, delta);
        Ok(self.comparison(baseline, candidate, &summary, judgement, second, shape))
    }

    fn comparison(
        &self,
        baseline: &Contestant,
        candidate: &Contestant,
        summary: &Summary,
        judgement: Judgement,
        samples: Vec<PairedSample>,
        shape: Shape,
    ) -> Comparison {
        let ratio = summary.ratio();
        let median_of = |side: fn(&PairedSample) -> f64| {
            Some(median(&samples.iter().map(side).collect::<Vec<_>>()))
        };
        Comparison {
            baseline: baseline.name.clone(),
            candidate: candidate.name.clone(),
            ratio: ratio.estimate,
            low: ratio.low,
            high: ratio.high,
            confidence: ratio.confidence.share(),
            verdict: judgement.verdict,
            why: judgement.reason.to_string(),
            delta: self.settings.delta.share(),
            baseline_ns: median_of(|sample| sample.baseline_ns),
            candidate_ns: median_of(|sample| sample.candidate_ns),
            difference_ns: Some(summary.difference_ns.into()),
            processes: summary.processes as u32,
            layouts: summary.layouts as u32,
            rounds: shape.rounds,
            items: shape.items,
            samples,
        }
    }

    /// Runs one process; the times come back in the order of `arms`.
    fn process(
        &mut self,
        arms: &[&Contestant],
        look: Look,
        layout: usize,
        shape: Shape,
    ) -> Result<Vec<Vec<f64>>, ContestError> {
        let Shape {
            items,
            warmup,
            rounds,
        } = shape;
        // The child must not learn from the order which arm is which.
        let shuffled = order(&mut self.rng, arms.len());
        let job = Job {
            arms: shuffled
                .iter()
                .map(|&arm| ArmJob {
                    libraries: arms[arm].libraries(look, layout),
                    copy: arms[arm].copy,
                    workload: arms[arm].workload.clone(),
                    items: ((items as f64 * arms[arm].work).round() as u64).max(1),
                })
                .collect(),
            warmup,
            rounds,
            fresh_copies: look == Look::Second || self.settings.fresh_copies,
            draw: Draw::new(&mut self.rng, arms.len()),
        };
        let rows = self.execute.execute(&job)?;
        let (found, expected) = (
            rows.iter().map(Vec::len).sum(),
            arms.len() * rounds as usize,
        );
        if found != expected || rows.iter().any(|row| row.len() != arms.len()) {
            return Err(ContestError::Shape { found, expected });
        }
        let mut times = vec![Vec::with_capacity(rows.len()); arms.len()];
        for row in &rows {
            for (place, &nanoseconds) in row.iter().enumerate() {
                // A clock that did not move has moved by less than it can tell.
                times[shuffled[place]].push(nanoseconds.max(1) as f64);
            }
        }
        Ok(times)
    }
}

impl Course {
    /// Its last summary and the samples that it is of. Too few for any of the
    /// looks: that of all samples, or the error that says how many are needed.
    fn result(
        &self,
        processes: &[Process],
        shape: Shape,
        settings: &Settings,
    ) -> Result<(Summary, Vec<PairedSample>), StatsError> {
        let seen = self.seen.map_or(processes.len(), |(_, seen)| seen);
        let samples = samples(
            &processes[..seen],
            self.baseline,
            self.candidate,
            shape.items,
        );
        let summary = match self.seen {
            Some((summary, _)) => summary,
            None => Summary::new(&samples, settings.confidence)?,
        };
        Ok((summary, samples))
    }

    /// Looks at the samples so far, and stops when they say enough.
    fn see(
        &mut self,
        processes: &[Process],
        items: u64,
        confidence: Confidence,
        settings: &Settings,
    ) -> Result<(), StatsError> {
        let samples = samples(processes, self.baseline, self.candidate, items);
        let summary = match Summary::new(&samples, confidence) {
            Ok(summary) => summary,
            // An early look must be very sure: there will be more.
            Err(StatsError::TooFew { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let finding = find(&summary.log_ratio, settings.delta);
        self.stopped = next(&summary, finding, settings.resolution) == Next::Stop;
        self.seen = Some((summary, processes.len()));
        Ok(())
    }
}

/// Each process as one sample: the median of its rounds' log-ratios.
fn samples(
    processes: &[Process],
    baseline: usize,
    candidate: usize,
    items: u64,
) -> Vec<PairedSample> {
    let sample = |process: &Process| {
        let (a, b) = (&process.times[baseline], &process.times[candidate]);
        let ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| (b / a).ln()).collect();
        PairedSample {
            layout: process.layout as u32,
            log_ratio: median(&ratios),
            baseline_ns: median(a) / items as f64,
            candidate_ns: median(b) / items as f64,
        }
    };
    processes.iter().map(sample).collect()
}

/// The median of values that are finite and at least one.
fn median(values: &[f64]) -> f64 {
    Sorted::new(values.iter().copied())
        .expect("times and their ratios are finite")
        .median()
}
