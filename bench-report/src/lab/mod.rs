//! The laboratory: its sets as tables, and the advice that follows from them. Computes nothing
//! but ratios and means of what the record has.

use bench_record::lab::Lab;
use bench_record::wire::Record;

mod advice;
mod allocators;
mod block;
mod find;
mod gains;
mod limits;
mod plugin;
mod table;
#[cfg(test)]
mod tests;

pub use advice::{advice, blocks};
pub use block::{Block, Span, spans};
pub use table::set;

/// A record's laboratory, with where and when it was measured.
#[must_use]
pub fn of_record(record: &Record) -> Option<Lab> {
    let lab = record.lab.as_ref()?;
    let environment = lab.environment.as_ref().unwrap_or(&record.environment);
    Some(Lab {
        environment: Some(environment.clone()),
        ..lab.clone()
    })
}
