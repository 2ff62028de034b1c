//! Guests that end their process, or start others: what that costs, and what outlives it.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use arena_bench::harness::{self, Profile};
use serde_json::Value;

use super::{GUEST, PROGRAM, program, said};

#[test]
fn a_helper_of_a_guest_ends_with_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file_of_pid = folder.path().join("pid");
    let Some(pair) = GUEST.as_ref() else {
        return;
    };
    let output = Command::new(PROGRAM)
        .env("HOSTILE", "helper")
        .env("HOSTILE_PID", &file_of_pid)
        .args([
            "verify",
            "--json",
            "--filter",
            "^drain/u64/arena$",
            "--pair",
        ])
        .arg(pair.path())
        .output()
        .expect("it starts");
    assert_eq!(
        output.status.code(),
        Some(1),
        "its items are not the generator's"
    );
    // It may have been killed before it could write its number.
    let pid = fs::read_to_string(file_of_pid).unwrap_or_default();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    assert!(
        pid.is_empty() || status.is_empty() || status.contains("State:\tZ"),
        "{status}"
    );
}

#[test]
fn a_case_that_ends_its_process_costs_that_case_by_name_and_the_rest_goes_on() {
    for (mode, words) in [
        ("exit-0", "exited with status 0 before it answered"),
        ("segv", "ended by SIGSEGV"),
        ("beyond-1", "wrote 1 bytes beyond the end"),
    ] {
        let filter = "^drain/(u64|u64-borrowed)/(arena|alloc)$";
        let Some(output) = program(mode, &["verify", "--json", "--filter", filter]) else {
            return;
        };
        assert_eq!(output.status.code(), Some(1), "{mode}: {}", said(&output));
        let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON and nothing else");
        let error_of = |id: &str| {
            let rows = rows.as_array().expect("an array");
            let row = rows
                .iter()
                .find(|row| row["id"] == id)
                .expect("every case has a row");
            row["error"].as_str().unwrap_or_default().to_owned()
        };
        let arena = error_of("drain/u64/arena");
        assert!(
            arena.contains(words) && arena.contains("drain/u64/arena"),
            "{mode}: {arena}"
        );
        // This guest has no such streams: another error, of a case that was still asked.
        assert!(
            error_of("drain/u64/alloc").contains("did not open the stream"),
            "{mode}"
        );
    }
}

#[test]
fn a_run_on_a_guest_that_leaves_fails_and_measures_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = folder.path().join("record.json");
    let arguments = [
        "run",
        "--quick",
        "--filter",
        "^drain/u64/arena$",
        "--skip",
        "criterion,counts",
        "--output",
        record.to_str().expect("text"),
    ];
    let Some(output) = program("exit-0", &arguments) else {
        return;
    };
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("exited with status 0"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_guest_that_leaves_a_target_of_cargo_bench_fails_it_by_the_case_s_name() {
    let Some(pair) = GUEST.as_ref() else {
        return;
    };
    let target = harness::build("item_size", Profile::Debug).expect("the target builds");
    for (mode, words) in [
        ("exit-0", "before the end"),
        ("segv", "signal: 11"),
        ("load-exits", "before the end"),
    ] {
        let output = Command::new(&target)
            .args(["--bench", "--quiet"])
            .env("HOSTILE", mode)
            .env(harness::PAIR, pair.path())
            .env(harness::CASES, "drain/u64/arena")
            .output()
            .expect("it starts");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{mode}: {said}");
        assert!(said.contains(words), "{mode}: {said}");
        // What ends it as it is loaded is of no case.
        let named = said.contains("drain/u64/arena failed");
        assert_eq!(named, mode != "load-exits", "{mode}: {said}");
    }
}

/// Whether a process lives, by its number.
fn is_alive(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

#[test]
fn a_signal_ends_the_guest_and_its_helper_as_well() {
    let Some(pair) = GUEST.as_ref() else {
        return;
    };
    for signal in ["-TERM", "-KILL"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let helper = folder.path().join("pid");
        let mut program = Command::new(PROGRAM)
            .env("HOSTILE", "helper-and-sleep")
            .env("HOSTILE_PID", &helper)
            .args(["verify", "--filter", "^drain/u64/arena$", "--pair"])
            .arg(pair.path())
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let helper = helper.to_str().expect("text");
        while read(helper).is_empty() {
            sleep(Duration::from_millis(5));
        }
        let children = read(&format!("/proc/{0}/task/{0}/children", program.id()));
        assert!(!children.is_empty());
        let pid = program.id().to_string();
        let killed = Command::new("kill").args([signal, &pid]).status();
        assert!(killed.expect("there is kill").success());
        assert!(!program.wait().expect("it ends").success());
        for process in children.split_ascii_whitespace().chain([&*read(helper)]) {
            let mut patience = 2000;
            while is_alive(process) && patience > 0 {
                patience -= 1;
                sleep(Duration::from_millis(5));
            }
            assert!(!is_alive(process), "{signal}: {process} lives on");
        }
    }
}
