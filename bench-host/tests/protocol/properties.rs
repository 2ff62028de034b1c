//! What holds for any sizes, any buffers and any answers of a guest.

use bench_protocol::digest::StreamDigest;
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizeTable;
use bench_protocol::spec::{
    BufferConfig, Decode, ENDLESS, Growth, Observe, Protocol, Regrow, SessionConfig, Shrink,
    StreamConfig,
};
use bench_protocol::status;
use proptest::prelude::*;
use proptest::sample::select;

use crate::scripted::{ScriptedGuest, Step};

/// Size of the largest item, bytes.
const LARGEST: usize = 3000;
/// The memory limit of these sessions, bytes.
const LIMIT: u64 = 4096;

/// Contents of item `k`; items of equal length differ.
fn contents(k: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| (k * 31 + at) as u8).collect()
}

fn buffers() -> impl Strategy<Value = BufferConfig> {
    let capacity = 0..=LARGEST as u32 + 100;
    let growth = (select(Growth::ALL), LARGEST as u64..2 * LIMIT);
    let shrink = (select(Shrink::ALL), 0..5_u64);
    (capacity, growth, select(Regrow::ALL), shrink).prop_map(
        |(initial_capacity, (growth, growth_param), regrow, (shrink, shrink_param))| BufferConfig {
            growth,
            growth_param,
            regrow,
            shrink,
            shrink_param,
            initial_capacity,
            memory_limit: LIMIT,
        },
    )
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    // Small ones are frequent, so that buffers shrink as well as grow.
    let size = prop_oneof![0..=64_usize, 0..=LARGEST];
    prop::collection::vec(size, 0..40)
}

fn config(protocol: Protocol, observe: Observe, buffer: BufferConfig) -> SessionConfig {
    let table = SizeTable::new(vec![8], 0).expect("a table of one size");
    let stream = StreamConfig::new(PayloadKind::Blob, table);
    SessionConfig {
        decode: Decode::None,
        observe,
        buffer,
        ..SessionConfig::new(stream, protocol)
    }
}

proptest! {
    /// Whatever the buffer does, every item arrives in order, whole and once, after at most one
    /// retry, and the host holds no more memory than the limit.
    #[test]
    fn no_retry_loses_repeats_or_reorders_an_item(
        sizes in sizes(),
        buffer in buffers(),
        drain_by in 1..50_u64,
    ) {
        for &protocol in Protocol::ALL {
            let items: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(k, &len)| contents(k, len)).collect();
            let mut expected = StreamDigest::new();
            items.iter().for_each(|item| expected.item(item));
            let count = items.len() as u64;

            let guest = ScriptedGuest::new(items.into_iter().map(Step::Item));
            let mut session = guest.pair().open(&config(protocol, Observe::Verify, buffer)).unwrap();
            while !session.ended() {
                session.drain(drain_by).unwrap();
            }
            let counts = session.counts();
            drop(session);

            prop_assert_eq!(counts.items, count);
            prop_assert_eq!(counts.digest, expected.finish());
            prop_assert!(counts.peak_capacity <= LIMIT, "{} bytes held", counts.peak_capacity);
            let script = guest.script();
            prop_assert!(script.too_small.1 <= 1);
            // The last call answers the end.
            prop_assert_eq!(script.calls, count + counts.retries + 1);
            prop_assert_eq!((counts.calls, script.drops, script.lent), (script.calls, 1, 0));
            if protocol == Protocol::Alloc {
                prop_assert_eq!((counts.retries, counts.frees), (0, count));
            }
        }
    }

    /// Whatever a guest answers, the host stays within its memory limit, comes to an end and
    /// drops the stream once.
    #[test]
    fn no_answer_costs_more_than_an_error(
        answers in prop::collection::vec(
            (
                prop_oneof![Just(status::OK), Just(status::BUFFER_TOO_SMALL), -7..3_i32, any::<i32>()],
                prop_oneof![0..=LIMIT as u32 + 1, any::<u32>()],
            ),
            0..20,
        ),
        buffer in buffers(),
    ) {
        for &protocol in Protocol::ALL {
            let steps = answers.iter().map(|&(status, len)| Step::Answer(status, len));
            let guest = ScriptedGuest::new(steps);
            let mut session = guest.pair().open(&config(protocol, Observe::Time, buffer)).unwrap();
            // Errors are allowed here.
            let _ = session.drain(ENDLESS);
            prop_assert!(session.counts().peak_capacity <= LIMIT);
            drop(session);
            let script = guest.script();
            prop_assert_eq!((script.drops, script.lent), (1, 0));
            prop_assert!(script.calls <= answers.len() as u64 + 1);
        }
    }
}
