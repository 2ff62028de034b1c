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

#[cfg(test)]
mod tests {
    use super::*;

    /// Statuses and lengths of a handle's first answers to a buffer of so many bytes.
    fn answers<T: Serialize + 'static>(
        items: impl Iterator<Item = T> + Send + 'static,
        rooms: &[usize],
    ) -> Vec<(i32, u32)> {
        let handle = producer(items);
        let answer = |room: &usize| {
            let (mut buffer, mut len) = (vec![0; *room], u32::MAX);
            // SAFETY: the handle is valid, and the buffer as long as is said.
            let code =
                unsafe { ((*handle).next)(handle, buffer.as_mut_ptr(), *room as u32, &mut len) };
            (code, len)
        };
        let answers = rooms.iter().map(answer).collect();
        // SAFETY: it is dropped once.
        unsafe { ((*handle).drop_fn)(handle) };
        answers
    }

    #[test]
    fn an_item_that_does_not_fit_is_kept_and_the_end_stays() {
        let all = answers(0..2_u64, &[4, 8, 8, 8, 8]);
        let ok = (status::STATUS_OK, 8);
        let end = (status::STATUS_STREAM_END, 0);
        let small = (status::STATUS_BUFFER_TOO_SMALL, 8);
        assert_eq!(all, [small, ok, ok, end, end]);
        assert_eq!(answers(0..0_u64, &[8]), [end]);
    }

    #[test]
    fn a_panic_of_the_hosts_iterator_is_a_status() {
        let items = (0..3_u64).inspect(|&item| assert!(item < 1, "one is too much"));
        let all = answers(items, &[8, 8]);
        assert_eq!(all, [(status::STATUS_OK, 8), (status::STATUS_PANIC, 0)]);
    }
}
