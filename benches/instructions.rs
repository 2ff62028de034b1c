//! `cargo bench --bench instructions`: instructions and allocations per item under valgrind, for
//! the drains that `item_size` times: the same pair, the same function, the same cases.
//!
//! Started by cargo, it is a driver: it counts every case, or those whose id matches its
//! argument, and prints a table. For each case it starts itself again as a target of
//! iai-callgrind with two benchmarks, a short and a long drain. Loading, symbol look-up, opening
//! and a first drain that warms the stream are part of their setup. The ladder's arms are counted
//! in the same way.

#![allow(missing_docs, reason = "iai-callgrind's macros make public items")]

use std::env;
use std::process::ExitCode;

use arena_bench::allocator::Allocators;
use arena_bench::case::{Case, catalog, filter};
use arena_bench::counts::{self, CASE, Length, TUNABLES, WITHOUT_INLINED, subject_by_id};
use arena_bench::harness;
use bench_host::pair::Session;
use iai_callgrind::{
    Callgrind, Dhat, EntryPoint, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group,
};

/// An open, warm stream, and how many items to take.
struct Subject {
    session: Session,
    items: u64,
    taken: u64,
}

/// Everything that happens before the counted drain.
fn prepare(length: Length) -> Subject {
    let id = env::var(CASE).expect("the driver names the case");
    let subject = subject_by_id(&id).expect("the driver names one that exists");
    let pair = harness::pair().unwrap_or_else(|error| panic!("{error}"));
    let opened = subject.open(&pair);
    let mut session = opened.unwrap_or_else(|error| panic!("{id}: {error}"));
    let lengths = subject.lengths();
    let warm = session.drain(lengths.warm);
    warm.unwrap_or_else(|error| panic!("{id}: {error}"));
    Subject {
        session,
        items: lengths.items(length),
        taken: lengths.warm,
    }
}

/// Checks that the counted drain took all its items.
fn check(subject: Subject) {
    let expected = subject.taken + subject.items;
    assert_eq!(subject.session.counts().items, expected, "items drained");
}

#[library_benchmark(setup = prepare, teardown = check)]
#[bench::short(Length::Short)]
#[bench::long(Length::Long)]
fn drain(mut subject: Subject) -> Subject {
    if let Err(error) = subject.session.drain(subject.items) {
        panic!("{error}");
    }
    subject
}

/// iai-callgrind clears the environment, so the setup's variables are passed on here.
fn config() -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    config
        .pass_through_envs([CASE, harness::PAIR])
        .env("GLIBC_TUNABLES", TUNABLES)
        // Simulating caches would take half as long again.
        .tool(Callgrind::with_args(["--cache-sim=no", WITHOUT_INLINED]))
        // The whole process: the slope still gives the drain's allocations, and does not depend
        // on whether stacks can be walked.
        .tool(Dhat::with_args(["--num-callers=1", WITHOUT_INLINED]).entry_point(EntryPoint::None));
    config
}

library_benchmark_group!(
    name = drains;
    config = config();
    benchmarks = drain
);

/// iai-callgrind's own `main`.
mod target {
    use super::drains;

    iai_callgrind::main!(library_benchmark_groups = drains);

    pub fn run() {
        main();
    }
}

fn main() -> ExitCode {
    // The runner passes `--iai-run`, without the driver's environment.
    if env::var_os(CASE).is_some() || env::args().nth(1).is_some_and(|it| it == "--iai-run") {
        target::run();
        return ExitCode::SUCCESS;
    }
    match drive() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("arena-bench: {error}");
            ExitCode::from(2)
        }
    }
}

/// Counts the cases and prints them as they come.
fn drive() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    let pattern = match arguments.as_slice() {
        [] => None,
        [pattern] if !pattern.starts_with('-') => Some(pattern.as_str()),
        _ => {
            eprintln!("instructions: nothing is counted, as the arguments are criterion's");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let all = [catalog::drains(), catalog::growths(), catalog::channels()].concat();
    let cases: Vec<Case> = match filter::select(harness::cases(all)?, pattern) {
        Ok(cases) => cases,
        // The filter is for criterion's targets, which have other names.
        Err(filter::FilterError::NoMatch { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let options = counts::Options {
        executable: env::current_exe()?,
        pair: env::var_os(harness::PAIR).map(Into::into),
        allocators: Allocators::default(),
    };
    println!(
        "{:<40} {:>16} {:>12} {:>14}",
        "case", "instructions", "allocations", "bytes"
    );
    let mut failed = false;
    let measured = counts::measure(&cases, &options, &mut |case, result| match result {
        Ok(counts) => println!(
            "{:<40} {:>16.2} {:>12.2} {:>14.1}",
            case.id(),
            counts.instructions_per_item.unwrap_or_default(),
            counts.allocations_per_item.unwrap_or_default(),
            counts.allocated_bytes_per_item.unwrap_or_default(),
        ),
        Err(error) => {
            failed = true;
            eprintln!("{case}: {error}");
        }
    });
    match measured {
        Ok(()) if failed => Ok(ExitCode::from(1)),
        Ok(()) => Ok(ExitCode::SUCCESS),
        // The other targets of `cargo bench` still run.
        Err(counts::CountsError::NoValgrind(notice)) => {
            eprintln!("instructions: {notice}");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(error.into()),
    }
}
