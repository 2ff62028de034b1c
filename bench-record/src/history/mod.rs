//! The history: records of many commits, and where a number changed for good.
//!
//! [`store`] keeps them as plain files in a folder; [`series`] lines them up,
//! one series a case and metric; [`changes`] finds the commits that changed
//! something, by [`changepoint`] where there is noise and by comparing where
//! there is none. Knows nothing of pages and tables.
//!
//! Wall clock enters as ratios of two arms of one run and in no other way: a
//! slower machine slows both, and is no change. A ratio is still partly the
//! machine's, so those of differing machines are never compared.

pub mod changepoint;
pub mod changes;
pub mod series;
pub mod store;
pub mod threshold;

pub use changes::{Change, Evidence, Findings, Options};
pub use series::{Metric, Point, Series};
pub use store::{Entry, History, HistoryError, add, load};
