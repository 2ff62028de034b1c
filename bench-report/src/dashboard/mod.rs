//! The dashboard: a history as one page. A small chart per case and metric, the commits
//! that changed something, and the numbers behind them in compact form.
//!
//! Finds no change itself: that is `history`'s work.

mod encode;
mod newest;
mod overview;
pub mod spark;

pub use encode::{Data, encode, evidence};
pub use newest::{Coming, comings, newest};
pub use overview::{Dashboard, Group, direction};
pub use spark::{LEAST_SPAN, spark as spark_line};
