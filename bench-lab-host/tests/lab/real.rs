//! The laboratory's cdylibs: whatever the payload, the sizes, the buffer and the variant, every
//! item arrives in order, whole and once, and every failure arrives after the items before it.

use std::path::PathBuf;
use std::sync::OnceLock;

use bench_host::error::StreamError as E;
use bench_host::lab::LabPair;
use bench_host::pair::Session;
use bench_protocol::digest::StreamDigest;
use bench_protocol::lab::batch::PREFIX;
use bench_protocol::lab::spec::{Codec, Floor, LabConfig, Variant};
use bench_protocol::payload::{Payload, PayloadKind, PayloadVisitor};
use bench_protocol::producer;
use bench_protocol::size_plan::SizeTable;
use bench_protocol::spec::{
    BufferConfig, Decode, ENDLESS, Fault, Growth, Observe, ProducerKind, Protocol, Regrow,
    SessionConfig, StreamConfig,
};
use bench_protocol::wire;
use proptest::prelude::*;
use proptest::sample::select;

fn every_payload() -> Vec<PayloadKind> {
    [&PayloadKind::ALL[..], &PayloadKind::STREAMED].concat()
}

/// Cargo builds both cdylibs beside the tests.
pub fn pair() -> &'static LabPair {
    static PAIR: OnceLock<LabPair> = OnceLock::new();
    PAIR.get_or_init(|| {
        let test = std::env::current_exe().expect("a test knows its file");
        let file = |name: &str| -> PathBuf {
            let name = format!(
                "{}{name}{}",
                std::env::consts::DLL_PREFIX,
                std::env::consts::DLL_SUFFIX
            );
            test.with_file_name(name)
        };
        let pair = LabPair::load(&file("bench_lab_guest"), &file("bench_lab_host"));
        pair.unwrap_or_else(|error| panic!("{error}"))
    })
}

/// A verifying session on a counted stream of `u64`s.
fn config(variant: Variant, sizes: Vec<u32>) -> LabConfig {
    let table = SizeTable::new(sizes, 0).expect("there are sizes");
    let mut stream = StreamConfig::new(PayloadKind::U64, table);
    stream.counted = true;
    LabConfig {
        session: SessionConfig {
            observe: Observe::Verify,
            ..SessionConfig::new(stream, Protocol::Arena)
        },
        variant,
        batch: 8,
        codec: Codec::Bincode,
    }
}

fn open(config: &LabConfig) -> Session {
    pair()
        .open(config)
        .unwrap_or_else(|error| panic!("{:?}: {error}", config.variant))
}

/// The wire bytes of a stream's items.
struct Encoded<'a>(&'a StreamConfig);

impl PayloadVisitor for Encoded<'_> {
    type Output = Vec<Vec<u8>>;
    fn visit<P: Payload>(self) -> Vec<Vec<u8>> {
        let StreamConfig {
            seed, sizes, items, ..
        } = self.0;
        let views = producer::views::<P>(*seed, sizes, *items);
        views
            .map(|view| wire::serialize(&view).expect("it encodes"))
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_item_is_lost_repeated_or_reordered(
        payload in select(every_payload()),
        producer in select(ProducerKind::ALL),
        decode in select(Decode::ALL),
        sizes in prop::collection::vec(0..3000_u32, 1..12),
        items in 0..60_u64,
        capacity in 0..4000_u32,
        growth in select(&[Growth::Exact, Growth::Doubling, Growth::Pages][..]),
        regrow in select(Regrow::ALL),
        batch in prop_oneof![Just(1), 1..10_u32, Just(u32::MAX)],
        drain_by in 1..50_u64,
        codec in select(Codec::ALL),
    ) {
        // A column has whole numbers only.
        let sizes: Vec<u32> = sizes.iter().map(|size| size / 8 * 8).collect();
        for &variant in Variant::ALL {
            let mut config = config(variant, sizes.clone());
            config.batch = batch;
            config.codec = codec;
            config.session.decode = decode;
            config.session.stream.payload = payload;
            config.session.stream.producer = producer;
            config.session.stream.items = items;
            config.session.buffer = BufferConfig {
                growth,
                regrow,
                initial_capacity: capacity,
                ..BufferConfig::default()
            };
            let expected = payload.dispatch(Encoded(&config.session.stream));
            let mut digest = StreamDigest::new();
            expected.iter().for_each(|item| digest.item(item));
            let bytes: usize = expected.iter().map(Vec::len).sum();

            let mut session = open(&config);
            while !session.ended() {
                session.drain(drain_by).unwrap();
            }
            // The end may be asked for again.
            session.drain(ENDLESS).unwrap();
            let (host, guest) = (session.counts(), session.guest_counts().unwrap());
            prop_assert_eq!((host.items, host.bytes), (items, bytes as u64), "{:?}", variant);
            prop_assert_eq!(host.digest, digest.finish(), "{:?}", variant);
            prop_assert_eq!((guest.items, guest.bytes), (items, bytes as u64), "{:?}", variant);
            prop_assert_eq!(guest.calls, host.calls, "{:?}", variant);
            prop_assert_eq!(guest.too_small, host.retries, "{:?}", variant);
            prop_assert_eq!(guest.retried_bytes, host.retried_bytes, "{:?}", variant);
            prop_assert_eq!(guest.buffers, host.frees, "{:?}", variant);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_floor_has_the_items_of_the_stream(
        payload in select(every_payload()),
        floor in select(Floor::ALL),
        codec in select(Codec::ALL),
        decode in select(Decode::ALL),
        sizes in prop::collection::vec(0..3000_u32, 1..12),
        items in 0..60_u64,
    ) {
        let sizes = sizes.iter().map(|size| size / 8 * 8).collect();
        let mut config = config(Variant::ArenaOwnWriter, sizes);
        config.codec = codec;
        config.session.decode = decode;
        config.session.stream.payload = payload;
        config.session.stream.items = items;
        let mut digest = StreamDigest::new();
        let expected = payload.dispatch(Encoded(&config.session.stream));
        expected.iter().for_each(|item| digest.item(item));
        let mut session = pair().open_floor(floor, &config).expect("a floor opens");
        session.drain(ENDLESS).expect("a floor does not fail");
        prop_assert!(session.ended());
        prop_assert_eq!(session.counts().items, items);
        prop_assert_eq!(session.counts().digest, digest.finish());
    }
}

#[test]
fn a_floor_of_items_that_fail_is_refused() {
    let mut config = config(Variant::ArenaOwnWriter, vec![8]);
    config.session.stream.fault = (Fault::Unencodable, 3);
    for &floor in Floor::ALL {
        let refused = pair().open_floor(floor, &config).map(drop);
        assert_eq!(refused, Err(E::InvalidSpec));
    }
}

#[test]
fn a_batch_takes_one_call_for_as_many_items_as_fit() {
    for (batch, capacity, items_per_call) in [
        (1, 4096, 1),
        (8, 4096, 8),
        // Twelve bytes for each item on the wire with its length.
        (64, 120, 10),
        (u32::MAX, 64 << 10, (64 << 10) / 12),
    ] {
        let mut config = config(Variant::Batch, vec![8]);
        config.batch = batch;
        config.session.buffer.initial_capacity = capacity;
        let mut session = open(&config);
        session.drain(items_per_call * 5).unwrap();
        assert_eq!(session.counts().calls, 5, "batches of {batch}");
    }
}

#[test]
fn an_item_of_lend_or_grow_takes_one_call_and_no_retry() {
    for variant in [Variant::Lend, Variant::Grow] {
        let mut config = config(variant, vec![10, 1000, 100_000]);
        config.session.stream.payload = PayloadKind::Blob;
        let mut session = open(&config);
        session.drain(30).unwrap();
        let counts = session.counts();
        assert_eq!((counts.calls, counts.retries, counts.frees), (30, 0, 0));
    }
}

/// How a stream with a fault at item `at` goes on, drained item by item: the number of items
/// before the error, the error, and what follows.
fn faulty(
    (variant, codec): (Variant, Codec),
    fault: Fault,
    at: u64,
    batch: u32,
) -> (u64, E, Result<(), E>) {
    let mut config = config(variant, vec![8]);
    config.codec = codec;
    config.batch = batch;
    config.session.stream.fault = (fault, at);
    config.session.buffer.initial_capacity = 4096;
    let mut session = open(&config);
    loop {
        if let Err(error) = session.drain(1) {
            let before = session.counts().items;
            return (before, error, session.drain(1));
        }
        assert!(
            session.counts().items <= at,
            "{variant:?}: {fault:?} did not happen"
        );
    }
}

#[test]
fn every_failure_arrives_after_the_items_before_it() {
    let variants = Variant::ALL.iter().copied();
    for variant in variants.flat_map(|it| Codec::ALL.iter().map(move |&codec| (it, codec))) {
        for at in [0, 1, 7, 8, 20] {
            for batch in [1, 3, 8, 1000] {
                let (items, error, then) = faulty(variant, Fault::ProducerPanic, at, batch);
                assert_eq!(
                    (items, error, then),
                    (at, E::GuestPanic, Ok(())),
                    "{variant:?}"
                );
                let (items, error, then) = faulty(variant, Fault::EncoderPanic, at, batch);
                assert_eq!(
                    (items, error, then),
                    (at, E::GuestPanic, Ok(())),
                    "{variant:?}"
                );
                let (items, error, then) = faulty(variant, Fault::ProducerError, at, batch);
                let lost = matches!(&error, E::Plugin(error) if error.code == "SOURCE_LOST");
                assert!(lost, "{variant:?}: {error}");
                assert_eq!((items, then), (at, Ok(())), "{variant:?}");
                let (items, error, _) = faulty(variant, Fault::Unencodable, at, batch);
                assert_eq!((items, error), (at, E::Serialization), "{variant:?}");
            }
        }
    }
}

#[test]
fn a_producers_error_grows_the_buffer_that_it_needs() {
    for &variant in Variant::ALL {
        let mut config = config(variant, vec![8]);
        config.session.stream.fault = (Fault::ProducerError, 0);
        config.session.buffer.initial_capacity = 0;
        let error = open(&config).drain(1);
        assert!(matches!(error, Err(E::Plugin(_))), "{variant:?}: {error:?}");
    }
}

#[test]
fn an_item_above_the_memory_limit_is_an_error_after_the_items_before_it() {
    let limit = 4096;
    let variants = Variant::ALL.iter().copied();
    for (variant, codec) in variants.flat_map(|it| Codec::ALL.iter().map(move |&c| (it, c))) {
        let mut config = config(variant, vec![10, 20, 30, 5000, 10]);
        config.codec = codec;
        config.session.stream.payload = PayloadKind::Blob;
        config.session.buffer.memory_limit = limit;
        // Doubling would exceed the limit.
        config.session.buffer.growth = Growth::Doubling;
        let mut session = open(&config);
        session.drain(3).unwrap();
        let (wire_bytes, error) = (8 + 5000, session.drain(1));
        let demanded = match variant {
            Variant::Batch => wire_bytes + PREFIX as u64,
            _ => wire_bytes,
        };
        assert_eq!(error, Err(E::AboveLimit { demanded, limit }), "{variant:?}");
        let counts = session.counts();
        assert_eq!(counts.items, 3, "{variant:?}");
        assert!(
            counts.peak_capacity <= limit,
            "{variant:?}: {}",
            counts.peak_capacity
        );
    }
}

#[test]
fn a_first_buffer_above_the_limit_batches_of_no_items_and_a_shrinking_buffer_are_refused() {
    let mut config = config(Variant::Batch, vec![8]);
    config.batch = 0;
    assert_eq!(pair().open(&config).map(drop), Err(E::ZeroBatch));
    config.batch = 1;
    config.session.buffer.memory_limit = 63;
    let (capacity, limit) = (64, 63);
    let refused = pair().open(&config).map(drop);
    assert_eq!(refused, Err(E::InitialAboveLimit { capacity, limit }));
    config.session.buffer.memory_limit = 64;
    config.session.buffer.shrink = bench_protocol::spec::Shrink::Decay;
    assert_eq!(pair().open(&config).map(drop), Err(E::InvalidSpec));
}

#[test]
fn a_stream_may_be_cancelled_in_the_middle_of_a_batch() {
    for &variant in Variant::ALL {
        let mut config = config(variant, vec![8]);
        config.session.buffer.initial_capacity = 4096;
        let mut session = open(&config);
        session.drain(3).unwrap();
        drop(session);
    }
}
