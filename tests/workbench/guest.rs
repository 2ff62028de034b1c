//! The `guest` verb from outside: guests that behave, crash, hang, go on for
//! ever, and files that are no guests.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Output;

use arena_bench::case::Case;
use arena_bench::guest::Target;
use arena_bench::guest::measure::{self, Answer, Task};
use arena_bench::guest::table::{self, Request};
use arena_bench::verify;
use assert_cmd::Command;
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::{DEFAULT_MEMORY_LIMIT, Protocol};
use serde_json::Value;

/// A library that cargo built for this test: beside it.
fn library(name: &str) -> PathBuf {
    let executable = std::env::current_exe().expect("a test has a file");
    let folder = executable.parent().expect("a file has a folder");
    folder.join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
}

fn guest(guests: &[&Path], options: &[&str]) -> Output {
    let mut command = Command::cargo_bin("arena-bench").expect("cargo built it");
    command
        .arg("guest")
        .args(guests)
        .args(["--no-counts", "--json"]);
    command.args(options).output().expect("it runs")
}

fn reports(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_stream_is_counted_hashed_and_timed() {
    let options = [
        "--payload",
        "record",
        "--bytes",
        "64",
        "--items",
        "500",
        "--seconds",
        "2",
    ];
    let output = guest(&[&library("bench_guest")], &options);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let case = Case::drain(PayloadKind::Record, 64, Protocol::Arena);
    let expected = verify::expected(&case.session(500).stream);
    let found = &reports(&output)[0]["findings"];
    assert_eq!(found["verified"]["items"], 500);
    assert_eq!(found["verified"]["bytes"], expected.bytes);
    assert_eq!(
        found["verified"]["digest"],
        format!("{:016x}", expected.digest)
    );
    let [ns, low, high] = [0, 1, 2].map(|place| found["ns_per_item"][place].as_f64().unwrap());
    assert!(0.0 < low && low <= ns && ns <= high);
}

#[test]
fn the_example_streams_a_day_to_its_end() {
    // In this process, where no limit of seconds cuts it.
    let target = Target {
        library: library("my_guest"),
        host: Some(library("bench_host")),
        memory_limit: DEFAULT_MEMORY_LIMIT,
        request: serde_json::to_value(Request::default()).expect("it is plain data"),
    };
    let guest = table::load(&target).expect("cargo built it");
    let (items, seconds) = (u64::MAX, f64::INFINITY);
    let answer = measure::run(guest.as_ref(), Task::Verify { items, seconds });
    let Answer::Verified(found) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((found.items, found.ended), (86_400, true));
}

#[test]
fn an_endless_stream_is_cut_by_items_and_by_seconds() {
    let unruly = library("unruly_guest");
    let output = guest(
        &[&unruly],
        &["--seed", "0", "--items", "77", "--seconds", "0.05"],
    );
    let verified = reports(&output)[0]["findings"]["verified"].clone();
    assert_eq!(
        (&verified["items"], &verified["ended"]),
        (&77.into(), &false.into())
    );
    let most = u64::MAX.to_string();
    let output = guest(
        &[&unruly],
        &["--seed", "0", "--items", &most, "--seconds", "0.05"],
    );
    let items = reports(&output)[0]["findings"]["verified"]["items"].as_u64();
    assert!(items.is_some_and(|items| items > 77 && items < u64::MAX));
}

#[test]
fn a_crash_is_reported_with_its_signal_and_the_next_guest_is_measured() {
    let guests = [library("unruly_guest"), library("bench_guest")];
    let output = guest(
        &[&guests[0], &guests[1]],
        &["--seed", "1", "--items", "100", "--seconds", "0.05"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("SIGABRT"), "{}", said(&output));
    let reports = reports(&output);
    assert!(reports[0]["error"].is_string());
    assert_eq!(reports[1]["findings"]["verified"]["items"], 100);
}

#[test]
fn a_guest_that_hangs_is_killed() {
    let output = guest(
        &[&library("unruly_guest")],
        &["--seed", "2", "--seconds", "0.05"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("hung"), "{}", said(&output));
}

#[test]
fn a_panic_in_the_guest_is_a_failed_stream() {
    let output = guest(
        &[&library("unruly_guest")],
        &["--seed", "3", "--seconds", "0.05"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("the guest panicked"),
        "{}",
        said(&output)
    );
}

#[test]
fn what_is_no_guest_is_refused_with_the_reason() {
    let manifest = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    for (file, reason) in [
        (manifest, "not a shared library"),
        (&library("bench_host"), "exports no `bench_guest_api`"),
        (Path::new("no/such/file.so"), "No such file"),
    ] {
        let output = guest(&[file], &[]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(reason), "{}", said(&output));
    }
    let output = guest(&[&library("bench_guest")], &["--payload", "poem"]);
    assert!(
        said(&output).contains("there is u64, record"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_kept_build_is_compared_with_and_another_stream_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kept = folder.path().to_str().expect("a path of text");
    let bench = library("bench_guest");
    let short = ["--items", "300", "--seconds", "0.05"];
    let output = guest(&[&bench], &[&short[..], &["--save", kept]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // Hardly any time: whether it is the same cannot be told, but it is compared.
    let output = guest(
        &[&bench],
        &[&short[..], &["--against", kept, "--delta", "90"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report = reports(&output)[0].clone();
    assert_eq!(report["comparison"]["candidate"], "now");
    // The A/A of the same processes: second copies of both builds against their first.
    let copies = &report["comparison"]["copies"];
    assert!(copies["ratio"].is_f64(), "{copies}");
    let why = report["self_check"]["why"].as_str().unwrap_or_default();
    assert!(why.starts_with("A/A of one comparison"), "{why}");
    let other = [
        &short[..],
        &["--against", kept, "--delta", "90", "--seed", "5"],
    ]
    .concat();
    let output = guest(&[&bench], &other);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("the streams differ"),
        "{}",
        said(&output)
    );
}

/// Keeps a build of the unruly guest that behaves, and holds another seed against it.
fn unruly_against_a_good_one(spoil: impl Fn(&Path), seed: &str) -> (Output, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (kept, again) = (folder.path().join("kept"), folder.path().join("again"));
    let [kept_text, again_text] = [&kept, &again].map(|path| path.to_str().expect("text"));
    let unruly = library("unruly_guest");
    let short = ["--items", "300", "--seconds", "0.05", "--delta", "90"];
    let save = [&short[..], &["--seed", "0", "--save", kept_text]].concat();
    let output = guest(&[&unruly], &save);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    spoil(&kept.join("guest.json"));
    let compare = ["--seed", seed, "--against", kept_text, "--save", again_text];
    let output = guest(&[&unruly], &[&short[..], &compare].concat());
    (output, again.join("guest.json").exists())
}

#[test]
fn a_build_that_streams_nothing_any_more_is_found_and_kept_all_the_same() {
    let (output, kept) = unruly_against_a_good_one(|_| (), "4");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report = reports(&output)[0].clone();
    assert_eq!(report["findings"]["verified"]["items"], 0);
    assert!(report["comparison"].is_null(), "{report}");
    let regression = report["regressions"][0].as_str().unwrap_or_default();
    assert!(regression.contains("the streams differ"), "{report}");
    assert!(kept);
}

#[test]
fn a_build_that_crashes_beside_the_kept_one_is_found_and_kept_all_the_same() {
    let (output, kept) = unruly_against_a_good_one(|_| (), "5");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report = reports(&output)[0].clone();
    assert_eq!(report["findings"]["verified"]["items"], 300);
    let error = report["error"].as_str().unwrap_or_default();
    assert!(error.contains("cannot be compared"), "{report}");
    assert!(kept);
}

#[test]
fn a_build_that_needs_a_larger_buffer_is_found() {
    let smaller = |json: &Path| {
        let text = std::fs::read(json).expect("it was kept");
        let mut kept: Value = serde_json::from_slice(&text).expect("it is JSON");
        kept["findings"]["verified"]["peak_capacity"] = 16.into();
        std::fs::write(json, kept.to_string()).expect("it can be written");
    };
    let (output, _) = unruly_against_a_good_one(smaller, "0");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let regressions = reports(&output)[0]["regressions"].to_string();
    assert!(regressions.contains("capacity"), "{regressions}");
}
