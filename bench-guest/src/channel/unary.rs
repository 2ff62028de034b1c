//! Methods that are called once an item.

use bench_protocol::channel::Way;
use bench_protocol::channel::api::{BufferCall, CallHandle};
use bench_protocol::channel::method::{Answers, Faulty, Method, Prepared, argument};
use bench_protocol::guest::boundary::{State, guard};
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::spec::{Fault, StreamConfig};
use bench_protocol::status;

/// Opens a method; `None` if calls have no such way.
pub(super) fn open(way: Way, config: &StreamConfig) -> Option<*mut CallHandle> {
    let copies = match way {
        Way::Boxed | Way::Direct => false,
        Way::Pool => true,
        _ => return None,
    };
    Some(match config.fault.0 {
        Fault::None => config.payload.dispatch(Open { copies, config }),
        _ => with(Faulty::new(config), copies, config.counted),
    })
}

struct Open<'a> {
    copies: bool,
    config: &'a StreamConfig,
}

impl PayloadVisitor for Open<'_> {
    type Output = *mut CallHandle;
    fn visit<P: Payload>(self) -> *mut CallHandle {
        let method = Prepared::<P>::new(self.config);
        with(method, self.copies, self.config.counted)
    }
}

fn with<M: Method>(method: M, copies: bool, counted: bool) -> *mut CallHandle {
    let buffer: BufferCall<CallHandle> = match (copies, counted) {
        (false, false) => buffer::<M, false, false>,
        (false, true) => buffer::<M, false, true>,
        (true, false) => buffer::<M, true, false>,
        (true, true) => buffer::<M, true, true>,
    };
    Box::into_raw(Box::new(CallHandle {
        boxed: match counted {
            false => boxed::<M, false>,
            true => boxed::<M, true>,
        },
        buffer,
        drop_fn: release::<M>,
        state: State::leak(Answers::new(method)),
    }))
}

unsafe extern "C" fn boxed<M: Method, const COUNTED: bool>(
    handle: *mut CallHandle,
    input: *const u8,
    input_len: u32,
    out: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    guard(move || {
        // SAFETY: `with` of the same `M` made the handle, the host is in no other call of it, and
        // lends so many bytes.
        let (state, k) = unsafe {
            let state = State::<Answers<M>>::of((*handle).state);
            (state, argument(input, input_len))
        };
        let Some(k) = k else {
            return status::SERIALIZATION_ERROR;
        };
        let (status, bytes) = state.driver.in_vec(k);
        let len = bytes.as_ref().map_or(0, Vec::len) as u32;
        if COUNTED {
            state.counts.note(status, len, bytes.is_some());
        }
        if let Some(bytes) = bytes {
            // SAFETY: both places are the host's. It owns the box until it returns it.
            unsafe {
                *out = Box::into_raw(bytes.into_boxed_slice()).cast();
                *out_len = len;
            }
        }
        status
    })
}

unsafe extern "C" fn buffer<M: Method, const COPIES: bool, const COUNTED: bool>(
    handle: *mut CallHandle,
    input: *const u8,
    input_len: u32,
    buffer: *mut u8,
    capacity: u32,
    out_offset: *mut u32,
    out_len: *mut u32,
) -> i32 {
    guard(move || {
        // SAFETY: `with` of the same `M` made the handle, the host is in no other call of it, and
        // lends so many bytes.
        let (state, k) = unsafe {
            let state = State::<Answers<M>>::of((*handle).state);
            (state, argument(input, input_len))
        };
        let Some(k) = k else {
            return status::SERIALIZATION_ERROR;
        };
        // SAFETY: the host lends so many writable, initialised bytes for this call.
        let room = unsafe { std::slice::from_raw_parts_mut(buffer, capacity as usize) };
        let (status, len) = match COPIES {
            true => state.driver.copied(k, room),
            false => state.driver.encoded(k, room),
        };
        if COUNTED {
            state.counts.note(status, len, false);
        }
        // SAFETY: both places are the host's.
        unsafe { (*out_offset, *out_len) = (0, len) };
        status
    })
}

unsafe extern "C" fn release<M: Method>(handle: *mut CallHandle) {
    // SAFETY: `with` of the same `M` made both, and the host calls this once.
    unsafe {
        let handle = Box::from_raw(handle);
        State::<Answers<M>>::free(handle.state);
    }
}
