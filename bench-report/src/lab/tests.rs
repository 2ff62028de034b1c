use bench_record::lab::{Arm, Lab, Role, Set};
use bench_record::wire::{Comparison, Counts, Environment, Verdict};

use super::{advice, set};
use crate::terminal::Screen;

fn arm(set: &str, way: &str, codec: &str, instructions: f64) -> Arm {
    let role = match way {
        "arena" | "alloc" => Role::Today,
        "floor" => Role::Floor,
        "copy" => Role::Copy,
        _ => Role::Laboratory,
    };
    let suffix = if codec == "bincode" { "" } else { "/wincode" };
    Arm {
        id: format!("lab/{set}/{way}{suffix}"),
        way: way.to_owned(),
        role,
        codec: codec.to_owned(),
        items_per_call: if way == "batch-64" { 64 } else { 1 },
        counts: Counts {
            instructions_per_item: Some(instructions),
            allocations_per_item: Some(1.0),
            boundary_calls_per_item: Some(if way == "batch-64" { 1.0 / 64.0 } else { 1.0 }),
            ..Counts::default()
        },
        first_item_instructions: Some(10.0 * instructions),
        held_bytes: Some(768),
        ..Arm::default()
    }
}

fn compared(baseline: &Arm, candidate: &Arm) -> Comparison {
    let instructions = |arm: &Arm| arm.instructions().expect("the fixture has them");
    let ratio = instructions(candidate) / instructions(baseline);
    Comparison {
        baseline: baseline.id.clone(),
        candidate: candidate.id.clone(),
        ratio,
        low: 0.99 * ratio,
        high: 1.01 * ratio,
        confidence: 0.9999,
        verdict: if ratio < 0.99 {
            Verdict::Faster
        } else {
            Verdict::Same
        },
        baseline_ns: Some(instructions(baseline) / 4.0),
        candidate_ns: Some(instructions(candidate) / 4.0),
        ..Comparison::default()
    }
}

fn of(name: &str, scale: f64, timed: bool) -> Set {
    let arms = vec![
        arm(name, "arena", "bincode", 100.0 * scale),
        arm(name, "alloc", "bincode", 250.0 * scale),
        arm(name, "arena-own-writer", "bincode", 80.0 * scale),
        arm(name, "single-pass", "bincode", 75.0 * scale),
        arm(name, "batch-64", "bincode", 50.0 * scale),
        arm(name, "single-pass", "wincode", 60.0 * scale),
        arm(name, "floor", "bincode", 45.0 * scale),
        arm(name, "copy", "bincode", 20.0 * scale),
        arm(name, "floor", "wincode", 30.0 * scale),
    ];
    let bases = [&arms[0], &arms[6], &arms[7]];
    let all = bases.iter().flat_map(|base| {
        let others = arms.iter().filter(|arm| arm.id != base.id);
        others.map(|arm| compared(base, arm))
    });
    let (item, decode) = name.split_once('/').unwrap_or((name, "owned"));
    Set {
        name: name.to_owned(),
        item: item.to_owned(),
        wire_bytes: 8,
        decode: decode.to_owned(),
        comparisons: if timed { all.collect() } else { Vec::new() },
        arms,
        ..Set::default()
    }
}

fn lab(timed: bool) -> Lab {
    Lab {
        environment: Some(Environment {
            command: "arena-bench lab".to_owned(),
            commit: "c0ffee00".to_owned(),
            cpu: "a CPU".to_owned(),
            finished: "2026-01-02T03:04:05Z".to_owned(),
            ..Environment::default()
        }),
        sets: vec![
            of("u64", 1.0, timed),
            of("bytes-4KiB", 40.0, timed),
            of("blob-4KiB", 4.0, timed),
            of("record-64B/borrowed", 5.0, timed),
        ],
        allocators: vec![
            by_allocators("u64", 1.0, timed),
            by_allocators("blob-4KiB", 4.0, timed),
        ],
    }
}

/// alloc with mimalloc takes 150 instructions in place of 250, and the host 10 fewer.
fn by_allocators(item: &str, scale: f64, timed: bool) -> Set {
    let arm = |way: &str, allocators: &str, instructions: f64| {
        let usual = arm(item, way, "bincode", instructions * scale);
        Arm {
            id: format!("{}/{allocators}", usual.id),
            allocators: allocators.to_owned(),
            ..usual
        }
    };
    let guest = "guest mimalloc, host system";
    let arms = vec![
        arm("arena", "", 100.0),
        arm("alloc", "", 250.0),
        arm("lend", "", 90.0),
        arm("arena", guest, 100.0),
        arm("alloc", guest, 150.0),
        arm("lend", guest, 90.0),
        arm("arena", "mimalloc", 90.0),
        arm("alloc", "mimalloc", 140.0),
    ];
    let pairs = [(0, 1), (3, 4), (6, 7), (1, 4), (1, 7)];
    let comparisons = pairs.map(|(base, arm)| compared(&arms[base], &arms[arm]));
    Set {
        name: format!("allocators/{item}"),
        item: item.to_owned(),
        decode: "owned".to_owned(),
        comparisons: if timed {
            comparisons.into()
        } else {
            Vec::new()
        },
        arms,
        ..Set::default()
    }
}

#[test]
fn the_allocator_that_suits_alloc_best_answers_whether_the_arena_still_matters() {
    let told = advice(&lab(true));
    let answer = "With the allocator that suits it best, alloc takes u64 \
                  (1.500 \\[1.485 to 1.515\\] of the arena's time, allocator guest mimalloc, host system)";
    assert!(told.contains(answer), "{told}");
    assert!(
        told.contains("The arena still wins with every allocator."),
        "{told}"
    );
    assert!(told.contains("`arena` and `lend`: their guests"), "{told}");
    let mut cheap = lab(false);
    for arm in &mut cheap.allocators[0].arms {
        if arm.allocators == "mimalloc" && arm.way == "alloc" {
            arm.counts.instructions_per_item = Some(80.0);
        }
    }
    let told = advice(&cheap);
    assert!(told.contains("for 1 item of 2."), "{told}");
    assert!(
        told.contains("It is not shown to be slower than the arena for u64"),
        "{told}"
    );
    // Without counts, nothing is said of them.
    for arm in cheap.allocators.iter_mut().flat_map(|it| &mut it.arms) {
        arm.counts.instructions_per_item = None;
    }
    assert!(!advice(&cheap).contains("makes no difference"));
}

#[test]
fn a_record_without_other_allocators_has_no_section_of_them() {
    let none = Lab {
        allocators: Vec::new(),
        ..lab(true)
    };
    assert!(!advice(&none).contains("Other allocators"));
}

#[test]
fn the_advice_is_worded_from_the_record() {
    insta::assert_snapshot!(advice(&lab(true)));
}

#[test]
fn without_times_the_advice_goes_by_instructions() {
    let told = advice(&lab(false));
    assert!(told.contains("of today's instructions"), "{told}");
    assert!(!told.contains("of today's time"), "{told}");
}

#[test]
fn a_laboratory_without_sets_advises_to_run_it() {
    let told = advice(&Lab::default());
    assert!(told.contains("`arena-bench lab`"), "{told}");
}

#[test]
fn a_set_fits_a_terminal_of_eighty_columns() {
    let screen = Screen {
        width: Some(80),
        colour: false,
    };
    let told = set(&lab(true).sets[0], screen);
    let widest = told.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{told}");
    assert!(told.contains("single-pass by wincode"), "{told}");
}

#[test]
fn what_a_record_calls_an_item_stays_text() {
    let mut lab = lab(true);
    lab.sets[0].name = "<b>`x`|".to_owned();
    let told = advice(&lab);
    assert!(
        !told.contains("<b>") && told.contains("&lt;b&gt;'x'\\|"),
        "{told}"
    );
}
