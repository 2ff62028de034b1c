//! A record against a baseline record: what is worse than it was?
//!
//! Exact counts first: they mean the same in both records when [`agreement`]
//! finds that both were counted alike, and rise by no more than their [`Limits`].
//! Ratios of paired wall clock second: each lies between its own ends, so the
//! two are only said to differ when their intervals are apart by more than δ.
//! `show` has the words and tables.

pub mod agreement;
mod display;

pub use display::number;

use serde::Serialize;

use crate::limits::{Exceeded, Limits};
use crate::wire::{Case, Comparison, Counts, Record, Verdict as Word};
use agreement::Disagreement;
use paired::stats::Delta;

/// What is judged of a ratio, as a change names it.
const RATIO: &str = "time ratio";
/// Two counts that differ by less, as a share, are the same: a record keeps ten
/// digits.
const ROUNDING: f64 = 1e-9;
/// By how much the instructions of two arms must have moved against each other,
/// as a share, to be held against the clock.
const MOVED: f64 = 0.001;

/// What a record says beside a baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The commit of the baseline.
    pub baseline: String,
    /// The commit of the record.
    pub candidate: String,
    /// Cases that both have.
    pub cases: usize,
    /// Ratios that both have and that could be judged.
    pub ratios: usize,
    /// What is not as it was, regressions first.
    pub changes: Vec<Change>,
    /// What was not judged, and why.
    pub notices: Vec<String>,
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Id of the case.
    pub case: String,
    /// Of a ratio: id of the case it is relative to.
    pub baseline_case: Option<String>,
    /// What was counted or compared; `case` for the case as a whole.
    pub what: &'static str,
    /// What it was; `null` where it was not measured.
    pub before: Option<f64>,
    /// What it is; `null` where it was not measured.
    pub after: Option<f64>,
    /// Whether it is worse than it may be.
    pub regression: bool,
    /// Why, in words.
    pub why: String,
}

impl Verdict {
    /// Whether something is worse than it may be.
    #[must_use]
    pub fn regressed(&self) -> bool {
        self.changes.iter().any(|change| change.regression)
    }
}

/// Judges `record` by `baseline`.
///
/// # Errors
/// [`Disagreement`], when the counts of the two mean different things.
pub fn judge(baseline: &Record, record: &Record, limits: &Limits) -> Result<Verdict, Disagreement> {
    agreement::of_counts(&baseline.environment, &record.environment)?;
    let mut verdict = Verdict {
        baseline: display::commit(&baseline.environment),
        candidate: display::commit(&record.environment),
        cases: 0,
        ratios: 0,
        changes: Vec::new(),
        notices: Vec::new(),
    };
    verdict.judge_cases(baseline, record, limits);
    verdict.judge_ratios(baseline, record);
    // Stable: within each half the order of the record.
    verdict.changes.sort_by_key(|change| !change.regression);
    Ok(verdict)
}

impl Verdict {
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
            if let Some((regression, mut why)) = shift(before, after) {
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
}

/// Something about a case as a whole, which is never good.
fn whole(id: &str, why: String) -> Change {
    Change {
        case: id.to_owned(),
        baseline_case: None,
        what: "case",
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
        what: RATIO,
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
    let exceeded = limits.exceeded(&before.id, &old, &new);
    let over = |what: &str| exceeded.iter().find(|over| is_called(over, what));
    let change = |(what, old, new): (&'static str, Option<f64>, Option<f64>)| {
        let (regression, why) = match (old, new) {
            (Some(old), Some(new)) if (new - old).abs() > ROUNDING * old.abs() => {
                match over(what) {
                    Some(over) => (
                        true,
                        format!("at most {} is allowed", display::number(over.most)),
                    ),
                    None => (false, String::new()),
                }
            }
            (Some(_), None) => (true, "was counted, and is not any more".to_owned()),
            _ => return None,
        };
        Some(Change {
            case: before.id.clone(),
            baseline_case: None,
            what,
            before: old,
            after: new,
            regression,
            why,
        })
    };
    old.named()
        .into_iter()
        .zip(new.named())
        .map(|((what, old), (_, new))| (what, old, new))
        .filter_map(change)
        .collect()
}

/// Whether the limit is that of the record's field `what`.
fn is_called(over: &Exceeded, what: &str) -> bool {
    let field = what.strip_suffix("_per_item").unwrap_or(what);
    field == over.count.replace(' ', "_")
}

/// Whether a ratio rose (a regression) or fell beyond doubt: the intervals are
/// apart by more than the larger δ of the two, or *faster* became *slower* or
/// the reverse.
///
/// Two intervals that each hold their true value with the family's confidence
/// are both right with at least twice its error; asking for a gap of δ on top
/// keeps a ratio that hardly moved from failing a build.
fn shift(before: &Comparison, after: &Comparison) -> Option<(bool, String)> {
    let known = |delta: f64| {
        if delta > 0.0 {
            delta
        } else {
            Delta::DEFAULT.share()
        }
    };
    let delta = known(before.delta).max(known(after.delta));
    let apart = |low: f64, high: f64| low > high * (1.0 + delta);
    let turned = "the verdict turned round".to_owned();
    let intervals = || {
        format!(
            "[{:.4}, {:.4}] and [{:.4}, {:.4}] are apart by more than {}%",
            before.low,
            before.high,
            after.low,
            after.high,
            display::number(100.0 * delta)
        )
    };
    match (before.verdict, after.verdict) {
        _ if apart(after.low, before.high) => Some((true, intervals())),
        _ if apart(before.low, after.high) => Some((false, intervals())),
        (Word::Faster, Word::Slower) => Some((true, turned)),
        (Word::Slower, Word::Faster) => Some((false, turned)),
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
    for case in &mut baseline.cases {
        case.wall = None;
    }
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
