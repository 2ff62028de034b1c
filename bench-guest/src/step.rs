//! The guest's part of the ladder's arms: `next` functions that do a part of what [`arena`]
//! does.
//!
//! From [`kept`] on, they are `arena`'s own code with another way to deliver the item, so that
//! each differs from the one before it in one thing only.

use bench_protocol::guest::arena::{self, Driver, Encoded, Unencodable};
use bench_protocol::guest::boundary::{State, guard};
use bench_protocol::handle::{ArenaNext, StreamHandle};
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::producer;
use bench_protocol::spec::{Fault, ProducerKind, StreamConfig, StreamSpec};
use bench_protocol::status;
use bench_protocol::step::{RAW_CAPACITY, Step};
use bench_protocol::wire::{self, WireError};

/// A call that does nothing. Its stream has no items and never ends.
unsafe extern "C" fn empty(_: *mut StreamHandle, _: *mut u8, _: u32, _: *mut u32) -> i32 {
    status::OK
}

/// [`empty`], and counts.
unsafe extern "C" fn empty_counted(
    handle: *mut StreamHandle,
    _: *mut u8,
    _: u32,
    _: *mut u32,
) -> i32 {
    // SAFETY: `open_step` made the handle, with a state of this type; the host calls from one
    // thread at a time.
    unsafe { State::<Driver<u64>>::of((*handle).state) }
        .counts
        .calls += 1;
    status::OK
}

/// Passes the item as a raw value.
unsafe extern "C" fn value<P: Payload>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: `open_step` made the handle for `P`; the host calls from one thread at a time
    // and lends `capacity` writable bytes.
    let (state, buffer) = unsafe {
        let state = State::<Driver<P::View>>::of((*handle).state);
        (
            state,
            std::slice::from_raw_parts_mut(buffer, capacity as usize),
        )
    };
    let Some(item) = state.driver.stream.next() else {
        return status::STREAM_END;
    };
    match raw(&item, buffer) {
        Ok(Encoded::Fits(len)) => {
            // SAFETY: the host lends a place for the length.
            unsafe { *out_len = len };
            status::OK
        }
        _ => status::SERIALIZATION_ERROR,
    }
}

/// [`value`] under `catch_unwind`.
unsafe extern "C" fn guarded<P: Payload>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: the caller keeps the same contract.
    guard(|| unsafe { value::<P>(handle, buffer, capacity, out_len) })
}

/// [`guarded`], and keeps the item until it is delivered, as the arena must.
unsafe extern "C" fn kept<P: Payload>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: the caller keeps the same contract.
    unsafe { arena::next_with(handle, buffer, capacity, out_len, raw::<P::View>) }
}

/// [`kept`], with a size pass. An item must be at least as long on the wire as in memory.
unsafe extern "C" fn sized<P: Payload>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    let deliver = |item: &P::View, buffer: &mut [u8]| {
        arena::deliver_sized(item, buffer, |room, item| match raw(item, room) {
            Ok(Encoded::Fits(_)) => Ok(()),
            _ => Err(WireError::custom("longer in memory than on the wire")),
        })
    };
    // SAFETY: the caller keeps the same contract.
    unsafe { arena::next_with(handle, buffer, capacity, out_len, deliver) }
}

/// The arena, encoding through a writer that knows the length of each copy.
unsafe extern "C" fn written<P: Payload>(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    let deliver = |item: &P::View, buffer: &mut [u8]| {
        arena::deliver_sized(item, buffer, wire::serialize_by_own_writer)
    };
    // SAFETY: the caller keeps the same contract.
    unsafe { arena::next_with(handle, buffer, capacity, out_len, deliver) }
}

/// Writes the value itself. What it points to lives as long as the guest.
#[inline]
fn raw<V: Copy>(item: &V, buffer: &mut [u8]) -> Result<Encoded, Unencodable> {
    let len = const {
        assert!(
            size_of::<V>() <= RAW_CAPACITY as usize,
            "a raw value must fit"
        );
        size_of::<V>()
    };
    let Some(room) = buffer.get_mut(..len) else {
        return Ok(Encoded::Needs(len as u32));
    };
    // SAFETY: there is room for a `V`, and the write needs no alignment.
    unsafe { room.as_mut_ptr().cast::<V>().write_unaligned(*item) };
    Ok(Encoded::Fits(len as u32))
}

/// Opens an arm's stream of the payload's type; `None` for an arm without a stream of its own.
struct Open<'a> {
    step: Step,
    config: &'a StreamConfig,
}

impl PayloadVisitor for Open<'_> {
    type Output = Option<*mut StreamHandle>;
    fn visit<P: Payload>(self) -> Option<*mut StreamHandle> {
        let next: ArenaNext = match self.step {
            Step::Call => {
                let next = if self.config.counted {
                    empty_counted
                } else {
                    empty
                };
                return Some(arena::open_with(producer::ended::<u64>(), next));
            }
            Step::Value => value::<P>,
            Step::Guard => guarded::<P>,
            Step::Keep => kept::<P>,
            Step::Size => sized::<P>,
            Step::Writer => written::<P>,
            _ => return None,
        };
        let StreamConfig {
            seed, sizes, items, ..
        } = self.config;
        Some(arena::open_with(
            producer::lend::<P>(*seed, sizes, *items),
            next,
        ))
    }
}

/// See [`GuestApi::open_step`](bench_protocol::api::GuestApi::open_step).
pub(crate) unsafe extern "C" fn open_step(
    step: u32,
    spec: *const StreamSpec<'_>,
    out: *mut *mut StreamHandle,
) -> i32 {
    guard(|| {
        // SAFETY: the host passes a valid spec, and its sizes.
        let config = unsafe { (*spec).read() };
        // The arms lend prepared items and have no faults.
        let opened = config
            .filter(|c| c.producer == ProducerKind::Prepared && c.fault.0 == Fault::None)
            .and_then(|config| {
                let (step, config) = (Step::from_number(step)?, &config);
                config.payload.dispatch(Open { step, config })
            });
        match opened {
            Some(handle) => {
                // SAFETY: the host lends a place for the handle.
                unsafe { *out = handle };
                status::OK
            }
            None => status::SERIALIZATION_ERROR,
        }
    })
}
