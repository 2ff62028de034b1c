//! A host's stream whose items are encoded where the plugin wants them: the code of the
//! framework's server stream, for the other direction.

use core::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fidius::status;
use fidius::stream_ffi::{FidiusStreamHandle, NextStatus, StreamState};
use serde::Serialize;

/// A handle on items, for a plugin that takes it over.
pub fn producer<T: Serialize + 'static>(
    items: impl Iterator<Item = T> + Send + 'static,
) -> *mut FidiusStreamHandle {
    let state = StreamState::new(fidius::Stream::from_iter(items));
    Box::into_raw(Box::new(FidiusStreamHandle {
        next: next::<T>,
        drop_fn: release::<T>,
        state: Box::into_raw(Box::new(state)).cast::<c_void>(),
    }))
}

unsafe extern "C" fn next<T: Serialize>(
    handle: *mut FidiusStreamHandle,
    buffer: *mut u8,
    room: u32,
    len: *mut u32,
) -> i32 {
    // SAFETY: the state is what `producer` put there, and one thread at a time advances it.
    let state = unsafe { &mut *(*handle).state.cast::<StreamState<T>>() };
    // SAFETY: the plugin lends so many writable bytes.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, room as usize) };
    let (code, bytes) = match catch_unwind(AssertUnwindSafe(|| state.next_into(buffer))) {
        Ok(NextStatus::Item(bytes)) => (status::STATUS_OK, bytes),
        Ok(NextStatus::TooSmall(bytes)) => (status::STATUS_BUFFER_TOO_SMALL, bytes),
        Ok(NextStatus::End) => (status::STATUS_STREAM_END, 0),
        Ok(NextStatus::SerErr) => (status::STATUS_SERIALIZATION_ERROR, 0),
        Err(_) => (status::STATUS_PANIC, 0),
    };
    // SAFETY: the place is writable for the call.
    unsafe { *len = bytes as u32 };
    code
}

unsafe extern "C" fn release<T>(handle: *mut FidiusStreamHandle) {
    // SAFETY: both boxes are `producer`'s, and the plugin drops the handle once.
    unsafe {
        let handle = Box::from_raw(handle);
        drop(Box::from_raw(handle.state.cast::<StreamState<T>>()));
    }
}
