//! The channels of the real pair, over the real boundary: whatever the sizes, the ways and the
//! faults, no item is lost, repeated or reordered.

mod hosts;

use arena_bench::case::Case;
use arena_bench::pair::PairFiles;
use arena_bench::verify::{self, Expected};
use bench_host::channels::Channels;
use bench_host::error::StreamError;
use bench_host::pair::Session;
use bench_protocol::channel::{Channel, Way};
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::{SizePlan, SizeTable};
use bench_protocol::spec::{ENDLESS, Fault, Observe, Protocol, SessionConfig, StreamConfig};
use proptest::prelude::*;
use proptest::sample::select;

fn channels() -> Channels {
    let files = PairFiles::find(None).expect("cargo builds the pair beside its tests");
    let pair = files.load().expect("the pair is of this build");
    Channels::of(&pair).expect("the pair has channels")
}

/// Every channel by every way.
fn arms() -> impl Iterator<Item = (Channel, Way)> {
    let channels = Channel::ALL.iter();
    channels.flat_map(|&channel| channel.ways().iter().map(move |&way| (channel, way)))
}

/// A counted session that verifies.
fn config(payload: PayloadKind, sizes: Vec<u32>, items: u64) -> SessionConfig {
    let sizes = SizeTable::new(sizes, 0).expect("there are sizes");
    let stream = StreamConfig {
        items,
        counted: true,
        ..StreamConfig::new(payload, sizes)
    };
    SessionConfig {
        observe: Observe::Verify,
        ..SessionConfig::new(stream, Protocol::Arena)
    }
}

fn found(session: &Session) -> Expected {
    let counts = session.counts();
    Expected {
        items: counts.items,
        bytes: counts.bytes,
        digest: counts.digest,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_item_crosses_once_and_in_order_by_every_way_of_every_channel(
        sizes in prop::collection::vec(prop_oneof![0..=64_u32, 0..=5000_u32], 1..20),
        items in 0..60_u64,
        payload in select(PayloadKind::ALL.to_vec()),
        drain_by in 1..70_u64,
    ) {
        let channels = channels();
        let config = config(payload, sizes, items);
        let expected = verify::expected(&config.stream);
        for (channel, way) in arms() {
            let mut session = channels.open(channel, way, &config).unwrap();
            while !session.ended() {
                session.drain(drain_by).unwrap();
            }
            prop_assert_eq!(found(&session), expected, "{:?} {:?}", channel, way);
            let (counts, guest) = (session.counts(), session.guest_counts().unwrap());
            prop_assert_eq!(
                (counts.items, counts.calls, counts.bytes, counts.retries, counts.frees),
                (guest.items, guest.calls, guest.bytes, guest.too_small, guest.buffers)
            );
            let end = counts.calls - counts.retries * u64::from(channel != Channel::Bidi);
            if channel != Channel::Bidi {
                prop_assert_eq!(end, items + channel.end_calls(), "{:?} {:?}", channel, way);
            }
            // A stream that has ended stays so.
            prop_assert_eq!(session.drain(1), Ok(()));
            prop_assert_eq!(session.counts().items, items);
        }
    }
}

#[test]
fn a_channel_refuses_the_ways_of_another() {
    let channels = channels();
    let config = config(PayloadKind::U64, vec![8], 3);
    for &channel in Channel::ALL {
        for way in Way::ALL.iter().filter(|way| !channel.ways().contains(way)) {
            let refused = channels
                .open(channel, *way, &config)
                .expect_err("it has no such way");
            assert_eq!(refused, StreamError::InvalidSpec, "{channel:?} {way:?}");
        }
    }
}

#[test]
fn an_endless_stream_is_cancelled_when_its_session_is_dropped() {
    let channels = channels();
    let config = config(PayloadKind::Record, vec![256], ENDLESS);
    for (channel, way) in arms() {
        let mut session = channels.open(channel, way, &config).expect("it opens");
        session.drain(10).expect("there are ten items");
        assert_eq!((session.counts().items, session.ended()), (10, false));
    }
}

#[test]
fn an_item_above_the_memory_limit_is_refused_by_every_way() {
    let channels = channels();
    let mut config = config(PayloadKind::Blob, vec![64, 5000], 2);
    config.buffer.memory_limit = 4096;
    for (channel, way) in arms() {
        let mut session = channels.open(channel, way, &config).expect("it opens");
        let refused = session.drain(ENDLESS).expect_err("one item is too large");
        let text = refused.to_string();
        assert!(
            text.contains("5008") && text.contains("4096"),
            "{channel:?} {way:?}: {text}"
        );
        assert_eq!(session.counts().items, 1, "{channel:?} {way:?}");
    }
}

/// How a channel ends whose item `at` goes wrong.
fn failed(channel: Channel, way: Way, fault: Fault, at: u64) -> StreamError {
    let mut config = config(PayloadKind::U64, vec![8], ENDLESS);
    config.stream.fault = (fault, at);
    let mut session = channels().open(channel, way, &config).expect("it opens");
    let error = session.drain(ENDLESS).expect_err("it goes wrong");
    let counts = session.counts();
    assert_eq!(
        counts.items, at,
        "{channel:?} {way:?} {fault:?}: items before it"
    );
    let guest = session.guest_counts().expect("the stream is counted");
    assert_eq!(guest.buffers, counts.frees, "buffers given back");
    assert!(!session.ended());
    assert!(
        session.drain(1).is_err() || channel == Channel::Bidi,
        "it went on"
    );
    error
}

/// Every way of every channel with every fault.
fn each(fault: Fault, is_expected: &dyn Fn(Channel, &StreamError) -> bool) {
    for (channel, way) in arms() {
        for at in [0, 1, 100] {
            let error = failed(channel, way, fault, at);
            assert!(
                is_expected(channel, &error),
                "{channel:?} {way:?} at {at}: {error}"
            );
        }
    }
}

#[test]
fn a_panic_is_blamed_on_the_side_that_makes_the_items() {
    for fault in [Fault::ProducerPanic, Fault::EncoderPanic] {
        each(fault, &|channel, error| match channel {
            Channel::Unary => *error == StreamError::GuestPanic,
            _ => *error == StreamError::HostPanic,
        });
    }
}

#[test]
fn an_item_that_cannot_be_encoded_is_no_clean_end() {
    each(Fault::Unencodable, &|channel, error| match channel {
        Channel::Unary => *error == StreamError::Serialization,
        _ => *error == StreamError::HostSerialization,
    });
}

#[test]
fn an_error_of_the_producer_is_no_clean_end_and_arrives_in_words() {
    each(Fault::ProducerError, &|_, error| {
        let text = error.to_string();
        text.contains("SOURCE_LOST") || text.contains("REFUSED")
    });
}

/// Bytes that an item costs to zero, after one of 1 MiB.
fn zeroed_after_a_large_item(channel: Channel, way: Way) -> u64 {
    let plan = SizePlan::Spike {
        quiet: 64,
        spike: 1 << 20,
        at: 0,
    };
    let case = Case::channel(channel, way, PayloadKind::Blob, plan);
    let config = case.session(ENDLESS);
    let mut session = channels().open(channel, way, &config).expect("it opens");
    session.drain(2).expect("there are two items");
    let before = session.counts().zeroed;
    session.drain(10).expect("there are ten more");
    (session.counts().zeroed - before) / 10
}

#[test]
fn a_large_item_makes_every_later_one_dear_by_fidius_ways_alone() {
    for (channel, way) in arms() {
        let zeroed = zeroed_after_a_large_item(channel, way);
        match (channel, way) {
            (Channel::Client, Way::Framework) | (Channel::Unary, Way::Pool) => {
                assert!(zeroed > 1 << 20, "{channel:?} {way:?}: {zeroed}");
            }
            // What the host counts of both streams is its own buffer.
            _ => assert_eq!(zeroed, 0, "{channel:?} {way:?}"),
        }
    }
}
