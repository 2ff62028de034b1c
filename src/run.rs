//! A run: verify, then measure, and keep what is finished as it comes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use bench_protocol::spec::BufferConfig;

use crate::allocator::Allocators;
use crate::arms::of_case;
use crate::case::{Case, Group};
use crate::counts::{self, CountsError};
use crate::harness::Profile;
use crate::pair::Layouts;
use crate::pair_process::PairProcess;
use crate::verify::Verification;
use crate::wall;
use crate::{CONFIDENCE, PROCESS_LIMIT};
use bench_record::wire::{self, Counts, Failure, Record};
use paired::process::Processes;
use paired::ratios::{self, Match};
use paired::runner::{Runner, Settings};
use paired::stats::{Confidence, Delta, StatsError, correction};

/// A part of a run that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Step {
    /// Paired wall clock: ratios and verdicts.
    Paired,
    /// Criterion's reports.
    Criterion,
    /// Instructions and allocations, under valgrind.
    Counts,
}

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    pub skip: Vec<Step>,
    pub delta: Delta,
    /// Time for a comparison, both looks together.
    pub budget: Duration,
    /// Folder of the pair; without one, the pair that cargo builds.
    pub pair: Option<PathBuf>,
    /// What the pair allocates by.
    pub allocators: Allocators,
    /// Criterion's folder.
    pub criterion: PathBuf,
    /// Comparisons of the whole run, of which this may be a shard: their intervals are
    /// to hold together.
    pub comparisons: usize,
    /// Seed of everything that chance decides.
    pub seed: u64,
}

/// What hears of a run as it goes on.
pub trait Listener {
    /// A part begins; it has so many steps.
    fn begin(&mut self, part: &str, steps: usize);
    /// A step is done; the record holds all that is finished.
    fn step(&mut self, record: &Record);
    /// Something that people should know, said once.
    fn notice(&mut self, text: &str);
}

/// Verifies the cases on the pair; what fails is not measured.
///
/// Cases that the record holds already are taken as they are.
pub fn verify(
    record: &mut Record,
    pair: &mut PairProcess,
    cases: &[Case],
    listener: &mut dyn Listener,
) -> Vec<Case> {
    listener.begin("verify", cases.len());
    let mut correct = Vec::new();
    for case in cases {
        let id = case.id();
        if !record.cases.iter().any(|known| known.id == id) {
            match pair.verify(case, None) {
                Ok(verification) => record.cases.push(verified(case, &verification)),
                Err(error) => {
                    fail(record, id, error.to_string());
                    continue;
                }
            }
        }
        correct.push(case.clone());
        listener.step(record);
    }
    correct
}

fn verified(case: &Case, verification: &Verification) -> wire::Case {
    wire::Case {
        id: case.id(),
        params: case.params(verification.expected.items),
        verified: Some(verification.verified()),
        counts: Some(verification.counts()),
    }
}

fn fail(record: &mut Record, id: String, why: String) {
    record.failures.retain(|failure| failure.id != id);
    record.failures.push(Failure { id, why });
}

/// Measures verified cases, part by part, into the record.
///
/// # Errors
/// When a part cannot be done at all. What was finished before is in the record.
pub fn measure(
    record: &mut Record,
    layouts: &Layouts,
    cases: &[Case],
    options: &Options,
    listener: &mut dyn Listener,
) -> Result<()> {
    let wants = |step| !options.skip.contains(&step);
    // Wall clock first, while nothing else of ours has warmed the machine.
    if wants(Step::Paired) {
        paired(record, layouts, cases, options, listener)?;
    }
    if wants(Step::Criterion) {
        criterion(record, cases, options, listener)?;
    }
    if wants(Step::Counts) {
        match count(record, cases, options, listener) {
            Err(error) if matches!(error.downcast_ref(), Some(CountsError::NoValgrind(_))) => {
                listener.notice(&error.to_string());
            }
            other => other?,
        }
    }
    Ok(())
}

/// The cases whose [baseline](Case::baseline) is among `cases`, with it: the arena's with alloc's,
/// and each way of a channel with the framework's. Of the ways to grow on a plan, the usual one stands for all: the others have a
/// verb of their own.
pub fn protocol_pairs(cases: &[Case]) -> Vec<(Case, Case)> {
    let usual = BufferConfig::default();
    let chosen = cases
        .iter()
        .filter(|case| case.group != Group::Growth || case.buffer == usual);
    chosen
        .map(|case| (case.baseline(), case.clone()))
        .filter(|(baseline, case)| baseline != case && cases.contains(baseline))
        .collect()
}

fn paired(
    record: &mut Record,
    layouts: &Layouts,
    cases: &[Case],
    options: &Options,
    listener: &mut dyn Listener,
) -> Result<()> {
    let mut matches: Vec<Match> = protocol_pairs(cases)
        .iter()
        .map(|(alloc, arena)| Match {
            baseline: of_case(alloc, layouts),
            candidate: of_case(arena, layouts),
        })
        .collect();
    let family = options.comparisons.max(matches.len()) + ratios::BUILD_CHECKS;
    let confidence = correction::per_comparison(Confidence::new(CONFIDENCE)?, family);
    matches.retain(
        |Match {
             baseline,
             candidate,
         }| {
            let known = record.comparison(&candidate.name, &baseline.name);
            known.is_none()
        },
    );
    listener.begin("against alloc and the framework", matches.len());
    let mut processes = Processes::new(crate::PRODUCT, PROCESS_LIMIT)?;
    let settings = Settings::new(options.delta, confidence, options.budget);
    let builder = Runner::builder(&mut processes).seed(options.seed);
    let mut runner = builder.settings(settings).build();
    let earlier = record.clone();
    let checks = earlier.self_check.iter();
    let checked: Vec<_> = checks.flat_map(|check| check.comparisons.clone()).collect();
    let keep = |record: &mut Record, found: &ratios::Ratios| -> Result<(), StatsError> {
        record.comparisons = [&earlier.comparisons[..], &found.comparisons[..]].concat();
        let checks = [&checked[..], &found.build_checks[..]].concat();
        let family = Confidence::new(CONFIDENCE)?;
        record.self_check = ratios::judge(&record.comparisons, &checks, family)?;
        for failure in &found.failures {
            fail(record, failure.id.clone(), failure.why.clone());
        }
        Ok(())
    };
    let mut kept = Ok(());
    let mut found = ratios::measure(&mut runner, &matches, &mut |_, found| {
        if kept.is_ok() {
            kept = keep(record, found);
        }
        listener.step(record);
    });
    kept?;
    if layouts.shuffled() && checked.is_empty() {
        ratios::check_builds(&mut runner, &matches, &mut found);
    }
    Ok(keep(record, &found)?)
}

/// The familiar reports of `cargo bench`, in short settings. Nothing of them is in the
/// record, which has one clock.
fn criterion(
    record: &mut Record,
    cases: &[Case],
    options: &Options,
    listener: &mut dyn Listener,
) -> Result<()> {
    // Growth is timed by its own verb, against each other way to grow; channels are timed in
    // pairs alone.
    let timed = cases
        .iter()
        .filter(|case| case.group != Group::Growth && !case.is_channel());
    let cases: Vec<Case> = timed.cloned().collect();
    listener.begin("criterion", cases.len());
    let harness = wall::Options {
        pair: options.pair.clone(),
        folder: options.criterion.clone(),
    };
    for failure in wall::bench(&cases, &harness, &mut || listener.step(record))? {
        fail(record, failure.id, failure.why);
    }
    let report = options.criterion.join("report/index.html");
    listener.notice(&format!("criterion's report is {}", report.display()));
    let note = "target/criterion/report/index.html".to_owned();
    let observed = &mut record.environment.observed;
    observed.insert("criterion_report".to_owned(), note);
    Ok(())
}

fn count(
    record: &mut Record,
    cases: &[Case],
    options: &Options,
    listener: &mut dyn Listener,
) -> Result<()> {
    let counted = |known: &wire::Case| {
        let counts = known.counts.as_ref();
        counts.is_some_and(|counts| counts.instructions_per_item.is_some())
    };
    let open = |case: &&Case| {
        let known = record.case(&case.id());
        !matches!(case.group, Group::Lifecycle(_)) && known.is_some_and(|known| !counted(known))
    };
    let cases: Vec<Case> = cases.iter().filter(open).cloned().collect();
    let harness = counts::Options {
        executable: counts::build(Profile::Release)?,
        pair: options.pair.clone(),
        allocators: options.allocators,
    };
    listener.begin("instructions and allocations", cases.len());
    counts::measure(&cases, &harness, &mut |case, result| {
        match result {
            Ok(counts) => {
                let id = case.id();
                if let Some(known) = record.cases.iter_mut().find(|known| known.id == id) {
                    known.counts = Some(with_tools(known.counts.take(), counts));
                }
            }
            Err(error) => fail(record, case.id(), error.to_string()),
        }
        listener.step(record);
    })?;
    Ok(())
}

/// The counts of a verification with those of callgrind and DHAT.
pub fn with_tools(verified: Option<Counts>, tools: Counts) -> Counts {
    Counts {
        instructions_per_item: tools.instructions_per_item,
        allocations_per_item: tools.allocations_per_item,
        allocated_bytes_per_item: tools.allocated_bytes_per_item,
        ..verified.unwrap_or_default()
    }
}

/// The cases of shard `k` of `n`, both from 1: every n-th, so that each shard has
/// large and small ones. A case and what it is compared with stay together.
pub fn shard(cases: Vec<Case>, k: u32, n: u32) -> Vec<Case> {
    let mut place: BTreeMap<String, u32> = BTreeMap::new();
    cases
        .into_iter()
        .filter(|case| {
            let next = place.len() as u32;
            let key = case.baseline().id();
            *place.entry(key).or_insert(next) % n == k - 1
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalog;

    #[test]
    fn shards_share_the_cases_and_keep_protocols_together() {
        let all = [catalog::drains(), catalog::lifecycles()].concat();
        let shards: Vec<Vec<Case>> = (1..=3).map(|k| shard(all.clone(), k, 3)).collect();
        assert_eq!(shards.iter().map(Vec::len).sum::<usize>(), all.len());
        for shard in &shards {
            assert_eq!(protocol_pairs(shard).len() * 2, shard.len());
        }
    }

    #[test]
    fn every_way_of_a_channel_is_compared_with_the_frameworks_in_its_shard() {
        let all = catalog::channels();
        let whole = protocol_pairs(&all);
        let baselines = all.iter().filter(|case| case.baseline() == **case).count();
        assert_eq!(whole.len() + baselines, all.len());
        let shards = (1..=3).map(|k| protocol_pairs(&shard(all.clone(), k, 3)).len());
        assert_eq!(shards.sum::<usize>(), whole.len());
    }
}
