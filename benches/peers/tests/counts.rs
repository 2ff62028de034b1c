//! What is counted of an arm is what it runs, the C library's part included.
//!
//! Made of the unoptimised libraries, which run more instructions, but the same calls.

use std::env;
use std::path::Path;

use arena_bench::counts::valgrind;
use bench_protocol::payload::PayloadKind;
use peers::channels::{self, Channel, Way};
use peers::count::{Executables, Subject, allocations_together};
use peers::files::Files;
use peers::parts;
use peers::peer::{Arm, Peer};

const PEERS: &str = env!("CARGO_BIN_EXE_peers");

/// The libraries that cargo built beside this test.
fn files() -> Files {
    let test = env::current_exe().expect("a test has a file");
    Files::in_folder(test.parent().expect("a file has a folder").to_owned())
}

/// Whether valgrind is there; continuous integration does not go without.
fn can_count() -> bool {
    match valgrind::version() {
        Ok(_) => true,
        Err(notice) if env::var_os("CI").is_none() => {
            eprintln!("skipped: {notice}");
            false
        }
        Err(notice) => panic!("{notice}"),
    }
}

#[test]
fn the_count_of_an_arm_is_the_sum_of_its_parts_and_the_allocators_are_among_them() {
    if !can_count() {
        return;
    }
    let files = files();
    let peers = Path::new(PEERS);
    let lean = Executables::lean(peers).unwrap();
    let arm = Arm::new(Peer::Alloc, PayloadKind::U64, 8);
    let libraries = files.of(arm);
    let subject = |executables| Subject {
        executables,
        work: arm.into(),
        libraries: &libraries,
    };
    let counts = subject(&lean).count().unwrap();
    let parts = parts::of(&subject(&Executables::whole(peers))).unwrap();
    let counted = counts.instructions_per_item.unwrap();
    let sum: f64 = parts.values().sum();
    let apart = counted / sum - 1.0;
    assert!(
        apart.abs() < 0.01,
        "{counted} counted, {sum} in parts: {parts:?}"
    );
    // The guest's buffer; a number allocates nothing.
    assert_eq!(counts.allocations_per_item, Some(1.0));
    let allocator = parts["libc: allocator"];
    assert!(
        allocator > 0.02 * sum,
        "{allocator} of {sum}: too few to be told from an error of 1%"
    );
}

#[test]
fn a_channel_allocates_for_each_item_as_released_and_not_with_both_sides_changed() {
    if !can_count() {
        return;
    }
    let files = files();
    let lean = Executables::lean(Path::new(PEERS)).unwrap();
    for channel in [Channel::Client, Channel::UnaryArena, Channel::Callback] {
        let allocations = |way| {
            // A number has nothing of its own to allocate.
            let arm = channels::Arm::new(channel, way, channels::SIZES[0]);
            let libraries = files.of(arm);
            let subject = Subject {
                executables: &lean,
                work: arm.into(),
                libraries: &libraries,
            };
            subject.count().unwrap().allocations_per_item.unwrap()
        };
        assert!(allocations(Way::Released) > 0.99, "{}", channel.name());
        assert!(allocations(Way::Both) < 0.01, "{}", channel.name());
    }
}

#[test]
fn allocations_of_arms_in_one_process_are_those_of_each_alone() {
    if !can_count() {
        return;
    }
    let files = files();
    let lean = Executables::lean(Path::new(PEERS)).unwrap();
    let arms = [
        Arm::new(Peer::Alloc, PayloadKind::Record, 256),
        Arm::new(Peer::Arena, PayloadKind::U64, 8),
        Arm::new(Peer::Arrow1, PayloadKind::Bytes, 1024),
    ];
    let libraries = arms.map(|arm| files.of(arm));
    let subjects: Vec<Subject<'_>> = arms
        .iter()
        .zip(&libraries)
        .map(|(&arm, libraries)| Subject {
            executables: &lean,
            work: arm.into(),
            libraries,
        })
        .collect();
    let alone: Vec<_> = subjects
        .iter()
        .map(|it| it.allocations().unwrap())
        .collect();
    assert_eq!(allocations_together(&subjects).unwrap(), alone);
    // A number by the arena allocates nothing, the others do.
    let allocates = alone.iter().map(|found| found.blocks > 0.0);
    assert_eq!(allocates.collect::<Vec<_>>(), [true, false, true]);
}
