//! The host's functions, which a guest calls once an item.

use std::sync::Arc;

use bench_protocol::channel::Way;
use bench_protocol::channel::api::HostFunctions;
use bench_protocol::channel::method::{Answers, Faulty, Method, Prepared, argument};
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::spec::{Fault, StreamConfig};
use bench_protocol::status;

use super::ledger::{Entrance, Ledger};

/// Functions that answer with the items of a stream. Dropping this frees them.
pub(super) struct Served {
    functions: *mut HostFunctions,
    release: unsafe fn(*mut HostFunctions),
}

impl Served {
    /// The functions; `None` if callbacks have no such way.
    pub(super) fn new(way: Way, config: &StreamConfig, ledger: &Arc<Ledger>) -> Option<Self> {
        let lends = match way {
            Way::Boxed | Way::Direct => false,
            Way::Lend => true,
            Way::Framework | Way::Reused | Way::Pool => return None,
        };
        Some(match config.fault.0 {
            Fault::None => config.payload.dispatch(Open {
                lends,
                config,
                ledger,
            }),
            _ => with(Faulty::new(config), lends, config.counted, ledger),
        })
    }

    pub(super) fn as_ptr(&self) -> *mut HostFunctions {
        self.functions
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // SAFETY: `with` made both for one type, and the guest's consumer was closed before.
        unsafe { (self.release)(self.functions) }
    }
}

struct Open<'a> {
    lends: bool,
    config: &'a StreamConfig,
    ledger: &'a Arc<Ledger>,
}

impl PayloadVisitor for Open<'_> {
    type Output = Served;
    fn visit<P: Payload>(self) -> Served {
        let method = Prepared::<P>::new(self.config);
        with(method, self.lends, self.config.counted, self.ledger)
    }
}

/// What a function's state is.
struct Body<M: Method> {
    answers: Answers<M>,
    /// The answer that the guest reads.
    kept: Vec<u8>,
}

fn with<M: Method>(method: M, lends: bool, counted: bool, ledger: &Arc<Ledger>) -> Served {
    let body = Body {
        answers: Answers::new(method),
        kept: Vec::new(),
    };
    let state = Box::into_raw(Box::new(Entrance::new(body, ledger)));
    let functions = HostFunctions {
        boxed: match (lends, counted) {
            (false, false) => boxed::<M, false>,
            (false, true) => boxed::<M, true>,
            (true, false) => lent::<M, false>,
            (true, true) => lent::<M, true>,
        },
        buffer: match counted {
            false => buffer::<M, false>,
            true => buffer::<M, true>,
        },
        free_buffer,
        state: state.cast(),
    };
    Served {
        functions: Box::into_raw(Box::new(functions)),
        release: release::<M>,
    }
}

/// # Safety
/// `with` of the same `M` must have made them, and this must be their last use.
unsafe fn release<M: Method>(functions: *mut HostFunctions) {
    // SAFETY: by contract.
    unsafe {
        let functions = Box::from_raw(functions);
        drop(Box::from_raw(functions.state.cast::<Entrance<Body<M>>>()));
    }
}

/// What stands behind functions.
///
/// # Safety
/// `with` of the same `M` must have made them, and they must be alive.
#[inline(always)]
unsafe fn entrance<'a, M: Method>(functions: *mut HostFunctions) -> &'a Entrance<Body<M>> {
    // SAFETY: by contract. A call further up the stack shares this reference.
    unsafe { &*(*functions).state.cast::<Entrance<Body<M>>>() }
}

unsafe extern "C" fn boxed<M: Method, const COUNTED: bool>(
    functions: *mut HostFunctions,
    input: *const u8,
    input_len: u32,
    out: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: the functions are alive as long as the guest's consumer, and were made for `M`.
    let entrance = unsafe { entrance::<M>(functions) };
    let (status, _) = entrance.call::<COUNTED, true>(move |body| {
        // SAFETY: the guest lends so many bytes for this call.
        let Some(k) = (unsafe { argument(input, input_len) }) else {
            return (status::SERIALIZATION_ERROR, 0);
        };
        let (status, Some(bytes)) = body.answers.in_vec(k) else {
            return (status::SERIALIZATION_ERROR, 0);
        };
        let len = bytes.len() as u32;
        // SAFETY: both places are the guest's. It owns the box until it returns it.
        unsafe {
            *out = Box::into_raw(bytes.into_boxed_slice()).cast();
            *out_len = len;
        }
        (status, len)
    });
    status
}

unsafe extern "C" fn lent<M: Method, const COUNTED: bool>(
    functions: *mut HostFunctions,
    input: *const u8,
    input_len: u32,
    out: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: as in `boxed`.
    let entrance = unsafe { entrance::<M>(functions) };
    let (status, _) = entrance.call::<COUNTED, false>(move |body| {
        // SAFETY: the guest lends so many bytes for this call.
        let Some(k) = (unsafe { argument(input, input_len) }) else {
            return (status::SERIALIZATION_ERROR, 0);
        };
        let status = body.answers.in_kept(k, &mut body.kept);
        let len = body.kept.len() as u32;
        // SAFETY: both places are the guest's. The bytes stay until its next call.
        unsafe { (*out, *out_len) = (body.kept.as_mut_ptr(), len) };
        (status, len)
    });
    status
}

unsafe extern "C" fn buffer<M: Method, const COUNTED: bool>(
    functions: *mut HostFunctions,
    input: *const u8,
    input_len: u32,
    buffer: *mut u8,
    capacity: u32,
    out_offset: *mut u32,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: as in `boxed`.
    let entrance = unsafe { entrance::<M>(functions) };
    let (status, len) = entrance.call::<COUNTED, false>(move |body| {
        // SAFETY: the guest lends so many bytes for this call.
        let Some(k) = (unsafe { argument(input, input_len) }) else {
            return (status::SERIALIZATION_ERROR, 0);
        };
        // SAFETY: the guest lends so many writable, initialised bytes for this call.
        let room = unsafe { std::slice::from_raw_parts_mut(buffer, capacity as usize) };
        body.answers.encoded(k, room)
    });
    // SAFETY: both places are the guest's.
    unsafe { (*out_offset, *out_len) = (0, len) };
    status
}

/// Frees an answer of `boxed`.
unsafe extern "C" fn free_buffer(start: *mut u8, len: u32) {
    // SAFETY: the guest returns a pointer and a length that `boxed` gave it together, once: those
    // of a boxed slice.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(start, len as usize)) });
}
