//! The real guest against hosts that break the protocol.

use core::ffi::c_void;
use std::cell::{Cell, RefCell};
use std::ptr;

use bench_protocol::api::DrainReport;
use bench_protocol::channel::api::{HostFunctions, PLUGIN_FAULT};
use bench_protocol::channel::{REENTERED, Way};
use bench_protocol::error::PluginError;
use bench_protocol::handle::{AllocHandle, StreamHandle};
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::{ENDLESS, SessionConfig};
use bench_protocol::{status, wire};

use super::{channels, config};

/// The guest's memory limit for an item, bytes.
const LIMIT: u64 = 10_000;

thread_local! {
    /// The statuses and lengths that the host still answers; then the end.
    static ANSWERS: RefCell<Vec<(i32, u32)>> = const { RefCell::new(Vec::new()) };
    static DROPS: Cell<u32> = const { Cell::new(0) };
    /// The consumer that the host calls again from inside, and what it answers.
    static INSIDE: Cell<(*mut c_void, i32)> = const { Cell::new((ptr::null_mut(), 0)) };
}

fn answer() -> (i32, u32) {
    ANSWERS.with_borrow_mut(|answers| match answers.is_empty() {
        true => (status::STREAM_END, 0),
        false => answers.remove(0),
    })
}

fn asked() -> SessionConfig {
    let mut config = config(PayloadKind::Blob, vec![8], ENDLESS);
    config.buffer.memory_limit = LIMIT;
    config
}

unsafe extern "C" fn next(
    _: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    let (consumer, _) = INSIDE.get();
    if !consumer.is_null() {
        let mut report = DrainReport::default();
        // SAFETY: the consumer is open, and the report is writable.
        let status = unsafe { (channels().guest.take)(consumer, 1, &mut report) };
        INSIDE.set((consumer, status));
    }
    let (status, len) = answer();
    // SAFETY: the guest lends a place for the length and so many bytes.
    unsafe {
        buffer.write_bytes(0xff, capacity as usize);
        *out_len = len;
    }
    status
}

/// Answers null.
unsafe extern "C" fn next_null(_: *mut AllocHandle, out: *mut *mut u8, out_len: *mut u32) -> i32 {
    let (status, len) = answer();
    // SAFETY: the guest lends both places.
    unsafe { (*out, *out_len) = (ptr::null_mut(), len) };
    status
}

unsafe extern "C" fn drop_fn(handle: *mut StreamHandle) {
    DROPS.set(DROPS.get() + 1);
    // SAFETY: `handle` made it, and the guest drops it once.
    drop(unsafe { Box::from_raw(handle) });
}

unsafe extern "C" fn drop_null(handle: *mut AllocHandle) {
    // SAFETY: it has the layout of the other.
    unsafe { drop_fn(handle.cast()) }
}

fn handle(way: Way) -> *mut StreamHandle {
    let state = ptr::null_mut();
    match way {
        Way::Lend => {
            let (next, drop_fn) = (next_null, drop_null);
            let handle = AllocHandle {
                next,
                drop_fn,
                state,
            };
            Box::into_raw(Box::new(handle)).cast()
        }
        _ => Box::into_raw(Box::new(StreamHandle {
            next,
            drop_fn,
            state,
        })),
    }
}

/// What the guest says of one item of a host that answers so: its status and its words.
fn says(way: Way, answers: &[(i32, u32)], inside: bool) -> (i32, String) {
    let guest = channels().guest;
    DROPS.set(0);
    ANSWERS.set(answers.to_vec());
    let (mut consumer, mut report) = (ptr::null_mut(), DrainReport::default());
    let config = asked();
    // SAFETY: the spec borrows `config`, the handle is given away, both places are writable, and
    // the consumer is closed once.
    let status = unsafe {
        let opened = (guest.open_client)(way as u32, &config.spec(), handle(way), &mut consumer);
        assert_eq!(opened, status::OK);
        if inside {
            INSIDE.set((consumer, 0));
        }
        let status = (guest.take)(consumer, 1, &mut report);
        (guest.close)(consumer);
        status
    };
    assert_eq!(DROPS.get(), 1, "the host's stream is dropped once");
    assert_eq!(report.counts.items, 0);
    (status, words(&report))
}

/// What a report explains.
fn words(report: &DrainReport) -> String {
    if report.fault == 0 {
        return String::new();
    }
    assert_eq!(report.fault, PLUGIN_FAULT);
    let text = &report.text[..report.text_len as usize];
    let error: PluginError = wire::deserialize(text).expect("a plugin's error");
    error.message
}

fn explained(way: Way, answers: &[(i32, u32)], words: &str) {
    let (status, said) = says(way, answers, false);
    assert_eq!(status, status::PLUGIN_ERROR, "{way:?}: {said}");
    assert!(said.contains(words), "{way:?}: {said}");
}

const SMALL: i32 = status::BUFFER_TOO_SMALL;

#[test]
fn a_host_that_lies_about_lengths_is_not_believed() {
    for way in [Way::Framework, Way::Reused] {
        explained(way, &[(status::OK, 257)], "257 bytes into a buffer of 256");
        explained(way, &[(status::OK, u32::MAX)], "into a buffer of 256");
        explained(
            way,
            &[(SMALL, 256)],
            "buffer of 256 bytes too small for an item of 256",
        );
        explained(
            way,
            &[(SMALL, 10_001)],
            "10001 bytes for an item; the limit is 10000",
        );
        explained(way, &[(SMALL, 300), (SMALL, 600)], "too small again");
        explained(way, &[(status::PLUGIN_ERROR, 999)], "into a buffer of 256");
    }
    explained(
        Way::Lend,
        &[(status::OK, 8)],
        "null buffer for an item of 8",
    );
    explained(Way::Lend, &[(status::PLUGIN_ERROR, 8)], "null buffer");
}

#[test]
fn bytes_without_a_meaning_and_unknown_statuses_are_no_clean_end() {
    for way in [Way::Framework, Way::Reused] {
        explained(way, &[(status::OK, 16)], "does not decode");
        explained(
            way,
            &[(status::PLUGIN_ERROR, 16)],
            "an error that does not decode",
        );
    }
    for way in [Way::Framework, Way::Reused, Way::Lend] {
        explained(way, &[(-77, 0)], "status -77");
        explained(
            way,
            &[(status::SERIALIZATION_ERROR, 0)],
            "SERIALIZATION_ERROR",
        );
        assert_eq!(says(way, &[], false), (status::OK, String::new()));
    }
}

#[test]
fn a_consumer_that_is_called_from_inside_of_its_own_call_refuses() {
    let (status, _) = says(Way::Reused, &[], true);
    let (_, inside) = INSIDE.replace((ptr::null_mut(), 0));
    assert_eq!((status, inside), (status::OK, REENTERED));
}

#[test]
fn a_stream_that_cannot_be_driven_is_refused_and_dropped() {
    let (guest, config) = (channels().guest, asked());
    let mut consumer = ptr::null_mut();
    let mut stream = ptr::null_mut();
    for (way, broken) in [(Way::Reused, true), (Way::Pool, false)] {
        DROPS.set(0);
        // SAFETY: the spec borrows `config`, handles are given away, and the places are writable.
        let refused = unsafe {
            let broken_handle = || {
                let handle = handle(way);
                if broken {
                    (&raw mut (*handle).next).cast::<usize>().write(0);
                }
                handle
            };
            let spec = config.spec();
            [
                (guest.open_client)(way as u32, &spec, broken_handle(), &mut consumer),
                (guest.open_bidi)(way as u32, &spec, broken_handle(), &mut stream),
                (guest.open_client)(way as u32, &spec, ptr::null_mut(), &mut consumer),
                (guest.open_callback)(way as u32, &spec, ptr::null_mut(), &mut consumer),
            ]
        };
        assert_eq!(refused, [status::SERIALIZATION_ERROR; 4], "{way:?}");
        assert_eq!(DROPS.get(), 2, "{way:?}");
    }
}

unsafe extern "C" fn boxed(
    _: *mut HostFunctions,
    _: *const u8,
    _: u32,
    out: *mut *mut u8,
    out_len: *mut u32,
) -> i32 {
    let (status, len) = answer();
    // SAFETY: the guest lends both places.
    unsafe { (*out, *out_len) = (ptr::null_mut(), len) };
    status
}

unsafe extern "C" fn in_buffer(
    _: *mut HostFunctions,
    _: *const u8,
    _: u32,
    _: *mut u8,
    _: u32,
    out_offset: *mut u32,
    out_len: *mut u32,
) -> i32 {
    let (status, len) = answer();
    // SAFETY: the guest lends both places.
    unsafe { (*out_offset, *out_len) = (250, len) };
    status
}

unsafe extern "C" fn free_buffer(_: *mut u8, _: u32) {
    panic!("the host gave no buffer away");
}

#[test]
fn a_host_function_that_breaks_the_protocol_is_an_error_in_words() {
    let guest = channels().guest;
    let mut functions = HostFunctions {
        boxed,
        buffer: in_buffer,
        free_buffer,
        state: ptr::null_mut(),
    };
    let cases = [
        (Way::Boxed, (status::OK, 8), "null buffer for an item of 8"),
        (Way::Lend, (status::OK, 8), "null buffer for an item of 8"),
        (Way::Direct, (status::OK, 8), "8 bytes into a buffer of 6"),
        (Way::Direct, (SMALL, 10_001), "the limit is 10000"),
        (Way::Direct, (status::PANIC, 0), "PANIC"),
        (Way::Boxed, (-77, 0), "status -77"),
    ];
    for (way, answer, words) in cases {
        ANSWERS.set(vec![answer]);
        let (mut consumer, mut report) = (ptr::null_mut(), DrainReport::default());
        let config = asked();
        // SAFETY: the spec borrows `config`, the functions outlive the consumer, both places are
        // writable, and the consumer is closed once.
        let status = unsafe {
            let spec = config.spec();
            let opened = (guest.open_callback)(way as u32, &spec, &mut functions, &mut consumer);
            assert_eq!(opened, status::OK);
            let status = (guest.take)(consumer, 1, &mut report);
            (guest.close)(consumer);
            status
        };
        let said = self::words(&report);
        assert_eq!(status, status::PLUGIN_ERROR, "{way:?}: {said}");
        assert!(said.contains(words), "{way:?}: {said}");
    }
}
