//! A record against a baseline record: what is worse than it was?
//!
//! Exact counts first: they mean the same in both records when [`agreement`]
//! finds that both were counted alike, and rise by no more than their [`Limits`].
//! Ratios of paired wall clock second: each lies between its own ends, so the
//! two are only said to differ when their intervals are apart by more than δ, and
//! to be the same when no value in them is. Everything between is inconclusive and
//! says what it could not exclude. Data only: `bench-report` renders it.

pub mod agreement;
use serde::Serialize;

use crate::Count;
use crate::limits::Limits;
use crate::wire::{Case, Comparison, Counts, Record, Verdict};
use agreement::Disagreement;
use paired::stats::Delta;

/// Two counts that differ by less, as a share, are the same: a record keeps ten
/// digits.
const ROUNDING: f64 = 1e-9;
/// By how much the instructions of two arms must have moved against each other,
/// as a share, to be held against the clock.
const MOVED: f64 = 0.001;

/// What a record says against a baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// The commit of the baseline.
    pub baseline: String,
    /// The commit of the record.
    pub candidate: String,
    /// Cases that both have.
    pub cases: usize,
    /// Ratios that both have and that could be judged.
    pub ratios: usize,
    /// Ratios, of those, that are shown to be the same.
    pub same: usize,
    /// What is not as it was, regressions first.
    pub changes: Vec<Change>,
    /// Ratios that are neither shown to be the same nor shown to differ, those that
    /// may have become slower by the most first.
    pub inconclusive: Vec<Inconclusive>,
    /// What was not judged, and why.
    pub notices: Vec<String>,
}

/// What a change is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The case as a whole.
    Case,
    /// One of its counts.
    Count(Count),
    /// The ratio of its time to another case's.
    Ratio,
}

impl What {
    /// The name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Count(count) => count.field(),
            Self::Ratio => "time ratio",
        }
    }

    /// The name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Count(count) => count.label(),
            other => other.name(),
        }
    }
}

impl Serialize for What {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Id of the case.
    pub case: String,
    /// Of a ratio: id of the case it is relative to.
    pub baseline_case: Option<String>,
    /// What was counted or compared.
    pub what: What,
    /// What it was; `null` where it was not measured.
    pub before: Option<f64>,
    /// What it is; `null` where it was not measured.
    pub after: Option<f64>,
    /// Whether it is worse than it may be.
    pub regression: bool,
    /// Why, in words.
    pub why: String,
}

/// A ratio that is neither shown to be the same nor shown to differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inconclusive {
    /// Id of the case.
    pub case: String,
    /// Id of the case it is relative to.
    pub baseline_case: String,
    /// What the ratio was.
    pub before: f64,
    /// What the ratio is.
    pub after: f64,
    /// The largest speed-up that is not excluded: after / before − 1, 0 or below.
    pub least: f64,
    /// The largest slowdown that is not excluded: after / before − 1, 0 or above.
    pub most: f64,
}

impl Judgement {
    /// Whether something is worse than it may be.
    #[must_use]
    pub fn regressed(&self) -> bool {
        self.changes.iter().any(|change| change.regression)
    }
}

/// Judges `record` by `baseline`.
///
/// # Errors
/// [`GateError`], when the counts of the two mean different things, or the record
/// has none of those that the baseline has.
pub fn judge(baseline: &Record, record: &Record, limits: &Limits) -> Result<Judgement, GateError> {
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
    judgement.judge_cases(baseline, record, limits);
    judgement.judge_ratios(baseline, record);
    // Stable: within each half the order of the record.
    judgement.changes.sort_by_key(|change| !change.regression);
    let by_most = |a: &Inconclusive, b: &Inconclusive| b.most.total_cmp(&a.most);
    judgement.inconclusive.sort_by(by_most);
    Ok(judgement)
}

/// Two records that cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// Their counts do not mean the same.
    #[error(transparent)]
    Disagreement(#[from] Disagreement),
    /// A count was taken for the baseline and for no case of the record.
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
    fn judge_cases(&mut self, baseline: &Record, record: &Record, limits: &Limits) {
        let failure = |id: &str| record.failures.iter().find(|failure| failure.id == id);
        for before in &baseline.cases {
            let why = match (record.case(&before.id), failure(&before.id)) {
                (_, Some(failure)) => format!("it failed: {}", failure.why),
                (None, None) => "the baseline has it, and the record does not".to_owned(),
                (Some(after), None) => {
                    self.cases += 1;
                    self.changes.extend(count_changes(before, after, limits));
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
        let is_new = |case: &&Case| baseline.case(&case.id).is_none();
        let new: Vec<&str> = record
            .cases
            .iter()
            .filter(is_new)
            .map(|case| case.id.as_str())
            .collect();
        if !new.is_empty() {
            self.notices.push(format!(
                "new, so without a baseline: {}; `gate --accept` takes them in",
                new.join(", ")
            ));
        }
    }

    fn judge_ratios(&mut self, baseline: &Record, record: &Record) {
        if baseline.comparisons.is_empty() || record.comparisons.is_empty() {
            let side = if record.comparisons.is_empty() {
                "record"
            } else {
                "baseline"
            };
            self.notices.push(format!(
                "wall clock is not judged: the {side} compares nothing"
            ));
            return;
        }
        if let Some(why) = agreement::of_wall_clock(baseline, record) {
            self.notices
                .push(format!("wall clock is not judged: {why}"));
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
                    None => self.same += 1,
                }
                continue;
            };
            if let Some(contradiction) = contradiction(baseline, record, before, regression) {
                why = format!("{why}; {contradiction}");
            }
            self.changes.push(Change {
                before: Some(before.ratio),
                after: Some(after.ratio),
                ..ratio(before, regression, why)
            });
        }
    }
}

/// Something about a case as a whole, which is never good.
fn whole(id: &str, why: String) -> Change {
    Change {
        case: id.to_owned(),
        baseline_case: None,
        what: What::Case,
        before: None,
        after: None,
        regression: true,
        why,
    }
}

fn ratio(comparison: &Comparison, regression: bool, why: String) -> Change {
    Change {
        case: comparison.candidate.clone(),
        baseline_case: Some(comparison.baseline.clone()),
        what: What::Ratio,
        before: None,
        after: None,
        regression,
        why,
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
            case: before.id.clone(),
            baseline_case: None,
            what: What::Count(count),
            before: old,
            after: new,
            regression,
            why,
        })
    };
    Count::ALL.iter().filter_map(change).collect()
}

/// A number with four digits after the point at most.
#[must_use]
pub fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The larger δ of two comparisons; a record that names none has the default.
fn delta(before: &Comparison, after: &Comparison) -> f64 {
    let known = |delta: f64| {
        if delta > 0.0 {
            delta
        } else {
            Delta::DEFAULT.share()
        }
    };
    known(before.delta).max(known(after.delta))
}

/// A ratio of which a change beyond δ is not excluded: the true values lie within
/// their intervals, so that after / before lies between the ratios of their ends.
fn unsettled(before: &Comparison, after: &Comparison) -> Option<Inconclusive> {
    let least = after.low / before.high - 1.0;
    let most = after.high / before.low - 1.0;
    let delta = delta(before, after);
    (most >= delta || 1.0 / (1.0 + least) - 1.0 >= delta).then(|| Inconclusive {
        case: before.candidate.clone(),
        baseline_case: before.baseline.clone(),
        before: before.ratio,
        after: after.ratio,
        least: least.min(0.0),
        most: most.max(0.0),
    })
}

/// Whether a ratio rose (a regression) or fell beyond doubt: the intervals are
/// apart by more than the larger δ of the two, or *faster* became *slower* or
/// the reverse.
///
/// Two intervals that each hold their true value with the family's confidence
/// are both right with at least twice its error; asking for a gap of δ on top
/// keeps a ratio that hardly moved from failing a build.
fn shift(before: &Comparison, after: &Comparison) -> Option<(bool, String)> {
    let delta = delta(before, after);
    let apart = |low: f64, high: f64| low > high * (1.0 + delta);
    let turned = "the verdict turned round".to_owned();
    let intervals = || {
        format!(
            "[{:.4}, {:.4}] and [{:.4}, {:.4}] are apart by more than {}%",
            before.low,
            before.high,
            after.low,
            after.high,
            number(100.0 * delta)
        )
    };
    match (before.verdict, after.verdict) {
        _ if apart(after.low, before.high) => Some((true, intervals())),
        _ if apart(before.low, after.high) => Some((false, intervals())),
        (Verdict::Faster, Verdict::Slower) => Some((true, turned)),
        (Verdict::Slower, Verdict::Faster) => Some((false, turned)),
        _ => None,
    }
}

/// What the instructions say against the clock: the same ratio, of counts,
/// before and after.
fn contradiction(
    baseline: &Record,
    record: &Record,
    arms: &Comparison,
    rose: bool,
) -> Option<&'static str> {
    let of = |record: &Record| {
        let count = |id: &str| {
            let instructions = |counts: &Counts| counts.instructions_per_item;
            record.case(id)?.counts.as_ref().and_then(instructions)
        };
        Some(count(&arms.candidate)? / count(&arms.baseline)?)
    };
    let moved = (of(record)? / of(baseline)?).ln();
    match rose {
        true if moved < -MOVED => Some("yet it runs fewer instructions in proportion"),
        false if moved > MOVED => Some("yet it runs more instructions in proportion"),
        _ => None,
    }
}

/// A record as a baseline keeps it: what the gate reads, and nothing that
/// changes from run to run without meaning, so that its diff can be reviewed.
#[must_use]
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
