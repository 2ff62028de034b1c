//! From records to what a reader sees: answers, charts and tables, with every
//! number computed and worded here.
//!
//! Pure: no files, no HTML, no drawing. What renders this model (page, plots,
//! Markdown) adds form and no figure of its own.

mod answers;
mod cell;
mod channels;
mod growth;
mod index;
mod lead;
pub(crate) mod packages;
mod panels;
mod stories;
mod tables;
mod types;

use bench_record::Count;
use bench_record::wire::Environment;

use crate::lab::blocks;

pub use panels::growth as growth_panels;
pub use types::*;

/// The whole view of one record.
pub fn view(source: &Source) -> View {
    let record = &source.record;
    let index = index::Index::new(record);
    let stories = stories::stories(&index);
    View {
        name: source.name.clone(),
        environment: environment(&record.environment),
        fingerprint: fingerprint(&record.environment),
        trusted: record.self_check.as_ref().map(|check| check.trusted),
        packages: packages::table(record),
        lead: match packages::is_of_packages(record) {
            true => packages::lead(record),
            false => lead::lead(record, &stories),
        },
        answers: answers::answers(&index, &stories),
        ladder: index.ladder().to_vec(),
        machine: record.environment.clone(),
        panels: panels::panels(&index),
        tables: tables::tables(&index),
        laboratory: crate::lab::of_record(record).map_or_else(Vec::new, |lab| blocks(&lab)),
        facts: facts(&index),
    }
}

fn environment(environment: &Environment) -> Vec<(String, String)> {
    let e = environment;
    let dirty = if e.dirty {
        " (with uncommitted changes)"
    } else {
        ""
    };
    let rows = [
        ("Commit", format!("{}{dirty}", e.commit)),
        ("Subject", e.subject.clone()),
        ("Command", e.command.clone()),
        ("Started", e.started.clone()),
        ("Finished", e.finished.clone()),
        ("CPU", e.cpu.clone()),
        ("Logical cores", e.cores.to_string()),
        ("Kernel", e.kernel.clone()),
        ("C library", e.libc.clone()),
        ("Allocators", e.allocators.clone()),
        ("Tunables", e.tunables.clone()),
        ("Valgrind", e.valgrind.clone()),
        ("Compiler", e.rustc.clone()),
        ("Profile", e.profile.clone()),
        ("Flags", e.flags.clone()),
        ("Guest SHA-256", e.guest_sha256.clone()),
        ("Host SHA-256", e.host_sha256.clone()),
    ];
    rows.into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .chain(observed(e))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// What was observed of the machine, under names for people.
fn observed(environment: &Environment) -> impl Iterator<Item = (String, String)> + '_ {
    let named = environment.observed.iter();
    named.map(|(name, value)| (name.replace('_', " "), value.clone()))
}

/// Exact counts are the same only for one machine and one toolchain.
pub(super) fn fingerprint(environment: &Environment) -> Vec<(String, String)> {
    let named = environment
        .machine()
        .into_iter()
        .chain(environment.toolchain());
    named
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn facts(index: &index::Index) -> Facts {
    let cases = index
        .record
        .cases
        .iter()
        .filter_map(|case| {
            let counts = case.counts.as_ref()?;
            Some(CaseFacts {
                id: case.id.clone(),
                payload: case.params.payload.clone(),
                counts: Count::ALL
                    .into_iter()
                    .filter_map(|count| Some((count.field(), counts.get(count)?)))
                    .collect(),
            })
        })
        .collect();
    let ratios = index
        .record
        .comparisons
        .iter()
        .map(|c| RatioFacts {
            id: format!("{} / {}", c.candidate, c.baseline),
            payload: index.payload(&c.candidate).to_owned(),
            ratio: c.ratio,
            low: c.low,
            high: c.high,
        })
        .collect();
    Facts { cases, ratios }
}

#[cfg(test)]
mod tests;
