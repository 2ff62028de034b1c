//! Streams of the real guest that go wrong, over the real boundary.

use arena_bench::pair::PairFiles;
use bench_host::error::StreamError;
use bench_host::pair::Pair;
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{ENDLESS, Fault, Protocol, SessionConfig, StreamConfig};

fn pair() -> Pair {
    let files = PairFiles::find(None).expect("cargo builds the pair beside its tests");
    files.load().expect("the pair is of this build")
}

fn config(protocol: Protocol, fault: Fault, at: u64) -> SessionConfig {
    let sizes = SizePlan::Constant { bytes: 8 }.table(1);
    let mut stream = StreamConfig::new(PayloadKind::U64, sizes.expect("the plan has sizes"));
    stream.fault = (fault, at);
    stream.counted = true;
    SessionConfig::new(stream, protocol)
}

/// What a stream that goes wrong at item `at` says, and whether it goes on.
fn expect(fault: Fault, error: &dyn Fn(&StreamError) -> bool, goes_on: bool) {
    let pair = pair();
    for &protocol in Protocol::ALL {
        for at in [0, 1, 100] {
            let opened = pair.open(&config(protocol, fault, at));
            let mut session = opened.expect("a stream that goes wrong later opens");
            let failed = session.drain(ENDLESS).expect_err("it goes wrong");
            assert!(error(&failed), "{fault:?} {protocol:?}: {failed}");
            assert_eq!(session.counts().items, at, "items before the fault");
            // Again: either the next item is as bad, or the stream is over.
            let again = session.drain(ENDLESS);
            assert_eq!(again.is_err(), goes_on, "{fault:?} {protocol:?}");
            let counts = session.counts();
            assert_eq!((counts.items, session.ended()), (at, !goes_on));
            let guest = session.guest_counts().expect("the stream is counted");
            assert_eq!((guest.calls, guest.items), (counts.calls, at));
            assert_eq!(guest.buffers, counts.frees, "buffers given back");
        }
    }
}

#[test]
fn a_producer_that_panics_ends_its_stream_with_an_error() {
    let error = |error: &StreamError| *error == StreamError::GuestPanic;
    expect(Fault::ProducerPanic, &error, false);
}

#[test]
fn an_item_that_panics_while_it_is_encoded_ends_its_stream_with_an_error() {
    let error = |error: &StreamError| *error == StreamError::GuestPanic;
    expect(Fault::EncoderPanic, &error, false);
}

#[test]
fn a_producers_error_arrives_whole_and_then_the_end() {
    let error = |error: &StreamError| match error {
        StreamError::Plugin(error) => error.code == "SOURCE_LOST" && !error.message.is_empty(),
        _ => false,
    };
    expect(Fault::ProducerError, &error, false);
}

#[test]
fn an_item_that_cannot_be_encoded_is_an_error_of_that_item() {
    let error = |error: &StreamError| *error == StreamError::Serialization;
    expect(Fault::Unencodable, &error, true);
}
