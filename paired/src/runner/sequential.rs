//! The test of a comparison: processes, one after another, and looks at what
//! they have measured, until it is enough.

use std::time::Duration;

use rand::Rng;

use super::calibration::Shape;
use super::{Arm, Look, MeasureError, Runner, Settings};
use crate::draw::{Draw, order};
use crate::job::{ArmJob, Job};
use crate::result::PairedSample;
use crate::stats::order::Sorted;
use crate::stats::stopping::{LOOKS, Next, Spending, next};
use crate::stats::summary::Summary;
use crate::stats::verdict::{find, screen};
use crate::stats::{Confidence, Delta, StatsError};

/// Processes of one comparison, at least: fewer have no interval at 99%.
const FEWEST_PROCESSES: usize = 36;
/// Share of the time for both looks after which the first ends where a second is due.
const SCREENED: f64 = 0.25;

/// One process's times: of each arm, in the contest's order, of each of its copies,
/// round by round.
pub(super) struct Process {
    layout: usize,
    times: Vec<Vec<Vec<f64>>>,
}

/// What a test sets against what, by places of arms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sides {
    /// A candidate against a baseline.
    Arms {
        /// Place of the baseline.
        baseline: usize,
        /// Place of the candidate.
        candidate: usize,
    },
    /// The second copy of each of these arms against its first: A/A.
    Copies(Vec<usize>),
}

impl Sides {
    /// Of a pair of places: an arm with itself is A/A.
    pub(super) fn of(&(baseline, candidate): &(usize, usize)) -> Self {
        if baseline == candidate {
            Self::Copies(vec![baseline])
        } else {
            Self::Arms {
                baseline,
                candidate,
            }
        }
    }

    /// Whether the truth is known: nothing differs.
    fn same(&self) -> bool {
        matches!(self, Self::Copies(_))
    }

    /// The times of every baseline and its candidate in a process.
    fn times<'a>(&self, process: &'a Process) -> Vec<(&'a [f64], &'a [f64])> {
        let times = &process.times;
        match self {
            Self::Arms {
                baseline,
                candidate,
            } => vec![(fastest(&times[*baseline]), fastest(&times[*candidate]))],
            Self::Copies(arms) => arms
                .iter()
                .map(|&arm| (&times[arm][0][..], &times[arm][1][..]))
                .collect(),
        }
    }
}

/// The state of one comparison of a contest.
pub(super) struct SequentialTest {
    pub(super) sides: Sides,
    /// The last summary and the number of processes that it is of (another test
    /// of the contest may need more); `None` while there are too few.
    pub(super) seen: Option<(Summary, usize)>,
    stopped: bool,
}

impl<R: Rng> Runner<'_, R> {
    /// Runs processes until every test has stopped or the budget is spent.
    pub(super) fn look(
        &mut self,
        arms: &[&Arm],
        sides: impl IntoIterator<Item = Sides>,
        shape: Shape,
        look: Look,
        budget: Duration,
    ) -> Result<(Vec<Process>, Vec<SequentialTest>), MeasureError> {
        let test = |sides| SequentialTest {
            sides,
            seen: None,
            stopped: false,
        };
        let mut tests: Vec<SequentialTest> = sides.into_iter().map(test).collect();
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
                for test in tests.iter_mut().filter(|test| !test.stopped) {
                    test.see(&processes, shape.items, confidence, &self.settings)?;
                }
                // An A/A comparison beside must not cut short what it vouches for.
                let delta = self.settings.delta;
                let suspect = |test: &SequentialTest| !test.sides.same() && test.suspects(delta);
                let due = look == Look::First && share >= SCREENED && tests.iter().any(suspect);
                if due || tests.iter().all(|test| test.stopped) {
                    break;
                }
            }
            let Some(&next) = looks.next() else { break };
            share = Some(next);
            until = (planned as f64 * next).ceil() as usize;
        }
        Ok((processes, tests))
    }

    /// Runs one process; the times come back in the order of `arms`, those of every
    /// copy of an arm round by round.
    pub(super) fn process(
        &mut self,
        arms: &[&Arm],
        look: Look,
        layout: usize,
        shape: Shape,
    ) -> Result<Vec<Vec<Vec<f64>>>, MeasureError> {
        let Shape {
            items,
            warmup,
            rounds,
        } = shape;
        let copies = self.settings.copies_in(look);
        // The child must not learn from the order which arm is which.
        let places: Vec<(usize, u32)> = order(&mut self.rng, arms.len() * copies as usize)
            .into_iter()
            .map(|place| (place / copies as usize, place as u32 % copies))
            .collect();
        let job = Job {
            arms: places
                .iter()
                .map(|&(arm, copy)| ArmJob {
                    libraries: arms[arm].libraries(look, layout),
                    copy: arms[arm].copy * copies + copy,
                    workload: arms[arm].workload.clone(),
                    items: ((items as f64 * arms[arm].work).round() as u64).max(1),
                })
                .collect(),
            warmup,
            rounds,
            fresh_copies: look == Look::Second || self.settings.fresh_copies,
            draw: Draw::new(&mut self.rng, places.len()),
        };
        let rows = self.execute.execute(&job)?.rounds;
        let (found, expected) = (
            rows.iter().map(Vec::len).sum(),
            places.len() * rounds as usize,
        );
        if found != expected || rows.iter().any(|row| row.len() != places.len()) {
            return Err(MeasureError::Shape { found, expected });
        }
        let each = Vec::with_capacity(rows.len());
        let mut times = vec![vec![each; copies as usize]; arms.len()];
        for row in &rows {
            for (&(arm, copy), &nanoseconds) in places.iter().zip(row) {
                // A clock that did not move has moved by less than it can tell.
                times[arm][copy as usize].push(nanoseconds.max(1) as f64);
            }
        }
        Ok(times)
    }
}

impl SequentialTest {
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
        let samples = samples(&processes[..seen], &self.sides, shape.items);
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
        let samples = samples(processes, &self.sides, items);
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

/// Each process as one sample for each baseline that there is.
pub(super) fn samples(processes: &[Process], sides: &Sides, items: u64) -> Vec<PairedSample> {
    let sample = |layout: usize, a: &[f64], b: &[f64]| {
        let ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| (b / a).ln()).collect();
        PairedSample {
            layout: layout as u32,
            log_ratio: median(&ratios),
            baseline_ns: median(a) / items as f64,
            candidate_ns: median(b) / items as f64,
            copies_ns: None,
        }
    };
    let of_process = |process: &Process| -> Vec<PairedSample> {
        let times = sides.times(process);
        let sample = |(a, b)| sample(process.layout, a, b);
        times.into_iter().map(sample).collect()
    };
    processes.iter().flat_map(of_process).collect()
}

/// The copy whose median round is the shortest. Where a copy's code and buffers come to
/// lie is the most that separates one process from another, and it can only be bad luck:
/// of two copies, the better one tells more of the code than both together (the
/// minimum's case is made by Chen & Revels, *Robust benchmarking in noisy environments*,
/// 2016, section 3). All arms have the same number of copies, so equals stay equal.
fn fastest(copies: &[Vec<f64>]) -> &[f64] {
    copies
        .iter()
        .min_by(|a, b| median(a).total_cmp(&median(b)))
        .expect("an arm has a copy at least")
}

/// The median of values that are finite and at least one.
pub(super) fn median(values: &[f64]) -> f64 {
    Sorted::new(values.iter().copied())
        .expect("times and their ratios are finite")
        .median()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process of two arms in two copies, each with one round.
    fn process(times: [[f64; 2]; 2]) -> Process {
        Process {
            layout: 3,
            times: times
                .map(|copies| copies.map(|time| vec![time]).to_vec())
                .to_vec(),
        }
    }

    const ARMS: Sides = Sides::Arms {
        baseline: 0,
        candidate: 1,
    };

    #[test]
    fn a_copy_that_lies_badly_does_not_count() {
        let found = samples(&[process([[100.0, 200.0], [330.0, 110.0]])], &ARMS, 10);
        assert!((found[0].log_ratio - 1.1_f64.ln()).abs() < 1e-12);
        assert_eq!((found[0].baseline_ns, found[0].layout), (10.0, 3));
    }

    #[test]
    fn to_swap_the_arms_is_to_turn_the_sign() {
        let processes = [process([[100.0, 130.0], [90.0, 210.0]])];
        let there = samples(&processes, &ARMS, 1)[0].log_ratio;
        let back = samples(&processes, &Sides::of(&(1, 0)), 1)[0].log_ratio;
        assert!((there + back).abs() < 1e-12 && there != 0.0);
    }

    #[test]
    fn an_arm_against_itself_is_its_second_copy_against_its_first() {
        let processes = [process([[100.0, 130.0], [20.0, 10.0]])];
        let found = samples(&processes, &Sides::of(&(0, 0)), 10);
        assert!((found[0].log_ratio - 1.3_f64.ln()).abs() < 1e-12);
        assert_eq!((found[0].baseline_ns, found[0].candidate_ns), (10.0, 13.0));
        // Of both arms: as many samples.
        let found = samples(&processes, &Sides::Copies(vec![0, 1]), 10);
        let ratios: Vec<f64> = found.iter().map(|sample| sample.log_ratio.exp()).collect();
        assert!((ratios[0] - 1.3).abs() < 1e-12 && (ratios[1] - 0.5).abs() < 1e-12);
    }
}
