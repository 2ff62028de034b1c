//! Memory that a host lends to a guest. Timed drains lend a plain
//! [`Buffer`](crate::buffer::Buffer), verifying ones [`Guarded`](crate::guarded::Guarded) memory.

use bench_protocol::counts::HostCounts;
use bench_protocol::spec::BufferConfig;

use crate::error::StreamError;

/// Memory that a guest may write into.
pub trait Lend: Sized {
    /// Whether [`check`](Self::check) looks at anything.
    const CHECKED: bool;

    /// Memory of the configured first capacity.
    ///
    /// # Errors
    /// If that is above the memory limit.
    fn lend(config: &BufferConfig) -> Result<Self, StreamError>;

    /// Start of the bytes that the guest may write.
    fn as_mut_ptr(&mut self) -> *mut u8;

    /// Number of bytes that the guest may write.
    fn usable(&self) -> u32;

    /// Memory held, bytes.
    fn held(&self) -> u64;

    /// Makes room for an item of `required` bytes.
    ///
    /// # Errors
    /// If there is room already, if the demand is above the limit, or if the strategy chooses
    /// less than the demand.
    fn grow(&mut self, required: u32) -> Result<(), StreamError>;

    /// Replaces the memory by `capacity` bytes, but not less than the first capacity. Does
    /// nothing if that is not smaller.
    fn shrink(&mut self, capacity: u32);

    /// Writes what the memory has cost so far into `counts`.
    fn count(&self, counts: &mut HostCounts);

    /// Checks that the guest wrote nowhere else.
    ///
    /// # Errors
    /// If it did.
    fn check(&self) -> Result<(), StreamError>;
}
