//! What a record must hold true beyond its types, whoever wrote it.
//!
//! A hand edit, a bug or a bad disk shall be told where it is, and not end as a
//! strange point on a chart. Says nothing of files.

use std::collections::BTreeSet;

mod check;
mod environment;
mod growth;
mod lab;
mod ladder;
#[cfg(test)]
mod tests;

use check::{comparisons, counts, id, name, once, self_check};
use environment::environment;

use crate::wire::{Case, Record};

pub use check::Fault;
pub use environment::{MAX_SHARDS, parse_shard};

/// Checks everything that [`super::store::load`] promises.
pub fn validate(record: &Record) -> Result<(), Fault> {
    environment(&record.environment)?;
    let mut ids = BTreeSet::new();
    for (index, case) in record.cases.iter().enumerate() {
        once(&mut ids, &format!("cases[{index}].id"), &case.id)?;
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
    case.counts.as_ref().map_or(Ok(()), |it| counts(at, it))
}
