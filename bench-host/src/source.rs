//! What a drain draws items from: one of the two protocols.

use std::ops::Deref;

use bench_protocol::counts::{GuestCounts, HostCounts};

use crate::error::StreamError;

/// A stream of encoded items, pulled one by one.
pub trait Source {
    /// An item's bytes, for as long as the protocol lends them.
    type Item<'a>: Deref<Target = [u8]>
    where
        Self: 'a;

    /// The next item, and the memory that the host holds for it (bytes; 0 where
    /// it holds none); `None` at the end.
    ///
    /// # Errors
    /// When the guest fails or breaks the protocol.
    fn pull(&mut self) -> Result<Option<(Self::Item<'_>, u64)>, StreamError>;

    /// Writes what the source has counted into `counts`, given that `items` items
    /// came out of it.
    fn count(&self, items: u64, counts: &mut HostCounts);

    /// What the guest has counted, if the stream was opened so.
    fn guest_counts(&self) -> Option<GuestCounts>;
}
