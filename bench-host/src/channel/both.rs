//! Sessions in which both stream: the host drains a stream that takes the host's own items.

use std::sync::Arc;

use bench_protocol::channel::Way;
use bench_protocol::channel::api::GuestChannels;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::spec::SessionConfig;
use bench_protocol::status;

use super::ledger::Ledger;
use super::producer;
use crate::drain::{self, Drain};
use crate::error::StreamError;
use crate::handle::OwnedHandle;

/// The guest's stream, and what the host notes while it is asked for items. The counts are those
/// of both directions.
pub(super) struct Both {
    stream: Box<dyn Drain>,
    ledger: Arc<Ledger>,
}

impl Both {
    pub(super) fn open(
        way: Way,
        guest: &GuestChannels,
        config: &SessionConfig,
    ) -> Result<Self, StreamError> {
        let ledger = Arc::default();
        let input = producer::open(way, &config.stream, &ledger).ok_or(StreamError::InvalidSpec)?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: the spec borrows `config`, the table was checked, and the input is given away.
        let status = unsafe { (guest.open_bidi)(way as u32, &config.spec(), input, &mut handle) };
        if status != status::OK {
            return Err(StreamError::OpenFailed { status });
        }
        let counts = config.stream.counted.then_some(guest.counts);
        // SAFETY: the guest answered OK, so the host owns the handle, which is one of the arena
        // protocol.
        let stream = unsafe {
            let handle = OwnedHandle::adopt(handle, counts)?;
            drain::on_arena_handle(handle, config)?
        };
        Ok(Self { stream, ledger })
    }
}

impl Drain for Both {
    fn drain(&mut self, max: u64) -> Result<(), StreamError> {
        let drained = self.stream.drain(max);
        self.ledger.fault().map_or(drained, Err)
    }

    fn counts(&self) -> HostCounts {
        let (mut counts, inner) = (self.stream.counts(), self.ledger.counts());
        counts.calls += inner.calls;
        counts.retries += inner.too_small;
        counts.retried_bytes += inner.retried_bytes;
        counts
    }

    fn ended(&self) -> bool {
        self.stream.ended()
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        let (mut counts, inner) = (self.stream.guest_counts()?, self.ledger.counts());
        counts.calls += inner.calls;
        counts.too_small += inner.too_small;
        counts.retried_bytes += inner.retried_bytes;
        Some(counts)
    }
}
