//! The course of a comparison: processes, one after another, and looks at what
//! they have measured, until it is enough.

use std::time::Duration;

use rand::Rng;

use super::calibration::Shape;
use super::{ContestError, Contestant, Look, Runner, Settings};
use crate::paired::draw::{Draw, order};
use crate::paired::job::{ArmJob, Job};
use crate::record::wire::PairedSample;
use crate::stats::order::Sorted;
use crate::stats::stopping::{LOOKS, Next, Spending, next};
use crate::stats::summary::Summary;
use crate::stats::verdict::{find, screen};
use crate::stats::{Confidence, Delta, StatsError};

/// Processes of one comparison, at least: fewer have no interval at 99%.
const FEWEST_PROCESSES: usize = 36;
/// Share of the time for both looks after which the first ends where a second is due.
const SCREENED: f64 = 0.25;

/// One process's times: those of each arm, in the contest's order.
pub(super) struct Process {
    layout: usize,
    times: Vec<Vec<f64>>,
}

/// The state of one comparison of a contest.
pub(super) struct Course {
    pub(super) baseline: usize,
    pub(super) candidate: usize,
    /// The last summary and the number of processes that it is of (another course
    /// of the contest may need more); `None` while there are too few.
    pub(super) seen: Option<(Summary, usize)>,
    stopped: bool,
}

impl<R: Rng> Runner<'_, R> {
    /// Runs processes until every course has stopped or the budget is spent.
    pub(super) fn look(
        &mut self,
        arms: &[&Contestant],
        pairs: &[(usize, usize)],
        shape: Shape,
        look: Look,
        budget: Duration,
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
                let paid = budget.as_secs_f64() / each.as_secs_f64().max(1e-9);
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
                let due = look == Look::First
                    && share >= SCREENED
                    && courses
                        .iter()
                        .any(|course| course.suspects(self.settings.delta));
                if due || courses.iter().all(|course| course.stopped) {
                    break;
                }
            }
            let Some(&next) = looks.next() else { break };
            share = Some(next);
            until = (planned as f64 * next).ceil() as usize;
        }
        Ok((processes, courses))
    }

    /// Runs one process; the times come back in the order of `arms`.
    pub(super) fn process(
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
    /// Whether what was seen so far is worth a second look.
    fn suspects(&self, delta: Delta) -> bool {
        let seen = self.seen.as_ref();
        seen.is_some_and(|(summary, _)| screen(&summary.log_ratio, delta).is_some())
    }

    /// Its last summary and the samples that it is of. Too few for any of the
    /// looks: that of all samples, or the error that says how many are needed.
    pub(super) fn result(
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
pub(super) fn samples(
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
pub(super) fn median(values: &[f64]) -> f64 {
    Sorted::new(values.iter().copied())
        .expect("times and their ratios are finite")
        .median()
}
