//! One process of a comparison: the job that it gets, and its times as samples. Knows
//! arms and their layouts; judges nothing.

use rand::rngs::SmallRng;

use super::arm::Arm;
use super::error::MeasureError;
use crate::draw::{Draw, order};
use crate::job::{ArmJob, Job};
use crate::process::{Execute, ExecuteError};
use crate::result::{CopiesNs, PairedSample};
use crate::stats::order::Sorted;
use crate::stats::verdict::Reason;

/// Copies of every arm in a process, from files of their own: the better one counts,
/// and the two against each other are the A/A.
const COPIES: usize = 2;

/// Steps of the clock that a round of every arm should last, so that one step is at most
/// a percent of it.
pub(super) const FEWEST_STEPS: u64 = 100;

/// How the processes of a comparison measure: found by calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Items that every arm drains in a round.
    pub items: u64,
    /// Rounds that are not recorded.
    pub warmup: u32,
    /// Rounds that are.
    pub rounds: u32,
}

/// What does the processes, and decides what chance must.
pub(super) struct Bench<'a> {
    pub(super) execute: &'a mut dyn Execute,
    pub(super) rng: SmallRng,
    /// Why every arm has one copy, where two could not be opened: what a library keeps
    /// for its threads fits into a process so many times, for example.
    pub(super) single: Option<String>,
}

/// What one process measured.
#[derive(Debug)]
pub(super) struct Process {
    /// Layouts of each arm, of each of its libraries.
    layouts: Vec<Vec<usize>>,
    /// Nanoseconds of each arm, of each of its copies, round by round.
    pub(super) times: Vec<Vec<Vec<f64>>>,
    /// The step of its clock, nanoseconds.
    pub(super) clock_step_ns: u64,
}

impl Bench<'_> {
    /// Runs one process: every arm in two copies, in random order, on these layouts. In
    /// one copy, from then on, where two cannot be opened.
    pub(super) fn process(
        &mut self,
        arms: &[Arm],
        layouts: Vec<Vec<usize>>,
        shape: Shape,
    ) -> Result<Process, MeasureError> {
        if self.single.is_none() {
            match self.process_of(COPIES, arms, &layouts, shape) {
                Err(MeasureError::Execute(ExecuteError::NotOpened(why))) => self.single = Some(why),
                other => return other,
            }
        }
        self.process_of(1, arms, &layouts, shape)
    }

    fn process_of(
        &mut self,
        copies: usize,
        arms: &[Arm],
        layouts: &[Vec<usize>],
        shape: Shape,
    ) -> Result<Process, MeasureError> {
        // The child must not learn from the order which arm is which.
        let places: Vec<(usize, usize)> = order(&mut self.rng, arms.len() * copies)
            .into_iter()
            .map(|place| (place / copies, place % copies))
            .collect();
        let arm_job = |&(arm, copy): &(usize, usize)| ArmJob {
            libraries: arms[arm].files(&layouts[arm]),
            copy: arms[arm].copy * COPIES as u32 + copy as u32,
            workload: arms[arm].workload.clone(),
            items: arms[arm].drained(shape.items),
        };
        let job = Job {
            arms: places.iter().map(arm_job).collect(),
            warmup: shape.warmup,
            rounds: shape.rounds,
            fresh_copies: true,
            draw: Draw::new(&mut self.rng, places.len()),
        };
        let answer = self.execute.execute(&job)?;
        let rows = &answer.rounds;
        let found = rows.iter().map(Vec::len).sum();
        let expected = places.len() * shape.rounds as usize;
        if found != expected || rows.iter().any(|row| row.len() != places.len()) {
            return Err(MeasureError::Shape { found, expected });
        }
        let clock_step_ns = answer.clock_step_ns.max(1);
        let mut times = vec![vec![Vec::with_capacity(rows.len()); copies]; arms.len()];
        for row in rows {
            for (&(arm, copy), &nanoseconds) in places.iter().zip(row) {
                // A clock that did not move has moved by less than it can tell.
                let measured = nanoseconds.max(clock_step_ns) as f64;
                times[arm][copy].push(measured * arms[arm].scale(shape.items));
            }
        }
        Ok(Process {
            layouts: layouts.to_vec(),
            times,
            clock_step_ns,
        })
    }
}

/// Each process as one sample of the candidate against the baseline, both by their
/// places among the arms.
pub(super) fn samples(
    processes: &[Process],
    (baseline, candidate): (usize, usize),
    items: u64,
) -> Vec<PairedSample> {
    let sample = |process: &Process| {
        let [before, after] = [baseline, candidate].map(|arm| &process.times[arm]);
        let rounds = fastest(before).iter().zip(fastest(after));
        let ratios: Vec<f64> = rounds.map(|(a, b)| (b / a).ln()).collect();
        let per_item = |times: &Vec<f64>| median(times) / items as f64;
        let [baseline_ns, candidate_ns] =
            [before, after].map(|copies| copies.iter().map(per_item).collect::<Vec<f64>>());
        let best = |copies: &[f64]| copies.iter().copied().fold(f64::INFINITY, f64::min);
        PairedSample {
            layout: process.layouts[baseline]
                .first()
                .map_or(0, |&first| first as u32),
            log_ratio: median(&ratios),
            baseline_ns: best(&baseline_ns),
            candidate_ns: best(&candidate_ns),
            copies_ns: both(&baseline_ns)
                .zip(both(&candidate_ns))
                .map(|(baseline, candidate)| CopiesNs {
                    baseline,
                    candidate,
                }),
        }
    };
    processes.iter().map(sample).collect()
}

/// The values of both copies, where there are two.
fn both(copies: &[f64]) -> Option<[f64; COPIES]> {
    copies.try_into().ok()
}

/// That the clock is too coarse for the faster of two arms, where it is: how many steps
/// a round lasts in most processes.
pub(super) fn coarse_clock(
    processes: &[Process],
    (baseline, candidate): (usize, usize),
) -> Option<Reason> {
    let steps = |process: &Process| {
        let copies = [baseline, candidate].map(|arm| fastest(&process.times[arm]));
        let fastest = copies.map(median).into_iter().fold(f64::INFINITY, f64::min);
        fastest / process.clock_step_ns as f64
    };
    let steps = median(&processes.iter().map(steps).collect::<Vec<_>>());
    // Calibration aims at the limit: what one process's luck takes away is no finding.
    (steps < 0.5 * FEWEST_STEPS as f64).then(|| Reason::CoarseClock {
        steps: steps as u64,
        wanted: FEWEST_STEPS,
        step_ns: processes[0].clock_step_ns,
    })
}

/// The copy whose median round is the shortest. The place of a copy's code and buffers
/// in memory moves its time more than anything else that differs between processes,
/// and it can only be bad luck: of two copies, the better one tells more of the code
/// than both together (the minimum's case is made by Chen & Revels, *Robust
/// benchmarking in noisy environments*, 2016, section 3). All arms have the same number
/// of copies, so equals stay equal.
fn fastest(copies: &[Vec<f64>]) -> &[f64] {
    copies
        .iter()
        .min_by(|a, b| median(a).total_cmp(&median(b)))
        .expect("an arm has a copy")
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
            layouts: vec![vec![3], vec![4]],
            times: times
                .map(|copies| copies.map(|time| vec![time]).to_vec())
                .to_vec(),
            clock_step_ns: 1,
        }
    }

    #[test]
    fn a_copy_in_a_bad_place_does_not_count_but_is_kept() {
        let found = samples(&[process([[100.0, 200.0], [330.0, 110.0]])], (0, 1), 10);
        assert!((found[0].log_ratio - 1.1_f64.ln()).abs() < 1e-12);
        assert_eq!((found[0].baseline_ns, found[0].layout), (10.0, 3));
        let copies = found[0].copies_ns.expect("both were timed");
        assert_eq!(
            (copies.baseline, copies.candidate),
            ([10.0, 20.0], [33.0, 11.0])
        );
    }

    #[test]
    fn to_swap_the_arms_is_to_turn_the_sign() {
        let processes = [process([[100.0, 130.0], [90.0, 210.0]])];
        let there = samples(&processes, (0, 1), 1)[0].log_ratio;
        let back = samples(&processes, (1, 0), 1)[0].log_ratio;
        assert!((there + back).abs() < 1e-12 && there != 0.0);
    }
}
