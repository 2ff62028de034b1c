//! The verb `lab` as a user meets it, on the libraries that cargo built with these tests.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;

fn lab(arguments: &[&str]) -> Assert {
    run("lab", arguments)
}

fn run(verb: &str, arguments: &[&str]) -> Assert {
    let mut command = Command::cargo_bin("arena-bench").expect("the executable is built");
    command.arg(verb).args(arguments).assert()
}

/// Where cargo left the libraries: beside the tests.
fn libraries() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its file");
    test.parent().expect("it is in a folder").to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary path is text")
}

#[test]
fn every_arm_carries_the_items_of_the_generator() {
    lab(&["--verify-only", "--items", "2"]).success().stdout("");
}

#[test]
fn two_sets_become_a_record_that_the_report_reads_and_the_advice_is_rendered_from() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (record, advice) = (
        folder.path().join("lab.json"),
        folder.path().join("advice.md"),
    );
    let libraries = libraries();
    lab(&[
        "--pair",
        text(&libraries),
        "--filter",
        "^(u64|blob-64B)$",
        "--no-counts",
        "--budget",
        "0.2",
        "--seed",
        "7",
        "--output",
        text(&record),
        "--advice",
        text(&advice),
    ])
    .success()
    .stdout(predicate::str::contains("batch-64KiB"));
    let written = fs::read_to_string(&record).expect("a record");
    let written: serde_json::Value = serde_json::from_str(&written).expect("JSON");
    let sets = written["lab"]["sets"].as_array().expect("sets");
    let names: Vec<&str> = sets.iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["u64", "blob-64B"]);
    for set in sets {
        let arms = set["arms"].as_array().expect("arms").len();
        // Each against the arena, the floor and the copy.
        let comparisons = set["comparisons"].as_array().expect("comparisons").len();
        assert_eq!(comparisons, 3 * (arms - 1));
        assert!(set["arms"][0]["counts"]["boundary_calls_per_item"].is_number());
        assert!(!set["firsts"].as_array().expect("first items").is_empty());
    }
    let told = fs::read_to_string(&advice).expect("the advice");
    assert!(
        told.starts_with("# Which protocol should a framework use?"),
        "{told}"
    );
    let report = folder.path().join("report");
    run("report", &[text(&record), "--out", text(&report)]).success();
    let again = fs::read_to_string(report.join("advice.md")).expect("the advice again");
    assert_eq!(again, told);
    let page = fs::read_to_string(report.join("index.html")).expect("the page");
    assert!(page.contains("id=\"r0-laboratory\""));
}

#[test]
fn instructions_and_allocations_are_counted_where_there_is_valgrind() {
    if std::process::Command::new("valgrind")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("skipped: valgrind is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = folder.path().join("lab.json");
    let libraries = libraries();
    lab(&[
        "--pair",
        text(&libraries),
        "--filter",
        "^blob-64B$",
        "--counts-only",
        "--output",
        text(&record),
    ])
    .success();
    let written = fs::read_to_string(&record).expect("a record");
    let written: serde_json::Value = serde_json::from_str(&written).expect("JSON");
    let arms = written["lab"]["sets"][0]["arms"].as_array().expect("arms");
    let count = |way: &str, field: &str| {
        let arm = arms
            .iter()
            .find(|it| it["way"] == way && it["codec"] == "bincode");
        arm.expect("the arm")["counts"][field]
            .as_f64()
            .expect("a count")
    };
    // The owned value is one allocation, and alloc's buffer another.
    assert_eq!(count("arena", "allocations_per_item"), 1.0);
    assert_eq!(count("alloc", "allocations_per_item"), 2.0);
    assert_eq!(count("copy", "allocations_per_item"), 1.0);
    assert!(count("arena", "instructions_per_item") > count("copy", "instructions_per_item"));
}

#[test]
fn a_filter_that_matches_nothing_lists_the_sets_and_a_bad_folder_is_named() {
    lab(&["--verify-only", "--filter", "records"])
        .code(2)
        .stderr(predicate::str::contains("record-64B/borrowed"));
    lab(&["--verify-only", "--filter", "("]).code(2);
    lab(&["--verify-only", "--pair", "no/such/folder"])
        .code(2)
        .stderr(predicate::str::contains("no/such/folder"));
    lab(&[
        "--output",
        "no/such/folder/lab.json",
        "--counts-only",
        "--no-counts",
    ])
    .code(2);
}
