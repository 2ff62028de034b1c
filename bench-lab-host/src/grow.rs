//! The host's side of `grow`: a buffer that the guest enlarges through a function of the host.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bench_host::buffer::Buffer;
use bench_host::error::{StreamError, of_status};
use bench_host::handle::OwnedHandle;
use bench_host::source::Source;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::error::PluginError;
use bench_protocol::lab::grow::{GrowBuffer, GrowHandle};
use bench_protocol::{status, wire};

/// What a guest's call of `grow` reaches: the part that the guest sees comes first.
#[repr(C)]
struct Lent {
    shared: GrowBuffer,
    buffer: Buffer,
    /// Why the last call of `grow` was refused.
    refused: Option<StreamError>,
}

/// A stream of `grow`.
pub(crate) struct Grow {
    handle: OwnedHandle,
    /// A box. It is a pointer, because the guest's calls reach it as well.
    lent: *mut Lent,
    /// Calls that delivered no item: the end and errors.
    fruitless: u64,
}

/// See [`GrowBuffer::grow`].
unsafe extern "C" fn grow(shared: *mut GrowBuffer, needed: u32) -> *mut u8 {
    // SAFETY: the guest passes the pointer that `pull` lent it, which points to a whole `Lent`.
    // The host is inside the call of `next`, and does not touch it.
    let lent = unsafe { &mut *shared.cast::<Lent>() };
    // A panic must not cross the boundary; the buffer is as it was, or larger.
    let grown = catch_unwind(AssertUnwindSafe(|| lent.buffer.grow(needed)));
    match grown.unwrap_or(Err(StreamError::HostPanic)) {
        Ok(()) => {
            lent.shared.data = lent.buffer.as_mut_ptr();
            lent.shared.capacity = lent.buffer.usable();
            lent.shared.data
        }
        Err(error) => {
            lent.refused = Some(error);
            std::ptr::null_mut()
        }
    }
}

impl Grow {
    /// A stream with a buffer that keeps its bytes when it grows.
    ///
    /// # Safety
    /// The handle must be one of `grow`.
    pub(crate) unsafe fn new(handle: OwnedHandle, mut buffer: Buffer) -> Self {
        let shared = GrowBuffer {
            data: buffer.as_mut_ptr(),
            capacity: buffer.usable(),
            grow,
        };
        let refused = None;
        Self {
            handle,
            lent: Box::into_raw(Box::new(Lent {
                shared,
                buffer,
                refused,
            })),
            fruitless: 0,
        }
    }

    /// The bytes of an item of `len`. The guest could have changed what it was lent, so the
    /// host's own buffer counts.
    #[inline(always)]
    fn item(&mut self, len: u32) -> Result<(&[u8], u64), StreamError> {
        // SAFETY: the box is alive until `drop`, and the guest is inside no call.
        let buffer = unsafe { &mut (*self.lent).buffer };
        let capacity = buffer.usable();
        if len > capacity {
            let (len, capacity) = (u64::from(len), u64::from(capacity));
            return Err(StreamError::LengthAboveCapacity { len, capacity });
        }
        let held = buffer.held();
        // SAFETY: `len` is within the buffer, which is zeroed or written.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.as_mut_ptr(), len as usize) };
        Ok((bytes, held))
    }

    /// Handles every answer that is neither an item nor the end.
    #[cold]
    fn unusual(&mut self, status: i32, len: u32) -> StreamError {
        self.fruitless += 1;
        match status {
            status::PLUGIN_ERROR => match self.item(len) {
                Ok((bytes, _)) => wire::deserialize::<PluginError>(bytes)
                    .map_or(StreamError::MalformedPluginError, StreamError::Plugin),
                Err(error) => error,
            },
            status::BUFFER_TOO_SMALL => {
                // SAFETY: the box is alive until `drop`, and the guest is inside no call.
                let lent = unsafe { &mut *self.lent };
                let (demanded, capacity) = (u64::from(len), u64::from(lent.buffer.usable()));
                let unasked = StreamError::DidNotGrow { demanded, capacity };
                lent.refused.take().unwrap_or(unasked)
            }
            status => of_status(status),
        }
    }
}

impl Source for Grow {
    type Item<'a> = &'a [u8];

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(&[u8], u64)>, StreamError> {
        let mut len = 0;
        // SAFETY: handle and box are alive until `drop`; the guest is not inside another call.
        let status = unsafe {
            let handle: *mut GrowHandle = self.handle.as_ptr().cast();
            ((*handle).next)(handle, self.lent.cast(), &mut len)
        };
        match status {
            status::OK => self.item(len).map(Some),
            status::STREAM_END => {
                self.fruitless += 1;
                Ok(None)
            }
            status => Err(self.unusual(status, len)),
        }
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        counts.calls = items + self.fruitless;
        // SAFETY: the box is alive until `drop`, and the guest is inside no call.
        unsafe { (*self.lent).buffer.count(counts) };
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.handle.guest_counts()
    }
}

// SAFETY: the box belongs to this alone, and may be used from any thread, one at a time.
unsafe impl Send for Grow {}

impl Drop for Grow {
    fn drop(&mut self) {
        // SAFETY: `new` made the box. The guest uses it only inside `next`.
        drop(unsafe { Box::from_raw(self.lent) });
    }
}
