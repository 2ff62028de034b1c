//! `cargo bench --bench lifecycle`: what happens once per stream, by criterion: opening and
//! dropping it, its first item, and cancelling it after one item.

mod support;

use std::process::ExitCode;

use arena_bench::case::{Case, Group, Stage, catalog};
use arena_bench::wall::Label;
use bench_host::error::StreamError;
use bench_host::pair::{Pair, Session};
use bench_protocol::spec::ENDLESS;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId};

use support::PerItem;

/// Streams prepared for one reading of the clock: enough to hide the clock's cost, few enough for
/// the memory that they hold (up to 64 KiB each).
const BATCH: BatchSize = BatchSize::NumIterations(128);

fn main() -> ExitCode {
    support::run(None, catalog::lifecycles(), stage)
}

fn stage(group: &mut BenchmarkGroup<'_, PerItem>, pair: &Pair, case: &Case, label: &Label) {
    let Group::Lifecycle(stage) = case.group else {
        return;
    };
    let config = case.session(ENDLESS);
    let open = || ok(pair.open(&config));
    let one_item = |mut session: Session| {
        ok(session.drain(1));
        session
    };
    let id = BenchmarkId::new(&label.series, &label.value);
    group.bench_function(id, |bencher| match stage {
        Stage::OpenDrop => bencher.iter(open),
        // What a routine returns is dropped outside of the timed span.
        Stage::FirstItem => bencher.iter_batched(open, one_item, BATCH),
        // What a routine takes is dropped inside of it.
        Stage::Cancel => bencher.iter_batched(|| one_item(open()), drop, BATCH),
    });
}

fn ok<T>(result: Result<T, StreamError>) -> T {
    result.unwrap_or_else(|error| support::fail(&error))
}
