//! Exact counts per item, by callgrind (instructions) and DHAT (allocations).
//!
//! Everything that knows iai-callgrind is here and in `benches/instructions.rs`:
//! that target drains one case under each tool, [`measure`] runs it for many cases side
//! by side (a count does not care who else runs) and reads its summaries. Callgrind counts
//! a short and a long drain of one warm stream: instructions per item are
//! (long - short) / (difference of the lengths), so that whatever a drain costs once
//! cancels. DHAT counts what two streams allocate, one with the items and one without, a
//! reallocation as an allocation of the new size.

pub mod allocated;
pub mod functions;
pub mod in_child;
mod plan;
mod run;
pub mod stripped;
mod summary;
pub mod valgrind;

pub use plan::{Lengths, Subject, subject_by_id};
pub use run::{
    CASE, CountError, CountsError, Options, PerItem, TUNABLES, available, build, by_function,
    measure, side_by_side,
};
pub use valgrind::WITHOUT_INLINED;
