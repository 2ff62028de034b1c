//! The arena protocol: the guest holds the *value* of the current item and
//! encodes it straight into the host's buffer.

use bench_protocol::error::PluginError;
use bench_protocol::handle::{ArenaNext, StreamHandle};
use bench_protocol::producer::{self, BoxedProducer};
use bench_protocol::{status, wire};
use serde::Serialize;

use crate::boundary::{State, guard};

/// What `next` answers, before it becomes a status and a length.
enum Answer {
    Item(u32),
    TooSmall(u32),
    End,
    Error(u32),
    Unencodable,
}

/// A stream of `T` and the item of it that waits to be delivered.
struct Driver<T> {
    stream: BoxedProducer<T>,
    /// The current item; `None` between items. It is the value and not its
    /// bytes: too small a buffer means that the same item is encoded again.
    pending: Option<T>,
    /// The error that ended the stream, until it is delivered.
    fault: Option<PluginError>,
}

impl<T: Serialize + Send + 'static> Driver<T> {
    #[inline]
    fn next_into(&mut self, buffer: &mut [u8]) -> Answer {
        if self.pending.is_none() {
            match self.stream.next() {
                Some(item) => self.pending = Some(item),
                None => return self.ended(buffer),
            }
        }
        let item = self.pending.as_ref().expect("pending is filled above");
        match encode(item, buffer) {
            Ok(Encoded::Fits(len)) => {
                self.pending = None;
                Answer::Item(len)
            }
            Ok(Encoded::Needs(len)) => Answer::TooSmall(len),
            Err(Unencodable) => {
                // The item can never be delivered; the stream goes on behind it.
                self.pending = None;
                Answer::Unencodable
            }
        }
    }

    /// The stream has no more items: deliver its error, if it ended with one,
    /// and answer the end from then on.
    #[cold]
    fn ended(&mut self, buffer: &mut [u8]) -> Answer {
        if self.fault.is_none() {
            self.fault = self.stream.fault();
            // An iterator need not keep saying `None`; an empty one does.
            self.stream = producer::ended();
        }
        let Some(fault) = &self.fault else {
            return Answer::End;
        };
        match encode(fault, buffer) {
            Ok(Encoded::Fits(len)) => {
                self.fault = None;
                Answer::Error(len)
            }
            Ok(Encoded::Needs(len)) => Answer::TooSmall(len),
            Err(Unencodable) => Answer::Unencodable,
        }
    }
}

enum Encoded {
    Fits(u32),
    Needs(u32),
}

struct Unencodable;

/// A size pass, then the encoding, when there is room for it.
#[inline]
fn encode<T: Serialize>(item: &T, buffer: &mut [u8]) -> Result<Encoded, Unencodable> {
    let size = wire::serialized_size(item).map_err(|_| Unencodable)?;
    // The wire's lengths are 32-bit; a longer item is none.
    let len = u32::try_from(size).map_err(|_| Unencodable)?;
    let Some(room) = buffer.get_mut(..len as usize) else {
        return Ok(Encoded::Needs(len));
    };
    wire::serialize_into(room, item).map_err(|_| Unencodable)?;
    Ok(Encoded::Fits(len))
}

/// Opens a stream of `producer`'s items.
pub fn open<T: Serialize + Send + 'static>(
    producer: BoxedProducer<T>,
    counted: bool,
) -> *mut StreamHandle {
    let state = State::leak(Driver {
        stream: producer,
        pending: None,
        fault: None,
    });
    let next: ArenaNext = if counted {
        next_counted::<T>
    } else {
        next::<T>
    };
    Box::into_raw(Box::new(StreamHandle {
        next,
        drop_fn: drop_stream::<T>,
        state,
    }))
}

unsafe extern "C" fn next<T: Serialize + Send + 'static>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    let body = || {
        // SAFETY: the handle is one that `open` of the same `T` made; the host
        // calls from one thread at a time, so nobody else borrows the state.
        let state = unsafe { State::<Driver<T>>::of((*handle).state) };
        // SAFETY: the host lends `capacity` writable bytes for this call. They
        // may be uninitialised: `encode` only writes to them.
        let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, capacity as usize) };
        let (status, len) = match state.driver.next_into(buffer) {
            Answer::Item(len) => (status::OK, len),
            Answer::TooSmall(len) => (status::BUFFER_TOO_SMALL, len),
            Answer::End => return status::STREAM_END,
            Answer::Error(len) => (status::PLUGIN_ERROR, len),
            Answer::Unencodable => return status::SERIALIZATION_ERROR,
        };
        // SAFETY: the host lends a place for the length.
        unsafe { *out_len = len };
        status
    };
    let status = guard(body);
    if status == status::PANIC {
        // SAFETY: as above. Whatever panicked is not asked again.
        let state = unsafe { State::<Driver<T>>::of((*handle).state) };
        state.driver.pending = None;
        state.driver.fault = None;
        state.driver.stream = producer::ended();
    }
    status
}

/// The same, and it counts: the stream under test does not.
unsafe extern "C" fn next_counted<T: Serialize + Send + 'static>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: the caller's promises are those that `next` asks for.
    let status = unsafe { next::<T>(handle, buffer, capacity, out_len) };
    // SAFETY: `next` has returned and borrows the state no longer; it wrote the
    // length for both statuses that speak of one.
    unsafe {
        let counts = &mut State::<Driver<T>>::of((*handle).state).counts;
        counts.calls += 1;
        match status {
            status::OK => {
                counts.items += 1;
                counts.bytes += u64::from(*out_len);
            }
            status::BUFFER_TOO_SMALL => {
                counts.too_small += 1;
                counts.retried_bytes += u64::from(*out_len);
            }
            _ => {}
        }
    }
    status
}

unsafe extern "C" fn drop_stream<T>(handle: *mut StreamHandle) {
    // SAFETY: the host calls this once, with a handle that `open` of the same
    // `T` made.
    unsafe {
        let handle = Box::from_raw(handle);
        State::<Driver<T>>::free(handle.state);
    }
}
