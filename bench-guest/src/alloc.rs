//! The guest's side of the alloc protocol: it encodes each item into a heap buffer of its own,
//! which the host returns through `free_buffer`.

use bench_protocol::guest::boundary::{State, guard};
use bench_protocol::handle::{AllocHandle, AllocNext};
use bench_protocol::producer::{self, BoxedProducer};
use bench_protocol::{status, wire};
use serde::Serialize;

/// A stream of `T`. No item waits for the next call, because every item fits.
struct Driver<T> {
    stream: BoxedProducer<T>,
}

impl<T: Serialize + Send + 'static> Driver<T> {
    #[inline(always)]
    fn next(&mut self) -> (i32, Option<Box<[u8]>>) {
        match self.stream.next() {
            Some(item) => (status::OK, encode(&item)),
            None => self.ended(),
        }
    }

    #[cold]
    fn ended(&mut self) -> (i32, Option<Box<[u8]>>) {
        let fault = self.stream.fault();
        // After `None`, an iterator may yield items again; an empty one does not.
        self.stream = producer::ended();
        match fault {
            Some(fault) => (status::PLUGIN_ERROR, encode(&fault)),
            None => (status::STREAM_END, None),
        }
    }

    /// Drops everything that may have panicked: the stream has ended.
    #[cold]
    fn abandon(&mut self) {
        self.stream = producer::ended();
    }
}

/// The item in a buffer of exactly its size; `None` if it cannot be encoded or its length does
/// not fit into 32 bits.
#[inline]
fn encode<T: Serialize>(item: &T) -> Option<Box<[u8]>> {
    let bytes = wire::serialize(item).ok()?;
    u32::try_from(bytes.len()).ok()?;
    Some(bytes.into_boxed_slice())
}

/// Opens a stream of the producer's items.
pub(crate) fn open<T: Serialize + Send + 'static>(
    producer: BoxedProducer<T>,
    counted: bool,
) -> *mut AllocHandle {
    let state = State::leak(Driver { stream: producer });
    let next: AllocNext = if counted {
        next_counted::<T>
    } else {
        next::<T>
    };
    Box::into_raw(Box::new(AllocHandle {
        next,
        drop_fn: drop_stream::<T>,
        state,
    }))
}

unsafe extern "C" fn next<T: Serialize + Send + 'static>(
    handle: *mut AllocHandle,
    out_buffer: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    // Captured by value: captures by reference would go through memory.
    let status = guard(move || {
        // SAFETY: `open` of the same `T` made the handle. The host calls from one thread at
        // a time, so nobody else borrows the state.
        let state = unsafe { State::<Driver<T>>::of((*handle).state) };
        let (status, buffer) = match state.driver.next() {
            (status::STREAM_END, _) => return status::STREAM_END,
            (_, None) => return status::SERIALIZATION_ERROR,
            (status, Some(buffer)) => (status, buffer),
        };
        let len = buffer.len() as u32;
        // SAFETY: the host lends places for the pointer and the length. It owns the buffer
        // until it returns it through `free_buffer`.
        unsafe {
            *out_buffer = Box::into_raw(buffer).cast();
            *out_len = len;
        }
        status
    });
    if status == status::PANIC {
        // SAFETY: as above; that borrow has ended.
        let state = unsafe { State::<Driver<T>>::of((*handle).state) };
        // Dropping the producer may panic again.
        guard(|| {
            state.driver.abandon();
            status::PANIC
        });
    }
    status
}

/// [`next`], and counts. Only verification uses it.
unsafe extern "C" fn next_counted<T: Serialize + Send + 'static>(
    handle: *mut AllocHandle,
    out_buffer: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: the caller keeps the contract of `next`.
    let status = unsafe { next::<T>(handle, out_buffer, out_len) };
    // SAFETY: `next` has returned, so nobody borrows the state. It has written the length
    // for both statuses that come with a buffer.
    unsafe {
        let counts = &mut State::<Driver<T>>::of((*handle).state).counts;
        counts.calls += 1;
        if status == status::OK {
            counts.items += 1;
            counts.bytes += u64::from(*out_len);
        }
        if matches!(status, status::OK | status::PLUGIN_ERROR) {
            counts.buffers += 1;
        }
    }
    status
}

/// Frees a buffer that `next` returned.
pub(crate) unsafe extern "C" fn free_buffer(buffer: *mut u8, len: u32) {
    // SAFETY: the host returns a pointer and a length that `next` gave it together, once:
    // those of a boxed slice.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(buffer, len as usize)) });
}

unsafe extern "C" fn drop_stream<T>(handle: *mut AllocHandle) {
    // SAFETY: the host calls this once, with a handle that `open` of the same `T` made.
    unsafe {
        let handle = Box::from_raw(handle);
        State::<Driver<T>>::free(handle.state);
    }
}
