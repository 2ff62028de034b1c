//! Records in the formats that other tools read.
//!
//! One file a format, each an [`Exporter`]; what there is to export is taken
//! from the record once, as [`Measurement`]s, so that no format decides by
//! itself what a record says. Nothing here judges or draws.

mod benchfmt;
mod bmf;
mod csv;
mod github_action_benchmark;
mod measurement;

pub use benchfmt::benchfmt;
pub use bmf::bmf;
pub use csv::csv;
pub use github_action_benchmark::github_action_benchmark;
pub use measurement::{Exporter, Interval, Measurement, Metric, measurements};
