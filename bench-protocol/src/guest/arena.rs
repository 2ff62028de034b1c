//! The arena protocol: the guest holds the *value* of the current item and
//! encodes it straight into the host's buffer.

use serde::Serialize;

use super::boundary::{State, guard};
use crate::error::PluginError;
use crate::handle::{ArenaNext, StreamHandle};
use crate::producer::{self, BoxedProducer};
use crate::status;
use crate::wire::{self, WireError};

/// What `next` answers: a status, and the length that goes with it or zero.
type Answer = (i32, u32);

/// A stream of `T` and the item of it that waits to be delivered.
pub struct Driver<T> {
    /// Where the items come from.
    pub stream: BoxedProducer<T>,
    /// The current item; `None` between items. It is the value and not its
    /// bytes: too small a buffer means that the same item is encoded again.
    pending: Option<T>,
    /// The error that ended the stream, until it is delivered.
    fault: Option<PluginError>,
}

impl<T: Serialize + Send + 'static> Driver<T> {
    // Always: with the ladder's arms beside it there are several callers, and out of
    // line an item costs some thirty instructions more.
    #[inline(always)]
    fn next_into(&mut self, buffer: &mut [u8], deliver: impl Deliver<T>) -> Answer {
        if self.pending.is_none() {
            match self.stream.next() {
                Some(item) => self.pending = Some(item),
                None => return self.ended(buffer),
            }
        }
        let item = self.pending.as_ref().expect("pending is filled above");
        match deliver(item, buffer) {
            Ok(Encoded::Fits(len)) => {
                self.pending = None;
                (status::OK, len)
            }
            Ok(Encoded::Needs(len)) => (status::BUFFER_TOO_SMALL, len),
            Err(Unencodable) => {
                // The item can never be delivered; the stream goes on behind it.
                self.pending = None;
                (status::SERIALIZATION_ERROR, 0)
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
            return (status::STREAM_END, 0);
        };
        match encode(fault, buffer) {
            Ok(Encoded::Fits(len)) => {
                self.fault = None;
                (status::PLUGIN_ERROR, len)
            }
            Ok(Encoded::Needs(len)) => (status::BUFFER_TOO_SMALL, len),
            Err(Unencodable) => (status::SERIALIZATION_ERROR, 0),
        }
    }

    /// Whatever panicked is not asked again.
    #[cold]
    fn abandon(&mut self) {
        self.pending = None;
        self.fault = None;
        self.stream = producer::ended();
    }
}

/// What `next` does with the current item: encodes it, but for the ladder.
pub trait Deliver<T>: FnOnce(&T, &mut [u8]) -> Result<Encoded, Unencodable> {}
impl<T, F: FnOnce(&T, &mut [u8]) -> Result<Encoded, Unencodable>> Deliver<T> for F {}

/// How delivering an item went: with its length, or the length there must be.
pub enum Encoded {
    /// Delivered, with so many bytes.
    Fits(u32),
    /// Not delivered: so many bytes are needed.
    Needs(u32),
}

/// The item can never be delivered.
pub struct Unencodable;

/// A size pass, then `write` into room of exactly that size, where there is so much.
///
/// # Errors
/// When the item has no encoding, or `write` fails.
#[inline(always)]
pub fn deliver_sized<T: Serialize>(
    item: &T,
    buffer: &mut [u8],
    write: impl FnOnce(&mut [u8], &T) -> Result<(), WireError>,
) -> Result<Encoded, Unencodable> {
    let size = wire::serialized_size(item).map_err(|_| Unencodable)?;
    // The wire's lengths are 32-bit; a longer item is none.
    let len = u32::try_from(size).map_err(|_| Unencodable)?;
    let Some(room) = buffer.get_mut(..len as usize) else {
        return Ok(Encoded::Needs(len));
    };
    write(room, item).map_err(|_| Unencodable)?;
    Ok(Encoded::Fits(len))
}

#[inline(always)]
fn encode<T: Serialize>(item: &T, buffer: &mut [u8]) -> Result<Encoded, Unencodable> {
    deliver_sized(item, buffer, wire::serialize_into)
}

/// Opens a stream of `producer`'s items.
pub fn open<T: Serialize + Send + 'static>(
    producer: BoxedProducer<T>,
    counted: bool,
) -> *mut StreamHandle {
    let next: ArenaNext = if counted {
        next_counted::<T>
    } else {
        next::<T>
    };
    open_with(producer, next)
}

/// The same with a `next` of the caller's, for a state of [`Driver<T>`].
pub fn open_with<T: Serialize + Send + 'static>(
    producer: BoxedProducer<T>,
    next: ArenaNext,
) -> *mut StreamHandle {
    let state = State::leak(Driver {
        stream: producer,
        pending: None,
        fault: None,
    });
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
    // SAFETY: the caller's promises are the same.
    unsafe { next_with(handle, buffer, capacity, out_len, encode::<T>) }
}

/// `next`, whatever delivers the items.
///
/// # Safety
/// `handle` must come from [`open_with`] of the same `T` and be used by this
/// call alone; `buffer` has `capacity` writable bytes, `out_len` is writable.
#[inline(always)]
pub unsafe fn next_with<T: Serialize + Send + 'static>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
    deliver: impl Deliver<T>,
) -> i32 {
    // Moved in, not borrowed: what the body captures by reference goes through memory.
    let status = guard(move || {
        // SAFETY: the handle is one that `open` of the same `T` made; the host
        // calls from one thread at a time, so nobody else borrows the state.
        let state = unsafe { State::<Driver<T>>::of((*handle).state) };
        // SAFETY: the host lends `capacity` writable bytes for this call. They
        // may be uninitialised: `deliver` only writes to them.
        let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, capacity as usize) };
        let (status, len) = state.driver.next_into(buffer, deliver);
        // SAFETY: the host lends a place for the length.
        unsafe { *out_len = len };
        status
    });
    if status == status::PANIC {
        // SAFETY: as above; the borrow in there has ended.
        let state = unsafe { State::<Driver<T>>::of((*handle).state) };
        // Dropping the producer may panic once more.
        guard(|| {
            state.driver.abandon();
            status::PANIC
        });
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
