//! Exact counts per item, by callgrind (instructions) and DHAT (allocations).
//!
//! Everything that knows iai-callgrind is here and in `benches/instructions.rs`:
//! that target drains one case for two lengths under both tools, [`measure`]
//! runs it for many cases side by side (a count does not care who else runs) and
//! makes slopes of its summaries. A count per item is
//! (long - short) / (difference of the lengths), so that whatever a stream costs
//! once cancels. DHAT counts a reallocation as an allocation of the new size.

pub mod functions;
pub mod in_child;
mod plan;
mod run;
pub mod stripped;
mod summary;
pub mod valgrind;

pub use plan::{Length, Lengths, Subject, subject_by_id};
pub use run::{
    CASE, CountError, CountsError, Options, PerItem, TUNABLES, available, build, by_function,
    measure, side_by_side,
};
pub use valgrind::WITHOUT_INLINED;
