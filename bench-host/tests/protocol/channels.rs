//! The host against guests whose channels break the protocol.

use core::ffi::c_void;
use std::cell::{Cell, RefCell};

use bench_host::channels::Channels;
use bench_host::error::StreamError as E;
use bench_protocol::api::{DrainReport, Header};
use bench_protocol::build_info::{RawBuildInfo, StaticStr};
use bench_protocol::channel::api::{
    CHANNELS_ABI_VERSION, CHANNELS_LAYOUT, CallHandle, GUEST_CHANNELS_MAGIC, GuestChannels,
    HostFunctions, PLUGIN_FAULT,
};
use bench_protocol::channel::{Channel, REENTERED, Way};
use bench_protocol::counts::GuestCounts;
use bench_protocol::handle::StreamHandle;
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizeTable;
use bench_protocol::spec::{Decode, Observe, Protocol, SessionConfig, SessionSpec, StreamConfig};
use bench_protocol::status;

/// An answer: status, offset, length, and bytes that are written beyond what was lent.
type Answer = (i32, u32, u32, usize);

thread_local! {
    static ANSWERS: RefCell<Vec<Answer>> = const { RefCell::new(Vec::new()) };
    /// Whether a handle that is opened is null.
    static NULL: Cell<bool> = const { Cell::new(false) };
    /// Calls of `drop_fn` and of `close`.
    static DROPS: Cell<u32> = const { Cell::new(0) };
    /// Answers that were returned.
    static FREED: Cell<u32> = const { Cell::new(0) };
}

fn next() -> Answer {
    let end = (status::STREAM_END, 0, 0, 0);
    ANSWERS.with_borrow_mut(|answers| match answers.is_empty() {
        true => end,
        false => answers.remove(0),
    })
}

unsafe extern "C" fn boxed(
    _: *mut CallHandle,
    _: *const u8,
    _: u32,
    out: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    let (status, offset, len, _) = next();
    // SAFETY: the host lends both places. An offset says that the buffer is null.
    unsafe {
        *out_len = len;
        if offset == 0 {
            *out = Box::into_raw(vec![0_u8; len as usize].into_boxed_slice()).cast();
        }
    }
    status
}

unsafe extern "C" fn buffer(
    _: *mut CallHandle,
    _: *const u8,
    _: u32,
    start: *mut u8,
    capacity: u32,
    out_offset: *mut u32,
    out_len: *mut u32,
) -> i32 {
    let (status, offset, len, beyond) = next();
    // SAFETY: the host lends both places, and guards the memory behind the buffer.
    unsafe {
        (*out_offset, *out_len) = (offset, len);
        start.add(capacity as usize).write_bytes(0, beyond);
    }
    status
}

unsafe extern "C" fn drop_method(handle: *mut CallHandle) {
    DROPS.set(DROPS.get() + 1);
    // SAFETY: `open_unary` made it, and the host drops it once.
    drop(unsafe { Box::from_raw(handle) });
}

unsafe extern "C" fn open_unary(
    _: u32,
    _: *const SessionSpec<'_>,
    out: *mut *mut CallHandle,
) -> i32 {
    let handle = CallHandle {
        boxed,
        buffer,
        drop_fn: drop_method,
        state: std::ptr::null_mut(),
    };
    let handle = match NULL.get() {
        true => std::ptr::null_mut(),
        false => Box::into_raw(Box::new(handle)),
    };
    // SAFETY: the host lends the place.
    unsafe { *out = handle };
    status::OK
}

unsafe extern "C" fn free_buffer(start: *mut u8, len: u32) {
    FREED.set(FREED.get() + 1);
    // SAFETY: `boxed` made it of so many bytes, and it is returned once.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(start, len as usize)) });
}

/// Drops its input and gives out a consumer, or null.
unsafe extern "C" fn open_client(
    _: u32,
    _: *const SessionSpec<'_>,
    input: *mut StreamHandle,
    out: *mut *mut c_void,
) -> i32 {
    // SAFETY: the handle was given away, and the host lends the place.
    unsafe {
        ((*input).drop_fn)(input);
        *out = match NULL.get() {
            true => std::ptr::null_mut(),
            false => std::ptr::dangling_mut(),
        };
    }
    status::OK
}

unsafe extern "C" fn open_callback(
    _: u32,
    _: *const SessionSpec<'_>,
    _: *mut HostFunctions,
    _: *mut *mut c_void,
) -> i32 {
    status::PANIC
}

unsafe extern "C" fn take(_: *mut c_void, _: u64, report: *mut DrainReport) -> i32 {
    let (status, _, len, _) = next();
    // SAFETY: the host lends the report.
    let report = unsafe { &mut *report };
    (report.fault, report.text_len) = (len, u32::MAX);
    report.text.fill(b'x');
    status
}

unsafe extern "C" fn close(_: *mut c_void) {
    DROPS.set(DROPS.get() + 1);
}

unsafe extern "C" fn open_bidi(
    _: u32,
    _: *const SessionSpec<'_>,
    input: *mut StreamHandle,
    out: *mut *mut StreamHandle,
) -> i32 {
    // SAFETY: the handle was given away, and the host lends the place.
    unsafe {
        ((*input).drop_fn)(input);
        *out = std::ptr::null_mut();
    }
    status::OK
}

unsafe extern "C" fn counts(_: *const c_void, _: *mut GuestCounts) {}

const NOTHING: StaticStr = StaticStr::new("");
static GUEST: GuestChannels = GuestChannels {
    header: Header {
        magic: GUEST_CHANNELS_MAGIC,
        abi_version: CHANNELS_ABI_VERSION,
        table_size: size_of::<GuestChannels>() as u32,
        layout: CHANNELS_LAYOUT,
    },
    build: RawBuildInfo {
        commit: NOTHING,
        rustc: NOTHING,
        profile: NOTHING,
        flags: NOTHING,
    },
    open_client,
    open_callback,
    take,
    close,
    open_bidi,
    open_unary,
    free_buffer,
    counts,
};

/// The memory limit of these sessions, bytes.
const LIMIT: u64 = 10_000;

/// How the first item of a channel fails where the guest answers so.
fn fails(channel: Channel, way: Way, answers: &[Answer]) -> E {
    DROPS.set(0);
    FREED.set(0);
    ANSWERS.set(answers.to_vec());
    let table = SizeTable::new(vec![8], 0).expect("a table of one size");
    let mut config = SessionConfig {
        decode: Decode::None,
        observe: Observe::Verify,
        ..SessionConfig::new(StreamConfig::new(PayloadKind::U64, table), Protocol::Arena)
    };
    config.buffer.memory_limit = LIMIT;
    // SAFETY: the table is a static of the host, which is linked into this test.
    let host = unsafe { &*bench_host::bench_host_channels() };
    let channels = Channels {
        guest: &GUEST,
        host,
    };
    let opened = channels.open(channel, way, &config);
    let failed = opened.and_then(|mut session| session.drain(1));
    failed.expect_err("the guest breaks the protocol")
}

fn unary(way: Way, answers: &[Answer]) -> E {
    let error = fails(Channel::Unary, way, answers);
    assert_eq!(DROPS.get(), 1, "the method is dropped once: {error}");
    error
}

const SMALL: i32 = status::BUFFER_TOO_SMALL;

#[test]
fn an_answer_outside_of_the_buffer_is_refused() {
    for (way, capacity) in [(Way::Pool, 4096), (Way::Direct, 64)] {
        for (offset, len) in [(0, 5000), (60_000, 8), (u32::MAX, u32::MAX), (4090, 8)] {
            let len_found = u64::from(offset) + u64::from(len);
            let error = unary(way, &[(status::OK, offset, len, 0)]);
            let above = E::LengthAboveCapacity {
                len: len_found,
                capacity,
            };
            assert_eq!(error, above, "{way:?}");
        }
        let error = unary(way, &[(status::PLUGIN_ERROR, 0, 5000, 0)]);
        assert!(matches!(error, E::LengthAboveCapacity { .. }), "{error}");
    }
}

#[test]
fn a_demand_must_be_above_the_capacity_within_the_limit_and_made_once() {
    for (way, capacity) in [(Way::Pool, 4096), (Way::Direct, 64)] {
        let within = E::DemandWithinCapacity {
            demanded: 64,
            capacity,
        };
        assert_eq!(unary(way, &[(SMALL, 0, 64, 0)]), within);
        let (demanded, limit) = (u64::from(u32::MAX), LIMIT);
        let above = E::AboveLimit { demanded, limit };
        assert_eq!(unary(way, &[(SMALL, 0, u32::MAX, 0)]), above);
        let twice = unary(way, &[(SMALL, 0, 9000, 0), (SMALL, 0, 9500, 0)]);
        let (demanded, capacity) = (9500, 9000);
        assert_eq!(twice, E::TooSmallTwice { demanded, capacity });
    }
}

#[test]
fn a_method_that_writes_beyond_its_buffer_is_noticed() {
    for (way, capacity) in [(Way::Pool, 4096), (Way::Direct, 64)] {
        let error = unary(way, &[(status::OK, 0, 8, 3)]);
        assert_eq!(error, E::WroteBeyond { bytes: 3, capacity }, "{way:?}");
    }
}

#[test]
fn a_box_must_be_there_and_within_the_limit_and_is_returned() {
    assert_eq!(
        unary(Way::Boxed, &[(status::OK, 1, 8, 0)]),
        E::NullItem { len: 8 }
    );
    assert_eq!(FREED.get(), 0);
    let (demanded, limit) = (10_001, LIMIT);
    let above = unary(Way::Boxed, &[(status::OK, 0, 10_001, 0)]);
    assert_eq!((above, FREED.get()), (E::AboveLimit { demanded, limit }, 1));
    let malformed = unary(Way::Boxed, &[(status::PLUGIN_ERROR, 0, 3, 0)]);
    assert_eq!((malformed, FREED.get()), (E::MalformedPluginError, 1));
}

#[test]
fn statuses_without_a_meaning_are_errors_by_every_way() {
    for &way in Channel::Unary.ways() {
        let unknown = unary(way, &[(-77, 0, 0, 0)]);
        assert_eq!(unknown, E::UnknownStatus { status: -77 });
        assert_eq!(unary(way, &[(status::PANIC, 0, 0, 0)]), E::GuestPanic);
    }
    let client = |status| fails(Channel::Client, Way::Reused, &[(status, 0, 0, 0)]);
    assert_eq!(client(-77), E::UnknownStatus { status: -77 });
    assert_eq!(client(status::PANIC), E::GuestPanic);
    assert_eq!(client(REENTERED), E::Reentered);
    assert_eq!(client(status::PLUGIN_ERROR), E::MalformedPluginError);
    assert_eq!(DROPS.get(), 1, "the consumer is closed once");
}

#[test]
fn what_a_consumer_says_without_a_meaning_is_an_error() {
    let said = fails(
        Channel::Client,
        Way::Framework,
        &[(status::PLUGIN_ERROR, 0, PLUGIN_FAULT, 0)],
    );
    assert_eq!(said, E::MalformedPluginError);
}

#[test]
fn a_null_handle_and_a_refusal_are_errors_of_opening() {
    NULL.set(true);
    for (channel, way) in [
        (Channel::Unary, Way::Direct),
        (Channel::Client, Way::Lend),
        (Channel::Bidi, Way::Reused),
    ] {
        assert_eq!(fails(channel, way, &[]), E::NullHandle, "{channel:?}");
    }
    NULL.set(false);
    let refused = fails(Channel::Callback, Way::Boxed, &[]);
    assert_eq!(
        refused,
        E::OpenFailed {
            status: status::PANIC
        }
    );
}
