//! Wall clock of single cases, by criterion: the familiar reports of `cargo bench`.
//!
//! [`Label`] is where a case stands in criterion's reports, [`bench()`] runs its targets.
//! What measures is in `benches/`; its figures are criterion's alone.

mod label;
mod run;

pub use label::Label;
pub use run::{Options, WallError, bench};
