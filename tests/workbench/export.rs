//! `arena-bench export` as its users see it.

use assert_cmd::Command;
use bench_record::{store, synthetic};
use predicates::str::{contains, starts_with};
use tempfile::TempDir;

/// A folder with `run.json`, a synthetic record of two pairs.
fn folder() -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    store::save(&dir.path().join("run.json"), &synthetic::record(2)).expect("saved");
    dir
}

fn export(dir: &TempDir, args: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("arena-bench")
        .expect("the binary is built")
        .current_dir(dir.path())
        .args(["export", "run.json"])
        .args(args)
        .assert()
}

#[test]
fn every_format_goes_to_standard_output_or_to_a_file_alike() {
    let dir = folder();
    for format in ["github-action-benchmark", "bmf", "benchfmt", "csv"] {
        let printed = export(&dir, &["--format", format]).success();
        let printed = printed.get_output().stdout.clone();
        assert!(!printed.is_empty());
        export(&dir, &["--format", format, "--output", "out"])
            .success()
            .stdout("");
        let written = std::fs::read(dir.path().join("out")).expect("read");
        assert_eq!(printed, written, "{format}");
    }
}

#[test]
fn the_metric_chooses_what_is_exported() {
    let dir = folder();
    let args = ["--format", "github-action-benchmark", "--metric"];
    for (metric, unit) in [
        ("wall", "ns/item"),
        ("instructions", "instructions/item"),
        ("ratio", "ratio"),
    ] {
        let out = export(&dir, &[&args[..], &[metric]].concat()).success();
        let items: Vec<serde_json::Value> =
            serde_json::from_slice(&out.get_output().stdout).expect("a JSON list");
        assert!(!items.is_empty());
        assert!(items.iter().all(|item| item["unit"] == unit));
    }
}

#[test]
fn the_text_formats_look_as_documented() {
    let dir = folder();
    export(&dir, &["--format", "csv"])
        .success()
        .stdout(starts_with(
            "commit,started,case,baseline,metric,unit,value,",
        ));
    export(&dir, &["--format", "benchfmt", "--metric", "instructions"])
        .success()
        .stdout(contains(
            "\nUnit instructions/item better=lower assume=exact\n",
        ))
        .stdout(contains(
            "\nBenchmarkDrain/case-001/protocol=arena 10000 70 instructions/item\n",
        ));
}

#[test]
fn a_metric_that_was_not_measured_is_an_error_and_not_an_empty_file() {
    let dir = folder();
    let mut record = synthetic::record(1);
    for case in &mut record.cases {
        case.counts = None;
    }
    store::save(&dir.path().join("run.json"), &record).expect("saved");
    export(
        &dir,
        &[
            "--format",
            "bmf",
            "--metric",
            "instructions",
            "--output",
            "out",
        ],
    )
    .code(2)
    .stderr(contains("holds nothing of instructions"));
    assert!(!dir.path().join("out").exists());
}

#[test]
fn a_damaged_record_and_an_unwritable_output_are_clear_errors() {
    let dir = folder();
    export(&dir, &["--format", "csv", "--output", "no/such/out"])
        .code(2)
        .stderr(contains("cannot write --output no/such/out"));
    std::fs::write(dir.path().join("run.json"), "").expect("written");
    export(&dir, &["--format", "csv"])
        .code(2)
        .stdout("")
        .stderr(contains("run.json is empty"));
}

#[test]
fn every_record_that_the_repository_keeps_is_readable() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let mut read = 0;
    for item in std::fs::read_dir(folder).expect("a folder") {
        let path = item.expect("listed").path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if text.contains("\"schema\": \"arena-bench/record/1\"") {
            store::load(&path).unwrap_or_else(|error| panic!("{error}"));
            read += 1;
        }
    }
    assert!(read >= 3, "{read}");
}
