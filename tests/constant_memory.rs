//! A long stream in constant memory. Alone in its process: what other tests
//! allocate would be seen here.

use std::fs;

use arena_bench::case::{Case, plans};
use arena_bench::pair::PairFiles;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{Decode, Growth};

/// Items of the stream.
const ITEMS: u64 = 10_000_000;
/// Items after which the memory is taken to have settled.
const SETTLED: u64 = 10_000;
/// What the process may grow by from there on, bytes.
const SLACK: u64 = 1 << 20;

/// Resident memory of this process, bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.expect("the kernel tells the resident memory") * 1024
}

#[test]
fn ten_million_items_pass_in_constant_memory() {
    let pair = PairFiles::find(None).unwrap().load().unwrap();
    let plan = SizePlan::Sawtooth {
        from: 0,
        to: 200,
        period: 64,
    };
    let mut config = Case::growth(plan, plans::buffer(Growth::Doubling, 208)).session(ITEMS);
    config.decode = Decode::None;
    let mut session = pair.open(&config).unwrap();
    session.drain(SETTLED).unwrap();
    let settled = resident();
    session.drain(ITEMS).unwrap();
    let counts = session.counts();
    assert_eq!(counts.items, ITEMS);
    assert!(session.ended());
    // 64 bytes, then twice as much as often as an item of 208 needs.
    assert_eq!((counts.retries, counts.peak_capacity), (2, 256));
    let grown = resident().saturating_sub(settled);
    assert!(grown <= SLACK, "the process grew by {grown} bytes");
}
