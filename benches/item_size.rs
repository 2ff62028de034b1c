//! `cargo bench --bench item_size`: what an item costs in a running stream, by criterion. There is
//! a group for each payload and decoding, with the item size on the x axis and the protocols as
//! series.
//!
//! An iteration is one item of an endless stream that is open and warm. A sample is a single
//! drain of as many items as criterion asks for.

mod support;

use std::process::ExitCode;
use std::time::Instant;

use arena_bench::case::{Case, catalog};
use arena_bench::wall::Label;
use bench_host::pair::Pair;
use bench_protocol::spec::ENDLESS;
use criterion::{BenchmarkGroup, BenchmarkId, Throughput};

use support::PerItem;

/// Content bytes of the drain that warms a stream: its buffer grows and caches fill.
const WARM_BYTES: u64 = 1 << 20;
/// Largest number of items of that drain.
const WARM_ITEMS: u64 = 1000;

fn main() -> ExitCode {
    support::run(None, catalog::drains(), drain)
}

fn drain(group: &mut BenchmarkGroup<'_, PerItem>, pair: &Pair, case: &Case, label: &Label) {
    group.throughput(Throughput::Bytes(u64::from(case.item_bytes())));
    let id = BenchmarkId::new(&label.series, &label.value);
    group.bench_function(id, |bencher| {
        let opened = pair.open(&case.session(ENDLESS));
        let mut session = opened.unwrap_or_else(|error| support::fail(&error));
        let mut drain = move |items| {
            if let Err(error) = session.drain(items) {
                support::fail(&error);
            }
        };
        drain(case.items_for(WARM_BYTES, WARM_ITEMS));
        bencher.iter_custom(|items| {
            let start = Instant::now();
            drain(items);
            start.elapsed()
        });
    });
}
