//! The verb `ladder` as a user meets it, and the arms on a real pair. Nothing is
//! timed here.

use arena_bench::ladder::LadderArm;
use arena_bench::pair::PairFiles;
use assert_cmd::Command;
use bench_host::error::StreamError;
use bench_host::pair::Pair;
use bench_protocol::build_info::StaticStr;
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::{ENDLESS, ProducerKind};
use bench_protocol::step::Step;
use predicates::prelude::*;

fn ladder(arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("arena-bench").expect("the executable is built");
    command.arg("ladder").args(arguments).assert()
}

#[test]
fn every_arm_of_every_payload_carries_the_items_of_the_generator() {
    let output = ladder(&["--verify-only", "--json"]).success();
    let rows: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let rows = rows.as_array().unwrap();
    let steps = Step::ALL.len();
    assert_eq!(rows.len(), PayloadKind::ALL.len() * steps);
    for row in rows {
        assert!(row["error"].is_null(), "{row}");
        assert!(row["verified"]["items"].as_u64().unwrap() >= 256, "{row}");
    }
    // One payload's arms agree on one digest.
    let digest = |row: &serde_json::Value| row["verified"]["digest"].clone();
    for payload in rows.chunks(steps) {
        let first = digest(&payload[0]);
        assert!(
            payload.iter().all(|row| digest(row) == first),
            "{payload:?}"
        );
    }
}

#[test]
fn a_filter_that_matches_no_payload_lists_those_there_are() {
    ladder(&["--verify-only", "--filter", "records"])
        .code(2)
        .stderr(predicate::str::contains("record-256B"));
    ladder(&["--verify-only", "--filter", "("]).code(2);
}

#[test]
fn a_folder_without_a_pair_is_named() {
    ladder(&["--verify-only", "--pair", "no/such/folder"])
        .code(2)
        .stderr(predicate::str::contains("no/such/folder"));
}

#[test]
fn nothing_is_drawn_of_what_is_not_timed() {
    ladder(&["--verify-only", "--plot", "x.svg"])
        .code(2)
        .stderr(predicate::str::contains("--plot"));
}

fn pair() -> Pair {
    let files = PairFiles::find(None).expect("the pair is built beside the test");
    files.load().expect("it is a pair")
}

fn arm(step: Step) -> LadderArm {
    let (payload, bytes) = (PayloadKind::Record, 256);
    let pinned = false;
    LadderArm {
        payload,
        bytes,
        step,
        pinned,
    }
}

#[test]
fn a_drain_takes_what_it_is_asked_for_and_a_dropped_stream_ends() {
    let pair = pair();
    for &step in Step::ALL {
        let mut session = pair.open_step(step, &arm(step).session(ENDLESS)).unwrap();
        for items in [3, 5] {
            session.drain(items).unwrap();
        }
        assert_eq!(session.counts().items, 8, "{step:?}");
        assert!(!session.ended(), "{step:?}");
        // A pump that waits for its consumer must not outlive it: this would hang.
        drop(session);
    }
}

#[test]
fn a_stream_that_ends_early_ends_the_drain() {
    let pair = pair();
    for &step in Step::ALL {
        let mut session = pair.open_step(step, &arm(step).session(4)).unwrap();
        session.drain(ENDLESS).unwrap();
        assert_eq!(session.counts().items, 4, "{step:?}");
        assert!(session.ended(), "{step:?}");
    }
}

#[test]
fn raw_values_do_not_cross_between_compilers() {
    let mut pair = pair();
    let mut api = *pair.guest.api;
    api.build.rustc = StaticStr::new("rustc 0.1.0");
    pair.guest.api = Box::leak(Box::new(api));
    let refused = pair.open_step(Step::Value, &arm(Step::Value).session(1));
    assert_eq!(refused.unwrap_err(), StreamError::OtherCompiler);
}

#[test]
fn only_prepared_items_are_lent_raw() {
    let mut config = arm(Step::Value).session(1);
    config.stream.producer = ProducerKind::Owned;
    let refused = pair().open_step(Step::Value, &config);
    assert_eq!(refused.unwrap_err(), StreamError::InvalidSpec);
}
