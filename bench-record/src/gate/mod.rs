//! A record against a baseline record: what is worse than it was?
//!
//! Exact counts first: they mean the same in both records when [`agreement`]
//! finds that both were counted alike, and rise by no more than their [`Limits`].
//! Ratios of paired wall clock second: each lies between its own ends, so the
//! two are only said to differ when their intervals are apart by more than δ, and
//! to be the same when no value in them is. Everything between is inconclusive and
//! says what it could not exclude. Data only: `bench-report` renders it.

pub mod agreement;
mod judgement;
mod ratios;

use crate::Count;
use crate::accepted::{Accepted, Matching, Metric};
use crate::limits::Limits;
use crate::wire::{Case, Counts, Record};
use agreement::Disagreement;
use ratios::{contradiction, ratio, shift, unsettled};

pub use judgement::{Change, Inconclusive, Judgement, What, number};

/// Two counts that differ by less, as a share, are the same: a record keeps ten
/// digits.
const ROUNDING: f64 = 1e-9;

pub fn judge(
    baseline: &Record,
    record: &Record,
    limits: &Limits,
    accepted: &Accepted,
) -> Result<Judgement, GateError> {
    agreement::of_counts(&baseline.environment, &record.environment)?;
    refuse_uncounted(baseline, record)?;
    let commit = |of: &Record| {
        let commit = of.environment.short_commit();
        commit.unwrap_or_else(|| "no commit".to_owned())
    };
    let mut judgement = Judgement {
        baseline: commit(baseline),
        candidate: commit(record),
        cases: 0,
        ratios: 0,
        same: 0,
        changes: Vec::new(),
        inconclusive: Vec::new(),
        notices: Vec::new(),
    };
    let mut accepted = accepted.begin();
    judgement.judge_cases(baseline, record, limits, &mut accepted);
    judgement.judge_ratios(baseline, record, &mut accepted);
    judgement.notices.extend(accepted.stale());
    // Stable: within each part the order of the record.
    let order = |change: &Change| (!change.alarms(), !change.regression);
    judgement.changes.sort_by_key(order);
    let by_most = |a: &Inconclusive, b: &Inconclusive| b.most.total_cmp(&a.most);
    judgement.inconclusive.sort_by(by_most);
    Ok(judgement)
}

/// Two records that cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    #[error(transparent)]
    Disagreement(#[from] Disagreement),
    #[error(
        "the baseline counts {}, and no case of the record does: nothing can be said of them; \
         make the record again without `--skip counts`, with valgrind installed",
        .0.label()
    )]
    Uncounted(Count),
}

/// That a count is missing everywhere is no regression of any case: it was not
/// taken.
fn refuse_uncounted(baseline: &Record, record: &Record) -> Result<(), GateError> {
    let common: Vec<(&Counts, Option<&Counts>)> = baseline
        .cases
        .iter()
        .filter_map(|case| Some((case.counts.as_ref()?, record.case(&case.id)?)))
        .map(|(before, after)| (before, after.counts.as_ref()))
        .collect();
    let missing = |count: &Count| {
        let before = common.iter().filter(|(it, _)| it.get(*count).is_some());
        let mut after = common.iter().filter_map(|(_, after)| *after);
        before.count() > 0 && after.all(|counts| counts.get(*count).is_none())
    };
    match Count::ALL.into_iter().find(missing) {
        Some(count) if common.len() > 1 => Err(GateError::Uncounted(count)),
        _ => Ok(()),
    }
}

impl Judgement {
    fn judge_cases(
        &mut self,
        baseline: &Record,
        record: &Record,
        limits: &Limits,
        accepted: &mut Matching<'_>,
    ) {
        let failure = |id: &str| record.failures.iter().find(|failure| failure.id == id);
        // Something about a case as a whole is never good.
        let whole = |id: &str, why: String| Change::of(id, What::Case, true, why);
        for before in &baseline.cases {
            let why = match (record.case(&before.id), failure(&before.id)) {
                (_, Some(failure)) => format!("it failed: {}", failure.why),
                (None, None) => "the baseline has it, and the record does not".to_owned(),
                (Some(after), None) => {
                    self.cases += 1;
                    let changes = count_changes(before, after, limits).into_iter();
                    let changes = changes.map(|it| it.held_against(accepted));
                    self.changes.extend(changes);
                    unchanged(before, after, accepted);
                    continue;
                }
            };
            self.changes.push(whole(&before.id, why));
        }
        for failure in &record.failures {
            if baseline.case(&failure.id).is_none() {
                let why = format!("it failed: {}", failure.why);
                self.changes.push(whole(&failure.id, why));
            }
        }
        let ids = record.cases.iter().map(|case| case.id.as_str());
        let new: Vec<&str> = ids.filter(|id| baseline.case(id).is_none()).collect();
        if !new.is_empty() {
            self.notices.push(format!(
                "new, so without a baseline: {}; `gate --accept` takes them in",
                new.join(", ")
            ));
        }
    }

    fn judge_ratios(&mut self, baseline: &Record, record: &Record, accepted: &mut Matching<'_>) {
        if baseline.comparisons.is_empty() || record.comparisons.is_empty() {
            let side = match record.comparisons.is_empty() {
                true => "record",
                false => "baseline",
            };
            let notice = format!("wall clock is not judged: the {side} compares nothing");
            self.notices.push(notice);
            return;
        }
        if let Some(why) = agreement::of_wall_clock(baseline, record) {
            let notice = format!("wall clock is not judged: {why}");
            self.notices.push(notice);
            return;
        }
        for before in &baseline.comparisons {
            let Some(after) = record.comparison(&before.candidate, &before.baseline) else {
                let why = "the baseline compares these two, and the record does not".to_owned();
                self.changes.push(Change {
                    before: Some(before.ratio),
                    ..ratio(before, true, why)
                });
                continue;
            };
            self.ratios += 1;
            let Some((regression, mut why)) = shift(before, after) else {
                match unsettled(before, after) {
                    Some(row) => self.inconclusive.push(row),
                    None => {
                        self.same += 1;
                        let ratios = (before.ratio, after.ratio);
                        accepted.judge(&before.candidate, Metric::Time, ratios, false);
                    }
                }
                continue;
            };
            if let Some(contradiction) = contradiction(baseline, record, before, regression) {
                why = format!("{why}; {contradiction}");
            }
            let change = Change {
                before: Some(before.ratio),
                after: Some(after.ratio),
                ..ratio(before, regression, why)
            };
            self.changes.push(change.held_against(accepted));
        }
    }
}

/// Tells the accepted regressions of the counts that are as they were.
fn unchanged(before: &Case, after: &Case, accepted: &mut Matching<'_>) {
    let get = |case: &Case, count| case.counts.as_ref().and_then(|counts| counts.get(count));
    for count in Count::ALL {
        if let (Some(metric), Some(old), Some(new)) =
            (Metric::of(count), get(before, count), get(after, count))
            && (new - old).abs() <= ROUNDING * old.abs()
        {
            accepted.judge(&before.id, metric, (old, new), false);
        }
    }
}

/// The counts of a case that are not what they were.
fn count_changes(before: &Case, after: &Case, limits: &Limits) -> Vec<Change> {
    let counts = |case: &Case| case.counts.clone().unwrap_or_default();
    let (old, new) = (counts(before), counts(after));
    let limit = limits.of(&before.id);
    let change = |&count: &Count| {
        let (old, new) = (old.get(count), new.get(count));
        let (regression, why) = match (old, new) {
            (Some(old), Some(new)) if (new - old).abs() > ROUNDING * old.abs() => {
                match limit.most(count, old) {
                    Some(most) if new > most + ROUNDING => {
                        (true, format!("at most {} is allowed", number(most)))
                    }
                    _ => (false, String::new()),
                }
            }
            (Some(_), None) => (true, "was counted, and is not any more".to_owned()),
            _ => return None,
        };
        Some(Change {
            before: old,
            after: new,
            ..Change::of(&before.id, What::Count(count), regression, why)
        })
    };
    Count::ALL.iter().filter_map(change).collect()
}

/// A record as a baseline keeps it: what the gate reads, and nothing that
/// changes from run to run without meaning, so that its diff can be reviewed.
pub fn baseline_of(record: &Record) -> Record {
    let mut baseline = record.clone().without_samples();
    for comparison in &mut baseline.comparisons {
        comparison.difference_ns = None;
        (comparison.baseline_ns, comparison.candidate_ns) = (None, None);
    }
    if let Some(check) = &mut baseline.self_check {
        check.comparisons.clear();
    }
    baseline
}

#[cfg(test)]
mod tests;
