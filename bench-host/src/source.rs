//! What a drain takes items from: a stream of any protocol.

use std::ops::Deref;

use bench_protocol::counts::{GuestCounts, HostCounts};

use crate::error::StreamError;

/// A stream of encoded items.
pub trait Source {
    /// An item's bytes, valid as long as the protocol lends them.
    type Item<'a>: Deref<Target = [u8]>
    where
        Self: 'a;

    /// The next item, and the memory that the host holds for it in bytes (0 if it holds none);
    /// `None` at the end.
    ///
    /// # Errors
    /// If the guest fails or breaks the protocol.
    fn pull(&mut self) -> Result<Option<(Self::Item<'_>, u64)>, StreamError>;

    /// Writes its counts into `counts`, after `items` items.
    fn count(&self, items: u64, counts: &mut HostCounts);

    /// The guest's counts; `None` unless the stream was opened as `counted`.
    fn guest_counts(&self) -> Option<GuestCounts>;
}
