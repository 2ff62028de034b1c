//! The workbench: it settles what it costs to hand an item over a C ABI.
#![forbid(unsafe_code)]

pub mod atomic;
pub mod cmd;
pub mod export;
pub mod history;
pub mod record;
pub mod report;
pub mod stats;
