//! The page: one self-contained file that works from disk, asks nothing of any network
//! and runs nothing that a record holds.

mod dashboard;
mod document;
mod laboratory;
mod parts;
mod record;

pub use dashboard::page as dashboard;
pub use record::page as report;
