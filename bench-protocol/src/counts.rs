//! What each side counts, as plain numbers that cross the boundary.

use serde::{Deserialize, Serialize};

use crate::status;

/// What a guest counts of a stream that was opened as `counted`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GuestCounts {
    /// Calls of `next`.
    pub calls: u64,
    /// Items handed over.
    pub items: u64,
    /// Answers `BUFFER_TOO_SMALL`.
    pub too_small: u64,
    /// Bytes that those answers asked for.
    pub retried_bytes: u64,
    /// Wire bytes handed over.
    pub bytes: u64,
    /// Heap buffers handed to the host (alloc protocol).
    pub buffers: u64,
}

impl GuestCounts {
    /// Notes an answer: its status, and its length where it has one. With `boxed`, its bytes
    /// are in a heap buffer that the other side must return.
    pub fn note(&mut self, status: i32, len: u32, boxed: bool) {
        self.calls += 1;
        match status {
            status::OK => {
                self.items += 1;
                self.bytes += u64::from(len);
            }
            status::BUFFER_TOO_SMALL => {
                self.too_small += 1;
                self.retried_bytes += u64::from(len);
            }
            _ => {}
        }
        let has_buffer = boxed && matches!(status, status::OK | status::PLUGIN_ERROR);
        self.buffers += u64::from(has_buffer);
    }
}

/// What a host has counted in a session so far.
///
/// A timed drain does not look at bytes: `bytes`, `digest`, `share_sum` and `held_sum`
/// stay 0 unless the session verifies.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct HostCounts {
    /// Items received.
    pub items: u64,
    /// Calls of `next`.
    pub calls: u64,
    /// Calls of `free_buffer`.
    pub frees: u64,
    /// Retries after `BUFFER_TOO_SMALL`.
    pub retries: u64,
    /// Wire bytes of the items that took a retry. The guest computes their size twice and
    /// encodes them once.
    pub retried_bytes: u64,
    /// Wire bytes received.
    pub bytes: u64,
    /// XXH3-64 of the items received; see [`digest`](crate::digest).
    pub digest: u64,
    /// Bytes zeroed for the first buffer and for growth.
    pub zeroed: u64,
    /// Bytes that growth copied from an old buffer to a new one.
    pub moved: u64,
    /// Bytes requested from the allocator for buffers.
    pub allocated: u64,
    /// Buffers replaced by a smaller one.
    pub shrinks: u64,
    /// Largest capacity, bytes.
    pub peak_capacity: u64,
    /// Capacity now, bytes.
    pub capacity: u64,
    /// Sum over the items of the capacity that held the item, bytes.
    pub held_sum: u64,
    /// Sum over the items of length / capacity; in text as its bits, so that none is lost.
    #[serde(with = "bits")]
    pub share_sum: f64,
}

mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(value.to_bits())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        u64::deserialize(from).map(f64::from_bits)
    }
}
