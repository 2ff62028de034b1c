//! Wall clock of single cases, by criterion: the familiar reports of `cargo bench`.
//!
//! [`Label`] is where a case stands in criterion's reports, [`bench()`] runs its targets,
//! [`Notes`] tell how far one came, [`Selected`] says which cases a filter means.
//! What measures is in `benches/`; its figures are criterion's alone.

mod filter;
mod label;
mod notes;
mod run;

pub use filter::Selected;
pub use label::Label;
pub use notes::{Failed, Notes, look_after};
pub use run::{Options, bench};
