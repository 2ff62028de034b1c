//! What is compared: shared libraries in many link layouts, whose cases can be verified,
//! timed and counted. [`compare`](crate::compare) knows nothing else of them.
//!
//! [`pair`] is the pair of this repository. [`package`] is a crate of anybody: a guest that
//! streams items, or a library of benchmark functions; [`packages`] are several. [`manifest`] finds such a crate,
//! [`settings`] reads `bench.toml`, which names it. A [`framework`] finds what the library
//! offers and opens it, in [`child`]ren only.

pub mod child;
mod count;
pub mod framework;
pub mod manifest;
pub mod package;
pub mod packages;
pub mod pair;
pub mod settings;

use std::collections::BTreeMap;
use std::io;

use bench_record::wire::Counts;
use paired::layouts::Compiled;
use paired::runner::Arm;
use paired::worker::ChildError;

use crate::counts::{CountsError, PerItem};
use crate::events::Events;
use crate::pair_process::error::PairError;

/// What hears of each case that was counted: its id, and its counts or why there are none.
pub type Counted<'a> = dyn FnMut(&str, Result<Counts, String>) + 'a;

/// One build of something that can be measured.
pub trait Subject {
    /// Ids of its cases.
    fn ids(&self) -> Vec<String>;

    /// The arm that runs a case.
    fn arm(&self, id: &str) -> Arm;

    /// The seeds of its layouts, library by library: builds with the same seeds share their
    /// draws.
    fn seeds(&self) -> Vec<&[u64]>;

    /// Why there is one layout only, where that is so.
    fn why_single(&self) -> Option<&str>;

    /// What compiled it.
    fn compiled(&self) -> &Compiled;

    /// Verifies cases in children: those that failed, and why. Says so after each.
    ///
    /// # Errors
    /// When nothing can be verified.
    fn verify(
        &self,
        ids: &[String],
        done: &mut dyn FnMut(),
    ) -> Result<BTreeMap<String, String>, SubjectError>;

    /// Instructions of an item of a case, by function.
    ///
    /// # Errors
    /// Why they are not known, in words.
    fn functions(&self, id: &str) -> Result<PerItem, String>;

    /// What the system and the processor count of a case, per item.
    ///
    /// # Errors
    /// Why that is not known, in words.
    fn events(&self, id: &str) -> Result<Events, String>;

    /// A digest of its machine code, without the commit that it bears: builds with the same
    /// are equally fast.
    ///
    /// # Errors
    /// When a file cannot be read.
    fn code(&self, commit: &str) -> io::Result<String>;

    /// Counts instructions and allocations of cases.
    ///
    /// # Errors
    /// When nothing can be counted, as without valgrind.
    fn count(&self, ids: &[String], heard: &mut Counted<'_>) -> Result<(), CountsError>;
}

/// Why a subject could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    #[error(transparent)]
    Pair(#[from] PairError),
    #[error("its process {0}")]
    Process(#[from] ChildError),
    #[error("{0}")]
    Unusable(String),
}
