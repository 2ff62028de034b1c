//! Checks a handle before it is used, so that a null function is an error, not a crash.

use bench_protocol::handle::StreamHandle;

use crate::error::StreamError;

/// Checks that a handle can be driven and dropped. If it can only be dropped, it is dropped.
///
/// # Errors
/// If the handle is null or misaligned, or one of its functions is null.
///
/// # Safety
/// `handle` must be null or point to a handle that nobody else uses.
pub(crate) unsafe fn check(handle: *mut StreamHandle) -> Result<(), StreamError> {
    if handle.is_null() || !handle.is_aligned() {
        return Err(StreamError::NullHandle);
    }
    // SAFETY: the handle is readable. Its functions are read as numbers, because a value of a
    // function type must not be null.
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
    if next == 0 {
        // SAFETY: `drop_fn` is not null, and the handle is not used again.
        unsafe { ((*handle).drop_fn)(handle) };
        return Err(StreamError::NullFunction { function: "next" });
    }
    Ok(())
}
