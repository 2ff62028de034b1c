//! The workbench: it settles what it costs to hand an item over a C ABI.
#![forbid(unsafe_code)]

pub mod atomic;
pub mod case;
pub mod cmd;
pub mod export;
pub mod history;
pub mod layouts;
pub mod pair;
pub mod paired;
pub mod record;
pub mod report;
pub mod stats;
pub mod verify;
pub mod workload;
