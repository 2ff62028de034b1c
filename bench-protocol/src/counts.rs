//! What each side counts, as plain numbers that cross the boundary.

/// What a guest saw of one stream; counted only for streams opened so.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GuestCounts {
    /// Calls of `next`.
    pub calls: u64,
    /// Items handed over.
    pub items: u64,
    /// Answers `BUFFER_TOO_SMALL`.
    pub too_small: u64,
    /// Wire bytes that those answers demanded.
    pub retried_bytes: u64,
    /// Wire bytes handed over.
    pub bytes: u64,
    /// Heap buffers given out (alloc protocol).
    pub buffers: u64,
}

/// What a host counted in a session so far.
///
/// Numbers of bytes that a drain for time does not look at (`bytes`, `digest`,
/// `share_sum`, `held_sum`) stay 0 unless the session verifies.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HostCounts {
    /// Items received.
    pub items: u64,
    /// Calls of `next`.
    pub calls: u64,
    /// Calls of `free_buffer`.
    pub frees: u64,
    /// Retries after `BUFFER_TOO_SMALL`.
    pub retries: u64,
    /// Wire bytes of the items asked for twice: the guest sizes them again, and
    /// encodes them once.
    pub retried_bytes: u64,
    /// Wire bytes received.
    pub bytes: u64,
    /// XXH3-64 of the items received; see [`digest`](crate::digest).
    pub digest: u64,
    /// Bytes that growth and the first buffer zeroed.
    pub zeroed: u64,
    /// Bytes that growth moved from the old buffer to the new.
    pub moved: u64,
    /// Bytes asked of the allocator for buffers.
    pub allocated: u64,
    /// Buffers given up for a smaller one.
    pub shrinks: u64,
    /// Largest capacity, bytes.
    pub peak_capacity: u64,
    /// Capacity now, bytes.
    pub capacity: u64,
    /// Sum over the items of the capacity that held them, bytes.
    pub held_sum: u64,
    /// Sum over the items of length / capacity.
    pub share_sum: f64,
}
