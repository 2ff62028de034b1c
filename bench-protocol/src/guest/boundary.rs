//! What every function at the boundary does, whatever the protocol: no panic
//! crosses it, and a counted stream counts.

use core::any::Any;
use core::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::counts::GuestCounts;
use crate::status;

/// Runs `body`; a panic in it becomes the status `PANIC`.
#[inline(always)]
pub fn guard(body: impl FnOnce() -> i32) -> i32 {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(swallow)
}

/// The status of a caught panic. What it carried may panic itself when it is dropped: that is
/// caught as well, and what the second one carries is left where it is.
#[cold]
pub fn swallow(payload: Box<dyn Any + Send>) -> i32 {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    status::PANIC
}

/// The state behind a handle. The counts come first, so that they are found
/// without the type of the driver.
#[repr(C)]
pub struct State<D> {
    /// What a counted stream has done.
    pub counts: GuestCounts,
    /// The stream.
    pub driver: D,
}

impl<D> State<D> {
    /// A new state on the heap, as the handle's `state` pointer; [`State::free`]
    /// takes it back.
    #[must_use]
    pub fn leak(driver: D) -> *mut c_void {
        let counts = GuestCounts::default();
        Box::into_raw(Box::new(Self { counts, driver })).cast()
    }

    /// Drops a state that [`State::leak`] gave out. A producer that panics while
    /// it is dropped does not take the host down.
    ///
    /// # Safety
    /// `state` must come from `leak` of the same `D`, and not be used again.
    pub unsafe fn free(state: *mut c_void) {
        // SAFETY: the caller vouches for the origin.
        let state = unsafe { Box::from_raw(state.cast::<Self>()) };
        guard(|| {
            drop(state);
            status::OK
        });
    }

    /// The state behind a handle's pointer.
    ///
    /// # Safety
    /// `state` must come from `leak` of the same `D`, not be freed yet, and not
    /// be borrowed elsewhere.
    pub unsafe fn of<'a>(state: *mut c_void) -> &'a mut Self {
        // SAFETY: the caller vouches for origin and exclusiveness.
        unsafe { &mut *state.cast::<Self>() }
    }
}

/// See [`GuestApi::counts`](crate::api::GuestApi::counts).
///
/// # Safety
/// `state` must be a handle's `state` that [`State::leak`] gave out; `out` is writable.
pub unsafe extern "C" fn counts(state: *const c_void, out: *mut GuestCounts) {
    // SAFETY: every state begins with its counts (`repr(C)`), and the caller hands in
    // one, and a place to write to.
    unsafe { *out = *state.cast::<GuestCounts>() }
}
