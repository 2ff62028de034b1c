//! The guest's side of the arena protocol: it keeps the *value* of the current item and
//! encodes it straight into the host's buffer.

use serde::Serialize;

use super::boundary::{State, guard};
use crate::error::PluginError;
use crate::handle::{ArenaNext, StreamHandle};
use crate::producer::{self, BoxedProducer};
use crate::status;
use crate::wire::{self, WireError};

/// The answer of `next`: a status, and its length (0 if the status has none).
type Answer = (i32, u32);

/// A stream of `T`, and its item that is not delivered yet.
pub struct Driver<T> {
    /// Where the items come from.
    pub stream: BoxedProducer<T>,
    /// The current item; `None` between items. It is the value, not its bytes: if the buffer
    /// is too small, the next call encodes the item again.
    pending: Option<T>,
    /// The error that ended the stream, until it is delivered.
    fault: Option<PluginError>,
}

impl<T: Serialize + Send + 'static> Driver<T> {
    // Always: the ladder's arms call it too, and a call would cost about 30 instructions per
    // item.
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
                // This item can never be delivered; the stream goes on with the next one.
                self.pending = None;
                (status::SERIALIZATION_ERROR, 0)
            }
        }
    }

    /// The stream has no more items: delivers its error, if there is one, and answers
    /// `STREAM_END` from then on.
    #[cold]
    fn ended(&mut self, buffer: &mut [u8]) -> Answer {
        if self.fault.is_none() {
            self.fault = self.stream.fault();
            // After `None`, an iterator may yield items again; an empty one does not.
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

    /// Drops everything that may have panicked: the stream has ended.
    #[cold]
    fn abandon(&mut self) {
        self.pending = None;
        self.fault = None;
        self.stream = producer::ended();
    }
}

/// How `next` delivers the current item: it encodes it, except in arms of the ladder.
pub trait Deliver<T>: FnOnce(&T, &mut [u8]) -> Result<Encoded, Unencodable> {}
impl<T, F: FnOnce(&T, &mut [u8]) -> Result<Encoded, Unencodable>> Deliver<T> for F {}

/// Whether the item was delivered.
pub enum Encoded {
    /// Delivered, in this number of bytes.
    Fits(u32),
    /// Not delivered: this number of bytes is needed.
    Needs(u32),
}

/// The item can never be delivered.
pub struct Unencodable;

/// Computes the item's size, then lets `write` fill exactly as many bytes, if the buffer has
/// them.
///
/// # Errors
/// If the item cannot be encoded or `write` fails.
#[inline(always)]
pub fn deliver_sized<T: Serialize>(
    item: &T,
    buffer: &mut [u8],
    write: impl FnOnce(&mut [u8], &T) -> Result<(), WireError>,
) -> Result<Encoded, Unencodable> {
    let size = wire::serialized_size(item).map_err(|_| Unencodable)?;
    // Lengths on the wire have 32 bits: a longer item cannot be delivered.
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

/// Opens a stream of the producer's items.
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

/// As [`open`], with another `next`; its state is a [`Driver<T>`].
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
    // SAFETY: the caller keeps the same contract.
    unsafe { next_with(handle, buffer, capacity, out_len, encode::<T>) }
}

/// `next`, with `deliver` to deliver the item.
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
    // Captured by value: captures by reference would go through memory.
    let status = guard(move || {
        // SAFETY: `open` of the same `T` made the handle. The host calls from one thread at
        // a time, so nobody else borrows the state.
        let state = unsafe { State::<Driver<T>>::of((*handle).state) };
        // SAFETY: the host lends `capacity` writable bytes for this call. They may be
        // uninitialised; `deliver` only writes to them.
        let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, capacity as usize) };
        let (status, len) = state.driver.next_into(buffer, deliver);
        // SAFETY: the host lends a place for the length.
        unsafe { *out_len = len };
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
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: the caller keeps the contract of `next`.
    let status = unsafe { next::<T>(handle, buffer, capacity, out_len) };
    // SAFETY: `next` has returned, so nobody borrows the state. It has written the length
    // for both statuses that have one.
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
    // SAFETY: the host calls this once, with a handle that `open` of the same `T` made.
    unsafe {
        let handle = Box::from_raw(handle);
        State::<Driver<T>>::free(handle.state);
    }
}
