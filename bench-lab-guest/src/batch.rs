//! The driver of `batch`, and its `next` function.

use core::ffi::c_void;
use std::marker::PhantomData;

use bench_protocol::guest::boundary::{State, guard};
use bench_protocol::lab::batch::{Batch, BatchHandle, PREFIX};
use bench_protocol::lab::codec::Codec;
use bench_protocol::lab::cursor::{Failed, Fixed, Room};
use bench_protocol::producer::Producer;
use bench_protocol::same_bytes::Item;
use bench_protocol::status;

use crate::deliver::{Delivery, size_of_unfit};
use crate::stream::Stream;

/// A stream, and what of it goes with the next answers.
pub(crate) struct Driver<P: Producer, C> {
    codec: PhantomData<C>,
    stream: Stream<P>,
    /// What the present call has written. It is kept here, so that a panic does not lose it.
    done: Batch,
    /// The answer of the next call, after a failure that followed encoded items.
    later: Option<i32>,
}

/// What follows the items of a call.
enum Rest<T> {
    /// Nothing, or what the producer has next.
    Nothing,
    /// An item that did not fit.
    Unfit(T),
    /// An item that can never be delivered.
    Unencodable,
}

/// What of the present call's room and number is left. What was written is kept in the driver at
/// the call's end: also if it panics.
struct Written<'a> {
    /// Items that the host asks for at most.
    asked: u32,
    /// Bytes of the room.
    lent: usize,
    left: u32,
    rest: usize,
    done: &'a mut Batch,
}

impl Drop for Written<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.done = Batch {
            count: self.asked - self.left,
            bytes: (self.lent - self.rest) as u32,
        };
    }
}

/// An answer without items.
const NOTHING: Batch = Batch { count: 0, bytes: 0 };

impl<P: Producer + 'static, C: Codec> Driver<P, C>
where
    P::Item: Item,
{
    /// A new driver on the heap, as a handle's `state` pointer.
    pub(crate) fn leak(producer: P) -> *mut c_void {
        State::leak(Self {
            codec: PhantomData,
            stream: Stream::new(producer),
            done: NOTHING,
            later: None,
        })
    }

    /// A call of its own: the compiler then knows that the room is no part of the stream, and keeps
    /// the producer's place in registers.
    ///
    /// # Safety
    /// `room` must be writable.
    #[inline(never)]
    unsafe fn next(&mut self, room: Room, max_items: u32) -> (i32, Batch) {
        self.done = NOTHING;
        if let Some(status) = self.later.take() {
            return (status, NOTHING);
        }
        if max_items == 0 {
            // The host breaks the contract; the stream stays as it is.
            return (status::SERIALIZATION_ERROR, NOTHING);
        }
        let Some(item) = self.stream.draw() else {
            // SAFETY: the caller keeps the same contract.
            return unsafe { self.ended(room) };
        };
        // SAFETY: the caller keeps the same contract.
        match unsafe { self.fill(item, room, max_items) } {
            Rest::Nothing => (status::OK, self.done),
            Rest::Unfit(item) => self.full(item, room.capacity),
            Rest::Unencodable => self.failed(),
        }
    }

    /// Encodes `item` and those that follow it.
    ///
    /// # Safety
    /// `room` must be writable.
    #[inline(always)]
    unsafe fn fill(&mut self, mut item: P::Item, room: Room, max_items: u32) -> Rest<P::Item> {
        let Room {
            start: mut at,
            capacity,
        } = room;
        let mut written = Written {
            asked: max_items,
            lent: capacity,
            left: max_items,
            rest: capacity,
            done: &mut self.done,
        };
        loop {
            let Some(capacity) = written.rest.checked_sub(PREFIX) else {
                return Rest::Unfit(item);
            };
            // SAFETY: the rest of the room has the bytes of the prefix.
            let start = unsafe { at.add(PREFIX) };
            // SAFETY: this is the rest of the room.
            let len = match unsafe { C::encode(&item, Room { start, capacity }, Fixed) } {
                Ok(len) => len,
                Err(Failed::Lacking(_)) => return Rest::Unfit(item),
                Err(Failed::Unencodable) => return Rest::Unencodable,
            };
            let prefix = (len as u32).to_le_bytes();
            // SAFETY: the rest of the room has the bytes of the prefix and of the item.
            unsafe {
                at.cast::<[u8; PREFIX]>().write(prefix);
                at = start.add(len);
            }
            written.rest = capacity - len;
            written.left -= 1;
            if written.left == 0 {
                return Rest::Nothing;
            }
            item = match self.stream.draw_again() {
                Some(item) => item,
                None => return Rest::Nothing,
            };
        }
    }

    /// Keeps an item that does not fit behind those of this call.
    #[cold]
    fn full(&mut self, item: P::Item, capacity: usize) -> (i32, Batch) {
        if self.done.count > 0 {
            self.stream.keep(item);
            return (status::OK, self.done);
        }
        match size_of_unfit::<C, P::Item>(&item, capacity.saturating_sub(PREFIX)) {
            Delivery::Needs(size) if size <= u32::MAX - PREFIX as u32 => {
                self.stream.keep(item);
                let bytes = size + PREFIX as u32;
                (status::BUFFER_TOO_SMALL, Batch { count: 0, bytes })
            }
            _ if capacity < PREFIX => {
                self.stream.keep(item);
                let bytes = PREFIX as u32;
                (status::BUFFER_TOO_SMALL, Batch { count: 0, bytes })
            }
            _ => (status::SERIALIZATION_ERROR, NOTHING),
        }
    }

    /// An item that can never be delivered, after those of this call.
    #[cold]
    fn failed(&mut self) -> (i32, Batch) {
        if self.done.count == 0 {
            return (status::SERIALIZATION_ERROR, NOTHING);
        }
        self.later = Some(status::SERIALIZATION_ERROR);
        (status::OK, self.done)
    }

    /// # Safety
    /// `room` must be writable.
    #[cold]
    unsafe fn ended(&mut self, room: Room) -> (i32, Batch) {
        let Some(fault) = self.stream.fault() else {
            return (status::STREAM_END, NOTHING);
        };
        // SAFETY: the caller keeps the same contract.
        let delivery = match unsafe { C::encode(fault, room, Fixed) } {
            Ok(len) => Delivery::Done(len as u32),
            Err(Failed::Lacking(_)) => size_of_unfit::<C, _>(fault, room.capacity),
            Err(Failed::Unencodable) => Delivery::Never,
        };
        let (status, bytes) = match delivery {
            Delivery::Needs(bytes) => {
                return (status::BUFFER_TOO_SMALL, Batch { count: 0, bytes });
            }
            Delivery::Done(bytes) => (status::PLUGIN_ERROR, bytes),
            Delivery::Never => (status::SERIALIZATION_ERROR, 0),
        };
        self.stream.fault_delivered();
        (status, Batch { count: 0, bytes })
    }

    /// After a panic: the items that were encoded before it, then the panic.
    #[cold]
    fn panicked(&mut self) -> (i32, Batch) {
        // Dropping the producer may panic again.
        guard(|| {
            self.stream.abandon();
            status::PANIC
        });
        if self.done.count == 0 {
            return (status::PANIC, NOTHING);
        }
        self.later = Some(status::PANIC);
        (status::OK, self.done)
    }
}

/// `next` of `batch`.
pub(crate) unsafe extern "C" fn next<P, C: Codec, const COUNTED: bool>(
    handle: *mut BatchHandle,
    buffer: *mut u8,
    capacity: u32,
    max_items: u32,
    out: *mut Batch,
) -> i32
where
    P: Producer + 'static,
    P::Item: Item,
{
    let room = Room {
        start: buffer,
        capacity: capacity as usize,
    };
    // Captured by value: captures by reference would go through memory.
    let mut status = guard(move || {
        // SAFETY: `open` made the handle for `T`; the host calls from one thread at a time, and
        // lends the buffer and a place for the answer.
        unsafe {
            let driver = &mut State::<Driver<P, C>>::of((*handle).state).driver;
            let (status, batch) = driver.next(room, max_items);
            *out = batch;
            status
        }
    });
    if status == status::PANIC {
        // SAFETY: as above; that borrow has ended.
        unsafe {
            let driver = &mut State::<Driver<P, C>>::of((*handle).state).driver;
            (status, *out) = driver.panicked();
        }
    }
    if COUNTED {
        // SAFETY: as above; the answer is written.
        let (counts, batch) = unsafe {
            let counts = &mut State::<Driver<P, C>>::of((*handle).state).counts;
            (counts, *out)
        };
        counts.calls += 1;
        match status {
            status::OK => {
                counts.items += u64::from(batch.count);
                counts.bytes += u64::from(batch.bytes) - u64::from(batch.count) * PREFIX as u64;
            }
            status::BUFFER_TOO_SMALL => {
                counts.too_small += 1;
                counts.retried_bytes += u64::from(batch.bytes);
            }
            _ => {}
        }
    }
    status
}
