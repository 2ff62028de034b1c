//! Exact counts per item, by callgrind (instructions) and DHAT (allocations).
//!
//! Everything that knows iai-callgrind is here and in `benches/instructions.rs`:
//! that target drains one case for two lengths under both tools, [`measure`]
//! runs it for many cases side by side (a count does not care who else runs) and
//! makes slopes of its summaries. A count per item is
//! (long - short) / (difference of the lengths), so that whatever a stream costs
//! once cancels. DHAT counts a reallocation as an allocation of the new size.

mod plan;
mod run;
mod summary;
pub mod valgrind;

pub use plan::{Length, Lengths, Subject, subject_by_id};
pub use run::{CountError, CountsError, Options, available, build, measure};

/// Environment variable that tells the target its case, by id.
pub const CASE: &str = "ARENA_BENCH_CASE";

/// What `GLIBC_TUNABLES` is set to while anything is counted.
///
/// Above the first two thresholds glibc copies and fills with `rep movsb` and
/// `rep stosb`, which count about one instruction per byte; above the third it
/// copies past the cache. Where they lie depends on the processor and its cache:
/// here they are out of reach.
pub const TUNABLES: &str = "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:\
                            glibc.cpu.x86_rep_stosb_threshold=0x7fffffff:\
                            glibc.cpu.x86_non_temporal_threshold=0x7fffffff";
