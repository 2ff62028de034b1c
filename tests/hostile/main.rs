//! Guests that do whatever a guest can do: each gets its typed error, nothing else is lost,
//! and nothing of them outlives the program.
//!
//! The guest is `guest.c`, built by the C compiler of this machine; without one these tests
//! say so and pass.

mod surroundings;

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::Duration;

use arena_bench::harness::{self, Profile};
use bench_protocol::api::{ABI_VERSION, GUEST_MAGIC, LAYOUT};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_arena-bench");

/// Where the guest is, and the pair that it is one half of.
static GUEST: LazyLock<Option<TempDir>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    if !compile(&folder.path().join(file("bench_guest")), &[]) {
        return None;
    }
    fs::copy(
        library("bench_host"),
        folder.path().join(file("bench_host")),
    )
    .expect("copied");
    Some(folder)
});

/// Compiles the guest; whether there is a compiler.
fn compile(library: &Path, options: &[&str]) -> bool {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile/guest.c");
    let compiled = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-w", source])
        .arg(format!("-DMAGIC={GUEST_MAGIC}ull"))
        .arg(format!("-DVERSION={ABI_VERSION}"))
        .arg(format!("-DLAYOUT={LAYOUT}ull"))
        .args(options)
        .arg("-o")
        .arg(library)
        .status();
    match compiled {
        Err(error) => {
            println!("skipped: no C compiler ({error})");
            false
        }
        Ok(status) => {
            assert!(status.success(), "the guest does not compile");
            true
        }
    }
}

fn file(name: &str) -> String {
    format!("{DLL_PREFIX}{name}{DLL_SUFFIX}")
}

/// A library that cargo built with these tests.
fn library(name: &str) -> PathBuf {
    let executable = std::env::current_exe().expect("a test has a file");
    executable
        .parent()
        .expect("a file has a folder")
        .join(file(name))
}

/// Runs the program against the guest in a mode.
fn program(mode: &str, arguments: &[&str]) -> Option<Output> {
    let pair = GUEST.as_ref()?.path();
    let mut command = Command::new(PROGRAM);
    command.env("HOSTILE", mode).args(arguments);
    command.arg("--pair").arg(pair);
    Some(command.output().expect("it starts"))
}

/// Runs `guest` on the guest in a mode.
fn guest(mode: &str, arguments: &[&str]) -> Option<Output> {
    let guest = GUEST.as_ref()?.path().join(file("bench_guest"));
    let guest = guest.to_str().expect("text");
    let usual = [
        "guest",
        guest,
        "--no-counts",
        "--json",
        "--items",
        "200",
        "--seconds",
        "0.05",
    ];
    program(mode, &[&usual[..], arguments].concat())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The first report of `guest`, and its exit status.
fn reported(mode: &str) -> Option<(i32, Value)> {
    let output = guest(mode, &[])?;
    let reports: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{mode}: {error}: {}", said(&output)));
    let status = output
        .status
        .code()
        .unwrap_or_else(|| panic!("{mode}: {:?}", output.status));
    Some((status, reports[0].clone()))
}

/// Each mode, the exit status of `guest`, and what its error says.
const FOUND: &[(&str, i32, &str)] = &[
    (
        "unknown-status",
        1,
        "answered status 42, which the protocol does not have",
    ),
    (
        "length-above-capacity",
        1,
        "written 65 bytes into a buffer of 64",
    ),
    (
        "demand-4GiB",
        1,
        "demands 4294967295 bytes for an item; the limit is",
    ),
    (
        "demand-within",
        1,
        "called a buffer of 64 bytes too small for an item of 64",
    ),
    ("too-small-twice", 1, "called it too small again"),
    (
        "too-small-then-end",
        1,
        "demanded 200 bytes for an item, got them, and then ended",
    ),
    (
        "item-after-end",
        1,
        "gave out an item when it was asked again",
    ),
    ("panic", 1, "the guest panicked"),
    ("plugin-error-nonsense", 1, "its error does not decode"),
    ("abort", 1, "ended by SIGABRT"),
    ("segv", 1, "ended by SIGSEGV"),
    ("trap", 1, "ended by SIG"),
    ("overflow", 1, "has overflowed its stack"),
    ("exit-0", 1, "exited with status 0 before it answered"),
    ("exit-now-0", 1, "exited with status 0 before it answered"),
    ("exit-3", 1, "exited with status 3 before it answered"),
    ("kill-itself", 1, "ended by SIGKILL"),
    ("kill-parent", 1, "ended by SIGKILL"),
    ("forge", 1, "exited with status 0 before it answered"),
    (
        "beyond-1",
        1,
        "wrote 1 bytes beyond the end of the buffer of 64",
    ),
    ("beyond-8", 1, "wrote 8 bytes beyond the end"),
    ("beyond-4096", 1, "wrote 4096 bytes beyond the end"),
    ("before-1", 1, "wrote 1 bytes before the start"),
    (
        "escape",
        1,
        r"it said: \u{1b}[2J\u{1b}]0;owned\u{7}\nprogram: all is well",
    ),
    ("flood-and-abort", 1, "bytes left out"),
    (
        "items-differ",
        1,
        "opened again with the same seed, its 200 items are others",
    ),
    (
        "second-is-shorter",
        1,
        "opened again with the same seed, it ended after 3 items",
    ),
    ("open-second-fails", 1, "cannot be opened again"),
    ("drop-aborts", 1, "ended by SIGABRT"),
    ("drop-exits", 1, "exited with status 0 before it answered"),
    ("unload-aborts", 1, "ended by SIGABRT"),
    ("unload-exits", 1, "answered, but then exited with status 3"),
    ("load-aborts", 1, "ended by SIGABRT"),
    ("load-exits", 1, "exited with status 0 before it answered"),
    ("table-exits", 1, "exited with status 0 before it answered"),
    ("open-refuses", 2, "did not open the stream"),
    ("open-null", 2, "null or misaligned handle"),
    ("open-wild", 1, "ended by SIGSEGV"),
    ("next-null", 2, "whose `next` is null"),
    ("table-null", 2, "the table or one of its functions is null"),
    ("table-version", 2, "speaks ABI version"),
    ("table-layout", 2, "layout fingerprint"),
    (
        "table-function-null",
        2,
        "the table or one of its functions is null",
    ),
];

#[test]
fn each_way_to_misbehave_gets_its_own_error() {
    for (mode, expected, words) in FOUND {
        let Some((status, report)) = reported(mode) else {
            return;
        };
        let error = report["error"].as_str().unwrap_or_default();
        assert!(error.contains(words), "{mode}: {report}");
        assert_eq!(status, *expected, "{mode}: {error}");
    }
}

#[test]
fn what_is_odd_but_breaks_no_promise_is_measured() {
    for mode in [
        "well-behaved",
        "print",
        "load-prints",
        "change-folder",
        "mask",
        "clear-environment",
        "eight-GiB",
        "no-files",
        "short",
        "empty",
        "table-text-null",
        "table-text-long",
    ] {
        let Some((status, report)) = reported(mode) else {
            return;
        };
        assert_eq!(status, 0, "{mode}: {report}");
        assert!(
            report["findings"]["verified"]["digest"].is_string(),
            "{mode}: {report}"
        );
    }
}

#[test]
fn a_guest_that_never_answers_is_killed_whatever_it_ignores() {
    for mode in [
        "loop",
        "deaf",
        "stop",
        "stop-parent",
        "open-sleeps",
        "unload-sleeps",
        "flood-for-ever",
    ] {
        let Some((status, report)) = reported(mode) else {
            return;
        };
        let error = report["error"].as_str().unwrap_or_default();
        assert!(error.contains("hung: killed after"), "{mode}: {report}");
        assert_eq!(status, 1, "{mode}");
    }
}

#[test]
fn a_time_that_cannot_be_taken_has_a_reason_and_a_slow_guest_has_a_time() {
    let Some((status, slow)) = reported("15-us") else {
        return;
    };
    assert_eq!(status, 0, "{slow}");
    let ns = slow["findings"]["ns_per_item"][0]
        .as_f64()
        .expect("it has a time");
    assert!(ns >= 15_000.0, "{slow}");
    let Some((status, none)) = reported("slow-item") else {
        return;
    };
    assert_eq!(status, 0, "{none}");
    let why = none["findings"]["no_time"].as_str().unwrap_or_default();
    assert!(
        none["findings"]["ns_per_item"].is_array() || why.contains("--seconds"),
        "{none}"
    );
    let (_, empty) = reported("empty").expect("it was compiled above");
    assert_eq!(empty["findings"]["no_time"], "the stream has no items");
}

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
fn what_a_library_says_of_itself_cannot_steer_the_terminal() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = folder.path().join("record.json");
    let record = record.to_str().expect("text");
    // Its text goes on into whatever follows it in memory, escape sequences as well.
    let skip = ["--skip", "criterion,counts", "--output", record];
    let run = [&["run", "--filter", "^drain/u64/arena$"][..], &skip].concat();
    let Some(output) = program("table-text-long", &run) else {
        return;
    };
    assert!(said(&output).contains("were not built together"));
    assert!(!output.stderr.contains(&0x1b), "{}", said(&output));
}

#[test]
fn the_loaders_own_reason_is_told() {
    if GUEST.is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = folder.path().join("undefined.so");
    let source = folder.path().join("undefined.c");
    let text =
        "extern int nowhere(void); void *bench_guest_api(void) { return (void *)(long)nowhere(); }";
    fs::write(&source, text).expect("written");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-o"])
        .arg(&library)
        .arg(&source)
        .status();
    assert!(compiled.expect("there is one").success());
    let output = Command::new(PROGRAM)
        .arg("guest")
        .arg(&library)
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("undefined symbol: nowhere"),
        "{}",
        said(&output)
    );
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("there is mkfifo").success());
    for (path, words) in [
        (pipe.as_path(), "a pipe, not a file"),
        (folder.path(), "a folder, not a file"),
        (Path::new("/dev/zero"), "a device, not a file"),
        (Path::new("/no/such/guest.so"), "No such file"),
    ] {
        let output = Command::new(PROGRAM)
            .arg("guest")
            .arg(path)
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    }
}

#[test]
fn a_path_that_is_not_text_is_a_path() {
    let Some(pair) = GUEST.as_ref() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let odd = folder
        .path()
        .join(std::ffi::OsString::from_vec(b"b\xff.so".to_vec()));
    fs::copy(pair.path().join(file("bench_guest")), &odd).expect("copied");
    let output = Command::new(PROGRAM)
        .arg("guest")
        .arg(&odd)
        .args([
            "--no-counts",
            "--items",
            "50",
            "--seconds",
            "0.05",
            "--save",
        ])
        .arg(
            folder
                .path()
                .join(std::ffi::OsString::from_vec(b"kept\xfe".to_vec())),
        )
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn a_closed_pipe_changes_no_exit_status() {
    let Some(pair) = GUEST.as_ref() else {
        return;
    };
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        Stdio::from(writer)
    };
    let verify = ["verify", "--json", "--filter", "^drain/u64/arena$"];
    for (arguments, expected) in [(&verify[..], 1), (&["list"], 0), (&["list", "--json"], 0)] {
        let mut command = Command::new(PROGRAM);
        command.env("HOSTILE", "exit-0").args(arguments);
        if arguments[0] == "verify" {
            command.arg("--pair").arg(pair.path());
        }
        let status = command
            .stdout(closed())
            .stderr(closed())
            .status()
            .expect("it starts");
        assert_eq!(status.code(), Some(expected), "{arguments:?}");
    }
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

#[test]
fn a_limit_of_the_file_s_size_is_an_error_of_the_output_and_leaves_the_earlier_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/results/baseline.json");
    fs::write(folder.path().join("out.csv"), "earlier").expect("written");
    let script = r#"ulimit -f 1; exec "$0" export "$1" --format csv -o out.csv 2>/dev/null"#;
    let status = Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", script, PROGRAM, record])
        .status()
        .expect("there is a shell");
    assert_eq!(status.code(), Some(2), "{status}");
    let left = fs::read_to_string(folder.path().join("out.csv"));
    assert_eq!(left.expect("it stays"), "earlier");
}

/// Keeps a guest with so many bytes of static memory a thread, and holds it against itself.
fn against_itself(bytes_of_thread: u32) -> Option<Output> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let guest = folder.path().join("guest.so");
    if !compile(&guest, &[&format!("-DTLS={bytes_of_thread}")]) {
        return None;
    }
    let run = |arguments: [&str; 2]| {
        Command::new(PROGRAM)
            .current_dir(folder.path())
            .args(["guest", "guest.so", "--no-counts", "--json"])
            .args(["--items", "200", "--seconds", "0.05", "--delta", "90"])
            .args(arguments)
            .output()
            .expect("it starts")
    };
    let kept = run(["--save", "kept"]);
    assert_eq!(kept.status.code(), Some(0), "{}", said(&kept));
    Some(run(["--against", "kept"]))
}

#[test]
fn a_guest_that_cannot_be_loaded_twice_is_compared_in_one_copy_and_one_that_cannot_at_all_is_no_finding()
 {
    // glibc keeps about 1.6 KiB: four copies do not fit, two do.
    let Some(few) = against_itself(700) else {
        return;
    };
    assert_eq!(few.status.code(), Some(0), "{}", said(&few));
    let reports: Value = serde_json::from_slice(&few.stdout).expect("JSON");
    let why = reports[0]["comparison"]["why"].as_str().unwrap_or_default();
    assert!(why.contains("one copy of each build"), "{reports}");
    assert!(why.contains("static TLS"), "{reports}");
    // Not even one of each.
    let none = against_itself(1000).expect("it compiled above");
    assert_eq!(none.status.code(), Some(2), "{}", said(&none));
    assert!(said(&none).contains("static TLS"), "{}", said(&none));
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
