//! The host's side of `lend`: the guest's bytes, until the next call.

use bench_host::error::{StreamError, of_status};
use bench_host::handle::OwnedHandle;
use bench_host::source::Source;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::error::PluginError;
use bench_protocol::lab::lend::LendHandle;
use bench_protocol::{status, wire};

/// A stream of `lend`.
pub(crate) struct Lend {
    handle: OwnedHandle,
    /// Largest item that the guest may deliver, bytes.
    limit: u64,
    /// Calls that delivered no item: the end and errors.
    fruitless: u64,
}

impl Lend {
    /// # Safety
    /// The handle must be one of `lend`.
    pub(crate) unsafe fn new(handle: OwnedHandle, limit: u64) -> Self {
        Self {
            handle,
            limit,
            fruitless: 0,
        }
    }

    /// The bytes that the guest's answer describes.
    #[inline(always)]
    fn bytes(&self, start: *mut u8, len: u32) -> Result<&[u8], StreamError> {
        let (demanded, limit) = (u64::from(len), self.limit);
        if start.is_null() {
            return Err(StreamError::NullItem { len: demanded });
        }
        if demanded > limit {
            return Err(StreamError::AboveLimit { demanded, limit });
        }
        // SAFETY: the start is not null. The guest answered that it lends `len` bytes until the
        // next call, for which the stream must be borrowed mutably.
        Ok(unsafe { std::slice::from_raw_parts(start, len as usize) })
    }

    /// Handles every answer that is neither an item nor the end.
    #[cold]
    fn unusual(&mut self, status: i32, start: *mut u8, len: u32) -> StreamError {
        self.fruitless += 1;
        if status != status::PLUGIN_ERROR {
            return of_status(status);
        }
        match self.bytes(start, len).map(wire::deserialize::<PluginError>) {
            Ok(error) => error.map_or(StreamError::MalformedPluginError, StreamError::Plugin),
            Err(error) => error,
        }
    }
}

impl Source for Lend {
    type Item<'a> = &'a [u8];

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(&[u8], u64)>, StreamError> {
        let (mut start, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: the handle is alive until `drop`; the guest is not inside another call.
        let status = unsafe {
            let handle: *mut LendHandle = self.handle.as_ptr().cast();
            ((*handle).next)(handle, &mut start, &mut len)
        };
        match status {
            status::OK => Ok(Some((self.bytes(start, len)?, 0))),
            status::STREAM_END => {
                self.fruitless += 1;
                Ok(None)
            }
            status => Err(self.unusual(status, start, len)),
        }
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        counts.calls = items + self.fruitless;
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.handle.guest_counts()
    }
}
