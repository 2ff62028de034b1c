//! The workbench: it settles what it costs to hand an item over a C ABI.
#![forbid(unsafe_code)]

pub mod case;
pub mod cmd;
pub mod guest;
pub mod layouts;
pub mod pair;
pub mod paired;
pub mod record;
pub mod stats;
pub mod verify;
pub mod workload;
