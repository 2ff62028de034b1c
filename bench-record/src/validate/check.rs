//! What is checked of numbers, ids and comparisons wherever they stand.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::Count;
use crate::wire::{Comparison, Counts, Difference, SelfCheck};

/// Longest id of a case, bytes.
const MAX_ID_BYTES: usize = 512;
/// Slowest item believed, nanoseconds: a thousand seconds.
pub(super) const MAX_NS: f64 = 1e12;
/// Largest count per item believed.
pub(super) const MAX_COUNT: f64 = 1e15;
/// Largest ratio of two times believed; its inverse is the smallest.
const MAX_RATIO: f64 = 1e6;

/// The first thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path of field names: `comparisons[0].low`.
    pub field: String,
    /// What was found and what was expected.
    pub problem: String,
}

pub(super) fn self_check(at: &str, check: &SelfCheck) -> Result<(), Fault> {
    ratio(at, check.low, check.ratio, check.high)?;
    for (index, one) in check.comparisons.iter().enumerate() {
        comparison(&format!("{at}.comparisons[{index}]"), one)?;
    }
    Ok(())
}

/// Exact counts.
pub(super) fn counts(at: &str, counts: &Counts) -> Result<(), Fault> {
    let at = format!("{at}.counts");
    for count in Count::ALL {
        if let Some(value) = counts.get(count) {
            within(&at, count.field(), value, 0.0, MAX_COUNT)?;
        }
    }
    optional(&at, "mean_share", counts.mean_share, 0.0, 1.0)
}

/// A list in which a pair occurs once.
pub(super) fn comparisons(list: &str, comparisons: &[Comparison]) -> Result<(), Fault> {
    let mut pairs = BTreeSet::new();
    for (index, one) in comparisons.iter().enumerate() {
        let at = format!("{list}[{index}]");
        comparison(&at, one)?;
        if !pairs.insert((&one.candidate, &one.baseline)) {
            let pair = format!("{} against {}", one.candidate, one.baseline);
            return fault(at, twice(&pair));
        }
    }
    Ok(())
}

fn comparison(at: &str, it: &Comparison) -> Result<(), Fault> {
    id(&format!("{at}.candidate"), &it.candidate)?;
    id(&format!("{at}.baseline"), &it.baseline)?;
    ratio(at, it.low, it.ratio, it.high)?;
    within(at, "confidence", it.confidence, 0.0, 1.0)?;
    within(at, "delta", it.delta, 0.0, 1.0)?;
    optional(at, "baseline_ns", it.baseline_ns, 0.0, MAX_NS)?;
    optional(at, "candidate_ns", it.candidate_ns, 0.0, MAX_NS)?;
    if let Some(ns) = &it.difference_ns {
        difference(&format!("{at}.difference_ns"), ns)?;
    }
    if let Some(copies) = &it.copies {
        let at = format!("{at}.copies");
        ratio(&at, copies.low, copies.ratio, copies.high)?;
    }
    for (index, sample) in it.samples.iter().enumerate() {
        let at = format!("{at}.samples[{index}]");
        let limit = MAX_RATIO.ln();
        within(&at, "log_ratio", sample.log_ratio, -limit, limit)?;
        within(&at, "baseline_ns", sample.baseline_ns, 0.0, MAX_NS)?;
        within(&at, "candidate_ns", sample.candidate_ns, 0.0, MAX_NS)?;
    }
    Ok(())
}

pub(super) fn difference(at: &str, difference: &Difference) -> Result<(), Fault> {
    let (low, estimate, high) = (difference.low, difference.estimate, difference.high);
    for (name, value) in [("estimate", estimate), ("low", low), ("high", high)] {
        within(at, name, value, -MAX_NS, MAX_NS)?;
    }
    ordered(at, low, "estimate", estimate, high)
}

pub(super) fn ratio(at: &str, low: f64, estimate: f64, high: f64) -> Result<(), Fault> {
    within(at, "ratio", estimate, 1.0 / MAX_RATIO, MAX_RATIO)?;
    within(at, "low", low, 0.0, MAX_RATIO)?;
    within(at, "high", high, 0.0, MAX_RATIO)?;
    ordered(at, low, "ratio", estimate, high)
}

pub(super) fn id(field: &str, id: &str) -> Result<(), Fault> {
    if id.is_empty() || !is_name(id) {
        let problem = format!("{id:?} is not a case id; expected 1 to {MAX_ID_BYTES} {PLAIN}");
        return fault(field, problem);
    }
    Ok(())
}

/// A name, which may be empty: tables and pictures show it as it is.
pub(super) fn name(field: &str, name: &str) -> Result<(), Fault> {
    if !is_name(name) {
        let problem = format!("{name:?} is not a name; expected at most {MAX_ID_BYTES} {PLAIN}");
        return fault(field, problem);
    }
    Ok(())
}

const PLAIN: &str = "bytes without control characters";

fn is_name(text: &str) -> bool {
    text.len() <= MAX_ID_BYTES && !text.chars().any(char::is_control)
}

/// An id that no other of its list has.
pub(super) fn once<'a>(
    seen: &mut BTreeSet<&'a str>,
    field: &str,
    id: &'a str,
) -> Result<(), Fault> {
    self::id(field, id)?;
    match seen.insert(id) {
        true => Ok(()),
        false => fault(field, twice(id)),
    }
}

/// [`within`], of a number that may be missing.
pub(super) fn optional(
    at: &str,
    name: &str,
    value: Option<f64>,
    low: f64,
    high: f64,
) -> Result<(), Fault> {
    value.map_or(Ok(()), |value| within(at, name, value, low, high))
}

pub(super) fn whole(at: &str, name: &str, count: u64) -> Result<(), Fault> {
    within(at, name, count as f64, 0.0, MAX_COUNT)
}

/// Refuses NaN as well: it lies in no range.
pub(super) fn within(at: &str, name: &str, value: f64, low: f64, high: f64) -> Result<(), Fault> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    fault(
        format!("{at}.{name}"),
        format!("{value} is out of range; expected {low} to {high}"),
    )
}

pub(super) fn ordered(
    at: &str,
    low: f64,
    name: &str,
    estimate: f64,
    high: f64,
) -> Result<(), Fault> {
    if low <= estimate && estimate <= high {
        return Ok(());
    }
    fault(
        at,
        format!("low {low}, {name} {estimate}, high {high}: expected low ≤ {name} ≤ high"),
    )
}

pub(super) fn twice(what: &str) -> String {
    format!("{what:?} occurs twice; expected once")
}

pub(super) fn fault<T>(field: impl Display, problem: String) -> Result<T, Fault> {
    Err(Fault {
        field: field.to_string(),
        problem,
    })
}
