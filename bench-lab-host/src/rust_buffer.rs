//! The host's side of `rust-buffer`: the guest's vectors, each returned through a second call.

use std::marker::PhantomData;
use std::ops::Deref;

use bench_host::error::{StreamError, of_status};
use bench_host::handle::OwnedHandle;
use bench_host::source::Source;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::error::PluginError;
use bench_protocol::lab::rust_buffer::{RustBuffer, RustBufferHandle};
use bench_protocol::{status, wire};

type Free = unsafe extern "C" fn(RustBuffer);

/// A stream of `rust-buffer`.
pub(crate) struct Vectors {
    handle: OwnedHandle,
    free: Free,
    /// Largest item that the guest may deliver, bytes.
    limit: u64,
    /// Calls that delivered no item: the end and errors.
    fruitless: u64,
    /// Returned buffers that held an error, not an item.
    error_buffers: u64,
}

/// A buffer of the guest. Dropping it returns it.
pub(crate) struct GuestVector<'a> {
    buffer: RustBuffer,
    free: Free,
    stream: PhantomData<&'a Vectors>,
}

impl Deref for GuestVector<'_> {
    type Target = [u8];
    #[inline(always)]
    fn deref(&self) -> &[u8] {
        // SAFETY: the start is not null, and the length at most the capacity. The guest answered
        // that it holds as many bytes, which belong to the host until it returns them.
        unsafe { std::slice::from_raw_parts(self.buffer.data, self.buffer.len as usize) }
    }
}

impl Drop for GuestVector<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the guest gave this buffer, and it is returned once and unchanged.
        unsafe { (self.free)(self.buffer) }
    }
}

impl Vectors {
    /// # Safety
    /// The handle must be one of `rust-buffer`, and `free` must belong to its guest.
    pub(crate) unsafe fn new(handle: OwnedHandle, free: Free, limit: u64) -> Self {
        Self {
            handle,
            free,
            limit,
            fruitless: 0,
            error_buffers: 0,
        }
    }

    /// The buffer that the guest's answer describes. One that is refused is returned as well,
    /// unless it is null.
    #[inline(always)]
    fn take(&self, buffer: RustBuffer) -> Result<GuestVector<'_>, StreamError> {
        let RustBuffer { capacity, len, .. } = buffer;
        if buffer.data.is_null() {
            return Err(StreamError::NullItem { len });
        }
        let vector = GuestVector {
            buffer,
            free: self.free,
            stream: PhantomData,
        };
        if len > capacity {
            return Err(StreamError::LengthAboveCapacity { len, capacity });
        }
        let limit = self.limit;
        if len > limit {
            let demanded = len;
            return Err(StreamError::AboveLimit { demanded, limit });
        }
        Ok(vector)
    }

    /// Handles every answer that is neither an item nor the end.
    #[cold]
    fn unusual(&mut self, status: i32, buffer: RustBuffer) -> StreamError {
        self.fruitless += 1;
        if status != status::PLUGIN_ERROR {
            return of_status(status);
        }
        let error = match self.take(buffer) {
            Ok(vector) => wire::deserialize::<PluginError>(&vector),
            Err(error) => return error,
        };
        self.error_buffers += 1;
        error.map_or(StreamError::MalformedPluginError, StreamError::Plugin)
    }
}

impl Source for Vectors {
    type Item<'a> = GuestVector<'a>;

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(GuestVector<'_>, u64)>, StreamError> {
        let mut buffer = RustBuffer {
            capacity: 0,
            len: 0,
            data: std::ptr::null_mut(),
        };
        // SAFETY: the handle is alive until `drop`; the guest is not inside another call.
        let status = unsafe {
            let handle: *mut RustBufferHandle = self.handle.as_ptr().cast();
            ((*handle).next)(handle, &mut buffer)
        };
        match status {
            status::OK => Ok(Some((self.take(buffer)?, 0))),
            status::STREAM_END => {
                self.fruitless += 1;
                Ok(None)
            }
            status => Err(self.unusual(status, buffer)),
        }
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        counts.calls = items + self.fruitless;
        counts.frees = items + self.error_buffers;
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.handle.guest_counts()
    }
}
