//! Hosts that break a contract: the guest keeps its items and writes nowhere else.

use std::cell::Cell;

use bench_protocol::handle::StreamHandle;
use bench_protocol::lab::batch::{Batch, BatchHandle};
use bench_protocol::lab::grow::{GrowBuffer, GrowHandle};
use bench_protocol::lab::spec::Variant;
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizeTable;
use bench_protocol::spec::StreamConfig;
use bench_protocol::status;

use crate::real::pair;

/// A stream of two blobs of 100 bytes: 108 on the wire.
fn opened(variant: Variant) -> *mut StreamHandle {
    let sizes = SizeTable::new(vec![100], 0).expect("there is a size");
    let mut stream = StreamConfig::new(PayloadKind::Blob, sizes);
    stream.items = 2;
    let mut handle = std::ptr::null_mut();
    // SAFETY: the spec borrows `stream`, and the table was checked when it was loaded.
    let status = unsafe { (pair().guest.api.open)(variant as u32, 0, &stream.spec(), &mut handle) };
    assert_eq!(status, status::OK);
    handle
}

thread_local! {
    /// What the next calls of [`grow`] return: a start and a capacity.
    static ANSWER: Cell<(*mut u8, u32)> = const { Cell::new((std::ptr::null_mut(), 0)) };
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

unsafe extern "C" fn grow(buffer: *mut GrowBuffer, _needed: u32) -> *mut u8 {
    CALLS.set(CALLS.get() + 1);
    let (start, capacity) = ANSWER.get();
    // SAFETY: the guest passes the buffer that the test lent it.
    unsafe {
        (*buffer).capacity = capacity;
        if !start.is_null() {
            (*buffer).data = start;
        }
    }
    start
}

#[test]
fn a_host_that_grows_to_null_or_to_less_than_asked_gets_a_demand_and_no_bytes() {
    let handle: *mut GrowHandle = opened(Variant::Grow).cast();
    let mut memory = vec![0xee_u8; 300];
    let start = memory.as_mut_ptr();
    // Null, with any capacity; and a start with less than the 108 bytes asked for.
    let answers = [
        (std::ptr::null_mut(), 0),
        (std::ptr::null_mut(), 4096),
        (start, 20),
    ];
    for answer in answers {
        ANSWER.set(answer);
        let (mut buffer, mut len) = (
            GrowBuffer {
                data: start,
                capacity: 16,
                grow,
            },
            0,
        );
        // SAFETY: the handle is one of `grow`, and the buffer has more bytes than it says.
        let status = unsafe { ((*handle).next)(handle, &mut buffer, &mut len) };
        assert_eq!((status, len), (status::BUFFER_TOO_SMALL, 108), "{answer:?}");
    }
    assert_eq!(CALLS.get(), 3, "the guest asks once for each attempt");
    assert!(
        memory[16..].iter().all(|&byte| byte == 0xee),
        "written beyond the capacity"
    );

    // The item is still there.
    let start = memory.as_mut_ptr();
    let (mut buffer, mut len) = (
        GrowBuffer {
            data: start,
            capacity: 200,
            grow,
        },
        0,
    );
    // SAFETY: as above; the handle is dropped once.
    unsafe {
        assert_eq!(((*handle).next)(handle, &mut buffer, &mut len), status::OK);
        assert_eq!((len, memory[0]), (108, 100));
        ((*handle).drop_fn)(handle);
    }
}

#[test]
fn a_host_that_asks_for_no_items_gets_none_and_loses_none() {
    let handle: *mut BatchHandle = opened(Variant::Batch).cast();
    let mut memory = vec![0_u8; 300];
    let (mut next, capacity) = (Batch::default(), memory.len() as u32);
    let start = memory.as_mut_ptr();
    // SAFETY: the handle is one of `batch`, lent the whole memory, and dropped once.
    unsafe {
        let status = ((*handle).next)(handle, start, capacity, 0, &mut next);
        assert_eq!(
            (status, next),
            (status::SERIALIZATION_ERROR, Batch::default())
        );
        let status = ((*handle).next)(handle, start, capacity, 9, &mut next);
        let both = Batch {
            count: 2,
            bytes: 2 * (4 + 108),
        };
        assert_eq!((status, next), (status::OK, both));
        ((*handle).drop_fn)(handle);
    }
}

#[test]
fn an_unknown_variant_and_an_unknown_number_in_the_spec_are_refused() {
    let sizes = SizeTable::new(vec![8], 0).expect("there is a size");
    let stream = StreamConfig::new(PayloadKind::U64, sizes);
    let mut handle = std::ptr::null_mut();
    let mut spec = stream.spec();
    // SAFETY: the spec borrows `stream`, and the table was checked when it was loaded.
    unsafe {
        let open = pair().guest.api.open;
        assert_eq!(open(99, 0, &spec, &mut handle), status::SERIALIZATION_ERROR);
        spec.payload = 99;
        assert_eq!(open(0, 0, &spec, &mut handle), status::SERIALIZATION_ERROR);
    }
    assert!(handle.is_null());
}
