//! `cargo bench --bench growth`: what items cost that do not fit, by criterion. There is a group
//! for each size plan, and a series for each growth strategy and for alloc, the baseline.
//!
//! An iteration is one item of a whole stream. Every stream is opened anew, so that its buffer
//! grows from the start, and drained to the end of its plan. Nothing is decoded. Opening and
//! dropping the stream are not timed.

mod support;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use arena_bench::case::{Case, catalog, plans};
use arena_bench::wall::Label;
use bench_host::pair::Pair;
use bench_protocol::spec::ENDLESS;
use criterion::{BenchmarkGroup, BenchmarkId, Throughput};

use support::PerItem;

/// Milliseconds to warm up and to measure a case. They are short, because there are a hundred
/// cases and no verdict depends on them.
const TIMES: [u64; 2] = [200, 800];

fn main() -> ExitCode {
    support::run(Some(TIMES), catalog::growths(), stream)
}

fn stream(group: &mut BenchmarkGroup<'_, PerItem>, pair: &Pair, case: &Case, label: &Label) {
    let items = plans::stream_items(&case.plan);
    let config = case.session(ENDLESS);
    let whole_stream = || -> Duration {
        let mut session = pair
            .open(&config)
            .unwrap_or_else(|error| support::fail(&error));
        let start = Instant::now();
        let drained = session.drain(items);
        let elapsed = start.elapsed();
        drained.unwrap_or_else(|error| support::fail(&error));
        elapsed
    };
    group.throughput(Throughput::Elements(1));
    let id = BenchmarkId::new(&label.series, &label.value);
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|iterations| {
            let streams = iterations.div_ceil(items);
            let total: Duration = (0..streams).map(|_| whole_stream()).sum();
            // Only whole streams are timed; scale to the iterations asked for.
            total.mul_f64(iterations as f64 / (streams * items) as f64)
        });
    });
}
