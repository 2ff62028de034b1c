//! Reports: from records to one page, its plots and a Markdown summary.
//!
//! [`model`] computes and words every number; the rest gives it form. Nothing
//! here measures or judges.

pub mod model;
pub mod plots;

#[cfg(test)]
use crate::record::wire;
#[cfg(test)]
#[path = "../../tests/report/fixture.rs"]
mod fixture;
