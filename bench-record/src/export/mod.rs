//! Records in the formats that other tools read.
//!
//! One file a format, each with a function `write`; what there is to export is taken
//! from the record once, as [`Measurement`]s, so that no format decides by
//! itself what a record says. Nothing here judges or draws.

pub mod benchfmt;
pub mod bmf;
pub mod csv;
pub mod github_action_benchmark;
mod measurement;

pub use measurement::{Interval, Measurement, Metric, measurements};
