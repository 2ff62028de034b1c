//! The pages say what the record says, and call no claim true that was not
//! measured.

use bench_protocol::payload::PayloadKind;
use bench_record::wire::{
    Case, Comparison, Counts, Method, Params, RatioInterval, Record, SCHEMA, Verdict, Verified,
};
use peers::channels::{self, Channel, Way};
use peers::claims;
use peers::page::{self, Holds};
use peers::parts::ByArm;
use peers::peer::{Arm, Peer, SIZES};
use peers::table;
use peers::tried::Tried;

mod parity;
mod wasm;

fn case(id: &str, counts: Counts) -> Case {
    Case {
        id: id.to_owned(),
        params: Params::default(),
        verified: Some(Verified {
            digest: id.split('/').nth(1).unwrap_or_default().to_owned(),
            ..Verified::default()
        }),
        counts: Some(counts),
    }
}

fn per_item(instructions: f64, allocations: f64, bytes: f64) -> Counts {
    Counts {
        instructions_per_item: Some(instructions),
        allocations_per_item: Some(allocations),
        allocated_bytes_per_item: Some(bytes),
        ..Counts::default()
    }
}

fn compared(baseline: &str, candidate: &str, ratio: f64) -> Comparison {
    Comparison {
        baseline: baseline.to_owned(),
        candidate: candidate.to_owned(),
        ratio,
        low: 0.9 * ratio,
        high: 1.1 * ratio,
        confidence: 0.99,
        verdict: Verdict::Faster,
        delta: 0.01,
        baseline_ns: Some(100.0),
        candidate_ns: Some(100.0 * ratio),
        method: Method::ProcessDraws,
        processes: 36,
        layouts: 12,
        rounds: 15,
        items: 1000,
        ..Comparison::default()
    }
}

/// Sets what an arm allocates per item.
fn allocates(cases: &mut [Case], arm: Arm, allocations: f64) {
    for counts in cases
        .iter_mut()
        .filter(|case| case.id == arm.id())
        .filter_map(|case| case.counts.as_mut())
    {
        counts.allocations_per_item = Some(allocations);
    }
}

/// A record in which every claim holds as far as it can.
fn record() -> Record {
    let mut cases = Vec::new();
    for (payload, bytes) in SIZES {
        for peer in [Peer::Arena, Peer::FidiusRaw] {
            let arm = Arm::new(peer, payload, bytes);
            cases.push(case(&arm.id(), per_item(100.0, 1.0, f64::from(bytes))));
            cases.push(case(&arm.raw().id(), per_item(80.0, 0.0, 0.0)));
        }
        let arm = Arm::new(Peer::Fidius, payload, bytes);
        cases.push(case(&arm.id(), per_item(3000.0, 5.0, 900.0)));
    }
    // A number is nothing to allocate, by no way.
    for peer in [Peer::FidiusRaw, Peer::Fidius] {
        allocates(&mut cases, Arm::new(peer, PayloadKind::U64, 8), 0.0);
    }
    for arm in channels::arms() {
        cases.push(case(&arm.id(), per_item(100.0, 0.0, 0.0)));
        if let (Channel::UnaryArena, 0) = (arm.channel, arm.after) {
            let dearer = if arm.bytes < 4096 { 90.0 } else { 110.0 };
            channel(&mut cases, arm, dearer, 0.0);
        }
    }
    let calls = |calls, retries| Counts {
        boundary_calls_per_item: Some(calls),
        retries: Some(retries),
        ..Counts::default()
    };
    let items = claims::ITEMS as f64;
    cases.push(case(claims::STEADY, calls(1.0 + 1.0 / items, 1)));
    cases.push(case(claims::RAMP, calls(1.8, 2000)));
    cases.push(case(claims::PUMPED_RAMP, Counts::default()));
    Record {
        schema: SCHEMA.to_owned(),
        environment: Default::default(),
        cases,
        comparisons: Vec::new(),
        self_check: None,
        growth: None,
        ladder: None,
        lab: None,
        failures: Vec::new(),
    }
}

fn holds(record: &Record) -> Vec<Holds> {
    page::claims(record)
        .into_iter()
        .map(|claim| claim.holds)
        .collect()
}

#[test]
fn claims_hold_with_the_conditions_that_were_measured() {
    let holds = holds(&record());
    let [allocation, crossing, lost, bytes, directly, per_call, rule] = holds.as_slice() else {
        panic!("seven claims, not {}", holds.len());
    };
    assert!(matches!(allocation, Holds::If(condition) if condition.contains("boundary")));
    assert!(matches!(crossing, Holds::If(condition) if condition.contains("1.80 calls")));
    assert_eq!((lost, bytes), (&Holds::True, &Holds::True));
    assert!(matches!(directly, Holds::If(condition) if condition.contains("twice")));
    assert_eq!(per_call, &Holds::True);
    assert!(matches!(rule, Holds::If(condition) if condition.contains("the size decides")));
}

/// Sets the instructions of a channel's arm, and its allocations.
fn channel(cases: &mut [Case], arm: channels::Arm, instructions: f64, allocations: f64) {
    let case = cases.iter_mut().find(|case| case.id == arm.id());
    let counts = case
        .and_then(|case| case.counts.as_mut())
        .expect("it is there");
    counts.instructions_per_item = Some(instructions);
    counts.allocations_per_item = Some(allocations);
}

#[test]
fn the_arena_of_calls_is_judged_by_what_was_counted() {
    let mut record = record();
    let arena = |size| channels::Arm::new(Channel::UnaryArena, Way::Released, size);
    channel(&mut record.cases, arena(channels::SIZES[0]), 90.0, 2.0);
    assert_eq!(holds(&record)[5], Holds::False);
    // Cheaper for the smallest only.
    channel(&mut record.cases, arena(channels::SIZES[1]), 300.0, 2.0);
    let rule = &holds(&record)[6];
    assert!(
        matches!(rule, Holds::If(condition) if condition.ends_with("at 8 B only")),
        "{rule}"
    );
    channel(&mut record.cases, arena(channels::SIZES[0]), 300.0, 2.0);
    assert_eq!(holds(&record)[6], Holds::False);
}

#[test]
fn every_change_of_every_channel_has_a_line_with_what_it_saves() {
    let mut record = record();
    let size = channels::SIZES[0];
    let both = channels::Arm::new(Channel::Client, Way::Both, size);
    channel(&mut record.cases, both, 80.0, 0.0);
    let released = both.by(Way::Released).id();
    record
        .comparisons
        .push(compared(&released, &both.id(), 0.5));
    let page = page::markdown(&record, &ByArm::new(), &[]);
    let row = "| client stream | 100, 100, 100 | 0.00, 0.00, 0.00 | both | 20%, 0%, 0% | \
               0.00, 0.00, 0.00 | 0.500 [0.450, 0.550], –, – |";
    assert!(page.contains(row), "{page}");
    for channel in Channel::ALL {
        let ways = channel.ways().iter();
        for way in ways.filter(|way| !matches!(way, Way::Released | Way::Pair)) {
            let change = format!("| {} |", way.change(channel));
            let is_its = |line: &str| {
                line.starts_with(&format!("| {} |", channel.title())) && line.contains(&change)
            };
            assert!(page.lines().any(is_its), "{change}: {page}");
        }
    }
    assert!(
        page.contains("| 1048576 | 100 | 0.00 | 100 | 0.00 | – |"),
        "{page}"
    );
}

#[test]
fn a_suspicion_is_called_true_only_by_the_program_that_showed_it() {
    let page = |tried: &[Tried]| page::markdown(&record(), &ByArm::new(), tried);
    let claim = &fidius_claims::ALL[0];
    let line = |holds| format!("| {} | {holds} |", claim.says);
    assert!(page(&[]).contains(&line("not measured in this run")));
    let tried = |holds| Tried {
        program: claim.program.to_owned(),
        holds,
        seen: "what was seen".to_owned(),
    };
    assert!(page(&[tried(true)]).contains(&line("**true**")));
    assert!(page(&[tried(false)]).contains(&line("**false**")));
    assert!(page(&[tried(true)]).contains("| what was seen |"));
}

#[test]
fn a_measurement_against_a_claim_makes_it_false() {
    let mut record = record();
    let raw = Arm::new(Peer::FidiusRaw, PayloadKind::Blob, 4096)
        .raw()
        .id();
    for case in &mut record.cases {
        if case.id == raw {
            case.counts = Some(per_item(80.0, 1.0, 4096.0));
        }
        if case.id == claims::PUMPED_RAMP {
            case.verified = None;
        }
        if case.id == claims::STEADY {
            case.counts = Some(Counts {
                boundary_calls_per_item: Some(2.0),
                retries: Some(0),
                ..Counts::default()
            });
        }
        if case.id == Arm::new(Peer::FidiusRaw, PayloadKind::U64, 8).id() {
            case.verified = Some(Verified::default());
        }
        if case.id.contains("/unary-arena-released") {
            case.counts = Some(per_item(300.0, 2.0, 16.0));
        }
    }
    assert!(holds(&record).iter().all(|holds| *holds == Holds::False));
}

#[test]
fn no_allocation_is_true_only_where_the_framework_adds_none_for_any_payload() {
    let mut record = record();
    let verdict = |record: &Record| holds(record).swap_remove(0);
    for (payload, bytes) in SIZES.into_iter().skip(1) {
        assert!(matches!(verdict(&record), Holds::If(_)));
        // As many as the value itself needs.
        allocates(
            &mut record.cases,
            Arm::new(Peer::Fidius, payload, bytes),
            1.0,
        );
    }
    assert_eq!(verdict(&record), Holds::True);
    let evidence = &page::claims(&record)[0].evidence;
    assert!(evidence.contains("adds 0.00 to 0.00"), "{evidence}");
    record.cases.retain(|case| !case.id.ends_with("/fidius"));
    assert_eq!(verdict(&record), Holds::Unknown);
}

#[test]
fn nothing_is_claimed_of_what_was_not_measured() {
    let empty = Record {
        cases: Vec::new(),
        ..record()
    };
    assert!(holds(&empty).iter().all(|holds| *holds == Holds::Unknown));
    assert!(!page::markdown(&empty, &ByArm::new(), &[]).contains("**true**"));
}

#[test]
fn the_table_has_a_line_for_each_arm_and_what_each_demands() {
    let table = table::markdown(&record());
    for (payload, _) in SIZES {
        assert!(table.contains(&format!("## {} of", payload.name())));
    }
    let row = "| arena | – | – | 1 | – | – | 100 | 1.00 |";
    assert!(table.contains(row), "{table}");
    for peer in Peer::ALL {
        assert!(table.contains(&format!("| {} | {} |", peer.name(), peer.describe())));
    }
}

#[test]
fn a_row_shows_the_arena_beside_it_and_in_how_many_layouts_it_was_timed() {
    let mut record = record();
    let arena = Arm::new(Peer::Arena, PayloadKind::U64, 8);
    for (peer, ratio) in [
        (Peer::Alloc, 0.5),
        (Peer::Stabby, 0.25),
        (Peer::Wasm, 0.75),
        (Peer::AbiStable, 0.2),
    ] {
        let id = arena.by(peer).id();
        record.comparisons.push(compared(&arena.id(), &id, ratio));
    }
    // No library to link, and a linker that has one way only.
    for (place, why) in [
        (2, "one link layout: no library"),
        (3, "wide; one link layout: ld"),
    ] {
        record.comparisons[place].layouts = 1;
        record.comparisons[place].why = why.to_owned();
    }
    let table = table::markdown(&record);
    for row in [
        "| arena | 100 | – | 1 | – | 12 |",
        "| alloc | 50.0 | 100 | 0.500 [0.450, 0.550] | faster | 12 |",
        "| stabby | 25.0 | 100 | 0.250 [0.225, 0.275] | faster | 12 |",
        "| wasm | 75.0 | 100 | 0.750 [0.675, 0.825] | faster | 1 |",
        "- wasm: one link layout: no library.",
        "- abi-stable: one link layout: ld.",
    ] {
        assert!(table.contains(row), "{row}: {table}");
    }
    assert!(!table.contains("- stabby: one link layout"));
    for page in [table, page::markdown(&record, &ByArm::new(), &[])] {
        assert!(page.contains("12 layouts a ratio") && page.contains("true of this binary"));
    }
}

#[test]
fn a_record_of_the_older_method_says_that_only_the_pair_had_layouts() {
    let mut record = record();
    let arena = Arm::new(Peer::Arena, PayloadKind::U64, 8);
    let alloc = arena.by(Peer::Alloc).id();
    record.comparisons.push(compared(&arena.id(), &alloc, 0.5));
    let says = |record: &Record| table::markdown(record).contains("by an older method");
    assert!(!says(&record));
    record.comparisons[0].method = Method::LayoutMedians;
    assert!(says(&record));
}

#[test]
fn an_arm_is_unstable_only_where_the_a_a_of_the_deciding_processes_excludes_one() {
    let mut record = record();
    let arena = Arm::new(Peer::Arena, PayloadKind::U64, 8);
    let socket = arena.by(Peer::Socket).id();
    record.comparisons.push(compared(&arena.id(), &socket, 2.0));
    for (low, high, unstable) in [(0.8, 1.3, false), (1.001, 1.002, true), (0.9, 0.99, true)] {
        record.comparisons[0].copies = Some(RatioInterval {
            ratio: 1.0,
            low,
            high,
        });
        let table = table::markdown(&record);
        let name = "| socket, one core (unstable) |";
        assert_eq!(table.contains(name), unstable, "{low} to {high}: {table}");
    }
}

#[test]
fn what_the_pump_adds_and_the_writer_saves_is_shown() {
    let mut record = record();
    let writer = Arm::new(Peer::OwnWriter, PayloadKind::Bytes, 1024);
    let alloc = writer.by(Peer::Alloc);
    record
        .cases
        .push(case(&writer.id(), per_item(60.0, 1.0, 1.0)));
    record
        .cases
        .push(case(&alloc.id(), per_item(90.0, 2.0, 1.0)));
    record
        .comparisons
        .push(compared(&alloc.id(), &writer.id(), 0.5));
    let page = page::markdown(&record, &ByArm::new(), &[]);
    let row = "| bytes of 1024 B | 90.0, 100, 60.0 | – | 0.500 [0.450, 0.550] | faster |";
    assert!(page.contains(row), "{page}");
    assert!(page.contains("| 100, 2900 | 1.00, 4.00 |"), "{page}");
}
