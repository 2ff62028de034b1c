//! Growth as it stands in a record: the counter matrix of each size plan, what
//! is dominated, what to use, and the price of a retry.

use serde::{Deserialize, Serialize};

use super::environment::Environment;
use paired::result::{Comparison, Difference};

/// The matrix of every plan, and the price of a retry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Growth {
    pub plans: Vec<Plan>,
    /// One for each way to regrow.
    pub retry: Vec<Retry>,
    /// Comparisons made for these plans, where they are not the record's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<Comparison>,
    /// Where, when and by what command those comparisons were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    pub name: String,
    /// Its parameters, in words.
    pub parameters: String,
    /// Items of the stream.
    pub items: u64,
    /// Bytes of the stream on the wire.
    pub bytes: u64,
    /// Bytes of its largest item on the wire.
    pub largest: u64,
    /// Every way to grow, or those that say something.
    pub cells: Vec<Cell>,
    /// What to use: without knowing the largest item, and knowing it.
    pub advice: Vec<Advice>,
}

/// One way to grow on one plan: exact counters, and costs where they were
/// measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cell {
    pub id: String,
    pub growth: String,
    /// What the strategy takes, bytes.
    pub growth_param: u64,
    /// Capacity of the first buffer, bytes.
    pub initial_capacity: u64,
    /// `resize`, `fresh` or `uninit`.
    pub regrow: String,
    /// `never`, `after-small` or `decay`.
    pub shrink: String,
    /// What the shrink rule takes, items.
    pub shrink_param: u64,
    /// Whether the largest item must be known beforehand.
    pub needs_maximum: bool,
    /// Whether only the strategy differs from the exact fit that starts with 64
    /// bytes, resizes and never shrinks.
    pub plain: bool,
    /// Calls of `next`, the one that finds the end included.
    pub boundary_calls: u64,
    pub retries: u64,
    pub encoded_bytes: u64,
    /// Wire bytes of the items asked for twice: sized again, not encoded again.
    pub retried_bytes: u64,
    pub zeroed_bytes: u64,
    /// Bytes moved from an old buffer to a new one.
    pub moved_bytes: u64,
    /// Bytes asked of the allocator.
    pub allocated_bytes: u64,
    /// Times that the buffer became smaller.
    pub shrinks: u64,
    pub peak_capacity: u64,
    pub final_capacity: u64,
    /// Memory held for an item, mean, bytes.
    pub mean_held: f64,
    /// Share of the buffer that an item used, mean, 0 to 1.
    pub mean_share: f64,
    /// Instructions per item, both sides.
    pub instructions_per_item: Option<f64>,
    /// Time against the exact fit of the same plan.
    pub ratio: Option<Ratio>,
    /// Id of a case that regrows alike, need not be told more, costs no more and
    /// holds no more, and is better in one of them; nothing for the Pareto front.
    /// By the measure of the plan's advice where this case has it, else by the
    /// counters. A time costs less only where it is shown to; between times that are
    /// not told apart, instructions or else the counters decide.
    pub dominated_by: Option<String>,
}

/// A ratio of times with its interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ratio {
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
}

/// What to use, and why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Advice {
    /// Whether the largest item must be known, or the buffer left unzeroed.
    pub condition: String,
    pub id: String,
    /// `time`, `instructions` or `counters`: what the costs were compared by.
    pub measure: String,
    pub reason: String,
}

/// What one retry costs: the slope between two cases of one stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retry {
    /// `resize`, `fresh` or `uninit`.
    pub regrow: String,
    /// Id of the case with more retries.
    pub many: String,
    /// Id of the case with fewer.
    pub few: String,
    pub retries: u64,
    /// Bytes zeroed or moved for each.
    pub bytes_worked: f64,
    /// Wire bytes of the item retried, mean.
    pub item_bytes: f64,
    /// Instructions of one retry, both sides.
    pub instructions: Option<f64>,
    /// Nanoseconds of one retry.
    pub ns: Option<Difference>,
}
