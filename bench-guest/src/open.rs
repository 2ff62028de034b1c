//! Opens streams of both protocols.

use bench_protocol::guest::arena;
use bench_protocol::guest::asked::{Opener, open_into};
use bench_protocol::handle::{AllocHandle, StreamHandle};
use bench_protocol::producer::BoxedProducer;
use bench_protocol::spec::StreamSpec;
use serde::Serialize;

use crate::alloc;

struct Arena;
impl Opener for Arena {
    type Handle = StreamHandle;
    fn open<T: Serialize + Send + 'static>(
        producer: BoxedProducer<T>,
        counted: bool,
    ) -> *mut StreamHandle {
        arena::open(producer, counted)
    }
}

struct Alloc;
impl Opener for Alloc {
    type Handle = AllocHandle;
    fn open<T: Serialize + Send + 'static>(
        producer: BoxedProducer<T>,
        counted: bool,
    ) -> *mut AllocHandle {
        alloc::open(producer, counted)
    }
}

/// See [`GuestApi::open_arena`](bench_protocol::api::GuestApi::open_arena).
pub(crate) unsafe extern "C" fn open_arena(
    spec: *const StreamSpec<'_>,
    out: *mut *mut StreamHandle,
) -> i32 {
    // SAFETY: the host keeps the same contract.
    unsafe { open_into::<Arena>(spec, out) }
}

/// See [`GuestApi::open_alloc`](bench_protocol::api::GuestApi::open_alloc).
pub(crate) unsafe extern "C" fn open_alloc(
    spec: *const StreamSpec<'_>,
    out: *mut *mut AllocHandle,
) -> i32 {
    // SAFETY: the host keeps the same contract.
    unsafe { open_into::<Alloc>(spec, out) }
}
