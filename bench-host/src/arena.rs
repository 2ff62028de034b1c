//! The arena protocol: the guest writes each item into the host's one buffer.

use bench_protocol::api::GuestApi;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::error::PluginError;
use bench_protocol::handle::StreamHandle;
use bench_protocol::spec::{BufferConfig, StreamConfig};
use bench_protocol::{status, wire};

use crate::buffer::Buffer;
use crate::error::{StreamError, of_status};
use crate::handle;
use crate::shrink::ShrinkRule;
use crate::source::Source;

/// An arena stream: the guest's handle, owned, and the buffer it writes into.
#[derive(Debug)]
pub struct Arena<S> {
    handle: *mut StreamHandle,
    buffer: Buffer,
    shrink: S,
    /// Length of the item that the buffer holds.
    last_len: u32,
    retries: u64,
    retried_bytes: u64,
    /// Calls that brought no item: retries' first halves, ends, errors.
    fruitless: u64,
    counts: Option<unsafe extern "C" fn(*const core::ffi::c_void, *mut GuestCounts)>,
}

// SAFETY: a stream handle may be driven from any one thread at a time: its
// producer is `Send`, and `Arena` is neither `Clone` nor `Sync`.
unsafe impl<S: Send> Send for Arena<S> {}

impl<S: ShrinkRule> Arena<S> {
    /// Opens a stream of the guest's.
    ///
    /// # Errors
    /// When the guest refuses, gives out a handle that cannot be driven, or the
    /// first buffer is above the limit.
    pub fn open(
        guest: &GuestApi,
        stream: &StreamConfig,
        config: &BufferConfig,
        shrink: S,
    ) -> Result<Self, StreamError> {
        // Before the guest is asked, so that a refusal leaves nothing open.
        let buffer = Buffer::new(config)?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: the spec borrows `stream`; the table was checked when loaded.
        let status = unsafe { (guest.open_arena)(&stream.spec(), &mut handle) };
        if status != status::OK {
            return Err(StreamError::OpenFailed { status });
        }
        // SAFETY: a guest that answers OK gives its handle away.
        let mut arena = unsafe { Self::adopt(handle, buffer, shrink)? };
        arena.counts = stream.counted.then_some(guest.counts);
        Ok(arena)
    }

    /// Takes over a handle made elsewhere.
    ///
    /// # Errors
    /// When the handle or one of its functions is null; a handle that has a
    /// `drop_fn` is dropped then.
    ///
    /// # Safety
    /// `handle` must be null or a stream handle that nobody else uses, of a
    /// library that stays loaded.
    pub unsafe fn adopt(
        handle: *mut StreamHandle,
        buffer: Buffer,
        shrink: S,
    ) -> Result<Self, StreamError> {
        // SAFETY: the caller's promise is the same.
        unsafe { handle::check(handle)? };
        // As if an item had filled the buffer: before the first one there is no
        // reason to shrink.
        let last_len = buffer.usable();
        Ok(Self {
            handle,
            buffer,
            shrink,
            last_len,
            retries: 0,
            retried_bytes: 0,
            fruitless: 0,
            counts: None,
        })
    }

    #[inline(always)]
    fn call(&mut self) -> (i32, u32) {
        let mut len = 0;
        // SAFETY: the handle is alive until `drop`; the buffer has `usable`
        // writable bytes; the guest is not inside another call.
        let status = unsafe {
            let (buffer, capacity) = (self.buffer.as_mut_ptr(), self.buffer.usable());
            ((*self.handle).next)(self.handle, buffer, capacity, &mut len)
        };
        (status, len)
    }

    /// The bytes of an item of `len` that the guest says it wrote, and the memory
    /// held.
    #[inline(always)]
    fn item(&mut self, len: u32) -> Result<(&[u8], u64), StreamError> {
        let capacity = self.buffer.usable();
        if len > capacity {
            let (len, capacity) = (u64::from(len), u64::from(capacity));
            return Err(StreamError::LengthAboveCapacity { len, capacity });
        }
        self.last_len = len;
        let held = self.buffer.held();
        // SAFETY: `len` is within the buffer, and the guest answered that it
        // wrote that many bytes. (Where the buffer is not zeroed, that answer is
        // all there is: such buffers are for guests that one trusts.)
        let bytes = unsafe { std::slice::from_raw_parts(self.buffer.as_mut_ptr(), len as usize) };
        Ok((bytes, held))
    }

    /// Whatever is not simply an item.
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
        // Now, as the last item was still in the buffer when it came.
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
        let mut counts = GuestCounts::default();
        // SAFETY: the handle is alive, and its state is of the guest whose
        // function this is.
        self.counts.map(|read| unsafe {
            read((*self.handle).state, &mut counts);
            counts
        })
    }
}

impl<S> Drop for Arena<S> {
    fn drop(&mut self) {
        // SAFETY: the handle is owned and has a `drop_fn`; this is the only call
        // of it, and the last use of the handle.
        unsafe { ((*self.handle).drop_fn)(self.handle) }
    }
}
