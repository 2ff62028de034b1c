//! What a record must hold true beyond its types, whoever wrote it.
//!
//! A hand edit, a bug or a bad disk shall be told where it is, and not end as a
//! strange point on a chart. Says nothing of files.

use std::collections::BTreeSet;

mod check;
mod growth;
mod lab;
mod ladder;
#[cfg(test)]
mod tests;

use check::{MAX_COUNT, comparisons, fault, id, name, self_check, twice, within};

use crate::Count;
use crate::wire::{Case, Counts, Environment, Record};

pub use check::Fault;

/// Most shards that a run may be split into.
pub const MAX_SHARDS: u32 = 1000;

/// Checks everything that [`super::store::load`] promises.
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
    comparisons("comparisons", &record.comparisons)?;
    for (index, failure) in record.failures.iter().enumerate() {
        id(&format!("failures[{index}].id"), &failure.id)?;
    }
    if let Some(check) = &record.self_check {
        self_check("self_check", check)?;
    }
    record.growth.as_ref().map_or(Ok(()), growth::growth)?;
    record.ladder.as_ref().map_or(Ok(()), ladder::ladder)?;
    record.lab.as_ref().map_or(Ok(()), lab::lab)
}

/// `K/N` of a shard, with 1 ≤ K ≤ N ≤ [`MAX_SHARDS`].
pub fn parse_shard(text: &str) -> Option<(u32, u32)> {
    let (k, n) = text.split_once('/')?;
    let (k, n) = (k.parse().ok()?, n.parse().ok()?);
    (n <= MAX_SHARDS && (1..=n).contains(&k)).then_some((k, n))
}

fn environment(env: &Environment) -> Result<(), Fault> {
    name("environment.branch", &env.branch)?;
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
    let params = &case.params;
    for (field, text) in [
        ("payload", &params.payload),
        ("size_plan", &params.size_plan),
        ("protocol", &params.protocol),
        ("decode", &params.decode),
        ("producer", &params.producer),
        ("growth", &params.growth),
        ("regrow", &params.regrow),
        ("shrink", &params.shrink),
    ] {
        name(&format!("{at}.params.{field}"), text)?;
    }
    case.counts
        .as_ref()
        .map_or(Ok(()), |it| self::counts(at, it))
}

fn counts(at: &str, counts: &Counts) -> Result<(), Fault> {
    let at = format!("{at}.counts");
    for count in Count::ALL {
        if let Some(value) = counts.get(count) {
            within(&at, count.field(), value, 0.0, MAX_COUNT)?;
        }
    }
    counts
        .mean_share
        .map_or(Ok(()), |share| within(&at, "mean_share", share, 0.0, 1.0))
}
