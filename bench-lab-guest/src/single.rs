//! The driver of the variants that hand over one item per call, and their `next` functions.

use core::ffi::c_void;

use bench_protocol::guest::boundary::{State, guard};
use bench_protocol::handle::{AllocHandle, StreamHandle};
use bench_protocol::lab::cursor::Room;
use bench_protocol::lab::grow::{GrowBuffer, GrowHandle};
use bench_protocol::lab::rust_buffer::{RustBuffer, RustBufferHandle};
use bench_protocol::producer::Producer;
use bench_protocol::same_bytes::Item;
use bench_protocol::status;

use crate::deliver::{Deliver, Delivery};
use crate::stream::Stream;

/// A stream, and how its items are delivered.
pub(crate) struct Driver<P: Producer, D> {
    stream: Stream<P>,
    deliver: D,
}

impl<P: Producer + 'static, D: Deliver> Driver<P, D>
where
    P::Item: Item,
{
    /// A new driver on the heap, as a handle's `state` pointer.
    pub(crate) fn leak(producer: P) -> *mut c_void {
        State::leak(Self {
            stream: Stream::new(producer),
            deliver: D::default(),
        })
    }

    /// The status, and its length (0 if the status has none).
    ///
    /// # Safety
    /// As for [`Deliver::deliver`].
    #[inline(always)]
    unsafe fn next(&mut self, lent: D::Lent) -> (i32, u32) {
        let Some(item) = self.stream.draw() else {
            // SAFETY: the caller keeps the same contract.
            return unsafe { self.ended(lent) };
        };
        // SAFETY: the caller keeps the same contract.
        match unsafe { self.deliver.deliver(&item, lent) } {
            Delivery::Done(len) => (status::OK, len),
            Delivery::Needs(len) => {
                self.stream.keep(item);
                (status::BUFFER_TOO_SMALL, len)
            }
            // This item can never be delivered; the stream goes on with the next one.
            Delivery::Never => (status::SERIALIZATION_ERROR, 0),
        }
    }

    /// # Safety
    /// As for [`Deliver::deliver`].
    #[cold]
    unsafe fn ended(&mut self, lent: D::Lent) -> (i32, u32) {
        let Some(fault) = self.stream.fault() else {
            return (status::STREAM_END, 0);
        };
        // SAFETY: the caller keeps the same contract.
        let answer = match unsafe { self.deliver.deliver(fault, lent) } {
            Delivery::Needs(len) => return (status::BUFFER_TOO_SMALL, len),
            Delivery::Done(len) => (status::PLUGIN_ERROR, len),
            Delivery::Never => (status::SERIALIZATION_ERROR, 0),
        };
        self.stream.fault_delivered();
        answer
    }
}

/// `next`, whatever its arguments.
///
/// # Safety
/// `state` must be that of a `Driver<P, D>` and used by this call alone; `lent` and `out_len`
/// must be as the variant's contract says.
#[inline(always)]
unsafe fn run<P, D: Deliver, const COUNTED: bool>(
    state: *mut c_void,
    lent: D::Lent,
    out_len: *mut u32,
) -> i32
where
    P: Producer + 'static,
    P::Item: Item,
{
    // Captured by value: captures by reference would go through memory.
    let status = guard(move || {
        // SAFETY: by contract, nobody else uses the state, and `out_len` is writable.
        unsafe {
            let driver = &mut State::<Driver<P, D>>::of(state).driver;
            let (status, len) = driver.next(lent);
            *out_len = len;
            status
        }
    });
    if status == status::PANIC {
        // SAFETY: as above; that borrow has ended.
        let state = unsafe { State::<Driver<P, D>>::of(state) };
        // Dropping the producer may panic again.
        guard(|| {
            state.driver.stream.abandon();
            status::PANIC
        });
    }
    if COUNTED {
        // SAFETY: as above; the length is written for both statuses that have one.
        let (counts, len) = unsafe {
            let has_length = matches!(status, status::OK | status::BUFFER_TOO_SMALL);
            let counts = &mut State::<Driver<P, D>>::of(state).counts;
            (counts, if has_length { *out_len } else { 0 })
        };
        counts.note(status, len, D::BUFFERS);
    }
    status
}

/// `next` of the arena protocol's variants.
pub(crate) unsafe extern "C" fn next_arena<P, D, const COUNTED: bool>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32
where
    P: Producer + 'static,
    P::Item: Item,
    D: Deliver<Lent = Room>,
{
    let room = Room {
        start: buffer,
        capacity: capacity as usize,
    };
    // SAFETY: `open` made the handle for these types; the host calls from one thread at a time.
    unsafe { run::<P, D, COUNTED>((*handle).state, room, out_len) }
}

/// `next` of `alloc-own-writer` and `lend`.
pub(crate) unsafe extern "C" fn next_pointer<P, D, const COUNTED: bool>(
    handle: *mut AllocHandle,
    out_buffer: *mut *mut u8,
    out_len: *mut u32,
) -> i32
where
    P: Producer + 'static,
    P::Item: Item,
    D: Deliver<Lent = *mut *mut u8>,
{
    // SAFETY: `open` made the handle for these types; the host calls from one thread at a time.
    unsafe { run::<P, D, COUNTED>((*handle).state, out_buffer, out_len) }
}

/// `next` of `grow`.
pub(crate) unsafe extern "C" fn next_grow<P, D, const COUNTED: bool>(
    handle: *mut GrowHandle,
    buffer: *mut GrowBuffer,
    out_len: *mut u32,
) -> i32
where
    P: Producer + 'static,
    P::Item: Item,
    D: Deliver<Lent = *mut GrowBuffer>,
{
    // SAFETY: `open` made the handle for these types; the host calls from one thread at a time.
    unsafe { run::<P, D, COUNTED>((*handle).state, buffer, out_len) }
}

/// `next` of `rust-buffer` and `rust-buffer-sized`.
pub(crate) unsafe extern "C" fn next_rust_buffer<P, D, const COUNTED: bool>(
    handle: *mut RustBufferHandle,
    out: *mut RustBuffer,
) -> i32
where
    P: Producer + 'static,
    P::Item: Item,
    D: Deliver<Lent = *mut RustBuffer>,
{
    let mut len = 0;
    // SAFETY: `open` made the handle for these types; the host calls from one thread at a time.
    unsafe { run::<P, D, COUNTED>((*handle).state, out, &raw mut len) }
}
