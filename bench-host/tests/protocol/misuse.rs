//! Guests that break the protocol in every way that a host can notice: each is a typed error,
//! takes no memory beyond the limit, and has `drop_fn` called exactly once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bench_host::arena::Arena;
use bench_host::buffer::Buffer;
use bench_host::error::StreamError as E;
use bench_host::pair::Session;
use bench_host::shrink::Never;
use bench_host::stream::ItemStream;
use bench_protocol::error::PluginError;
use bench_protocol::handle::StreamHandle;
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizeTable;
use bench_protocol::spec::{
    BufferConfig, Decode, ENDLESS, Protocol, Regrow, SessionConfig, StreamConfig,
};
use bench_protocol::{status, wire};
use serde::{Deserialize, Deserializer};

use crate::scripted::{GIVES_NULL, REFUSES, ScriptedGuest, Step, pair};

/// Memory limit of these sessions, bytes. The first buffer has 64 bytes.
const LIMIT: u64 = 4096;

fn config(protocol: Protocol, items: u64) -> SessionConfig {
    let sizes = SizeTable::new(vec![8], 0).expect("a table of one size");
    let stream = StreamConfig {
        items,
        ..StreamConfig::new(PayloadKind::U64, sizes)
    };
    SessionConfig {
        decode: Decode::None,
        buffer: BufferConfig {
            memory_limit: LIMIT,
            ..BufferConfig::default()
        },
        ..SessionConfig::new(stream, protocol)
    }
}

/// Drains a stream of these steps to its end and returns its result; checks what must hold
/// whatever the result.
fn drained(protocol: Protocol, steps: &[Step]) -> Result<(), E> {
    drained_as(&config(protocol, ENDLESS), steps)
}

fn drained_as(config: &SessionConfig, steps: &[Step]) -> Result<(), E> {
    let guest = ScriptedGuest::new(steps.iter().cloned());
    let mut session = guest.pair().open(config)?;
    let result = session.drain(ENDLESS);
    assert_eq!(guest.script().drops, 0, "dropped too early");
    assert!(session.counts().peak_capacity <= LIMIT);
    drop(session);
    assert_eq!(guest.script().drops, 1, "calls of drop_fn");
    assert_eq!(guest.script().lent, 0, "buffers not given back");
    result
}

fn item(bytes: usize) -> Step {
    Step::Item(vec![7; bytes])
}

#[test]
fn a_status_without_meaning_is_an_error() {
    for protocol in [Protocol::Arena, Protocol::Alloc] {
        for status in [1, -6, i32::MIN, i32::MAX] {
            let result = drained(protocol, &[item(8), Step::Answer(status, 0)]);
            assert_eq!(result, Err(E::UnknownStatus { status }));
        }
    }
}

#[test]
fn a_panic_and_an_unencodable_item_of_the_guests_are_errors() {
    for protocol in [Protocol::Arena, Protocol::Alloc] {
        let result = drained(protocol, &[Step::Answer(status::PANIC, 0)]);
        assert_eq!(result, Err(E::GuestPanic));
        let result = drained(protocol, &[Step::Answer(status::SERIALIZATION_ERROR, 0)]);
        assert_eq!(result, Err(E::Serialization));
    }
}

#[test]
fn a_length_above_the_capacity_is_an_error_of_an_item_and_of_an_error() {
    for status in [status::OK, status::PLUGIN_ERROR] {
        for len in [65, u32::MAX] {
            let result = drained(Protocol::Arena, &[Step::Answer(status, len)]);
            let (len, capacity) = (u64::from(len), 64);
            assert_eq!(result, Err(E::LengthAboveCapacity { len, capacity }));
        }
    }
}

#[test]
fn too_small_twice_is_an_error_and_never_a_loop() {
    let demands = [100, 200].map(|len| Step::Answer(status::BUFFER_TOO_SMALL, len));
    let result = drained(Protocol::Arena, &demands);
    let (demanded, capacity) = (200, 100);
    assert_eq!(result, Err(E::TooSmallTwice { demanded, capacity }));
}

#[test]
fn a_demand_that_the_buffer_holds_already_is_an_error() {
    for len in [0, 64] {
        let demand = Step::Answer(status::BUFFER_TOO_SMALL, len);
        let result = drained(Protocol::Arena, &[demand]);
        let (demanded, capacity) = (u64::from(len), 64);
        assert_eq!(result, Err(E::DemandWithinCapacity { demanded, capacity }));
    }
}

#[test]
fn a_demand_above_the_limit_costs_no_memory() {
    for len in [LIMIT as u32 + 1, u32::MAX] {
        let demand = Step::Answer(status::BUFFER_TOO_SMALL, len);
        let (demanded, limit) = (u64::from(len), LIMIT);
        let result = drained(Protocol::Arena, &[demand]);
        assert_eq!(result, Err(E::AboveLimit { demanded, limit }));
    }
    assert_eq!(drained(Protocol::Arena, &[item(LIMIT as usize)]), Ok(()));
}

#[test]
fn an_alloc_item_above_the_limit_is_an_error_and_given_back() {
    let result = drained(Protocol::Alloc, &[item(8), item(LIMIT as usize + 1)]);
    let (demanded, limit) = (LIMIT + 1, LIMIT);
    assert_eq!(result, Err(E::AboveLimit { demanded, limit }));
}

#[test]
fn growth_by_resizing_stays_within_the_limit() {
    let mut config = config(Protocol::Arena, ENDLESS);
    config.buffer.regrow = Regrow::Resize;
    // More than half of the limit: doubling the memory held would exceed it.
    assert_eq!(drained_as(&config, &[item(3000), item(3001)]), Ok(()));
}

#[test]
fn a_first_buffer_above_the_limit_is_refused_before_the_guest_is_asked() {
    let mut config = config(Protocol::Arena, ENDLESS);
    config.buffer.initial_capacity = LIMIT as u32 + 1;
    let guest = ScriptedGuest::new([]);
    let refused = guest.pair().open(&config).map(drop);
    let (capacity, limit) = (LIMIT + 1, LIMIT);
    assert_eq!(refused, Err(E::InitialAboveLimit { capacity, limit }));
    assert_eq!((guest.script().calls, guest.script().drops), (0, 0));
}

#[test]
fn ok_with_a_null_pointer_is_an_error_whatever_the_length() {
    for len in [0, 1, u32::MAX] {
        for status in [status::OK, status::PLUGIN_ERROR] {
            let result = drained(Protocol::Alloc, &[Step::Answer(status, len)]);
            let len = u64::from(len);
            assert_eq!(result, Err(E::NullItem { len }));
        }
    }
}

#[test]
fn a_stream_that_never_ends_is_left_after_the_items_asked_for() {
    for protocol in [Protocol::Arena, Protocol::Alloc] {
        let result = drained_as(&config(protocol, 3), &[Step::Forever(vec![1; 8])]);
        assert_eq!(result, Err(E::TooManyItems { allowed: 3 }));
    }
}

#[test]
fn a_zero_byte_item_is_an_item() {
    for protocol in [Protocol::Arena, Protocol::Alloc] {
        let guest = ScriptedGuest::new([item(0), item(0)]);
        let mut session = guest.pair().open(&config(protocol, ENDLESS)).unwrap();
        session.drain(ENDLESS).unwrap();
        assert_eq!((session.counts().items, session.ended()), (2, true));
    }
}

#[test]
fn the_end_may_be_asked_for_again() {
    let guest = ScriptedGuest::new([item(8)]);
    let mut session = guest
        .pair()
        .open(&config(Protocol::Arena, ENDLESS))
        .unwrap();
    for _ in 0..3 {
        session.drain(ENDLESS).unwrap();
        assert_eq!((session.counts().items, session.ended()), (1, true));
    }
}

#[test]
fn a_plugin_error_crosses_whole_also_where_the_buffer_must_grow_for_it() {
    let error = PluginError::new("SOURCE_LOST", "x".repeat(300));
    let bytes = wire::serialize(&error).unwrap();
    for protocol in [Protocol::Arena, Protocol::Alloc] {
        let result = drained(protocol, &[item(8), Step::Error(bytes.clone())]);
        assert_eq!(result, Err(E::Plugin(error.clone())));
    }
}

#[test]
fn a_plugin_error_that_does_not_decode_is_an_error_of_its_own() {
    // A text that is longer than the rest of the bytes, and no bytes at all.
    for bytes in [vec![0xff; 20], vec![]] {
        for protocol in [Protocol::Arena, Protocol::Alloc] {
            let result = drained(protocol, &[Step::Error(bytes.clone())]);
            assert_eq!(result, Err(E::MalformedPluginError));
        }
    }
}

#[test]
fn bytes_that_do_not_decode_are_an_error_that_names_the_item() {
    for protocol in [Protocol::Arena, Protocol::Alloc] {
        for decode in [Decode::Owned, Decode::Borrowed] {
            let mut config = config(protocol, ENDLESS);
            config.decode = decode;
            let result = drained_as(&config, &[item(8), item(8), item(7)]);
            let named = matches!(result, Err(E::Decode { item: 2, .. }));
            assert!(named, "{result:?}");
        }
    }
}

#[test]
fn a_refusal_and_a_null_handle_are_errors_and_nothing_is_dropped() {
    for protocol in [Protocol::Arena, Protocol::Alloc] {
        let config = config(protocol, ENDLESS);
        let refused = pair(&REFUSES).open(&config).map(drop);
        let status = status::PANIC;
        assert_eq!(refused, Err(E::OpenFailed { status }));
        assert_eq!(
            pair(&GIVES_NULL).open(&config).map(drop),
            Err(E::NullHandle)
        );
    }
}

/// Adopts a handle.
fn adopted(handle: *mut StreamHandle) -> Result<(), E> {
    let pair = pair(&REFUSES);
    // SAFETY: the handles of these tests are null, or readable and used by nobody else.
    unsafe { pair.host.adopt(&config(Protocol::Arena, ENDLESS), handle) }.map(drop)
}

#[test]
fn a_handle_that_cannot_be_driven_is_an_error_and_dropped_if_possible() {
    assert_eq!(adopted(std::ptr::null_mut()), Err(E::NullHandle));
    let guest = ScriptedGuest::new([]);
    let misaligned = guest.arena().wrapping_byte_add(1);
    assert_eq!(adopted(misaligned), Err(E::NullHandle));
    assert_eq!(guest.script().drops, 0);

    // The first word of a handle is `next`, the second `drop_fn`.
    for (word, function, drops) in [(0, "next", 1), (1, "drop_fn", 0)] {
        let guest = ScriptedGuest::new([]);
        // SAFETY: the handle belongs to this guest and has three words. Only the host calls its
        // functions, and first checks them as numbers.
        unsafe { guest.arena().cast::<usize>().add(word).write(0) };
        assert_eq!(adopted(guest.arena()), Err(E::NullFunction { function }));
        assert_eq!(guest.script().drops, drops, "{function} is null");
    }
}

#[test]
fn an_adopted_handle_is_drained_and_dropped_once() {
    let guest = ScriptedGuest::new([item(8), item(500)]);
    let config = config(Protocol::Arena, ENDLESS);
    // SAFETY: nobody else uses the handle until the session is dropped.
    let session: Result<Session, E> = unsafe { guest.pair().host.adopt(&config, guest.arena()) };
    let mut session = session.unwrap();
    session.drain(ENDLESS).unwrap();
    assert_eq!(session.counts().items, 2);
    drop(session);
    assert_eq!(guest.script().drops, 1);
}

#[test]
fn an_adopted_handle_is_dropped_once_also_if_its_first_buffer_is_above_the_limit() {
    let guest = ScriptedGuest::new([item(8)]);
    let mut config = config(Protocol::Arena, ENDLESS);
    config.buffer.initial_capacity = LIMIT as u32 + 1;
    // SAFETY: nobody else uses the handle.
    let refused = unsafe { guest.pair().host.adopt(&config, guest.arena()) }.map(drop);
    let (capacity, limit) = (LIMIT + 1, LIMIT);
    assert_eq!(refused, Err(E::InitialAboveLimit { capacity, limit }));
    assert_eq!((guest.script().calls, guest.script().drops), (0, 1));
}

#[test]
fn cancelling_drops_once_whenever_it_happens() {
    for taken in 0..4 {
        for protocol in [Protocol::Arena, Protocol::Alloc] {
            let guest = ScriptedGuest::new([Step::Forever(vec![1; 100])]);
            let mut session = guest.pair().open(&config(protocol, ENDLESS)).unwrap();
            session.drain(taken).unwrap();
            drop(session);
            assert_eq!((guest.script().drops, guest.script().lent), (1, 0));
        }
    }
}

/// A value whose decoding panics.
#[derive(Debug)]
struct Bomb;

impl<'de> Deserialize<'de> for Bomb {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("a decoder that panics")
    }
}

#[test]
fn a_panic_while_decoding_drops_the_stream_once_and_gives_its_buffer_back() {
    let config = config(Protocol::Arena, ENDLESS);
    let buffer = Buffer::new(&config.buffer).unwrap();
    let guest = ScriptedGuest::new([item(8), item(8)]);
    // SAFETY: nobody else uses the handle.
    let arena = unsafe { Arena::adopt(guest.arena(), buffer, Never) }.unwrap();
    let mut stream = ItemStream::<Bomb, _>::new(arena);
    let panicked = catch_unwind(AssertUnwindSafe(move || stream.next().is_some()));
    assert!(panicked.is_err());
    assert_eq!((guest.script().calls, guest.script().drops), (1, 1));

    let guest = ScriptedGuest::new([item(8), item(8)]);
    let mut stream = guest
        .pair()
        .guest
        .alloc_stream::<Bomb>(&config.stream, LIMIT)
        .unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(move || stream.next().is_some()));
    assert!(panicked.is_err());
    assert_eq!((guest.script().drops, guest.script().lent), (1, 0));
}

#[test]
fn an_iterator_ends_after_its_first_error_and_drops_once() {
    let guest = ScriptedGuest::new([
        Step::Item(wire::serialize(&5_u64).unwrap()),
        Step::Answer(status::SERIALIZATION_ERROR, 0),
        item(8),
    ]);
    let config = config(Protocol::Arena, ENDLESS);
    let stream = guest
        .pair()
        .guest
        .arena_stream::<u64>(&config.stream, &config.buffer)
        .unwrap();
    let items: Vec<Result<u64, E>> = stream.collect();
    assert_eq!(items, [Ok(5), Err(E::Serialization)]);
    assert_eq!(guest.script().drops, 1);
}
