//! Ratios of times that hold on a noisy machine.
#![forbid(unsafe_code)]

pub mod child;
pub mod clock;
mod copies;
pub mod draw;
pub mod job;
pub mod layouts;
#[cfg(any(test, feature = "mock"))]
pub mod mock;
pub mod paths;
pub mod process;
pub mod ratios;
pub mod result;
pub mod runner;
pub mod stats;
pub mod temporary;
pub mod visible;
pub mod worker;
