//! The laboratory: other ways to hand an item over, compared with today's two and with what no
//! protocol can be faster than.
//!
//! [`arm`] says what an arm is, [`catalog`] which there are, [`build`] where their libraries come
//! from. [`run`] verifies every arm, counts it ([`counts`]) and times it ([`measure`]); what it
//! finds is a section of a record (`bench_record::lab`). Arms run in children only: [`open`] opens
//! them there.

pub mod arm;
pub mod build;
pub mod catalog;
pub mod child;
pub mod counts;
mod dump;
pub mod measure;
pub mod open;
pub mod process;
pub mod run;
pub mod verify;
