//! The workbench: it settles what it costs to hand an item over a C ABI.
//!
//! What is measured: [`case`], on a [`pair`], after [`verify`] compared every item with
//! its generator. How: the crate `paired` for ratios, [`wall`] for criterion's reports,
//! [`counts`] for what callgrind and DHAT count, [`ladder`] for what each step costs,
//! [`growth`] for buffers that grow, [`lab`] for other protocols, [`guest`] for guests from elsewhere, [`selftest`] for
//! the proof of the method. Code of a guest runs in [`children`] only. What is kept is the
//! crate `bench-record`'s, what people see `bench-report`'s. The command line over all of
//! it: [`cmd`].
#![forbid(unsafe_code)]
// Used by this workspace alone: an item has a comment where its name does not say it all.
#![allow(missing_docs)]
// Both panic on a closed pipe: see `printing`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

/// What temporary files and environment variables of this program are called by.
pub const PRODUCT: &str = "arena-bench";

/// Confidence of all comparisons of a run together.
pub const CONFIDENCE: f64 = 0.99;

/// A measuring process that takes longer hangs.
pub(crate) const PROCESS_LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

// First: its macro is used by what follows.
#[macro_use]
mod printing;

pub mod allocator;
mod ancestry;
pub mod arms;
pub mod bisect;
mod caches;
pub mod case;
pub mod children;
pub mod cmd;
pub mod compare;
pub mod counts;
pub mod environment;
mod events;
mod explain;
mod git;
pub mod growth;
pub mod guest;
pub mod harness;
mod init;
pub mod lab;
pub mod ladder;
pub mod noise;
pub mod pair;
pub mod pair_process;
pub mod run;
pub mod selftest;
pub mod subject;
pub mod verify;
pub mod wall;
pub mod workload;
pub mod workspace;
