//! Trials: one kind of comparison, made many times, as one line of the result.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bench_record::wire::{Comparison, Verdict};
use paired::process::Processes;
use paired::runner::{Arm, Runner, Settings};
use paired::stats::order::Sorted;
use paired::stats::{Confidence, Delta};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::pools::{Pools, Sides};
use super::{Method, Row};
use crate::case::Case;

/// Confidence of each single comparison.
pub const CONFIDENCE: f64 = 0.99;
/// Time for a comparison, both looks together: two seconds with what comes around it.
pub const BUDGET: Duration = Duration::from_millis(1_800);
/// A measuring process that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(30);
/// Comparisons that may fail in a row before the experiment gives up.
const FAILURES: usize = 3;

/// Makes comparisons: a fresh runner for each, so that none has what another learnt.
#[derive(Debug)]
pub struct Trials {
    /// Runs the measuring processes.
    pub processes: Processes,
    /// Decides what is random.
    pub rng: SmallRng,
    /// Time for a comparison.
    pub budget: Duration,
}

impl Trials {
    /// Trials whose random choices follow from `seed`, with so much time for each comparison.
    pub fn new(seed: u64, budget: Duration) -> Result<Self> {
        Ok(Self {
            processes: Processes::new(crate::PRODUCT, LIMIT)?,
            rng: SmallRng::seed_from_u64(seed),
            budget,
        })
    }

    fn runner(&mut self, delta: Delta) -> Result<Runner<'_>> {
        let settings = Settings::new(delta, Confidence::new(CONFIDENCE)?, self.budget);
        let seed = self.rng.random();
        let builder = Runner::builder(&mut self.processes).seed(seed);
        Ok(builder.settings(settings).build())
    }

    /// The number of items of a drain, rounded up to a multiple of a hundred: one percent
    /// more of them is then exactly one percent more work.
    pub fn items(&mut self, arms: &[Arm; 2]) -> Result<u64> {
        let shape = self.runner(Delta::DEFAULT)?.calibrate(arms)?;
        Ok(shape.items.next_multiple_of(100))
    }

    /// `count` comparisons of a case on both builds, where the candidate does `work`
    /// times the work: 1 for the unrelated function alone.
    pub fn row(
        &mut self,
        pools: &Pools,
        case: &Case,
        (sides, work): (Sides, f64),
        count: usize,
        tick: &mut dyn FnMut(),
    ) -> Result<Row> {
        let mut rng = SmallRng::seed_from_u64(self.rng.random());
        let items = self.items(&pools.arms(case, sides, &mut rng)?)?;
        let start = Instant::now();
        let mut comparisons = Vec::with_capacity(count);
        let mut failed = 0;
        while comparisons.len() < count {
            let [mut baseline, mut candidate] = pools.arms(case, sides, &mut rng)?;
            (baseline.items, candidate.items) = (Some(items), Some(items));
            candidate.work = work;
            let compared = self
                .runner(Delta::DEFAULT)?
                .compare(&[baseline, candidate], &[(0, 1)]);
            match compared {
                Ok(made) => {
                    failed = 0;
                    comparisons.extend(made);
                    tick();
                }
                Err(error) => {
                    failed += 1;
                    if failed == FAILURES {
                        bail!("{}: {error}", case.id());
                    }
                }
            }
        }
        let seconds = start.elapsed().as_secs_f64() / count.max(1) as f64;
        Ok(Row {
            truth_percent: 100.0 * (work - 1.0),
            ..summarise(&case.id(), &comparisons, seconds)?
        })
    }
}

/// The row of many comparisons of one kind.
fn summarise(case: &str, comparisons: &[Comparison], seconds: f64) -> Result<Row> {
    let verdicts = |verdict| {
        let of = |found: &&Comparison| found.verdict == verdict;
        comparisons.iter().filter(of).count()
    };
    let median = |value: fn(&Comparison) -> Option<f64>| -> Result<Option<f64>> {
        let values: Vec<f64> = comparisons.iter().filter_map(value).collect();
        let sorted = (!values.is_empty())
            .then(|| Sorted::new(values))
            .transpose()?;
        Ok(sorted.map(|sorted| sorted.median()))
    };
    let estimates = Sorted::new(comparisons.iter().map(|found| 100.0 * (found.ratio - 1.0)))?;
    let values = estimates.values();
    let excludes = |found: &&Comparison| found.low > 1.0 || found.high < 1.0;
    let signs = comparisons.iter().filter_map(|found| found.sign);
    let processes = comparisons.iter().map(|found| f64::from(found.processes));
    Ok(Row {
        method: Method::ProcessDraws,
        case: case.to_owned(),
        delta_percent: comparisons.first().map(|found| 100.0 * found.delta),
        comparisons: comparisons.len(),
        slower: verdicts(Verdict::Slower),
        faster: verdicts(Verdict::Faster),
        same: verdicts(Verdict::Same),
        inconclusive: verdicts(Verdict::Inconclusive),
        exclude_zero: comparisons.iter().filter(excludes).count(),
        sign_excludes_zero: Some(signs.filter(|sign| sign.excludes_one()).count()),
        half_width_percent: median(|found| Some(half_width(found.ratio, found.low, found.high)))?,
        sign_half_width_percent: median(|found| {
            let sign = found.sign?;
            Some(half_width(sign.ratio, sign.low, sign.high))
        })?,
        spread_percent: median(spread)?,
        processes: Some(processes.sum::<f64>() / comparisons.len().max(1) as f64),
        lowest_percent: values[0],
        median_percent: estimates.median(),
        highest_percent: values[values.len() - 1],
        seconds,
        reached: true,
        ..Row::default()
    })
}

/// The longer arm of an interval of a ratio, percent.
fn half_width(ratio: f64, low: f64, high: f64) -> f64 {
    100.0 * ((high / ratio).ln()).max((ratio / low).ln())
}

/// The robust standard deviation of a comparison's processes, percent: 1.4826 times the
/// median absolute deviation, which is the standard deviation of a normal sample
/// (Hampel, *The influence curve and its role in robust estimation*, 1974).
fn spread(comparison: &Comparison) -> Option<f64> {
    let ratios = || comparison.samples.iter().map(|sample| sample.log_ratio);
    let centre = Sorted::new(ratios()).ok()?.median();
    let apart = Sorted::new(ratios().map(|ratio| (ratio - centre).abs())).ok()?;
    Some(148.26 * apart.median())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::wire::PairedSample;

    fn comparison(ratio: f64, half: f64, verdict: Verdict) -> Comparison {
        let sample = |log_ratio: f64| PairedSample {
            log_ratio,
            ..PairedSample::default()
        };
        Comparison {
            ratio,
            low: ratio * (-half).exp(),
            high: ratio * half.exp(),
            verdict,
            delta: 0.01,
            processes: 5,
            samples: [-0.02, -0.01, 0.0, 0.01, 0.02].map(sample).to_vec(),
            ..Comparison::default()
        }
    }

    #[test]
    fn a_row_counts_verdicts_and_intervals_and_knows_their_widths() {
        let comparisons = [
            comparison(1.0, 0.002, Verdict::Same),
            comparison(1.02, 0.004, Verdict::Slower),
            comparison(0.99, 0.02, Verdict::Inconclusive),
        ];
        let row = summarise("drain/u64/arena", &comparisons, 1.5).expect("finite");
        assert_eq!((row.same, row.slower, row.faster), (1, 1, 0));
        assert_eq!((row.inconclusive, row.exclude_zero), (1, 1));
        assert!((row.half_width_percent.expect("made") - 0.4).abs() < 1e-9);
        assert!((row.spread_percent.expect("made") - 1.4826).abs() < 1e-9);
        assert!((row.highest_percent - 2.0).abs() < 1e-9);
    }
}
