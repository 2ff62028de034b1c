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

/// Checks each thing of a list, at its place there.
pub(super) fn each<'a, T>(
    list: &str,
    all: &'a [T],
    mut check: impl FnMut(&str, &'a T) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut numbered = all.iter().enumerate();
    numbered.try_for_each(|(index, one)| check(&format!("{list}[{index}]"), one))
}

/// Takes in a name that must occur once.
pub(super) fn once<'a>(
    known: &mut BTreeSet<&'a str>,
    field: impl Display,
    name: &'a str,
) -> Result<(), Fault> {
    match known.insert(name) {
        true => Ok(()),
        false => fault(field, twice(name)),
    }
}

pub(super) fn self_check(at: &str, check: &SelfCheck) -> Result<(), Fault> {
    ratio(at, check.low, check.ratio, check.high)?;
    let list = format!("{at}.comparisons");
    each(&list, &check.comparisons, comparison)
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
    each(list, comparisons, |at, one| {
        comparison(at, one)?;
        if !pairs.insert((&one.candidate, &one.baseline)) {
            let pair = format!("{} against {}", one.candidate, one.baseline);
            return fault(at, twice(&pair));
        }
        Ok(())
    })
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
    each(&format!("{at}.samples"), &it.samples, |at, sample| {
        let limit = MAX_RATIO.ln();
        within(at, "log_ratio", sample.log_ratio, -limit, limit)?;
        within(at, "baseline_ns", sample.baseline_ns, 0.0, MAX_NS)?;
        within(at, "candidate_ns", sample.candidate_ns, 0.0, MAX_NS)
    })
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
    text(field, id, "a case id", 1)
}

/// A name, which may be empty: tables and pictures show it as it is.
pub(super) fn name(field: &str, name: &str) -> Result<(), Fault> {
    text(field, name, "a name", 0)
}

fn text(field: &str, text: &str, what: &str, fewest: usize) -> Result<(), Fault> {
    if (fewest..=MAX_ID_BYTES).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    let bytes = match fewest {
        0 => "at most".to_owned(),
        _ => format!("{fewest} to"),
    };
    let problem = format!(
        "{text:?} is not {what}; expected {bytes} {MAX_ID_BYTES} bytes without control characters"
    );
    fault(field, problem)
}

/// Fields that are names.
pub(super) fn names<const N: usize>(at: &str, fields: [(&str, &str); N]) -> Result<(), Fault> {
    let mut fields = fields.into_iter();
    fields.try_for_each(|(field, text)| name(&format!("{at}.{field}"), text))
}

/// Fields that are whole numbers.
pub(super) fn wholes<const N: usize>(at: &str, fields: [(&str, u64); N]) -> Result<(), Fault> {
    let mut fields = fields.into_iter();
    fields.try_for_each(|(name, count)| within(at, name, count as f64, 0.0, MAX_COUNT))
}

pub(super) fn optional(
    at: &str,
    name: &str,
    value: Option<f64>,
    low: f64,
    high: f64,
) -> Result<(), Fault> {
    value.map_or(Ok(()), |value| within(at, name, value, low, high))
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

fn twice(what: &str) -> String {
    format!("{what:?} occurs twice; expected once")
}

pub(super) fn fault<T>(field: impl Display, problem: String) -> Result<T, Fault> {
    Err(Fault {
        field: field.to_string(),
        problem,
    })
}
