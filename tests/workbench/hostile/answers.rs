//! Each way in which a guest misbehaves within its process, and what `guest` says of it.

use serde_json::Value;

use super::{guest, said};

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
    ("kill-group", 1, "ended by SIGKILL"),
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
