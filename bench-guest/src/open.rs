//! Opens streams: makes a producer of a spec, and a handle of a producer.

use bench_protocol::guest::arena;
use bench_protocol::guest::boundary::guard;
use bench_protocol::handle::{AllocHandle, StreamHandle};
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::producer::{self, BoxedProducer};
use bench_protocol::spec::{Fault, ProducerKind, StreamConfig, StreamSpec};
use bench_protocol::status;
use serde::Serialize;

use crate::alloc;

/// Makes a handle of a producer; the only difference between the protocols in this file.
trait Protocol {
    type Handle;
    fn open<T: Serialize + Send + 'static>(
        producer: BoxedProducer<T>,
        counted: bool,
    ) -> *mut Self::Handle;
}

struct Arena;
impl Protocol for Arena {
    type Handle = StreamHandle;
    fn open<T: Serialize + Send + 'static>(
        producer: BoxedProducer<T>,
        counted: bool,
    ) -> *mut StreamHandle {
        arena::open(producer, counted)
    }
}

struct Alloc;
impl Protocol for Alloc {
    type Handle = AllocHandle;
    fn open<T: Serialize + Send + 'static>(
        producer: BoxedProducer<T>,
        counted: bool,
    ) -> *mut AllocHandle {
        alloc::open(producer, counted)
    }
}

/// Opens a stream of the payload's type.
struct Open<'a, K> {
    config: &'a StreamConfig,
    protocol: std::marker::PhantomData<K>,
}

impl<K: Protocol> PayloadVisitor for Open<'_, K> {
    type Output = *mut K::Handle;
    fn visit<P: Payload>(self) -> *mut K::Handle {
        let StreamConfig {
            seed,
            sizes,
            items,
            counted,
            ..
        } = self.config;
        match self.config.producer {
            ProducerKind::Prepared => K::open(producer::lend::<P>(*seed, sizes, *items), *counted),
            ProducerKind::Owned => K::open(producer::own::<P>(*seed, sizes, *items), *counted),
        }
    }
}

fn open<K: Protocol>(config: &StreamConfig) -> *mut K::Handle {
    let (fault, at) = config.fault;
    if fault != Fault::None {
        let stream = producer::faulty(config.seed, &config.sizes, fault, at);
        return K::open(stream, config.counted);
    }
    config.payload.dispatch(Open::<K> {
        config,
        protocol: std::marker::PhantomData,
    })
}

/// # Safety
/// `spec` must be valid, `out` must be a place for a handle.
unsafe fn open_into<K: Protocol>(spec: *const StreamSpec<'_>, out: *mut *mut K::Handle) -> i32 {
    guard(|| {
        // SAFETY: the host passes a valid spec, and its sizes.
        match unsafe { (*spec).read() } {
            Some(config) => {
                // SAFETY: the host lends a place for the handle.
                unsafe { *out = open::<K>(&config) };
                status::OK
            }
            None => status::SERIALIZATION_ERROR,
        }
    })
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
