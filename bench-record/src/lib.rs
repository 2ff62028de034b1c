//! What is on disk: records of runs, their history, the gate over them, exports.
//!
//! [`wire`] is what stands in a file and what other programs may rely on;
//! [`store`] reads and writes it. Nothing here measures or renders.
#![forbid(unsafe_code)]
// Used by this workspace alone: an item has a comment where its name does not say it all.
#![allow(missing_docs)]

pub mod accepted;
mod case_id;
mod clean;
mod commit;
mod counts;
mod environment;
pub mod export;
mod format;
pub mod gate;
pub mod growth;
pub mod history;
pub mod input;
pub mod lab;
pub mod ladder;
pub mod limits;
pub mod lock;
mod measured;
pub mod merge;
pub mod output;
pub mod partial;
mod provenance;
mod query;
pub mod store;
#[cfg(any(test, feature = "synthetic"))]
#[path = "../tests/support/synthetic.rs"]
pub mod synthetic;
pub mod validate;
pub mod wire;

pub use case_id::{CHANNELS, CaseId};
pub use clean::visible;
pub use commit::short_commit;
pub use counts::Count;
pub use query::Difference;
