//! Records: one run, one JSON file, readable without this tool.
//!
//! [`wire`] is what stands on disk and what other programs may rely on;
//! [`store`] reads and writes it. Nothing here measures or judges.

mod format;
pub mod growth;
pub mod merge;
mod provenance;
mod query;
pub mod store;
pub mod synthetic;
pub mod validate;
pub mod wire;

pub use query::Difference;
