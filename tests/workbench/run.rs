//! `run`, `list` and `verify` from outside: what a person gets for good and bad
//! input. Nothing is timed that a result depends on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arena_bench::pair::PairFiles;
use assert_cmd::Command;
use bench_protocol::api::ABI_VERSION;
use bench_record::lock::Lock;
use bench_record::partial::{self, Partial};
use bench_record::wire::Record;
use bench_record::{output, store};
use predicates::prelude::*;
use predicates::str::contains;

use crate::pairs;

fn arena_bench() -> Command {
    Command::cargo_bin("arena-bench").expect("the binary is built with the tests")
}

/// A run that verifies and measures nothing.
fn verify_only(output: &Path) -> Command {
    let mut command = arena_bench();
    command
        .args(["run", "--filter", "^drain/u64/(arena|alloc)$"])
        .args(["--skip", "paired,criterion,counts", "--pair"])
        .arg(pairs::folder())
        .arg("--output")
        .arg(output);
    command
}

#[test]
fn a_run_writes_a_record_of_the_verified_cases() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("new/run.json");
    verify_only(&output)
        .assert()
        .success()
        .stdout(contains("drain/u64"));
    let record = store::load(&output).unwrap();
    assert_eq!(record.cases.len(), 2);
    let digests: Vec<_> = record.cases.iter().map(|case| &case.verified).collect();
    assert_eq!(
        digests[0], digests[1],
        "both protocols carry the same items"
    );
    let calls: Vec<_> = record
        .cases
        .iter()
        .map(|case| {
            case.counts
                .as_ref()
                .and_then(|counts| counts.boundary_calls_per_item)
        })
        .collect();
    // Sorted by id: alloc before arena. One retry at most is spread over all items.
    assert_eq!(calls[0], Some(2.0));
    assert_eq!(calls[1], Some(1.0));
    let left: Vec<_> = fs::read_dir(output.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "no lock and no unfinished record is left");
}

#[test]
fn a_second_run_on_the_same_output_is_refused_and_the_record_stays() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("run.json");
    fs::write(&output, "an earlier result").unwrap();
    let _lock = Lock::take(&output).unwrap();
    verify_only(&output)
        .assert()
        .code(2)
        .stderr(contains("another run writes to").and(contains("--output")));
    assert_eq!(fs::read_to_string(&output).unwrap(), "an earlier result");
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    verify_only(&file.join("run.json"))
        .assert()
        .code(2)
        .stderr(contains("file"));
}

#[test]
fn a_filter_that_matches_nothing_names_the_nearest_cases() {
    for verb in ["list", "verify", "run"] {
        arena_bench()
            .args([verb, "--filter", "drain/u65/arena"])
            .assert()
            .code(2)
            .stderr(contains("drain/u64/arena"));
    }
}

#[test]
fn a_folder_without_a_pair_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    arena_bench()
        .args(["verify", "--quick", "--pair"])
        .arg(folder.path())
        .assert()
        .code(2)
        .stderr(contains("cargo build").and(contains("--pair")));
}

#[test]
fn a_truncated_foreign_or_mismatched_library_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let ours = PairFiles::in_folder(&pairs::folder());
    let theirs = PairFiles::in_folder(folder.path());
    let guest = fs::read(&ours.guest).unwrap();
    fs::copy(&ours.host, &theirs.host).unwrap();
    let refused = |bytes: &[u8], said: &str| {
        fs::write(&theirs.guest, bytes).unwrap();
        arena_bench()
            .args(["verify", "--quick", "--pair"])
            .arg(folder.path())
            .assert()
            .code(2)
            .stderr(contains("bench_guest").and(contains(said)));
    };
    refused(&guest[..guest.len() / 2], "truncated");
    refused(b"#!/bin/sh\n", "not a shared library");
    refused(&fs::read(&ours.host).unwrap(), "bench_guest_api");

    let version = format!("ABI version {}", ABI_VERSION + 1);
    refused(&pairs::guest_of_the_next_abi(), &version);
}

#[test]
fn a_shard_beyond_the_last_is_refused() {
    for shard in ["0/2", "3/2", "1", "a/b"] {
        arena_bench()
            .args(["run", "--shard", shard])
            .assert()
            .code(2)
            .stderr(contains("K/N"));
    }
}

/// What `--resume` compares, for [`verify_only`]'s options.
fn asked() -> BTreeMap<String, String> {
    [
        ("--filter", "^drain/u64/(arena|alloc)$"),
        ("--skip", "paired,criterion,counts"),
        ("--delta", "1"),
        ("--seed", "1"),
        ("--layouts", "1"),
    ]
    .map(|(option, value)| (option.to_owned(), value.to_owned()))
    .into()
}

/// Leaves a partial run as an interrupted one does, with one case finished.
fn interrupted(output: &Path, spoil: impl FnOnce(&mut Record)) -> PathBuf {
    verify_only(output).assert().success();
    let mut record = store::load(output).expect("it was just written");
    record.cases.retain(|case| case.id.ends_with("/arena"));
    let verified = record.cases[0].verified.as_mut();
    verified.expect("it was verified").items = 4321;
    spoil(&mut record);
    let path = partial::path_of(output);
    Partial::new(asked(), record)
        .save(&path)
        .expect("it can be written");
    path
}

#[test]
fn resuming_takes_over_what_was_finished() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("run.json");
    let partial = interrupted(&output, |_| {});
    verify_only(&output).arg("--resume").assert().success();
    let resumed = store::load(&output).unwrap();
    assert_eq!(resumed.cases.len(), 2);
    let arena = resumed.case("drain/u64/arena").unwrap();
    assert_eq!(
        arena.verified.as_ref().unwrap().items,
        4321,
        "it was not verified again"
    );
    assert!(!partial.exists());
}

#[test]
fn resuming_on_another_pair_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("run.json");
    interrupted(&output, |record| {
        record.environment.guest_sha256 = "0".repeat(64);
    });
    verify_only(&output)
        .arg("--resume")
        .assert()
        .code(2)
        .stderr(contains("guest_sha256").and(contains("without --resume")));
}

#[test]
fn resuming_with_other_settings_is_refused_and_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("run.json");
    let partial = interrupted(&output, |_| {});
    for (options, said) in [
        (&["--delta", "0.5"][..], "--delta was 1 and is 0.5"),
        (&["--seed", "2"], "--seed was 1 and is 2"),
        (&["--budget", "3"], "--budget was not given and is 3"),
        (&["--shard", "1/1"], "--shard was not given and is 1/1"),
        (&["--quick"], "--quick was not given and is given"),
    ] {
        verify_only(&output)
            .arg("--resume")
            .args(options)
            .assert()
            .code(2)
            .stderr(contains(said));
        assert!(partial.exists(), "{said}");
    }
}

#[test]
fn files_of_other_programs_beside_the_record_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = ["Cargo.lock", "Cargo.partial.json"].map(|name| folder.path().join(name));
    for path in &theirs {
        fs::write(path, "theirs").unwrap();
    }
    let output = folder.path().join("Cargo.json");
    verify_only(&output).assert().success();
    verify_only(&folder.path().join("my.lock"))
        .assert()
        .success();
    assert!(store::load(&folder.path().join("my.lock")).is_ok());
    for path in &theirs {
        assert_eq!(fs::read_to_string(path).unwrap(), "theirs");
    }
    // And what has our very names without being ours.
    for path in [partial::path_of(&output), output::beside(&output, "lock")] {
        fs::write(&path, "theirs").unwrap();
        verify_only(&output)
            .assert()
            .code(2)
            .stderr(contains("was not made by this tool"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_record_goes_into_a_pipe_and_through_a_link_and_over_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink("real.json", &link).unwrap();
    verify_only(&link).assert().success();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(store::load(&folder.path().join("real.json")).is_ok());
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe)
    });
    verify_only(&pipe).assert().success();
    let bytes = reader.join().unwrap().unwrap();
    assert_eq!(store::parse(&pipe, &bytes).unwrap().cases.len(), 2);
    verify_only(folder.path())
        .assert()
        .code(2)
        .stderr(contains("--output").and(contains("a folder")));
}

#[test]
fn the_cases_are_listed_as_lines_and_as_json() {
    let lines = arena_bench().args(["list", "--quick"]).assert().success();
    let lines = String::from_utf8(lines.get_output().stdout.clone()).unwrap();
    assert!(lines.lines().any(|line| line == "drain/u64/arena"));
    let json = arena_bench()
        .args(["list", "--quick", "--json"])
        .assert()
        .success();
    let json: serde_json::Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), lines.lines().count());
}

#[test]
fn every_verb_explains_itself_with_an_example() {
    let help = arena_bench().arg("--help").assert().success();
    let help = String::from_utf8(help.get_output().stdout.clone()).unwrap();
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let verbs: Vec<&str> = verbs
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() > 10, "{verbs:?}");
    for verb in verbs {
        arena_bench()
            .args([verb, "--help"])
            .assert()
            .success()
            .stdout(contains("xample"));
    }
}
