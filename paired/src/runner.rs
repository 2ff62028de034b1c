//! A contest: arms that take turns in many short processes, until every ratio
//! that was asked for is known well enough or the budget is spent.
//!
//! The parent's side: it alone knows which arm is the baseline. [`calibration`]
//! finds the number of items, `test` runs the processes and looks at what they
//! measured; here are the arms, and what is made of a test.

use std::path::PathBuf;
use std::time::Duration;

use rand::Rng;
use serde_json::Value;

use self::calibration::Shape;
use self::sequential::{Process, SequentialTest, Sides, median, samples};
use super::clock::Clock;
use super::process::{Execute, ExecuteError};
use crate::result::{Comparison, PairedSample, RatioInterval};
use crate::stats::summary::Summary;
use crate::stats::verdict::{Judgement, confirm, find, screen};
use crate::stats::{Confidence, Delta, StatsError};

pub mod calibration;
mod sequential;

/// One arm: what runs, and the name it has here.
#[derive(Debug, Clone)]
pub struct Arm {
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

impl Arm {
    /// The same arm from another copy of its files.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self {
            copy: self.copy + 1,
            ..self.clone()
        }
    }

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
    /// Time for one look at one contest: where a second is due it gets what the first
    /// leaves of twice this; where none is, the first goes on for both.
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
    /// Copies of every arm in a process, from files of their own, at least 1. Those of
    /// a second look are never fewer than two.
    pub copies: u32,
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
            warmup: 2,
            rounds: 9,
            drain: Duration::from_micros(50),
            fresh_copies: true,
            copies: 2,
        }
    }

    fn copies_in(&self, look: Look) -> u32 {
        let fewest = if look == Look::Second { 2 } else { 1 };
        self.copies.max(fewest)
    }
}

/// Why a contest has no result.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
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

/// Which look at a comparison it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// One that no other follows.
    Only,
    /// One that ends early where a second is due.
    First,
    /// The one that decides.
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

impl<R: Rng> Runner<'_, R> {
    /// Measures `arms` against each other and judges each (baseline, candidate)
    /// of `pairs`. A pair of an arm with itself, where [`Settings::copies`] is at least
    /// 2, is A/A: its second copy against its first.
    ///
    /// # Errors
    /// When a process fails or the samples have no statistic.
    ///
    /// # Panics
    /// If a pair names an arm that is not there, or one with itself that has no copy; or
    /// if an arm has no layout.
    pub fn compare(
        &mut self,
        arms: &[Arm],
        pairs: &[(usize, usize)],
    ) -> Result<Vec<Comparison>, MeasureError> {
        let shape = self.calibrate(arms)?;
        let all: Vec<&Arm> = arms.iter().collect();
        let both = 2 * self.settings.budget;
        let start = self.clock.now();
        let sides = pairs.iter().map(Sides::of);
        let (processes, tests) = self.look(&all, sides, shape, Look::First, both)?;
        // A suspicion that came late is not looked at in a hurry.
        let left = both.saturating_sub(self.clock.now() - start);
        let left = left.max(self.settings.budget);
        pairs
            .iter()
            .zip(&tests)
            .map(|(&pair, test)| self.conclude(arms, pair, &processes, test, shape, left))
            .collect()
    }

    /// Measures `arms` against each other once, for the sizes of the differences:
    /// no second look is made, so a suspicion stays one.
    ///
    /// # Errors
    /// As for [`Self::compare`].
    ///
    /// # Panics
    /// As for [`Self::compare`].
    pub fn survey(
        &mut self,
        arms: &[Arm],
        pairs: &[(usize, usize)],
    ) -> Result<Vec<Comparison>, MeasureError> {
        let shape = self.calibrate(arms)?;
        let all: Vec<&Arm> = arms.iter().collect();
        let budget = self.settings.budget;
        let sides = pairs.iter().map(Sides::of);
        let (processes, tests) = self.look(&all, sides, shape, Look::Only, budget)?;
        let comparison = |(&(baseline, candidate), test): (&(usize, usize), SequentialTest)| {
            let samples = samples(&processes, &test.sides, shape.items);
            let summary = match test.seen {
                Some((summary, _)) => summary,
                None => Summary::new(&samples, self.settings.confidence)?,
            };
            let delta = self.settings.delta;
            let judgement = find(&summary.log_ratio, delta).unconfirmed(delta);
            let (baseline, candidate) = (&arms[baseline], &arms[candidate]);
            Ok(self.comparison(baseline, candidate, &summary, judgement, samples, shape))
        };
        pairs.iter().zip(tests).map(comparison).collect()
    }

    /// The comparison of a test; what looks like a change is looked at a second
    /// time, for all the time that the first look left.
    fn conclude(
        &mut self,
        arms: &[Arm],
        (baseline, candidate): (usize, usize),
        processes: &[Process],
        test: &SequentialTest,
        shape: Shape,
        left: Duration,
    ) -> Result<Comparison, MeasureError> {
        let same = (baseline == candidate).then(|| arms[baseline].copied());
        let (baseline, candidate) = (&arms[baseline], same.as_ref().unwrap_or(&arms[candidate]));
        let (summary, samples) = test.result(processes, shape, &self.settings)?;
        let delta = self.settings.delta;
        if screen(&summary.log_ratio, delta).is_some() {
            return self.second_look(baseline, candidate, &summary, shape, left);
        }
        let judgement = find(&summary.log_ratio, delta).unconfirmed(delta);
        Ok(self.comparison(baseline, candidate, &summary, judgement, samples, shape))
    }

    /// Measures again, with new draws, other layouts and two copies of each arm, which are
    /// compared in the same rounds; this interval is the one that is quoted.
    fn second_look(
        &mut self,
        baseline: &Arm,
        candidate: &Arm,
        first: &Summary,
        shape: Shape,
        left: Duration,
    ) -> Result<Comparison, MeasureError> {
        let arms = [baseline, candidate];
        let sides = [Sides::of(&(0, 1)), Sides::Copies(vec![0, 1])];
        let (processes, tests) = self.look(&arms, sides, shape, Look::Second, left)?;
        let (summary, second) = tests[0].result(&processes, shape, &self.settings)?;
        let (copies, _) = tests[1].result(&processes, shape, &self.settings)?;
        let delta = self.settings.delta;
        let judgement = confirm(
            &first.log_ratio,
            &summary.log_ratio,
            &copies.log_ratio,
            delta,
        );
        let copies = copies.ratio();
        Ok(Comparison {
            copies: Some(RatioInterval {
                ratio: copies.estimate,
                low: copies.low,
                high: copies.high,
            }),
            ..self.comparison(baseline, candidate, &summary, judgement, second, shape)
        })
    }

    fn comparison(
        &self,
        baseline: &Arm,
        candidate: &Arm,
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
            ..Comparison::default()
        }
    }
}
