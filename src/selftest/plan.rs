//! What the experiment compares, and what must hold of it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::Protocol;
use statrs::distribution::{ContinuousCDF, Normal};

use super::pools::{Pools, Sides};
use super::trials::Trials;
use super::{Method, Row, alternatives};
use crate::case::Case;

/// A part of the experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// A guest with one more function, which nobody calls: nothing differs.
    Unrelated,
    /// One and two percent of real work more.
    Work,
    /// Both again, with the two sides sharing their draws.
    Common,
    /// Both again, by other methods.
    Alternatives,
    /// Criterion's comparison of an unchanged benchmark with its last run.
    Criterion,
}

/// Comparisons of each kind in the full experiment.
const FULL: usize = 100;
/// Comparisons of each kind that only informs.
const FEW: usize = 20;
/// The share of processes' differences beyond which no share of detections is required,
/// percent: there the layouts decide more than any change of this size.
const LARGE_SPREAD: f64 = 6.0;
/// The share of intervals that exclude zero below which it is not said how many processes would
/// do: one interval more or less would change that by much.
const LEAST_SHARE: f64 = 0.2;
/// Slowdowns tried, in percent, where 2% is not seen.
const LARGER: [f64; 4] = [3.0, 5.0, 8.0, 12.0];

/// Hears what begins, with its number of comparisons, and gives what is to be told of each
/// one that is done.
pub type Begin = dyn Fn(&str, usize) -> Box<dyn Fn()>;

/// How much of the experiment is made, and what hears of it.
pub struct Plan<'a> {
    /// The parts; all where empty.
    pub only: &'a [Part],
    /// Share of the full number of comparisons, above 0 and up to 1.
    pub share: f64,
    /// The payloads' cases.
    pub cases: &'a [Case],
    /// Time for a comparison.
    pub budget: Duration,
    /// Hears of it.
    pub begin: &'a Begin,
}

/// The cases that the experiment is made on: every payload, where layouts matter little
/// and where they matter most.
pub fn subjects() -> [Case; 7] {
    let arena = |payload, bytes| Case::drain(payload, bytes, Protocol::Arena);
    [
        arena(PayloadKind::U64, 8),
        arena(PayloadKind::Record, 256),
        arena(PayloadKind::Bytes, 64),
        Case::drain(PayloadKind::Bytes, 1024, Protocol::Alloc),
        arena(PayloadKind::Blob, 64),
        arena(PayloadKind::Blob, 4096),
        arena(PayloadKind::F64s, 1024),
    ]
}

/// Whether 1% must be seen on a case.
fn sees_one_percent(case: &Case) -> bool {
    ["drain/u64/", "drain/blob-4KiB/", "drain/bytes-1KiB/"]
        .iter()
        .any(|prefix| case.id().starts_with(prefix))
}

impl Plan<'_> {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The number of comparisons that stand for `whole` of the experiment.
    fn count(&self, whole: usize) -> usize {
        ((whole as f64 * self.share).ceil() as usize).max(1)
    }

    /// Makes the experiment.
    pub fn run(&self, root: &Path, pools: &Pools, seed: u64) -> Result<Vec<Row>> {
        let mut trials = Trials::new(seed, self.budget)?;
        let mut rows = Vec::new();
        for case in self.cases {
            if self.wants(Part::Unrelated) {
                rows.push(self.unrelated(&mut trials, pools, case)?);
            }
            if self.wants(Part::Work) {
                rows.extend(self.work(&mut trials, pools, case)?);
            }
            if self.wants(Part::Common) {
                rows.extend(self.common(&mut trials, pools, case)?);
            }
        }
        if self.wants(Part::Alternatives) {
            let [number, _, _, bytes, ..] = subjects();
            let chosen = |case: &Case| self.cases.contains(case);
            for case in [number, bytes].into_iter().filter(chosen) {
                rows.extend(self.alternatives(&mut trials, pools, &case)?);
            }
        }
        let case = &subjects()[0];
        if self.wants(Part::Criterion) && self.cases.contains(case) {
            let count = self.count(FEW);
            let tick = (self.begin)("criterion against its last run", count);
            let row = alternatives::criterion(root, case, count, &mut || tick())?;
            rows.push(named(row, "unchanged, criterion against its last run"));
        }
        ensure!(
            !rows.is_empty(),
            "no part of the experiment has these cases"
        );
        Ok(rows)
    }

    /// Nothing differs: no verdict *slower* or *faster*, and intervals that include zero.
    fn unrelated(&self, trials: &mut Trials, pools: &Pools, case: &Case) -> Result<Row> {
        let name = "unrelated function";
        let sides = (Sides::Unpaired, 0.0);
        Ok(no_false_verdict(
            self.trial(name, trials, pools, case, sides, FULL)?,
        ))
    }

    /// Real work more: intervals must exclude zero. Where 2% is not seen, larger
    /// slowdowns follow until one is.
    fn work(&self, trials: &mut Trials, pools: &Pools, case: &Case) -> Result<Vec<Row>> {
        let name = "more work";
        let mut trial = |percent, count| {
            self.trial(name, trials, pools, case, (Sides::Unpaired, percent), count)
        };
        let mut rows = Vec::new();
        let one = trial(1.0, FULL)?;
        rows.push(seen_by_95(one, sees_one_percent(case)));
        let two = trial(2.0, FULL)?;
        let large = two
            .spread_percent
            .is_some_and(|spread| spread > LARGE_SPREAD);
        let mut seen = is_seen(&two);
        rows.push(seen_by_95(two, !large));
        for percent in LARGER {
            if seen {
                break;
            }
            let row = trial(percent, FEW)?;
            seen = is_seen(&row);
            rows.push(row);
        }
        Ok(rows)
    }

    /// Both truths where the two sides share their draws, as comparisons of two builds do.
    fn common(&self, trials: &mut Trials, pools: &Pools, case: &Case) -> Result<[Row; 2]> {
        let must_see = sees_one_percent(case);
        let count = if must_see { FULL } else { FEW };
        let mut trial = |percent, count| {
            let name = "the same draws on both sides";
            self.trial(name, trials, pools, case, (Sides::Common, percent), count)
        };
        let nothing = no_false_verdict(trial(0.0, FEW)?);
        let one = trial(1.0, count)?;
        Ok([nothing, seen_by_95(one, must_see)])
    }

    /// The same truths by every method.
    fn alternatives(&self, trials: &mut Trials, pools: &Pools, case: &Case) -> Result<Vec<Row>> {
        let count = self.count(FEW);
        let items = trials.items(&pools.plain(case))?;
        let mut rows = Vec::new();
        for percent in [0.0, 1.0] {
            for method in Method::ALL {
                let name = if percent == 0.0 {
                    "unrelated function"
                } else {
                    "more work"
                };
                if method == Method::ProcessDraws {
                    let sides = Sides::Unpaired;
                    rows.push(self.trial(name, trials, pools, case, (sides, percent), FEW)?);
                    continue;
                }
                let tick = (self.begin)(&format!("{name}, {}, {case}", method.name()), count);
                let trial = (items, 1.0 + percent / 100.0, self.budget);
                let row = alternatives::row(method, pools, case, trial, count, &mut || tick())?;
                rows.push(named(row, name));
            }
        }
        Ok(rows)
    }

    fn trial(
        &self,
        name: &str,
        trials: &mut Trials,
        pools: &Pools,
        case: &Case,
        (sides, percent): (Sides, f64),
        whole: usize,
    ) -> Result<Row> {
        let count = self.count(whole);
        let tick = (self.begin)(&format!("{name} {percent:+}%, {case}"), count);
        let work = 1.0 + percent / 100.0;
        let row = trials.row(pools, case, (sides, work), count, &mut || tick())?;
        Ok(named(row, name))
    }
}

fn named(row: Row, experiment: &str) -> Row {
    Row {
        experiment: experiment.to_owned(),
        ..row
    }
}

/// How many of `count` intervals at 99% may exclude the truth: 1% and three standard
/// errors.
fn most_excluding(count: usize) -> usize {
    let expected = 0.01 * count as f64;
    (expected + 3.0 * (0.99 * expected).sqrt()) as usize
}

/// Of a row in which nothing differs.
fn no_false_verdict(row: Row) -> Row {
    let most = most_excluding(row.comparisons);
    Row {
        required: format!("no false verdict, at most {most} exclude zero"),
        reached: row.slower == 0 && row.faster == 0 && row.exclude_zero <= most,
        ..row
    }
}

fn is_seen(row: &Row) -> bool {
    row.exclude_zero * 100 >= row.comparisons * 95
}

/// Of a row that must be seen in 95 of 100 comparisons, if it must.
fn seen_by_95(row: Row, must: bool) -> Row {
    if !must {
        return row;
    }
    let reached = is_seen(&row);
    let seen = row.exclude_zero as f64 / row.comparisons.max(1) as f64;
    let enough = row.processes.filter(|_| !reached);
    let enough = enough.and_then(|processes| processes_to_see(processes, seen));
    let enough = enough.map(|processes| format!(" (about {processes} processes would do)"));
    Row {
        required: format!("95% exclude zero{}", enough.unwrap_or_default()),
        reached,
        ..row
    }
}

/// Processes whose interval at 99% excludes zero in 95% of comparisons, where that of
/// `processes` did so in a share of them; none where it never did. An estimate's standard error
/// falls with the square root of the processes, so that is the number
/// `processes · ((z₀.₉₉₅ + z₀.₉₅) / (z₀.₉₉₅ + z_share))²`.
fn processes_to_see(processes: f64, share: f64) -> Option<u64> {
    let z = |share| Normal::standard().inverse_cdf(share);
    let seen = z(0.995) + z(share);
    let more = ((z(0.995) + z(0.95)) / seen).powi(2);
    (share >= LEAST_SHARE && more.is_finite()).then(|| (processes * more).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_on_excluding_intervals_is_one_percent_and_sampling_error() {
        assert_eq!(most_excluding(100), 3);
        assert_eq!(most_excluding(700), 14);
        assert_eq!(most_excluding(1), 0);
    }

    #[test]
    fn the_processes_that_a_change_takes_follow_from_the_share_that_was_seen() {
        // z: 2.5758 + 1.6449 = 4.2207; of half: 2.5758. (4.2207 / 2.5758)² = 2.685.
        assert_eq!(processes_to_see(100.0, 0.5), Some(269));
        assert_eq!(processes_to_see(100.0, 0.95), Some(100));
        assert_eq!(processes_to_see(100.0, 0.1), None);
    }

    #[test]
    fn every_payload_is_tried() {
        for payload in PayloadKind::ALL {
            assert!(
                subjects().iter().any(|case| case.payload == payload),
                "{payload:?}"
            );
        }
        assert_eq!(
            subjects()
                .iter()
                .filter(|case| sees_one_percent(case))
                .count(),
            3
        );
    }
}
