//! The verb `ladder`, as a user meets it. Nothing is timed here.

use assert_cmd::Command;
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
    assert_eq!(rows.len(), 5 * 14);
    for row in rows {
        assert!(row["error"].is_null(), "{row}");
        assert!(row["verified"]["items"].as_u64().unwrap() >= 256, "{row}");
    }
    // One payload's arms agree on one digest.
    let digest = |row: &serde_json::Value| row["verified"]["digest"].clone();
    for payload in rows.chunks(14) {
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
