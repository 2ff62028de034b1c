//! The guest's side of the channels beside the server stream.
//!
//! `input` makes items of the bytes that `buffers` takes from a host's stream and `calls` from its
//! functions; `consumer` takes them; `unary` has the methods that the host calls.

use core::ffi::c_void;

use bench_protocol::channel::api::{
    CHANNELS_ABI_VERSION, CHANNELS_LAYOUT, CallHandle, GUEST_CHANNELS_MAGIC, GuestChannels,
    HostFunctions,
};
use bench_protocol::channel::{Channel, Way};
use bench_protocol::error::PluginError;
use bench_protocol::guest::arena;
use bench_protocol::guest::boundary::{self, guard};
use bench_protocol::handle::StreamHandle;
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::producer::Producer;
use bench_protocol::spec::{Observe, SessionConfig, SessionSpec};
use bench_protocol::status;
use serde::Serialize;
use serde::de::DeserializeOwned;

mod buffers;
mod calls;
mod consumer;
mod input;
mod unary;

use buffers::{Fresh, HostStream, Kept, Lent};
use calls::{Calls, Direct};
use input::{BoxedInput, Bytes, Decoded, Input, Time, Verify};

/// This guest's table.
static API: GuestChannels = GuestChannels {
    header: bench_protocol::api::Header {
        magic: GUEST_CHANNELS_MAGIC,
        abi_version: CHANNELS_ABI_VERSION,
        table_size: size_of::<GuestChannels>() as u32,
        layout: CHANNELS_LAYOUT,
    },
    build: bench_protocol::build_info!(),
    open_client,
    open_callback,
    take: consumer::take,
    close: consumer::close,
    open_bidi,
    open_unary,
    free_buffer: crate::alloc::free_buffer,
    counts: boundary::counts,
};

/// Returns the table of the channels.
#[unsafe(no_mangle)]
pub extern "C" fn bench_guest_channels() -> *const GuestChannels {
    &raw const API
}

/// What a host asks for; `None` if a number of it has no meaning.
///
/// # Safety
/// The spec must be valid, with its sizes.
unsafe fn asked(
    channel: Channel,
    way: u32,
    spec: *const SessionSpec<'_>,
) -> Option<(Way, SessionConfig)> {
    let way = Way::from_number(way).filter(|way| channel.ways().contains(way))?;
    // SAFETY: by contract, the spec is valid.
    Some((way, unsafe { (*spec).read()? }))
}

/// Stores what was opened in `out`; the result is a status.
///
/// # Safety
/// `out` must be writable.
unsafe fn store<T>(out: *mut *mut T, open: impl FnOnce() -> Option<*mut T>) -> i32 {
    guard(move || match open() {
        Some(opened) => {
            // SAFETY: by contract, `out` is writable.
            unsafe { *out = opened };
            status::OK
        }
        None => status::SERIALIZATION_ERROR,
    })
}

/// The items of bytes, with what is done to verify them if that is asked for.
fn observed<T, B>(bytes: B, config: &SessionConfig) -> BoxedInput<T>
where
    T: DeserializeOwned + Serialize + 'static,
    B: Bytes + 'static,
{
    match config.observe {
        Observe::Time => Box::new(Decoded::<B, T, Time>::new(bytes)),
        Observe::Verify => Box::new(Decoded::<B, T, Verify>::new(bytes)),
    }
}

/// The items of the host's stream.
fn input<T>(way: Way, config: &SessionConfig, host: HostStream) -> Option<BoxedInput<T>>
where
    T: DeserializeOwned + Serialize + 'static,
{
    let limit = config.buffer.memory_limit;
    Some(match way {
        Way::Framework => observed(Fresh::new(host, limit), config),
        Way::Reused => observed(Kept::new(host, limit), config),
        // SAFETY: a host that asks for this way passes a handle that lends.
        Way::Lend => observed(unsafe { Lent::new(host, limit) }, config),
        Way::Boxed | Way::Pool | Way::Direct => return None,
    })
}

struct Client(Way, SessionConfig, HostStream);

impl PayloadVisitor for Client {
    type Output = Option<*mut c_void>;
    fn visit<P: Payload>(self) -> Self::Output {
        let Self(way, config, host) = self;
        Some(consumer::open(input::<P::Owned>(way, &config, host)?))
    }
}

unsafe extern "C" fn open_client(
    way: u32,
    spec: *const SessionSpec<'_>,
    host: *mut StreamHandle,
    out: *mut *mut c_void,
) -> i32 {
    // SAFETY: the host gives the handle away, passes a valid spec and a place for the consumer.
    unsafe {
        store(out, move || {
            // First, so that it is dropped if anything is refused.
            let host = HostStream::adopt(host)?;
            let (way, config) = asked(Channel::Client, way, spec)?;
            let payload = config.stream.payload;
            payload.dispatch(Client(way, config, host))
        })
    }
}

struct Callback(Way, SessionConfig, Calls);

impl PayloadVisitor for Callback {
    type Output = Option<*mut c_void>;
    fn visit<P: Payload>(self) -> Self::Output {
        let Self(way, config, calls) = self;
        Some(match way {
            Way::Boxed => opened::<P::Owned, _>(calls::Boxed::new(calls), &config),
            Way::Lend => opened::<P::Owned, _>(calls::Lent(calls), &config),
            Way::Direct => opened::<P::Owned, _>(Direct::new(calls), &config),
            Way::Framework | Way::Reused | Way::Pool => return None,
        })
    }
}

/// A consumer of answers, which are not boxed: a method calls the host itself.
fn opened<T, B>(bytes: B, config: &SessionConfig) -> *mut c_void
where
    T: DeserializeOwned + Serialize + 'static,
    B: Bytes + 'static,
{
    match config.observe {
        Observe::Time => consumer::open(Decoded::<B, T, Time>::new(bytes)),
        Observe::Verify => consumer::open(Decoded::<B, T, Verify>::new(bytes)),
    }
}

unsafe extern "C" fn open_callback(
    way: u32,
    spec: *const SessionSpec<'_>,
    host: *mut HostFunctions,
    out: *mut *mut c_void,
) -> i32 {
    // SAFETY: the host passes a valid spec, functions that outlive the consumer, and a place for
    // the consumer.
    unsafe {
        store(out, move || {
            let (way, config) = asked(Channel::Callback, way, spec)?;
            let (items, limit) = (config.stream.items, config.buffer.memory_limit);
            let calls = Calls::new(host, items, limit)?;
            let payload = config.stream.payload;
            payload.dispatch(Callback(way, config, calls))
        })
    }
}

/// Gives the host's items back, as a method `Stream<T> -> Stream<T>` does.
struct Echo<T>(BoxedInput<T>);

impl<T> Iterator for Echo<T> {
    type Item = T;
    #[inline]
    fn next(&mut self) -> Option<T> {
        self.0.next()
    }
}

impl<T> Producer for Echo<T> {
    fn fault(&mut self) -> Option<PluginError> {
        self.0.fault().map(|why| PluginError::new("INPUT", why))
    }
}

struct Bidi(Way, SessionConfig, HostStream);

impl PayloadVisitor for Bidi {
    type Output = Option<*mut StreamHandle>;
    fn visit<P: Payload>(self) -> Self::Output {
        let Self(way, config, host) = self;
        let echo = Echo(input::<P::Owned>(way, &config, host)?);
        Some(arena::open::<P::Owned>(
            Box::new(echo),
            config.stream.counted,
        ))
    }
}

unsafe extern "C" fn open_bidi(
    way: u32,
    spec: *const SessionSpec<'_>,
    host: *mut StreamHandle,
    out: *mut *mut StreamHandle,
) -> i32 {
    // SAFETY: the host gives the handle away, passes a valid spec and a place for the stream.
    unsafe {
        store(out, move || {
            // First, so that it is dropped if anything is refused.
            let host = HostStream::adopt(host)?;
            let (way, config) = asked(Channel::Bidi, way, spec)?;
            let payload = config.stream.payload;
            payload.dispatch(Bidi(way, config, host))
        })
    }
}

unsafe extern "C" fn open_unary(
    way: u32,
    spec: *const SessionSpec<'_>,
    out: *mut *mut CallHandle,
) -> i32 {
    // SAFETY: the host passes a valid spec and a place for the method.
    unsafe {
        store(out, move || {
            let (way, config) = asked(Channel::Unary, way, spec)?;
            unary::open(way, &config.stream)
        })
    }
}
