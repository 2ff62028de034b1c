//! Counts are exact: the same binary gives the same numbers, and the boundary
//! allocates what each protocol says.
//!
//! Made of the optimised pair, as all counts are. In a debug build the checks of
//! `copy_nonoverlapping` take more or fewer instructions by which of two blocks lies above the
//! other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arena_bench::allocator::{Allocator, Allocators};
use arena_bench::case::Case;
use arena_bench::counts::{self, CountsError, Options};
use arena_bench::harness::Profile;
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::{Decode, Protocol};
use bench_record::wire::Counts;

/// Every payload by both protocols. Nothing is decoded: whatever is allocated
/// is the boundary's.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for payload in PayloadKind::ALL {
        let bytes = if payload == PayloadKind::U64 { 8 } else { 64 };
        for &protocol in Protocol::ALL {
            cases.push(Case {
                decode: Decode::None,
                ..Case::drain(payload, bytes, protocol)
            });
        }
    }
    cases
}

/// Whether valgrind is installed; continuous integration does not go without.
pub fn can_count() -> bool {
    match counts::available() {
        Ok(()) => true,
        Err(CountsError::NoValgrind(notice)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {notice}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// The target that counts, if anything can be counted.
pub fn target(profile: Profile) -> Option<PathBuf> {
    can_count().then(|| counts::build(profile).unwrap_or_else(|error| panic!("{error}")))
}

/// The pair beside the target that counts, with these allocators.
fn options(allocators: Allocators) -> Option<Options> {
    Some(Options {
        executable: target(Profile::Release)?,
        pair: None,
        allocators,
    })
}

fn measure(cases: &[Case], options: &Options) -> BTreeMap<String, Counts> {
    let mut measured = BTreeMap::new();
    counts::measure(cases, options, &mut |case, result| {
        let counts = result.unwrap_or_else(|error| panic!("{case}: {error}"));
        measured.insert(case.id(), counts);
    })
    .expect("valgrind was there for the build");
    measured
}

#[test]
fn counts_repeat_to_the_digit_and_only_alloc_allocates_at_the_boundary() {
    let Some(options) = options(Allocators::default()) else {
        return;
    };
    let cases = cases();
    let first = measure(&cases, &options);
    assert_eq!(first.len(), cases.len());
    for case in &cases {
        let expected = match case.protocol {
            Protocol::Arena => 0.0,
            Protocol::Alloc => 1.0,
        };
        let counts = &first[&case.id()];
        assert_eq!(counts.allocations_per_item, Some(expected), "{case}");
        let bytes = counts.allocated_bytes_per_item.expect("DHAT counts bytes");
        assert_eq!(bytes > 0.0, expected > 0.0, "{case}: {bytes} bytes");
    }
    let records: Vec<Case> = cases
        .into_iter()
        .filter(|case| case.payload == PayloadKind::Record)
        .collect();
    for (id, counts) in measure(&records, &options) {
        assert_eq!(counts, first[&id], "{id}");
    }
}

#[test]
fn allocations_of_another_allocator_are_not_counted_rather_than_counted_as_none() {
    let Some(options) = options(Allocators::guest(Allocator::Mimalloc)) else {
        return;
    };
    let case = Case::drain(PayloadKind::U64, 8, Protocol::Alloc);
    let counts = &measure(std::slice::from_ref(&case), &options)[&case.id()];
    assert!(counts.instructions_per_item.is_some());
    assert_eq!(counts.allocations_per_item, None);
    assert_eq!(counts.allocated_bytes_per_item, None);
}
