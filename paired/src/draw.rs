//! What chance decides of one process: everything that shifts addresses.
//!
//! The size of the environment alone can move a benchmark by several percent
//! (Mytkowicz et al., "Producing wrong data without doing anything obviously
//! wrong!", ASPLOS 2009), as it moves the stack.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Bytes that the environment may grow by: one page, in the stack's steps.
const ENVIRONMENT: u32 = 4096;
/// Frames that the stack may begin lower.
const FRAMES: u32 = 64;
/// Bytes that the first heap block may be pushed up by.
const HEAP: u32 = 64 << 10;
/// Bytes of a mapping between two libraries: above glibc's threshold for
/// mappings of their own, so that it lies where the next library would.
const GAP: std::ops::Range<u32> = (160 << 10)..(2 << 20);

/// One draw of everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Draw {
    /// Bytes added to the environment.
    pub environment: u32,
    /// Stack frames below which the child works.
    pub stack_frames: u32,
    /// Bytes of heap taken before anything else.
    pub heap: u32,
    /// Bytes mapped before each arm is opened.
    pub gaps: Vec<u32>,
    /// Seed of the order of the arms in each round.
    pub rounds_seed: u64,
}

impl Draw {
    /// A draw for a process of `arms` arms.
    pub fn new(rng: &mut impl Rng, arms: usize) -> Self {
        Self {
            environment: rng.random_range(0..ENVIRONMENT),
            stack_frames: rng.random_range(0..FRAMES),
            heap: rng.random_range(1..HEAP),
            gaps: (0..arms).map(|_| rng.random_range(GAP)).collect(),
            rounds_seed: rng.random(),
        }
    }
}

/// A random order of `0..n`.
pub fn order(rng: &mut impl Rng, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(rng);
    order
}
