//! Trials by this method: comparisons whose true result is known.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Method, Row};
use crate::arms::of_case;
use crate::case::Case;
use crate::pair::Layouts;
use bench_record::wire::{Comparison, Verdict};
use paired::process::Processes;
use paired::runner::{Arm, Runner, Settings};
use paired::stats::order::Sorted;
use paired::stats::{Confidence, Delta};

/// Confidence of each single comparison.
pub const CONFIDENCE: f64 = 0.99;
/// Time for a comparison.
pub const BUDGET: Duration = Duration::from_millis(1_800);
/// A measuring process that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// What must hold of a row: in words, and as a test of it.
pub type Requirement = (String, fn(&Row) -> bool);

/// The trials: a fresh runner for each, so that none has what another learnt.
#[derive(Debug)]
pub struct Trials {
    processes: Processes,
    seed: u64,
}

impl Trials {
    /// Trials whose chances follow from `seed`.
    ///
    /// # Errors
    /// When measuring processes cannot be started.
    pub fn new(seed: u64) -> Result<Self> {
        let processes = Processes::new(crate::PRODUCT, LIMIT)?;
        Ok(Self { processes, seed })
    }

    /// A runner with settings for changes of `delta`.
    fn runner(&mut self, delta: Delta) -> Result<Runner<'_>> {
        self.seed = self.seed.wrapping_add(1);
        let confidence = Confidence::new(CONFIDENCE)?;
        let settings = Settings::new(delta, confidence, BUDGET);
        let builder = Runner::builder(&mut self.processes).seed(self.seed);
        Ok(builder.settings(settings).build())
    }

    /// `count` comparisons of a case with a copy of itself that does `work` times
    /// the work: 1 for A/A.
    ///
    /// # Errors
    /// When a comparison cannot be made.
    pub fn known(
        &mut self,
        case: &Case,
        layouts: &Layouts,
        work: f64,
        delta: f64,
        count: usize,
        tick: &mut dyn FnMut(),
    ) -> Result<Row> {
        let baseline = of_case(case, layouts);
        let candidate = Arm {
            work,
            ..baseline.copied()
        };
        self.repeat(&baseline, &candidate, delta, count, tick)
            .map(|row| Row {
                truth_percent: 100.0 * (work - 1.0),
                ..row
            })
    }

    /// The number of items that one drain of an arm is measured with.
    ///
    /// # Errors
    /// When the arm cannot be run.
    pub fn items(&mut self, arm: &Arm) -> Result<u64> {
        let arms = [arm.clone()];
        Ok(self.runner(Delta::DEFAULT)?.calibrate(&arms)?.items)
    }

    /// `count` comparisons of two arms.
    ///
    /// # Errors
    /// When a comparison cannot be made.
    pub fn repeat(
        &mut self,
        baseline: &Arm,
        candidate: &Arm,
        delta: f64,
        count: usize,
        tick: &mut dyn FnMut(),
    ) -> Result<Row> {
        let delta = Delta::new(delta)?;
        let start = Instant::now();
        let mut comparisons = Vec::with_capacity(count);
        for _ in 0..count {
            let arms = [baseline.clone(), candidate.clone()];
            comparisons.extend(self.runner(delta)?.compare(&arms, &[(0, 1)])?);
            tick();
        }
        let seconds = start.elapsed().as_secs_f64() / count.max(1) as f64;
        summarise(&comparisons, delta, seconds)
    }
}

/// The row of many comparisons of one kind.
fn summarise(comparisons: &[Comparison], delta: Delta, seconds: f64) -> Result<Row> {
    let verdicts = |verdict| {
        comparisons
            .iter()
            .filter(|found| found.verdict == verdict)
            .count()
    };
    let estimates = Sorted::new(comparisons.iter().map(|found| 100.0 * (found.ratio - 1.0)))?;
    let values = estimates.values();
    let exclude_zero = comparisons
        .iter()
        .filter(|found| found.low > 1.0 || found.high < 1.0);
    Ok(Row {
        experiment: String::new(),
        method: None,
        case: comparisons
            .first()
            .map(|found| found.baseline.clone())
            .unwrap_or_default(),
        truth_percent: 0.0,
        delta_percent: Some(100.0 * delta.share()),
        comparisons: comparisons.len(),
        slower: verdicts(Verdict::Slower),
        faster: verdicts(Verdict::Faster),
        same: verdicts(Verdict::Same),
        inconclusive: verdicts(Verdict::Inconclusive),
        exclude_zero: exclude_zero.count(),
        lowest_percent: values[0],
        median_percent: estimates.median(),
        highest_percent: values[values.len() - 1],
        seconds,
        required: String::new(),
        reached: true,
    })
}

impl Row {
    /// The row under a name, held against what is required of it.
    #[must_use]
    pub fn judged(self, experiment: &str, (required, holds): Requirement) -> Self {
        let reached = holds(&self);
        Self {
            experiment: experiment.to_owned(),
            required,
            reached,
            ..self
        }
    }

    /// The row of a method's trials of a known truth, in percent.
    #[must_use]
    pub fn by(self, method: Method, truth_percent: f64) -> Self {
        Self {
            method: Some(method),
            truth_percent,
            ..self
        }
    }

    /// The row of one case.
    #[must_use]
    pub fn of(self, case: &Case) -> Self {
        Self {
            case: case.id(),
            ..self
        }
    }

    /// Rows of one comparison each as one row.
    ///
    /// # Errors
    /// When there is none.
    pub fn sum(rows: &[Self]) -> Result<Self> {
        let estimates = Sorted::new(rows.iter().map(|row| row.median_percent))?;
        let values = estimates.values();
        let total = |count: fn(&Self) -> usize| rows.iter().map(count).sum();
        Ok(Self {
            comparisons: rows.len(),
            slower: total(|row| row.slower),
            faster: total(|row| row.faster),
            same: total(|row| row.same),
            inconclusive: total(|row| row.inconclusive),
            exclude_zero: total(|row| row.exclude_zero),
            lowest_percent: values[0],
            median_percent: estimates.median(),
            highest_percent: values[values.len() - 1],
            seconds: rows.iter().map(|row| row.seconds).sum::<f64>() / rows.len() as f64,
            ..rows[0].clone()
        })
    }

    /// The row under a name; it only informs.
    #[must_use]
    pub fn named(self, experiment: &str) -> Self {
        Self {
            experiment: experiment.to_owned(),
            ..self
        }
    }
}
