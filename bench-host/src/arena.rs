//! The host's side of the arena protocol: the guest writes every item into the host's buffer.

use bench_protocol::api::GuestApi;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::error::PluginError;
use bench_protocol::handle::StreamHandle;
use bench_protocol::spec::{BufferConfig, StreamConfig};
use bench_protocol::{status, wire};

use crate::buffer::Buffer;
use crate::error::{StreamError, of_status};
use crate::handle::OwnedHandle;
use crate::shrink::ShrinkRule;
use crate::source::Source;

/// An arena stream; it owns the guest's handle and the buffer that the guest writes into.
#[derive(Debug)]
pub struct Arena<S> {
    handle: OwnedHandle,
    buffer: Buffer,
    shrink: S,
    /// Length of the item in the buffer.
    last_len: u32,
    retries: u64,
    retried_bytes: u64,
    /// Calls that delivered no item: "too small", the end and errors.
    fruitless: u64,
}

/// Opens an arena stream of the guest.
pub(crate) fn open(guest: &GuestApi, stream: &StreamConfig) -> Result<OwnedHandle, StreamError> {
    let mut handle = std::ptr::null_mut();
    // SAFETY: the spec borrows `stream`; the table was checked when loaded.
    let status = unsafe { (guest.open_arena)(&stream.spec(), &mut handle) };
    if status != status::OK {
        return Err(StreamError::OpenFailed { status });
    }
    // SAFETY: the guest answered OK, so the host owns the handle.
    unsafe { OwnedHandle::adopt(handle, stream.counted.then_some(guest.counts)) }
}

impl<S: ShrinkRule> Arena<S> {
    /// Opens a stream of the guest.
    ///
    /// # Errors
    /// If the guest refuses or returns a handle that cannot be driven, or if the first buffer
    /// is above the limit.
    pub fn open(
        guest: &GuestApi,
        stream: &StreamConfig,
        config: &BufferConfig,
        shrink: S,
    ) -> Result<Self, StreamError> {
        // First, so that no stream is open if this fails.
        let buffer = Buffer::new(config)?;
        let handle = open(guest, stream)?;
        // SAFETY: the guest opened an arena stream.
        Ok(unsafe { Self::new(handle, buffer, shrink) })
    }

    /// Takes ownership of a handle from elsewhere.
    ///
    /// # Errors
    /// If the handle or one of its functions is null. A handle with a `drop_fn` is dropped.
    ///
    /// # Safety
    /// `handle` must be null, or a stream handle that nobody else uses and whose library stays
    /// loaded.
    pub unsafe fn adopt(
        handle: *mut StreamHandle,
        buffer: Buffer,
        shrink: S,
    ) -> Result<Self, StreamError> {
        // SAFETY: the caller keeps the same contract.
        unsafe { Ok(Self::new(OwnedHandle::adopt(handle, None)?, buffer, shrink)) }
    }

    /// A stream on a handle.
    ///
    /// # Safety
    /// The handle must be one of the arena protocol.
    #[must_use]
    pub unsafe fn new(handle: OwnedHandle, buffer: Buffer, shrink: S) -> Self {
        // As if an item had filled the buffer: it must not shrink before the first item.
        let last_len = buffer.usable();
        Self {
            handle,
            buffer,
            shrink,
            last_len,
            retries: 0,
            retried_bytes: 0,
            fruitless: 0,
        }
    }

    #[inline(always)]
    fn call(&mut self) -> (i32, u32) {
        let mut len = 0;
        // SAFETY: the handle is alive until `drop`; the buffer has `usable`
        // writable bytes; the guest is not inside another call.
        let status = unsafe {
            let (buffer, capacity) = (self.buffer.as_mut_ptr(), self.buffer.usable());
            let handle = self.handle.as_ptr();
            ((*handle).next)(handle, buffer, capacity, &mut len)
        };
        (status, len)
    }

    /// The `len` bytes that the guest says it wrote, and the memory held.
    #[inline(always)]
    fn item(&mut self, len: u32) -> Result<(&[u8], u64), StreamError> {
        let capacity = self.buffer.usable();
        if len > capacity {
            let (len, capacity) = (u64::from(len), u64::from(capacity));
            return Err(StreamError::LengthAboveCapacity { len, capacity });
        }
        self.last_len = len;
        let held = self.buffer.held();
        // SAFETY: `len` is within the buffer, and the guest answered that it wrote as many
        // bytes. (If the buffer was not zeroed, this relies on the guest's answer: use such
        // buffers only for guests that you trust.)
        let bytes = unsafe { std::slice::from_raw_parts(self.buffer.as_mut_ptr(), len as usize) };
        Ok((bytes, held))
    }

    /// Handles every answer that is not an item.
    #[cold]
    fn unusual(&mut self, status: i32, len: u32) -> Result<Option<(&[u8], u64)>, StreamError> {
        self.fruitless += 1;
        let (status, len) = if status == status::BUFFER_TOO_SMALL {
            self.buffer.grow(len)?;
            self.retries += 1;
            self.retried_bytes += u64::from(len);
            let (status, len) = self.call();
            if status == status::OK {
                return self.item(len).map(Some);
            }
            self.fruitless += 1;
            (status, len)
        } else {
            (status, len)
        };
        match status {
            status::STREAM_END => Ok(None),
            status::PLUGIN_ERROR => {
                let error = wire::deserialize::<PluginError>(self.item(len)?.0);
                Err(error.map_or(StreamError::MalformedPluginError, StreamError::Plugin))
            }
            status::BUFFER_TOO_SMALL => {
                let (demanded, capacity) = (u64::from(len), u64::from(self.buffer.usable()));
                Err(StreamError::TooSmallTwice { demanded, capacity })
            }
            status => Err(of_status(status)),
        }
    }
}

impl<S: ShrinkRule> Source for Arena<S> {
    type Item<'a>
        = &'a [u8]
    where
        S: 'a;

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(&[u8], u64)>, StreamError> {
        // Not earlier: until now, the last item was in the buffer.
        if let Some(capacity) = self.shrink.after(self.last_len, self.buffer.usable()) {
            self.buffer.shrink(capacity);
        }
        let (status, len) = self.call();
        if status == status::OK {
            self.item(len).map(Some)
        } else {
            self.unusual(status, len)
        }
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        counts.calls = items + self.fruitless;
        counts.retries = self.retries;
        counts.retried_bytes = self.retried_bytes;
        self.buffer.count(counts);
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.handle.guest_counts()
    }
}
