//! What is found of a case or an arm: its verification and its exact counts.

use serde::{Deserialize, Serialize};

/// What a verification drain counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Items drained and checked.
    pub items: u64,
    pub bytes: u64,
    /// XXH3-64 over the items, hexadecimal.
    pub digest: String,
}

/// Exact counts of one case. A count that was not taken is `null`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Instructions per item, both sides, by callgrind.
    pub instructions_per_item: Option<f64>,
    /// Heap allocations per item, both sides, by DHAT.
    pub allocations_per_item: Option<f64>,
    /// Heap bytes allocated per item, both sides, by DHAT.
    pub allocated_bytes_per_item: Option<f64>,
    /// Calls from host to guest per item.
    pub boundary_calls_per_item: Option<f64>,
    /// Retries after `BUFFER_TOO_SMALL` in the drain.
    pub retries: Option<u64>,
    /// Wire bytes of the items that were asked for twice.
    pub retried_bytes: Option<u64>,
    /// Largest capacity the host's buffer had, bytes.
    pub peak_capacity: Option<u64>,
    /// Capacity when the drain ended, bytes.
    pub final_capacity: Option<u64>,
    /// Wire bytes encoded; a retry encodes nothing again.
    pub encoded_bytes: Option<u64>,
    pub zeroed_bytes: Option<u64>,
    pub moved_bytes: Option<u64>,
    /// Bytes asked of the host's allocator for the buffer.
    pub buffer_bytes: Option<u64>,
    /// Memory the host's buffer held for an item, mean over the items, bytes.
    pub mean_held: Option<f64>,
    /// Mean share of the buffer that an item used, 0 to 1.
    pub mean_share: Option<f64>,
}
