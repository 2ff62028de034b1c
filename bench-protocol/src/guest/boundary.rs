//! What every guest function at the boundary needs, in any protocol: panics are caught, and
//! the state behind a handle is found.

use core::any::Any;
use core::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::counts::GuestCounts;
use crate::status;

/// Runs `body` and turns a panic into the status `PANIC`.
#[inline(always)]
pub fn guard(body: impl FnOnce() -> i32) -> i32 {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(swallow)
}

/// Drops the payload of a caught panic and returns the status `PANIC`. Dropping it may panic
/// again: that is caught too, and the second payload is leaked.
#[cold]
pub fn swallow(payload: Box<dyn Any + Send>) -> i32 {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    status::PANIC
}

/// The state behind a handle. The counts come first, so that [`counts`] finds them without
/// knowing the driver's type.
#[repr(C)]
pub struct State<D> {
    /// Counts of a stream opened as `counted`; else all 0.
    pub counts: GuestCounts,
    /// The driver of the stream.
    pub driver: D,
}

impl<D> State<D> {
    /// A new state on the heap, as a handle's `state` pointer. [`State::free`] frees it.
    #[must_use]
    pub fn leak(driver: D) -> *mut c_void {
        let counts = GuestCounts::default();
        Box::into_raw(Box::new(Self { counts, driver })).cast()
    }

    /// Frees a state. A panic while it is dropped is caught.
    ///
    /// # Safety
    /// `state` must come from [`State::leak`] of the same `D`, and not be used again.
    pub unsafe fn free(state: *mut c_void) {
        // SAFETY: by contract, `leak` of the same type made it.
        let state = unsafe { Box::from_raw(state.cast::<Self>()) };
        guard(|| {
            drop(state);
            status::OK
        });
    }

    /// The state behind a handle's pointer.
    ///
    /// # Safety
    /// `state` must come from [`State::leak`] of the same `D`, must not be freed yet, and must
    /// not be borrowed elsewhere.
    pub unsafe fn of<'a>(state: *mut c_void) -> &'a mut Self {
        // SAFETY: by contract, `leak` of the same type made it, and nobody else borrows it.
        unsafe { &mut *state.cast::<Self>() }
    }
}

/// See [`GuestApi::counts`](crate::api::GuestApi::counts).
///
/// # Safety
/// `state` must come from [`State::leak`] and not be freed yet; `out` must be writable.
pub unsafe extern "C" fn counts(state: *const c_void, out: *mut GuestCounts) {
    // SAFETY: by contract, these are a state, which begins with its counts (`repr(C)`), and
    // a writable place.
    unsafe { *out = *state.cast::<GuestCounts>() }
}
