//! A guest's handle: checked before it is used, so that a null function is an error and not a
//! crash, and dropped exactly once.

use core::ffi::c_void;

use bench_protocol::counts::GuestCounts;
use bench_protocol::handle::StreamHandle;

use crate::error::StreamError;

/// A guest's function that copies the counts of a stream: `(state, out)`.
pub type ReadCounts = unsafe extern "C" fn(*const c_void, *mut GuestCounts);

/// A handle of any protocol that belongs to the host. Dropping this drops the stream.
#[derive(Debug)]
pub struct OwnedHandle {
    handle: *mut StreamHandle,
    /// How the guest's counts are read; `None` unless the stream was opened as `counted`.
    counts: Option<ReadCounts>,
}

// SAFETY: a stream may be driven from any thread, one at a time: its producer is `Send`, and
// this is neither `Clone` nor `Sync`.
unsafe impl Send for OwnedHandle {}

impl OwnedHandle {
    /// Takes ownership of a handle, if it can be driven and dropped. If it can only be dropped,
    /// it is dropped. `counts` reads the counts of a stream opened as `counted`.
    ///
    /// # Errors
    /// If the handle is null or misaligned, or one of its functions is null.
    ///
    /// # Safety
    /// `handle` must be null, or point to a handle that nobody else uses, whose library stays
    /// loaded, and that has the layout of a [`StreamHandle`] except for the type of `next`.
    /// `counts` must be a function of the same guest.
    pub unsafe fn adopt(
        handle: *mut StreamHandle,
        counts: Option<ReadCounts>,
    ) -> Result<Self, StreamError> {
        if handle.is_null() || !handle.is_aligned() {
            return Err(StreamError::NullHandle);
        }
        // SAFETY: the handle is readable. Its functions are read as numbers, because a value of
        // a function type must not be null.
        let (next, drop_fn) = unsafe {
            let next = (&raw const (*handle).next).cast::<usize>().read();
            let drop_fn = (&raw const (*handle).drop_fn).cast::<usize>().read();
            (next, drop_fn)
        };
        if drop_fn == 0 {
            return Err(StreamError::NullFunction {
                function: "drop_fn",
            });
        }
        let owned = Self { handle, counts };
        if next == 0 {
            return Err(StreamError::NullFunction { function: "next" });
        }
        Ok(owned)
    }

    /// The handle. It is valid until this is dropped.
    #[inline(always)]
    #[must_use]
    pub fn as_ptr(&self) -> *mut StreamHandle {
        self.handle
    }

    /// What the guest has counted; `None` unless the stream was opened as `counted`.
    #[must_use]
    pub fn guest_counts(&self) -> Option<GuestCounts> {
        let mut counts = GuestCounts::default();
        // SAFETY: the handle is alive, and the function belongs to the same guest.
        self.counts.map(|read| unsafe {
            read((*self.handle).state, &mut counts);
            counts
        })
    }
}

impl Drop for OwnedHandle {
    fn drop(&mut self) {
        // SAFETY: this owns the handle, which has a `drop_fn`. This is its only call and the
        // last use of the handle.
        unsafe { ((*self.handle).drop_fn)(self.handle) }
    }
}
