//! The history: records of many commits, and where a number changed for good.
//!
//! [`store`] keeps them as plain files in a folder; [`series`] lines them up,
//! one series a case and metric; [`changes`] finds the commits that changed
//! something, by [`changepoint`] where there is noise and by comparing where
//! there is none. [`line`] says which entries belong together, and in what order.
//! Knows nothing of pages and tables.
//!
//! Wall clock enters as ratios of two arms of one run and in no other way: a
//! slower machine slows both, and is no change. A ratio is still partly the
//! machine's, so those of differing machines are never compared.

mod change;
pub mod changepoint;
pub mod changes;
mod line;
pub mod series;
pub mod store;
pub mod threshold;

pub use change::{Change, Evidence, Options};
pub use changes::{Findings, Missing};
pub use line::{Ancestry, Followed, Line, Order};
pub use series::{Metric, Point, Series};
pub use store::{Damaged, Entry, History, HistoryError, add, load};
