//! A whole run of the ladder: what is verified, measured and kept.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_host::pair::Pair;
use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;
use rand::Rng;

use super::breakdown::Breakdown;
use super::measure::{Contest, nanoseconds};
use super::{Arm, verify};
use crate::layouts::Layouts;
use crate::paired::contest::{ContestError, Runner, Settings};
use crate::record::wire::{self, Comparison, Counts, Failure, SelfCheck, Verified};
use crate::stats::correction::per_comparison;
use crate::stats::{Confidence, Delta};

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
    /// The A/A comparison of each contest, by the id of the arm copied.
    pub self_checks: BTreeMap<String, SelfCheck>,
    /// Arms that could not be verified, contests that could not be run.
    pub failures: Vec<Failure>,
    /// One for each payload that was measured.
    pub breakdowns: Vec<Breakdown>,
}

/// The settings of a ladder's contests: `budget` for each of them, and a
/// confidence under which all intervals of the run hold at once.
#[must_use]
pub fn settings(items: &[(PayloadKind, u32)], family: Confidence, budget: Duration) -> Settings {
    let contests = items
        .iter()
        .flat_map(|&(payload, bytes)| Contest::all(payload, bytes));
    let comparisons = contests.map(|contest| contest.pairs.len() + 1).sum();
    Settings {
        drain: DRAIN,
        ..Settings::new(Delta::DEFAULT, per_comparison(family, comparisons), budget)
    }
}

/// Holds every arm of a payload against its generator.
#[must_use]
pub fn verified(
    pair: &Pair,
    (payload, bytes): (PayloadKind, u32),
) -> Vec<(Arm, Result<Verified, crate::verify::VerifyError>)> {
    let arm = |&step: &Step| {
        let arm = Arm {
            payload,
            bytes,
            step,
            pinned: false,
        };
        (arm, verify::verify(pair, &arm))
    };
    Step::ALL.iter().map(arm).collect()
}

/// Verifies and measures one payload, and adds it to `found`. `instructions` are
/// per item, by arm. A payload with an arm that is wrong is not timed.
pub fn payload<R: Rng>(
    found: &mut Found,
    runner: &mut Runner<'_, R>,
    (pair, layouts): (&Pair, &Layouts),
    item: (PayloadKind, u32),
    instructions: &BTreeMap<String, f64>,
) {
    let mut wrong = false;
    for (arm, result) in verified(pair, item) {
        let id = arm.id();
        let verified = match result {
            Ok(verified) => verified,
            Err(error) => {
                wrong = true;
                let why = error.to_string();
                found.failures.push(Failure { id, why });
                continue;
            }
        };
        let counts = instructions.get(&id).map(|&instructions| Counts {
            instructions_per_item: Some(instructions),
            ..Counts::default()
        });
        found.cases.push(wire::Case {
            params: arm.params(verified.items),
            verified: Some(verified),
            wall: None,
            counts,
            id,
        });
    }
    if wrong {
        return;
    }
    let (first, mut unstable) = (found.comparisons.len(), BTreeMap::new());
    for contest in Contest::all(item.0, item.1) {
        let id = contest.arms[contest.copy_of].id();
        if let Err(error) = run(found, &mut unstable, runner, layouts, &contest) {
            let why = error.to_string();
            found.failures.push(Failure { id, why });
        }
    }
    let comparisons = &found.comparisons[first..];
    let breakdown = Breakdown::new(item, comparisons, instructions, &unstable);
    // The arms bound to a core are cases, too: comparisons speak of them.
    let known: Vec<String> = found.cases.iter().map(|case| case.id.clone()).collect();
    for (id, _) in nanoseconds(comparisons) {
        let free = id.strip_suffix("-pinned").unwrap_or(&id);
        let same = known.iter().position(|other| other == free);
        if let Some(place) = same.filter(|_| !known.contains(&id)) {
            found.cases.push(wire::Case {
                id,
                ..found.cases[place].clone()
            });
        }
    }
    found.breakdowns.push(breakdown);
}

impl Found {
    /// Adds cases, comparisons and failures to a record, in place of those that
    /// it had of the same ids. Each contest's own A/A comparison stays out: the
    /// record's self-check is of the run that made it, and what a contest's says
    /// is in the reason of its comparisons.
    pub fn add_to(&self, record: &mut wire::Record) {
        let ours = |id: &str| self.cases.iter().any(|case| case.id == id);
        record.cases.retain(|case| !ours(&case.id));
        record.cases.extend(self.cases.iter().cloned());
        record
            .comparisons
            .retain(|known| !(ours(&known.candidate) && ours(&known.baseline)));
        record.comparisons.extend(self.comparisons.iter().cloned());
        record.failures.retain(|failure| !ours(&failure.id));
        record.failures.extend(self.failures.iter().cloned());
    }
}

/// Runs a contest and notes which of its arms may not be believed.
fn run<R: Rng>(
    found: &mut Found,
    unstable: &mut BTreeMap<String, String>,
    runner: &mut Runner<'_, R>,
    layouts: &Layouts,
    contest: &Contest,
) -> Result<(), ContestError> {
    let outcome = contest.run(runner, layouts)?;
    if !outcome.self_check.trusted {
        let why = &outcome.self_check.why;
        unstable.extend(contest.arms.iter().map(|arm| (arm.id(), why.clone())));
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
    let copied = contest.arms[contest.copy_of].id();
    found.self_checks.insert(copied, outcome.self_check);
    Ok(())
}
