//! A whole run of the ladder: what is verified, measured and kept.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;

use super::LadderArm;
use super::breakdown::breakdown;
use super::measure::ArmSet;
use crate::pair::Layouts;
use crate::pair_process::PairProcess;
use crate::pair_process::error::PairError;
use bench_record::ladder::{Breakdown, Ladder, SetCheck};
use bench_record::wire::{self, Comparison, Counts, Environment, Failure, Verified};
use paired::runner::{MeasureError, Runner, Settings};
use paired::stats::correction::per_comparison;
use paired::stats::{Confidence, Delta};

/// Time that the slowest arm's drain takes: the fastest takes about a hundredth
/// of it, which must still be long against the timer.
const DRAIN: Duration = Duration::from_micros(400);

/// What a run found; its parts are those of a record.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Every arm, with its verification.
    pub cases: Vec<wire::Case>,
    /// Each step against what it stands on, and the wholes.
    pub comparisons: Vec<Comparison>,
    /// The A/A comparison of each set.
    pub self_checks: Vec<SetCheck>,
    /// Arms that could not be verified, sets that could not be run.
    pub failures: Vec<Failure>,
    /// Why arms' times may not be believed, by their ids.
    pub(super) unstable: BTreeMap<String, String>,
    /// Payloads that were measured, in their order.
    pub(super) measured: Vec<(PayloadKind, u32)>,
}

/// The settings of a ladder's sets: `budget` for each of them, and a
/// confidence under which all intervals of the run hold at once.
pub fn settings(items: &[(PayloadKind, u32)], family: Confidence, budget: Duration) -> Settings {
    let sets = items
        .iter()
        .flat_map(|&(payload, bytes)| ArmSet::all(payload, bytes));
    let comparisons = sets.map(|set| set.pairs.len() + 1).sum();
    Settings {
        drain: DRAIN,
        ..Settings::new(Delta::DEFAULT, per_comparison(family, comparisons), budget)
    }
}

/// Holds every arm of a payload against its generator.
pub fn verified(
    pair: &mut PairProcess,
    item: (PayloadKind, u32),
) -> Vec<(LadderArm, Result<Verified, PairError>)> {
    let mut arm = |&step: &Step| {
        let arm = LadderArm::new(item, step, false);
        (arm, pair.verify_step(&arm))
    };
    Step::ALL.iter().map(&mut arm).collect()
}

/// Verifies one payload's arms, and measures them unless one is wrong; adds what
/// it finds to `found`.
pub fn payload(
    found: &mut Found,
    runner: &mut Runner<'_>,
    (pair, layouts): (&mut PairProcess, &Layouts),
    item: (PayloadKind, u32),
) {
    let before = found.failures.len();
    for (arm, result) in verified(pair, item) {
        let id = arm.id();
        match result {
            Ok(verified) => found.cases.push(wire::Case {
                params: arm.params(verified.items),
                verified: Some(verified),
                counts: None,
                id,
            }),
            Err(error) => found.failures.push(Failure::new(id, &error)),
        }
    }
    if found.failures.len() > before {
        return;
    }
    for set in ArmSet::all(item.0, item.1) {
        if let Err(error) = run(found, runner, layouts, &set) {
            let id = set.arms[set.copy_of].id();
            found.failures.push(Failure::new(id, &error));
        }
    }
    found.measured.push(item);
}

impl Found {
    /// Adds what was counted of an arm.
    pub fn count(&mut self, arm: &LadderArm, counts: Counts) {
        let id = arm.id();
        if let Some(case) = self.cases.iter_mut().find(|case| case.id == id) {
            case.counts = Some(counts);
        }
    }

    /// Where the time of each payload goes, as a record keeps it.
    pub fn ladder(&self, environment: &Environment) -> Ladder {
        let counted = |case: &wire::Case| {
            let instructions = case.counts.as_ref()?.instructions_per_item?;
            Some((case.id.clone(), instructions))
        };
        let instructions = self.cases.iter().filter_map(counted).collect();
        let payload = |&(payload, bytes): &(PayloadKind, u32)| {
            let ours = |check: &&SetCheck| {
                ArmSet::all(payload, bytes)
                    .iter()
                    .any(|set| set.arms[set.copy_of].id() == check.arm)
            };
            Breakdown {
                self_checks: self.self_checks.iter().filter(ours).cloned().collect(),
                command: environment.command.clone(),
                finished: environment.finished.clone(),
                ..breakdown(
                    (payload, bytes),
                    &self.comparisons,
                    &instructions,
                    &self.unstable,
                )
            }
        };
        Ladder {
            payloads: self.measured.iter().map(payload).collect(),
        }
    }

    /// Adds cases, comparisons, failures and `ladder` to a record, in place of what
    /// it had of the same ids and payloads.
    pub fn add_to(&self, record: &mut wire::Record, ladder: Ladder) {
        let ours = |id: &str| self.cases.iter().any(|case| case.id == id);
        record.cases.retain(|case| !ours(&case.id));
        record.cases.extend(self.cases.iter().cloned());
        record
            .comparisons
            .retain(|known| !(ours(&known.candidate) && ours(&known.baseline)));
        record.comparisons.extend(self.comparisons.iter().cloned());
        record.failures.retain(|failure| !ours(&failure.id));
        record.failures.extend(self.failures.iter().cloned());
        record.ladder.get_or_insert_default().update(ladder);
    }
}

/// Runs a set and notes which of its arms may not be believed.
fn run(
    found: &mut Found,
    runner: &mut Runner<'_>,
    layouts: &Layouts,
    set: &ArmSet,
) -> Result<(), MeasureError> {
    let outcome = set.run(runner, layouts)?;
    if !outcome.self_check.trusted {
        let why = &outcome.self_check.why;
        let doubtful = set.own().map(|arm| (arm.id(), why.clone()));
        found.unstable.extend(doubtful);
    }
    let why = |mut comparison: Comparison| {
        if !outcome.self_check.trusted {
            comparison.why = format!("{}; unstable: {}", comparison.why, outcome.self_check.why);
        }
        comparison
    };
    found
        .comparisons
        .extend(outcome.comparisons.into_iter().map(why));
    // An arm bound to one core is a case, too: comparisons speak of it.
    for arm in set.arms.iter().filter(|arm| arm.pinned) {
        let free = LadderArm::new((arm.payload, arm.bytes), arm.step, false);
        let known = found.cases.iter().find(|case| case.id == free.id());
        if let Some(same) = known.cloned() {
            let id = arm.id();
            found.cases.push(wire::Case { id, ..same });
        }
    }
    let copied = set.arms[set.copy_of].id();
    found.self_checks.push(SetCheck {
        arm: copied,
        check: outcome.self_check,
    });
    Ok(())
}
