//! The paired runner: ratios that hold on a noisy machine.
//!
//! Four layers of noise, four remedies: drift of the machine (the arms take
//! turns within one process), layout of the process (many short processes, each
//! with draws of its own), physical pages (fresh copies of the files), layout of
//! the binary (several links of the same objects). And because a fifth may
//! exist, no verdict without a second look.
//!
//! [`contest`] is the parent's side: what to run, when to look, when to stop.
//! [`job`] is what passes between parent and child, [`draw`] what chance decides
//! of a process, [`process`] the executor that starts children, [`child`] the
//! child. The parent knows which arm is which; the child does not. Nothing here
//! knows what an arm does: [`child::Drive`] is all that it asks of one.

pub mod child;
pub mod clock;
pub mod contest;
pub mod draw;
pub mod job;
#[cfg(test)]
pub(crate) mod mock;
pub mod process;
