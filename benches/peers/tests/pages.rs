//! The pages say what the record says, and call no claim true that was not
//! measured.

use arena_bench::record::wire::{Case, Counts, Params, Record, SCHEMA, Verified};
use bench_protocol::payload::PayloadKind;
use peers::claims;
use peers::cmd::SIZES;
use peers::page::{self, Holds};
use peers::parts::ByArm;
use peers::peer::{Arm, Peer};
use peers::table;

fn case(id: &str, counts: Counts) -> Case {
    Case {
        id: id.to_owned(),
        params: Params::default(),
        verified: Some(Verified {
            digest: id.split('/').nth(1).unwrap_or_default().to_owned(),
            ..Verified::default()
        }),
        wall: None,
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
    let [allocation, crossing, lost, bytes, directly] = holds.as_slice() else {
        panic!("five claims, not {}", holds.len());
    };
    assert!(matches!(allocation, Holds::If(condition) if condition.contains("boundary")));
    assert!(matches!(crossing, Holds::If(condition) if condition.contains("1.80 calls")));
    assert_eq!((lost, bytes), (&Holds::True, &Holds::True));
    assert!(matches!(directly, Holds::If(condition) if condition.contains("twice")));
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
    }
    assert!(holds(&record).iter().all(|holds| *holds == Holds::False));
}

#[test]
fn nothing_is_claimed_of_what_was_not_measured() {
    let empty = Record {
        cases: Vec::new(),
        ..record()
    };
    assert!(holds(&empty).iter().all(|holds| *holds == Holds::Unknown));
    assert!(!page::markdown(&empty, &ByArm::new()).contains("**true**"));
}

#[test]
fn the_table_has_a_line_for_each_arm_and_what_each_demands() {
    let table = table::markdown(&record());
    for (payload, _) in SIZES {
        assert!(table.contains(&format!("## {} of", payload.name())));
    }
    assert!(table.contains("| arena | – | 1 | 100 | 1.00 |"), "{table}");
    for peer in Peer::ALL {
        assert!(table.contains(&format!("| {} | {} |", peer.name(), peer.describe())));
    }
}
