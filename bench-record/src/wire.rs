//! The record as it stands on disk: `arena-bench/record/1`.
//!
//! Every field that a program may rely on is here, in the order it is written.
//! Fields that an older record lacks are optional and default to nothing; a
//! field that is unknown is kept out, never an error.

pub use crate::environment::{CAUTION, COPY_ROUTINES, Environment, REPOSITORY, VARIABLES};
pub use crate::measured::{Counts, Verified};
pub use paired::result::{
    Comparison, CopiesNs, Difference, Draws, Failure, Method, PairedSample, RatioInterval,
    SelfCheck, Verdict,
};
use serde::{Deserialize, Serialize};

/// The schema that this version writes and the only one that it reads.
pub const SCHEMA: &str = "arena-bench/record/1";

/// One run: its environment, the cases it measured, the ratios it judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Where, when and from what the run was made.
    pub environment: Environment,
    /// Cases, sorted by id; an id occurs once.
    pub cases: Vec<Case>,
    /// Paired comparisons, sorted by (candidate, baseline).
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
    /// The A/A comparison of this very run.
    #[serde(default)]
    pub self_check: Option<SelfCheck>,
    /// Cases that could not be measured, and why.
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// The growth matrix, where the run made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<super::growth::Growth>,
    /// Where the time of an item goes, where `ladder --into` added it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<super::ladder::Ladder>,
    /// Other ways to hand an item over, where `lab` measured them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab: Option<super::lab::Lab>,
}

/// One case and what was found of it. Its time is in the comparisons that it is part of.
/// Older records also keep criterion's figures as `wall`, which nothing reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Stable, readable id, such as `drain/bytes-4KiB/arena`.
    pub id: String,
    /// What the id stands for.
    pub params: Params,
    /// The verification drain's result.
    #[serde(default)]
    pub verified: Option<Verified>,
    #[serde(default)]
    pub counts: Option<Counts>,
}

/// What a case's id stands for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// `u64`, `record`, `bytes`, `blob` or `f64s`.
    pub payload: String,
    /// Content bytes of the (largest) item, without length prefixes.
    pub item_bytes: u64,
    /// `constant`, `ramp`, `uniform`, ...
    pub size_plan: String,
    /// `arena` or `alloc`.
    pub protocol: String,
    /// `owned`, `borrowed` or `none`.
    pub decode: String,
    /// `prepared` or `owned`.
    pub producer: String,
    /// Growth strategy; empty for `alloc`.
    pub growth: String,
    /// `resize`, `fresh` or `uninit`; empty for `alloc`.
    pub regrow: String,
    /// `never`, ...; empty for `alloc`.
    pub shrink: String,
    /// Bytes; 0 for `alloc`.
    pub initial_capacity: u64,
    pub items: u64,
}
