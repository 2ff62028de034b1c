//! What a record must hold true beyond its types, whoever wrote it.
//!
//! A hand edit, a bug or a bad disk shall be told where it is, and not end as a
//! strange point on a chart. Says nothing of files.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::wire::{Case, Comparison, Environment, Record};

/// Longest id of a case, bytes.
const MAX_ID_BYTES: usize = 512;
/// Slowest item believed, nanoseconds: a thousand seconds.
const MAX_NS: f64 = 1e12;
/// Largest count per item believed.
const MAX_COUNT: f64 = 1e15;
/// Largest ratio of two times believed; its inverse is the smallest.
const MAX_RATIO: f64 = 1e6;

/// Most shards that a run may be split into.
pub const MAX_SHARDS: u32 = 1000;

/// The first thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path of field names: `cases[drain/u64/arena].wall.low`.
    pub field: String,
    /// What was found and what was expected.
    pub problem: String,
}

/// Checks everything that [`super::store::load`] promises.
///
/// # Errors
/// The first [`Fault`].
pub fn validate(record: &Record) -> Result<(), Fault> {
    environment(&record.environment)?;
    let mut ids = BTreeSet::new();
    for (index, case) in record.cases.iter().enumerate() {
        id(&format!("cases[{index}].id"), &case.id)?;
        if !ids.insert(&case.id) {
            return fault(format!("cases[{index}].id"), twice(&case.id));
        }
        self::case(&format!("cases[{}]", case.id), case)?;
    }
    let mut pairs = BTreeSet::new();
    for (index, comparison) in record.comparisons.iter().enumerate() {
        let at = format!("comparisons[{index}]");
        self::comparison(&at, comparison)?;
        if !pairs.insert((&comparison.candidate, &comparison.baseline)) {
            let pair = format!("{} against {}", comparison.candidate, comparison.baseline);
            return fault(at, twice(&pair));
        }
    }
    if let Some(check) = &record.self_check {
        ratio("self_check", check.low, check.ratio, check.high)?;
        for (index, comparison) in check.comparisons.iter().enumerate() {
            self::comparison(&format!("self_check.comparisons[{index}]"), comparison)?;
        }
    }
    Ok(())
}

/// `K/N` of a shard, with 1 ≤ K ≤ N ≤ [`MAX_SHARDS`].
#[must_use]
pub fn parse_shard(text: &str) -> Option<(u32, u32)> {
    let (k, n) = text.split_once('/')?;
    let (k, n) = (k.parse().ok()?, n.parse().ok()?);
    (n <= MAX_SHARDS && (1..=n).contains(&k)).then_some((k, n))
}

fn environment(env: &Environment) -> Result<(), Fault> {
    let commit = &env.commit;
    let is_hash = (4..=64).contains(&commit.len()) && commit.bytes().all(|b| b.is_ascii_hexdigit());
    if !commit.is_empty() && !is_hash {
        return fault(
            "environment.commit",
            format!("{commit:?} is no commit hash; expected 4 to 64 hexadecimal digits or nothing"),
        );
    }
    for (field, time) in [
        ("environment.started", &env.started),
        ("environment.finished", &env.finished),
        ("environment.committed", &env.committed),
    ] {
        let is_time = |text: &str| {
            let time = text.parse::<jiff::Timestamp>();
            time.is_ok_and(|time| time >= jiff::Timestamp::UNIX_EPOCH)
        };
        if !time.is_empty() && !is_time(time) {
            return fault(
                field,
                format!("{time:?} is no time; expected RFC 3339, such as 2024-05-01T12:00:00Z"),
            );
        }
    }
    match &env.shard {
        Some(shard) if parse_shard(shard).is_none() => fault(
            "environment.shard",
            format!("{shard:?} is no shard; expected K/N with 1 ≤ K ≤ N ≤ {MAX_SHARDS}"),
        ),
        _ => Ok(()),
    }
}

fn case(at: &str, case: &Case) -> Result<(), Fault> {
    if let Some(wall) = &case.wall {
        let at = format!("{at}.wall");
        within(&at, "ns_per_item", wall.ns_per_item, 0.0, MAX_NS)?;
        within(&at, "low", wall.low, 0.0, MAX_NS)?;
        within(&at, "high", wall.high, 0.0, MAX_NS)?;
        ordered(&at, wall.low, "ns_per_item", wall.ns_per_item, wall.high)?;
        within(&at, "confidence", wall.confidence, 0.0, 1.0)?;
        for (index, sample) in wall.samples.iter().enumerate() {
            within(&at, &format!("samples[{index}]"), *sample, 0.0, MAX_NS)?;
        }
    }
    if let Some(counts) = &case.counts {
        for (name, value) in counts.named() {
            if let Some(value) = value {
                within(&format!("{at}.counts"), name, value, 0.0, MAX_COUNT)?;
            }
        }
        if let Some(share) = counts.mean_share {
            within(&format!("{at}.counts"), "mean_share", share, 0.0, 1.0)?;
        }
    }
    Ok(())
}

fn comparison(at: &str, comparison: &Comparison) -> Result<(), Fault> {
    id(&format!("{at}.candidate"), &comparison.candidate)?;
    id(&format!("{at}.baseline"), &comparison.baseline)?;
    ratio(at, comparison.low, comparison.ratio, comparison.high)?;
    within(at, "confidence", comparison.confidence, 0.0, 1.0)?;
    within(at, "delta", comparison.delta, 0.0, 1.0)?;
    if let Some(difference) = &comparison.difference_ns {
        let at = format!("{at}.difference_ns");
        within(&at, "estimate", difference.estimate, -MAX_NS, MAX_NS)?;
        within(&at, "low", difference.low, -MAX_NS, MAX_NS)?;
        within(&at, "high", difference.high, -MAX_NS, MAX_NS)?;
        let (low, high) = (difference.low, difference.high);
        ordered(&at, low, "estimate", difference.estimate, high)?;
    }
    for (index, sample) in comparison.samples.iter().enumerate() {
        let at = format!("{at}.samples[{index}]");
        let limit = MAX_RATIO.ln();
        within(&at, "log_ratio", sample.log_ratio, -limit, limit)?;
        within(&at, "baseline_ns", sample.baseline_ns, 0.0, MAX_NS)?;
        within(&at, "candidate_ns", sample.candidate_ns, 0.0, MAX_NS)?;
    }
    Ok(())
}

fn ratio(at: &str, low: f64, estimate: f64, high: f64) -> Result<(), Fault> {
    within(at, "ratio", estimate, 1.0 / MAX_RATIO, MAX_RATIO)?;
    within(at, "low", low, 0.0, MAX_RATIO)?;
    within(at, "high", high, 0.0, MAX_RATIO)?;
    ordered(at, low, "ratio", estimate, high)
}

fn id(field: &str, id: &str) -> Result<(), Fault> {
    if id.is_empty() || id.len() > MAX_ID_BYTES || id.chars().any(char::is_control) {
        return fault(
            field,
            format!(
                "{id:?} is no case id; expected 1 to {MAX_ID_BYTES} bytes without control characters"
            ),
        );
    }
    Ok(())
}

/// Refuses NaN as well: it lies in no range.
fn within(at: &str, name: &str, value: f64, low: f64, high: f64) -> Result<(), Fault> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    fault(
        format!("{at}.{name}"),
        format!("{value} is out of range; expected {low} to {high}"),
    )
}

fn ordered(at: &str, low: f64, name: &str, estimate: f64, high: f64) -> Result<(), Fault> {
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

fn fault<T>(field: impl Display, problem: String) -> Result<T, Fault> {
    Err(Fault {
        field: field.to_string(),
        problem,
    })
}
