//! `compare` and `build-pair` from outside: bad input, and a comparison of the
//! pair with itself that is far too short for any verdict.

use std::fs;

use arena_bench::pair::PairFiles;
use assert_cmd::Command;
use bench_protocol::api::ABI_VERSION;
use predicates::prelude::*;
use predicates::str::contains;

use crate::pairs;

fn compare() -> Command {
    let mut command =
        Command::cargo_bin("arena-bench").expect("the binary is built with the tests");
    command.arg("compare");
    command
}

#[test]
fn something_to_compare_with_must_be_named() {
    compare().assert().code(2).stderr(contains("--against"));
    compare()
        .args(["--self", "--against", "HEAD"])
        .assert()
        .code(2);
}

#[test]
fn an_unknown_reference_is_refused() {
    compare()
        .args(["--against", "no-such-branch", "--quick", "--pair"])
        .arg(pairs::folder())
        .assert()
        .code(2)
        .stderr(contains("no-such-branch").and(contains("names no commit")));
}

#[test]
fn a_folder_without_a_pair_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    compare()
        .args(["--quick", "--pair"])
        .arg(pairs::folder())
        .arg("--baseline-pair")
        .arg(folder.path())
        .assert()
        .code(2)
        .stderr(contains("the baseline pair").and(contains("bench_guest")));
}

#[test]
fn a_pair_of_another_abi_version_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let ours = PairFiles::in_folder(&pairs::folder());
    let theirs = PairFiles::in_folder(folder.path());
    fs::copy(&ours.host, &theirs.host).unwrap();
    fs::write(&theirs.guest, pairs::guest_of_the_next_abi()).unwrap();
    let versions = format!(
        "version {}, this workbench speaks {ABI_VERSION}",
        ABI_VERSION + 1
    );
    compare()
        .args(["--quick", "--pair"])
        .arg(pairs::folder())
        .arg("--baseline-pair")
        .arg(folder.path())
        .assert()
        .code(2)
        .stderr(contains(versions));
}

#[test]
fn a_pair_is_compared_with_itself_and_the_table_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let markdown = folder.path().join("comment.md");
    let done = compare()
        .args([
            "--self",
            "--filter",
            "^drain/u64/arena$",
            "--no-counts",
            "--json",
        ])
        .args(["--delta", "50", "--budget", "0.05", "--pair"])
        .arg(pairs::folder())
        .arg("--markdown")
        .arg(&markdown)
        .assert();
    let output = done.get_output().clone();
    // The machine decides the verdict; that there is one does not depend on it.
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["rows"][0]["id"], "drain/u64/arena");
    assert!(found["rows"][0]["wall"]["ratio"].as_f64().unwrap() > 0.0);
    assert!(found["self_check"]["comparisons"].as_array().is_some());
    let markdown = fs::read_to_string(markdown).unwrap();
    assert!(
        markdown.contains("drain/u64/arena") && markdown.contains("A/A"),
        "{markdown}"
    );
}

#[test]
fn without_git_it_says_how_to_get_it_and_how_to_do_without() {
    compare()
        .env("PATH", "")
        .args(["--against", "HEAD", "--quick", "--pair"])
        .arg(pairs::folder())
        .assert()
        .code(2)
        .stderr(contains("cannot start git").and(contains("--baseline-pair")));
}
