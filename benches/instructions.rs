//! `cargo bench --bench instructions`: instructions and allocations per item under valgrind, for
//! the drains that `item_size` times: the same pair, the same function, the same cases.
//!
//! Started by cargo, it is a driver: it counts every case, or those whose id matches its
//! argument, and prints a table. For each case it starts itself again as a target of
//! iai-callgrind with two benchmarks: a short and a long drain for callgrind, and two streams
//! for DHAT. Loading, symbol look-up, opening and a first drain that warms the stream are part
//! of their setup. The ladder's arms are counted in the same way.

#![allow(missing_docs, reason = "iai-callgrind's macros make public items")]

use std::env;
use std::hint::black_box;
use std::process::ExitCode;

use arena_bench::allocator::Allocators;
use arena_bench::case::{Case, catalog, filter};
use arena_bench::counts::{self, CASE, Lengths, TUNABLES, WITHOUT_INLINED, subject_by_id};
use arena_bench::harness;
use bench_host::pair::Session;
use iai_callgrind::{
    Callgrind, Dhat, EntryPoint, LibraryBenchmarkConfig, ValgrindTool, library_benchmark,
    library_benchmark_group,
};

/// The function that is counted, as its symbol is called.
const DRAIN: &str = "*drain_counted*";
/// The function after which callgrind writes what it counted into a part of its own.
const DUMP: &str = "--dump-after=*dump_after*";

/// An open, warm stream, and how many items to take.
struct Subject {
    session: Session,
    lengths: Lengths,
}

/// Everything that happens before the counted drains.
fn prepare() -> Subject {
    let id = env::var(CASE).expect("the driver names the case");
    let subject = subject_by_id(&id).expect("the driver names one that exists");
    let pair = harness::pair().unwrap_or_else(|error| panic!("{error}"));
    let opened = subject.open(&pair);
    let session = opened.unwrap_or_else(|error| panic!("{id}: {error}"));
    let lengths = subject.lengths();
    let mut subject = Subject { session, lengths };
    subject.drain(lengths.warm);
    subject
}

impl Subject {
    fn drain(&mut self, items: u64) {
        let drained = self.session.drain(items);
        drained.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Callgrind heeds one option for each function, so this is another than the counted one.
    #[inline(never)]
    fn dump_after(&mut self, items: u64) {
        self.drain_counted(items);
        // A function that ends with a jump to another has no end of its own.
        black_box(());
    }

    #[inline(never)]
    fn drain_counted(&mut self, items: u64) {
        self.drain(items);
    }

    /// Checks that the stream gave so many items.
    fn check(&self, items: u64) {
        assert_eq!(self.session.counts().items, items, "items drained");
    }
}

#[library_benchmark(setup = prepare)]
fn instructions(mut subject: Subject) -> Subject {
    let Lengths { few, between, .. } = subject.lengths;
    subject.dump_after(few);
    subject.drain(between);
    subject.dump_after(subject.lengths.many());
    subject.check(subject.lengths.warm + few + between + subject.lengths.many());
    subject
}

// DHAT cannot tell what a drain allocates: a reallocation counts where the block was allocated
// at first. So two streams are opened. What happens once has happened with `_first`.
#[library_benchmark(setup = prepare)]
fn allocations(_first: Subject) -> [Subject; 2] {
    [without_items(), with_items()]
}

#[inline(never)]
fn without_items() -> Subject {
    let mut subject = prepare();
    subject.drain(0);
    subject
}

#[inline(never)]
fn with_items() -> Subject {
    let mut subject = prepare();
    subject.drain(subject.lengths.items);
    subject.check(subject.lengths.warm + subject.lengths.items);
    subject
}

/// iai-callgrind clears the environment, so the setup's variables are passed on here.
fn config() -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    config
        .pass_through_envs([CASE, harness::PAIR])
        .env("GLIBC_TUNABLES", TUNABLES);
    config
}

fn callgrind() -> LibraryBenchmarkConfig {
    // Simulating caches would take half as long again.
    let arguments = ["--cache-sim=no", DUMP, WITHOUT_INLINED];
    let mut tool = Callgrind::with_args(arguments);
    tool.entry_point(EntryPoint::Custom(DRAIN.to_owned()));
    let mut config = config();
    config.tool(tool);
    config
}

fn dhat() -> LibraryBenchmarkConfig {
    // Stacks that reach down to the two functions.
    let tool = Dhat::with_args(["--num-callers=100", WITHOUT_INLINED]);
    let mut config = config();
    config.default_tool(ValgrindTool::DHAT).tool(tool);
    config
}

library_benchmark_group!(
    name = by_callgrind;
    config = callgrind();
    benchmarks = instructions
);

library_benchmark_group!(
    name = by_dhat;
    config = dhat();
    benchmarks = allocations
);

/// iai-callgrind's own `main`.
mod target {
    use super::{by_callgrind, by_dhat};

    iai_callgrind::main!(library_benchmark_groups = by_callgrind, by_dhat);

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
