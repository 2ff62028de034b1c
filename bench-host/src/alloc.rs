//! The host's side of the alloc protocol: the guest allocates a heap buffer per item, and the
//! host returns it.

use std::marker::PhantomData;
use std::ops::Deref;

use bench_protocol::api::GuestApi;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::error::PluginError;
use bench_protocol::handle::AllocHandle;
use bench_protocol::spec::StreamConfig;
use bench_protocol::{status, wire};

use crate::error::{StreamError, of_status};
use crate::handle::OwnedHandle;
use crate::source::Source;

/// An alloc stream; it owns the guest's handle.
#[derive(Debug)]
pub struct Alloc {
    handle: OwnedHandle,
    free_buffer: unsafe extern "C" fn(*mut u8, u32),
    /// Largest item that the guest may deliver, bytes.
    limit: u64,
    /// Calls that delivered no item: the end and errors.
    fruitless: u64,
    /// Returned buffers that held an error, not an item.
    error_buffers: u64,
}

/// A buffer of the guest. Dropping it returns it.
#[derive(Debug)]
pub struct GuestBuffer<'a> {
    ptr: *mut u8,
    len: u32,
    free_buffer: unsafe extern "C" fn(*mut u8, u32),
    stream: PhantomData<&'a Alloc>,
}

impl GuestBuffer<'_> {
    /// A buffer that a guest answered a call with.
    ///
    /// # Safety
    /// The guest must have given `len` bytes at `ptr` away, to be returned once through its
    /// `free_buffer`.
    pub(crate) unsafe fn received(
        ptr: *mut u8,
        len: u32,
        free_buffer: unsafe extern "C" fn(*mut u8, u32),
    ) -> Self {
        let stream = PhantomData;
        Self {
            ptr,
            len,
            free_buffer,
            stream,
        }
    }
}

impl Deref for GuestBuffer<'_> {
    type Target = [u8];
    #[inline(always)]
    fn deref(&self) -> &[u8] {
        // SAFETY: the pointer is not null. The guest answered that it holds `len` bytes, which
        // belong to the host until it returns them.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len as usize) }
    }
}

impl Drop for GuestBuffer<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the guest gave this pointer with this length; they are returned once.
        unsafe { (self.free_buffer)(self.ptr, self.len) }
    }
}

impl Alloc {
    /// Opens a stream of the guest. Items above `limit` bytes are an error.
    ///
    /// # Errors
    /// If the guest refuses or returns a handle that cannot be driven.
    pub fn open(guest: &GuestApi, stream: &StreamConfig, limit: u64) -> Result<Self, StreamError> {
        let mut handle: *mut AllocHandle = std::ptr::null_mut();
        // SAFETY: the spec borrows `stream`; the table was checked when loaded.
        let status = unsafe { (guest.open_alloc)(&stream.spec(), &mut handle) };
        if status != status::OK {
            return Err(StreamError::OpenFailed { status });
        }
        // SAFETY: the guest answered OK, so the host owns the handle.
        let handle = unsafe {
            let counts = stream.counted.then_some(guest.counts);
            OwnedHandle::adopt(handle.cast(), counts)?
        };
        // SAFETY: the handle is one of the alloc protocol, and `free_buffer` is its guest's.
        Ok(unsafe { Self::new(handle, guest.free_buffer, limit) })
    }

    /// A stream on a handle; items above `limit` bytes are an error.
    ///
    /// # Safety
    /// The handle must be an [`AllocHandle`], and `free_buffer` must belong to its guest.
    #[must_use]
    pub unsafe fn new(
        handle: OwnedHandle,
        free_buffer: unsafe extern "C" fn(*mut u8, u32),
        limit: u64,
    ) -> Self {
        Self {
            handle,
            free_buffer,
            limit,
            fruitless: 0,
            error_buffers: 0,
        }
    }

    /// The buffer that the guest's answer describes.
    #[inline(always)]
    fn buffer(&self, ptr: *mut u8, len: u32) -> Result<GuestBuffer<'_>, StreamError> {
        if ptr.is_null() {
            return Err(StreamError::NullItem {
                len: u64::from(len),
            });
        }
        let free_buffer = self.free_buffer;
        let buffer = GuestBuffer {
            ptr,
            len,
            free_buffer,
            stream: PhantomData,
        };
        if u64::from(len) > self.limit {
            let (demanded, limit) = (u64::from(len), self.limit);
            return Err(StreamError::AboveLimit { demanded, limit });
        }
        Ok(buffer)
    }

    /// Handles every answer that is neither an item nor the end.
    #[cold]
    fn unusual(&mut self, status: i32, ptr: *mut u8, len: u32) -> StreamError {
        self.fruitless += 1;
        if status != status::PLUGIN_ERROR {
            return of_status(status);
        }
        let error = match self.buffer(ptr, len) {
            Ok(buffer) => wire::deserialize::<PluginError>(&buffer),
            Err(error) => return error,
        };
        self.error_buffers += 1;
        error.map_or(StreamError::MalformedPluginError, StreamError::Plugin)
    }
}

impl Source for Alloc {
    type Item<'a> = GuestBuffer<'a>;

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(GuestBuffer<'_>, u64)>, StreamError> {
        let (mut ptr, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: the handle is alive until `drop`; the guest is not inside
        // another call.
        let status = unsafe {
            let handle = self.handle.as_ptr().cast::<AllocHandle>();
            ((*handle).next)(handle, &mut ptr, &mut len)
        };
        match status {
            status::OK => Ok(Some((self.buffer(ptr, len)?, 0))),
            status::STREAM_END => {
                self.fruitless += 1;
                Ok(None)
            }
            status => Err(self.unusual(status, ptr, len)),
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
