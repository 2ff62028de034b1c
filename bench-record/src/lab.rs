//! The laboratory as it stands in a record: other ways to hand an item over, next to today's two
//! and to the floors below all of them.
//!
//! `arena-bench lab` writes it. An older record has none.

use serde::{Deserialize, Serialize};

use super::environment::Environment;
use super::measured::{Counts, Verified};
use paired::result::{Comparison, SelfCheck};

/// Everything that a run of the laboratory found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lab {
    /// Where, when and by what command it was measured, where that is not the record's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// One for each item and way to decode it.
    pub sets: Vec<Set>,
    /// Items handed over by libraries of other allocators, one set for each item.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allocators: Vec<Set>,
}

/// One item and one way to decode it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Set {
    /// `record-64B`, or `record-64B/borrowed`.
    pub name: String,
    /// Payload and size, such as `record-64B`.
    pub item: String,
    /// `u64`, `record`, ...
    pub payload: String,
    /// Content bytes of an item.
    pub bytes: u64,
    /// Its bytes on the wire.
    pub wire_bytes: u64,
    /// `owned` or `borrowed`.
    pub decode: String,
    /// Every way to hand the item over; the first is today's arena.
    pub arms: Vec<Arm>,
    /// Every arm against today's arena, against the floor of its codec and against the copy. By
    /// other allocators: alloc against the arena with the same, and both against themselves with
    /// the system's.
    pub comparisons: Vec<Comparison>,
    /// A stream's first item: batches against today's arena.
    pub firsts: Vec<Comparison>,
    /// Today's arena against its own copy.
    pub self_check: Option<SelfCheck>,
}

/// What an arm is in its set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A protocol of the pair.
    Today,
    /// A protocol of the laboratory.
    #[default]
    Laboratory,
    /// The same items and codec, in process.
    Floor,
    /// One copy of the item's bytes.
    Copy,
}

/// One way to hand an item over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arm {
    /// Its id.
    pub id: String,
    /// `arena`, `single-pass`, `batch-64`, `floor`, ...
    pub way: String,
    /// What it is in its set.
    pub role: Role,
    /// `bincode` or `wincode`.
    pub codec: String,
    /// What guest and host allocate by; empty where both have the system's allocator.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub allocators: String,
    /// Items of a call at most.
    pub items_per_call: u32,
    /// The verification drain's result.
    pub verified: Option<Verified>,
    /// Exact counts.
    pub counts: Counts,
    /// Instructions until a stream's first item is there, both sides.
    pub first_item_instructions: Option<f64>,
    /// Memory held for items in flight, bytes.
    pub held_bytes: Option<u64>,
}

impl Set {
    /// The arm of a way and a codec.
    #[must_use]
    pub fn arm(&self, way: &str, codec: &str) -> Option<&Arm> {
        self.arms
            .iter()
            .find(|arm| arm.way == way && arm.codec == codec)
    }

    /// The comparison of two arms, by their ids.
    #[must_use]
    pub fn comparison(&self, baseline: &str, candidate: &str) -> Option<&Comparison> {
        let is = |it: &&Comparison| it.baseline == baseline && it.candidate == candidate;
        self.comparisons.iter().find(is)
    }

    /// Median time of an arm, nanoseconds per item.
    #[must_use]
    pub fn ns(&self, arm: &Arm) -> Option<f64> {
        let of = |it: &Comparison| {
            if it.candidate == arm.id {
                it.candidate_ns
            } else if it.baseline == arm.id {
                it.baseline_ns
            } else {
                None
            }
        };
        self.comparisons.iter().find_map(of)
    }
}

impl Arm {
    /// Instructions of an item, both sides.
    #[must_use]
    pub fn instructions(&self) -> Option<f64> {
        self.counts.instructions_per_item
    }
}

impl Lab {
    /// The set of this name.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<&Set> {
        self.sets.iter().find(|set| set.name == name)
    }
}
