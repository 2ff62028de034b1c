//! Link layouts: the same objects, linked many times, with the functions in another
//! order and at other addresses each time.
//!
//! Where the linker puts a function moves a benchmark by several percent, for reasons
//! that have nothing to do with the code (Curtsinger & Berger, "Stabilizer", ASPLOS
//! 2013). A claim about code must hold over many layouts, so each process of a
//! comparison uses another one.
//!
//! # How a layout is made
//!
//! [`compile`] runs cargo once. The running executable takes part in that build as
//! rustc's wrapper and as its linker ([`serve`]): it calls the linker that was
//! configured, with its arguments, and keeps the command line and the files that were
//! linked. [`Objects::link`] then repeats that link as often as there are seeds, two
//! links at a time, and nothing is compiled again.
//!
//! The sections are ordered by a hash of the seed and the symbol's name
//! (`--symbol-ordering-file`), so two builds that use the same seed have what they
//! share in the same order: what did not change keeps its neighbours. Hashes that the
//! compiler puts into names are left out. In addition the linker inserts random padding
//! between sections (`--randomize-section-padding`). Functions are never aligned: with
//! an alignment each loop has one fixed place for ever, and a comparison of two builds
//! then compares two placements instead of two programs.
//!
//! LLVM's lld has both options. With a linker that lacks them there is one layout, and
//! [`Build::why_single`] says why, in the linker's own words.
//!
//! # The cache
//!
//! [`Source::cache`] is a folder of this module's own: cargo's target folder, the
//! captured link, and the layouts, which are kept until the objects change. Layouts of
//! one package take at most [`CACHE_BYTES`]; beyond that the oldest are removed. A
//! folder that does not carry this module's marker is never written to. A new cache may begin
//! with what another checkout's has compiled ([`Source::like`]).

mod begin;
mod build;
mod cargo;
mod error;
mod files;
mod kept;
mod link;
mod order;
mod relink;
mod sources;
mod wrapper;

pub use build::{Build, Objects, compile, seeds};
pub use cargo::Source;
pub use error::LayoutError;
pub use kept::{Kept, KeptError, load, replaceable, save};
pub use link::Compiled;
pub use relink::CACHE_BYTES;
pub use wrapper::serve;

#[cfg(test)]
mod tests;
