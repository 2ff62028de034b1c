//! Guests that break a contract: each is a typed error, takes no memory beyond the limit, and has
//! `drop_fn` called exactly once and every buffer returned.

use core::ffi::c_void;
use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use bench_host::error::StreamError as E;
use bench_host::lab::LabPair;
use bench_host::loader::Loaded;
use bench_protocol::api::Header;
use bench_protocol::build_info::{BuildInfo, RawBuildInfo, StaticStr};
use bench_protocol::counts::GuestCounts;
use bench_protocol::handle::{AllocHandle, StreamHandle};
use bench_protocol::lab::api::{LAB_ABI_VERSION, LAB_GUEST_MAGIC, LAB_LAYOUT, LabGuestApi};
use bench_protocol::lab::batch::{Batch, BatchHandle};
use bench_protocol::lab::grow::{GrowBuffer, GrowHandle};
use bench_protocol::lab::rust_buffer::{RustBuffer, RustBufferHandle};
use bench_protocol::lab::spec::{Codec, LabConfig, Variant};
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizeTable;
use bench_protocol::spec::{
    BufferConfig, Decode, ENDLESS, Observe, Protocol, SessionConfig, StreamConfig, StreamSpec,
};
use bench_protocol::status;

const LIMIT: u64 = 4096;

/// What a guest answers once, before it ends.
#[derive(Clone, Copy)]
enum Answer {
    /// `lend`, `alloc-own-writer`: status, start, length.
    Pointer(i32, *mut u8, u32),
    /// `rust-buffer`: status and buffer.
    Vector(i32, RustBuffer),
    /// `grow`: calls `grow` with each of these, then answers status and length.
    Grow(&'static [u32], i32, u32),
    /// `batch`: these bytes are written, then status and batch.
    Batch(&'static [u8], i32, Batch),
    /// `batch`: a byte is written behind the buffer, then the end.
    Beyond,
    /// A status alone.
    Status(i32),
}

thread_local! {
    static ANSWER: Cell<Option<Answer>> = const { Cell::new(None) };
    static DROPS: Cell<u32> = const { Cell::new(0) };
    /// Starts of the buffers that the host returned.
    static RETURNED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// The error of a stream that answers so, and the buffers returned.
fn broken(variant: Variant, answer: Answer) -> (Result<(), E>, usize) {
    broken_as(Observe::Time, variant, answer)
}

fn broken_as(observe: Observe, variant: Variant, answer: Answer) -> (Result<(), E>, usize) {
    ANSWER.set(Some(answer));
    DROPS.set(0);
    RETURNED.take();
    let sizes = SizeTable::new(vec![8], 0).expect("there is a size");
    let session = SessionConfig {
        decode: Decode::None,
        observe,
        buffer: BufferConfig {
            memory_limit: LIMIT,
            ..BufferConfig::default()
        },
        ..SessionConfig::new(StreamConfig::new(PayloadKind::U64, sizes), Protocol::Arena)
    };
    let config = LabConfig {
        session,
        variant,
        batch: 4,
        codec: Codec::Bincode,
    };
    let mut session = pair().open(&config).expect("the guest opens every stream");
    let result = session.drain(ENDLESS);
    assert!(session.counts().peak_capacity <= LIMIT);
    assert_eq!(DROPS.get(), 0, "dropped too early");
    drop(session);
    assert_eq!(DROPS.get(), 1, "calls of drop_fn");
    (result, RETURNED.take().len())
}

/// The laboratory's host, linked into this test, and this file's guest.
fn pair() -> LabPair {
    let build = BuildInfo::default();
    // SAFETY: the table is a static of the host, which is linked into this test.
    let host = unsafe { &*bench_lab_host::bench_lab_host_api() };
    LabPair {
        guest: Loaded {
            path: PathBuf::from("a guest of this test"),
            build: build.clone(),
            api: &GUEST,
        },
        host: Loaded {
            path: PathBuf::from("the host of this test"),
            build,
            api: host,
        },
    }
}

const NOTHING: StaticStr = StaticStr::new("");

static GUEST: LabGuestApi = LabGuestApi {
    header: Header {
        magic: LAB_GUEST_MAGIC,
        abi_version: LAB_ABI_VERSION,
        table_size: size_of::<LabGuestApi>() as u32,
        layout: LAB_LAYOUT,
    },
    build: RawBuildInfo {
        commit: NOTHING,
        rustc: NOTHING,
        profile: NOTHING,
        flags: NOTHING,
    },
    open,
    free_buffer,
    free_rust_buffer,
    counts,
};

unsafe extern "C" fn open(
    variant: u32,
    _codec: u32,
    _spec: *const StreamSpec<'_>,
    out: *mut *mut StreamHandle,
) -> i32 {
    let state = std::ptr::null_mut();
    let handle: *mut StreamHandle = match Variant::from_number(variant) {
        Some(Variant::Lend | Variant::AllocOwnWriter) => Box::into_raw(Box::new(AllocHandle {
            next: next_pointer,
            drop_fn: dropped::<AllocHandle>,
            state,
        }))
        .cast(),
        Some(Variant::RustBuffer | Variant::RustBufferSized) => {
            Box::into_raw(Box::new(RustBufferHandle {
                next: next_vector,
                drop_fn: dropped::<RustBufferHandle>,
                state,
            }))
            .cast()
        }
        Some(Variant::Grow) => Box::into_raw(Box::new(GrowHandle {
            next: next_grow,
            drop_fn: dropped::<GrowHandle>,
            state,
        }))
        .cast(),
        Some(Variant::Batch) => Box::into_raw(Box::new(BatchHandle {
            next: next_batch,
            drop_fn: dropped::<BatchHandle>,
            state,
        }))
        .cast(),
        _ => return status::SERIALIZATION_ERROR,
    };
    // SAFETY: the host lends a place for the handle.
    unsafe { *out = handle };
    status::OK
}

unsafe extern "C" fn dropped<H>(handle: *mut H) {
    DROPS.set(DROPS.get() + 1);
    // SAFETY: `open` made the box, and the test asserts that this happens once.
    drop(unsafe { Box::from_raw(handle) });
}

unsafe extern "C" fn free_buffer(start: *mut u8, _len: u32) {
    RETURNED.with_borrow_mut(|returned| returned.push(start.addr()));
}

unsafe extern "C" fn free_rust_buffer(buffer: RustBuffer) {
    RETURNED.with_borrow_mut(|returned| returned.push(buffer.data.addr()));
}

unsafe extern "C" fn counts(_state: *const c_void, _out: *mut GuestCounts) {}

unsafe extern "C" fn next_pointer(_: *mut AllocHandle, out: *mut *mut u8, len: *mut u32) -> i32 {
    match ANSWER.take() {
        // SAFETY: the host lends places for both.
        Some(Answer::Pointer(status, start, length)) => unsafe {
            *out = start;
            *len = length;
            status
        },
        Some(Answer::Status(status)) => status,
        _ => status::STREAM_END,
    }
}

unsafe extern "C" fn next_vector(_: *mut RustBufferHandle, out: *mut RustBuffer) -> i32 {
    match ANSWER.take() {
        // SAFETY: the host lends a place.
        Some(Answer::Vector(status, buffer)) => unsafe {
            *out = buffer;
            status
        },
        Some(Answer::Status(status)) => status,
        _ => status::STREAM_END,
    }
}

unsafe extern "C" fn next_grow(_: *mut GrowHandle, buffer: *mut GrowBuffer, len: *mut u32) -> i32 {
    match ANSWER.take() {
        Some(Answer::Grow(asks, status, length)) => {
            // SAFETY: the host lends the buffer with its function, and a place for the length.
            unsafe {
                for &needed in asks {
                    ((*buffer).grow)(buffer, needed);
                }
                // Whatever the guest does to what it was lent, the host's own buffer counts.
                (*buffer).capacity = u32::MAX;
                *len = length;
            }
            status
        }
        Some(Answer::Status(status)) => status,
        _ => status::STREAM_END,
    }
}

unsafe extern "C" fn next_batch(
    _: *mut BatchHandle,
    buffer: *mut u8,
    capacity: u32,
    _max_items: u32,
    out: *mut Batch,
) -> i32 {
    match ANSWER.take() {
        Some(Answer::Batch(bytes, status, batch)) => {
            assert!(bytes.len() <= capacity as usize);
            // SAFETY: the host lends as many bytes, and a place for the batch.
            unsafe {
                buffer.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                *out = batch;
            }
            status
        }
        Some(Answer::Beyond) => {
            // SAFETY: a host that verifies has memory of its own there.
            unsafe { buffer.add(capacity as usize).write(0) };
            status::STREAM_END
        }
        Some(Answer::Status(status)) => status,
        _ => status::STREAM_END,
    }
}

fn bytes(len: u32) -> u64 {
    u64::from(len)
}

#[test]
fn a_status_that_the_variant_does_not_have_is_an_error() {
    for variant in [
        Variant::Lend,
        Variant::AllocOwnWriter,
        Variant::RustBuffer,
        Variant::Grow,
        Variant::Batch,
    ] {
        for status in [1, -6, i32::MIN] {
            let (result, _) = broken(variant, Answer::Status(status));
            assert_eq!(result, Err(E::UnknownStatus { status }), "{variant:?}");
        }
        assert_eq!(
            broken(variant, Answer::Status(status::PANIC)).0,
            Err(E::GuestPanic)
        );
    }
    // These need no buffer of the host.
    for variant in [Variant::Lend, Variant::AllocOwnWriter, Variant::RustBuffer] {
        let status = status::BUFFER_TOO_SMALL;
        let (result, _) = broken(variant, Answer::Status(status));
        assert_eq!(result, Err(E::UnknownStatus { status }), "{variant:?}");
    }
}

#[test]
fn a_null_pointer_is_an_error_whatever_the_length() {
    for status in [status::OK, status::PLUGIN_ERROR] {
        for len in [0, 8, u32::MAX] {
            let null = Err(E::NullItem { len: bytes(len) });
            let answer = Answer::Pointer(status, std::ptr::null_mut(), len);
            assert_eq!(broken(Variant::Lend, answer), (null.clone(), 0));
            assert_eq!(broken(Variant::AllocOwnWriter, answer), (null.clone(), 0));
            let buffer = RustBuffer {
                capacity: bytes(len),
                len: bytes(len),
                data: std::ptr::null_mut(),
            };
            assert_eq!(
                broken(Variant::RustBuffer, Answer::Vector(status, buffer)),
                (null, 0)
            );
        }
    }
}

#[test]
fn a_length_above_the_limit_is_an_error_and_a_buffer_is_returned_all_the_same() {
    let mut memory = [0_u8; 8];
    let (demanded, limit) = (LIMIT + 1, LIMIT);
    let above = Err(E::AboveLimit { demanded, limit });
    let answer = Answer::Pointer(status::OK, memory.as_mut_ptr(), demanded as u32);
    assert_eq!(broken(Variant::Lend, answer), (above.clone(), 0));
    assert_eq!(broken(Variant::AllocOwnWriter, answer), (above.clone(), 1));
    let buffer = RustBuffer {
        capacity: demanded,
        len: demanded,
        data: memory.as_mut_ptr(),
    };
    let answer = Answer::Vector(status::OK, buffer);
    assert_eq!(broken(Variant::RustBuffer, answer), (above, 1));
}

#[test]
fn a_vector_longer_than_its_capacity_is_an_error_and_returned() {
    let mut memory = [0_u8; 8];
    for status in [status::OK, status::PLUGIN_ERROR] {
        for len in [9, u64::MAX] {
            let capacity = 8;
            let data = memory.as_mut_ptr();
            let answer = Answer::Vector(
                status,
                RustBuffer {
                    capacity,
                    len,
                    data,
                },
            );
            let error = Err(E::LengthAboveCapacity { len, capacity });
            assert_eq!(broken(Variant::RustBuffer, answer), (error, 1));
        }
    }
}

#[test]
fn a_grown_item_longer_than_the_hosts_buffer_is_an_error_whatever_the_guest_stored() {
    for (asks, capacity) in [(&[][..], 64), (&[100][..], 100)] {
        for status in [status::OK, status::PLUGIN_ERROR] {
            let len = capacity as u32 + 1;
            let error = Err(E::LengthAboveCapacity {
                len: bytes(len),
                capacity,
            });
            let answer = Answer::Grow(asks, status, len);
            assert_eq!(broken(Variant::Grow, answer).0, error);
        }
    }
}

#[test]
fn a_demand_that_the_guest_did_not_ask_for_or_was_refused_is_an_error() {
    let too_small = status::BUFFER_TOO_SMALL;
    let (demanded, capacity) = (100, 64);
    let (result, _) = broken(Variant::Grow, Answer::Grow(&[], too_small, 100));
    assert_eq!(result, Err(E::DidNotGrow { demanded, capacity }));

    let (demanded, limit) = (LIMIT + 1, LIMIT);
    let above = Err(E::AboveLimit { demanded, limit });
    let (result, _) = broken(Variant::Grow, Answer::Grow(&[4097], too_small, 4097));
    assert_eq!(result, above);

    // A guest that asks for what it has.
    let demanded = 64;
    let within = Err(E::DemandWithinCapacity { demanded, capacity });
    let (result, _) = broken(Variant::Grow, Answer::Grow(&[64], too_small, 64));
    assert_eq!(result, within);
}

#[test]
fn a_batch_of_no_items_or_more_than_asked_for_is_an_error() {
    for count in [0, 5, u32::MAX] {
        let batch = Batch { count, bytes: 0 };
        let (result, _) = broken(Variant::Batch, Answer::Batch(&[], status::OK, batch));
        let (count, asked) = (bytes(count), 4);
        assert_eq!(result, Err(E::BatchCount { count, asked }));
    }
}

#[test]
fn a_batch_whose_lengths_do_not_add_up_is_an_error() {
    let two_items = &[1, 0, 0, 0, 7, 1, 0, 0, 0, 7];
    let endless_item = &[255, 255, 255, 255, 7, 1, 0, 0, 0, 7];
    for (written, count, bytes, taken) in [
        // Bytes are left over, in the last item or behind it.
        (two_items, 1, 10, 5),
        (two_items, 2, 11, 10),
        // An item is longer than the rest, or has no room for its length.
        (two_items, 2, 9, 10),
        (two_items, 2, 7, 9),
        (two_items, 3, 10, 14),
        (endless_item, 2, 10, 4 + u64::from(u32::MAX)),
    ] {
        let batch = Batch { count, bytes };
        let (result, _) = broken(Variant::Batch, Answer::Batch(written, status::OK, batch));
        let bytes = u64::from(bytes);
        assert_eq!(result, Err(E::BatchBytes { bytes, taken }), "{batch:?}");
    }
}

#[test]
fn a_batch_longer_than_the_buffer_is_an_error() {
    for status in [status::OK, status::PLUGIN_ERROR] {
        let batch = Batch {
            count: 1,
            bytes: 65,
        };
        let (result, _) = broken(Variant::Batch, Answer::Batch(&[], status, batch));
        let (len, capacity) = (65, 64);
        assert_eq!(result, Err(E::LengthAboveCapacity { len, capacity }));
    }
}

#[test]
fn a_batch_that_demands_what_there_is_or_more_than_the_limit_is_an_error() {
    let demand = |bytes| {
        let batch = Batch { count: 0, bytes };
        broken(
            Variant::Batch,
            Answer::Batch(&[], status::BUFFER_TOO_SMALL, batch),
        )
        .0
    };
    let (demanded, capacity) = (64, 64);
    assert_eq!(
        demand(64),
        Err(E::DemandWithinCapacity { demanded, capacity })
    );
    let (demanded, limit) = (LIMIT + 1, LIMIT);
    assert_eq!(demand(4097), Err(E::AboveLimit { demanded, limit }));
}

#[test]
fn a_byte_behind_the_buffer_is_an_error_of_a_session_that_verifies() {
    let (result, _) = broken_as(Observe::Verify, Variant::Batch, Answer::Beyond);
    let (bytes, capacity) = (1, 64);
    assert_eq!(result, Err(E::WroteBeyond { bytes, capacity }));
}

#[test]
fn a_batch_that_was_demanded_and_does_not_come_is_an_error() {
    let demand = Batch {
        count: 0,
        bytes: 100,
    };
    let answer = Answer::Batch(&[], status::BUFFER_TOO_SMALL, demand);
    let (result, _) = broken(Variant::Batch, answer);
    assert_eq!(result, Err(E::EndAfterTooSmall { demanded: 100 }));
}

#[test]
fn an_error_that_does_not_decode_is_an_error_of_its_own() {
    let mut garbage = [0xff_u8; 20];
    let start = garbage.as_mut_ptr();
    let malformed = Err(E::MalformedPluginError);
    let answer = Answer::Pointer(status::PLUGIN_ERROR, start, 20);
    assert_eq!(broken(Variant::Lend, answer), (malformed.clone(), 0));
    assert_eq!(
        broken(Variant::AllocOwnWriter, answer),
        (malformed.clone(), 1)
    );
    let buffer = RustBuffer {
        capacity: 20,
        len: 20,
        data: start,
    };
    let answer = Answer::Vector(status::PLUGIN_ERROR, buffer);
    assert_eq!(broken(Variant::RustBuffer, answer), (malformed.clone(), 1));
    // Too short for an error; the buffer itself is zeroed.
    let answer = Answer::Grow(&[], status::PLUGIN_ERROR, 3);
    assert_eq!(broken(Variant::Grow, answer).0, malformed.clone());
    let batch = Batch {
        count: 0,
        bytes: 20,
    };
    let answer = Answer::Batch(&[0xff; 20], status::PLUGIN_ERROR, batch);
    assert_eq!(broken(Variant::Batch, answer).0, malformed);
}
