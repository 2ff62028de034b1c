//! Wall clock of single cases, by criterion.
//!
//! Everything that knows criterion's names and files is here: [`Label`] (where a
//! case stands in criterion's reports), [`read`] (its files, back to case ids)
//! and [`bench()`] (a run of its targets). What measures is in `benches/`.

mod estimates;
mod label;
mod run;

pub use estimates::read;
pub use label::Label;
pub use run::{Options, WallError, bench};
