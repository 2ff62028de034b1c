//! Opens the stream that a spec asks for: makes a producer of the spec, and lets a protocol make
//! a handle of the producer.

use std::marker::PhantomData;

use super::boundary::guard;
use crate::payload::{Payload, PayloadVisitor};
use crate::producer::{self, BoxedProducer, Producer};
use crate::same_bytes::Item;
use crate::spec::{Fault, ProducerKind, StreamConfig, StreamSpec};
use crate::status;

/// Makes a handle of a producer: the only difference between protocols when a stream opens.
pub trait Opener {
    /// The protocol's handle.
    type Handle;
    /// Opens a stream of the producer's items; with `counted`, it counts what it does.
    fn open<T: Item + Send + 'static>(
        producer: BoxedProducer<T>,
        counted: bool,
    ) -> *mut Self::Handle;

    /// The same with a producer whose type is known. By default it is boxed.
    fn open_known<P>(producer: P, counted: bool) -> *mut Self::Handle
    where
        P: Producer + 'static,
        P::Item: Item + Send + 'static,
    {
        Self::open::<P::Item>(Box::new(producer), counted)
    }
}

/// Opens a stream of the payload's type.
struct Visitor<'a, O> {
    config: &'a StreamConfig,
    opener: PhantomData<O>,
}

impl<O: Opener> PayloadVisitor for Visitor<'_, O> {
    type Output = *mut O::Handle;
    fn visit<P: Payload>(self) -> *mut O::Handle {
        let StreamConfig {
            seed,
            sizes,
            items,
            counted,
            ..
        } = self.config;
        match self.config.producer {
            ProducerKind::Prepared => {
                O::open_known(producer::lent::<P>(*seed, sizes, *items), *counted)
            }
            ProducerKind::Owned => {
                O::open_known(producer::owned::<P>(*seed, sizes, *items), *counted)
            }
        }
    }
}

fn open<O: Opener>(config: &StreamConfig) -> *mut O::Handle {
    let (fault, at) = config.fault;
    if fault != Fault::None {
        let stream = producer::faulty(config.seed, &config.sizes, fault, at);
        return O::open_known(stream, config.counted);
    }
    config.payload.dispatch(Visitor::<O> {
        config,
        opener: PhantomData,
    })
}

/// Opens the stream that `spec` asks for, and stores its handle in `out`. The result is a status.
///
/// # Safety
/// `spec` must be valid, `out` must be a place for a handle.
pub unsafe fn open_into<O: Opener>(spec: *const StreamSpec<'_>, out: *mut *mut O::Handle) -> i32 {
    guard(|| {
        // SAFETY: by contract, the spec is valid, with its sizes.
        match unsafe { (*spec).read() } {
            Some(config) => {
                // SAFETY: by contract, `out` is a place for the handle.
                unsafe { *out = open::<O>(&config) };
                status::OK
            }
            None => status::SERIALIZATION_ERROR,
        }
    })
}
