//! Wall clock of single cases, by criterion: the familiar reports of `cargo bench`.
//!
//! [`Label`] is where a case stands in criterion's reports, [`bench()`] runs its targets,
//! [`Notes`] tell how far one came.
//! What measures is in `benches/`; its figures are criterion's alone.

mod label;
mod notes;
mod run;

pub use label::Label;
pub use notes::{Failed, Notes, look_after};
pub use run::{Options, WallError, bench};
