//! `arena-bench gate` as its users see it.

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use bench_record::wire::Record;
use bench_record::{store, synthetic};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};
use tempfile::TempDir;

/// A folder with `run.json` and the `baseline.json` that was accepted of it.
fn folder() -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    save(&dir, "run.json", &synthetic::record(2));
    gate(&dir, &["--accept"]).success();
    dir
}

fn save(dir: &TempDir, name: &str, record: &Record) {
    store::save(&dir.path().join(name), record).expect("saved");
}

fn read(dir: &TempDir, name: &str) -> String {
    std::fs::read_to_string(dir.path().join(name)).expect("read")
}

fn gate(dir: &TempDir, args: &[&str]) -> Assert {
    Command::cargo_bin("arena-bench")
        .expect("the binary is built")
        .current_dir(dir.path())
        .args(["gate", "run.json", "--baseline", "baseline.json"])
        .args(args)
        .assert()
}

/// A record in which the first case runs more instructions.
fn worse() -> Record {
    let mut record = synthetic::record(2);
    let counts = record.cases[0].counts.as_mut().expect("counted");
    counts.instructions_per_item = counts.instructions_per_item.map(|count| count + 7.0);
    record
}

#[test]
fn an_unchanged_record_passes_without_a_table() {
    gate(&folder(), &[])
        .success()
        .stdout(is_empty())
        .stderr(contains(
            "0 regressions and 0 other changes in 4 cases and 2 ratios",
        ));
}

#[test]
fn a_regression_is_status_one_in_every_format() {
    let dir = folder();
    save(&dir, "run.json", &worse());
    gate(&dir, &[]).code(1).stdout(
        contains("instructions per item")
            .and(contains("regression"))
            .and(contains("at most")),
    );
    let json = gate(&dir, &["--json", "--markdown", "comment.md"]).code(1);
    let verdict: serde_json::Value =
        serde_json::from_slice(&json.get_output().stdout).expect("JSON");
    assert_eq!(verdict["changes"][0]["what"], "instructions_per_item");
    assert_eq!(verdict["changes"][0]["regression"], true);
    let comment = read(&dir, "comment.md");
    assert!(
        comment.starts_with("### arena-bench gate: 1 regression and"),
        "{comment}"
    );
    assert!(comment.contains("\n| case "), "{comment}");
    gate(&dir, &["--filter", "case-001"]).success();
}

#[test]
fn a_limit_with_its_reason_lets_a_rise_pass() {
    let dir = folder();
    save(&dir, "run.json", &worse());
    let limits = r#"{"exceptions": [{"cases": "case-000", "why": "it checks more now",
        "limit": {"instructions_percent": 15}}]}"#;
    std::fs::write(dir.path().join("limits.json"), limits).expect("written");
    gate(&dir, &["--limits", "limits.json"]).success();
}

/// `accept`, into `accepted.json`.
fn accept(dir: &TempDir, cases: &str, args: &[&str]) -> Assert {
    Command::cargo_bin("arena-bench")
        .expect("the binary is built")
        .current_dir(dir.path())
        .args(["accept", cases, "--file", "accepted.json"])
        .args(args)
        .assert()
}

#[test]
fn an_accepted_regression_is_shown_with_its_reason_and_passes_until_it_is_worse() {
    let dir = folder();
    save(&dir, "run.json", &worse());
    let reason = ["--metric", "instructions", "--reason", "it checks more now"];
    let accept = |up_to: &str| {
        accept(
            &dir,
            "drain/case-000/*",
            &[&reason[..], &["--up-to", up_to]].concat(),
        )
    };
    let judge = || {
        let options = ["--accepted", "accepted.json", "--markdown", "comment.md"];
        gate(&dir, &options)
    };
    accept("12").success().stderr(contains("commit it"));
    judge()
        .success()
        .stdout(contains("accepted"))
        .stderr(contains("0 regressions (1 more accepted)"));
    let comment = read(&dir, "comment.md");
    assert!(comment.contains("it checks more now"), "{comment}");
    // The entry is replaced: one for each metric of the same cases.
    accept("2").success();
    judge()
        .code(1)
        .stdout(contains("more than was").and(contains("regression")));
    save(&dir, "run.json", &synthetic::record(2));
    judge().success().stderr(contains("not worse any more"));
}

#[test]
fn an_entry_without_a_reason_or_a_file_that_is_damaged_is_refused() {
    let dir = folder();
    let arguments = ["--metric", "time", "--up-to", "3", "--reason", " "];
    accept(&dir, "drain/*", &arguments)
        .code(2)
        .stderr(contains("reason is empty"));
    let unknown = ["--metric", "speed", "--up-to", "3", "--reason", "x"];
    accept(&dir, "drain/*", &unknown)
        .code(2)
        .stderr(contains("instructions"));
    let text = r#"{"accepted": [{"cases": "drain/u64/*", "metric": "time", "up_to": 3}]}"#;
    std::fs::write(dir.path().join("accepted.json"), text).expect("written");
    let said = contains("accepted.json: entry 1 (drain/u64/*)").and(contains("reason"));
    gate(&dir, &["--accepted", "accepted.json"])
        .code(2)
        .stderr(said);
}

#[test]
fn accepting_shows_the_change_and_makes_it_the_baseline() {
    let dir = folder();
    save(&dir, "run.json", &worse());
    let before = read(&dir, "baseline.json");
    gate(&dir, &["--accept"])
        .success()
        .stdout(contains("regression").and(contains("at most")))
        .stderr(contains("is the baseline now"));
    gate(&dir, &[]).success();
    let after = read(&dir, "baseline.json");
    let changed = before
        .lines()
        .zip(after.lines())
        .filter(|(old, new)| old != new);
    assert_eq!(changed.count(), 1, "one count, one line of the diff");
}

#[test]
fn other_conditions_are_refused_with_the_way_that_does_not_need_them() {
    let dir = folder();
    let mut record = worse();
    record.environment.libc = "glibc 9.9".to_owned();
    save(&dir, "run.json", &record);
    gate(&dir, &[])
        .code(2)
        .stdout(is_empty())
        .stderr(contains("glibc 9.9").and(contains("compare --against")));
    gate(&dir, &["--accept"]).success();
    gate(&dir, &[]).success();
}

#[test]
fn what_cannot_be_judged_or_accepted_is_status_two() {
    let dir = folder();
    gate(&dir, &["--filter", "no-such-case"])
        .code(2)
        .stderr(contains("matches no case"));
    std::fs::remove_file(dir.path().join("baseline.json")).expect("removed");
    gate(&dir, &[]).code(2).stderr(contains("--accept"));
    let mut failed = worse();
    failed.failures.push(bench_record::wire::Failure {
        id: "drain/x".to_owned(),
        why: "it hung".to_owned(),
    });
    save(&dir, "run.json", &failed);
    gate(&dir, &["--accept"])
        .code(2)
        .stderr(contains("it hung"));
    assert!(!dir.path().join("baseline.json").exists());
    let mut shard = worse();
    shard.environment.shard = Some("1/2".to_owned());
    save(&dir, "run.json", &shard);
    gate(&dir, &["--accept"])
        .code(2)
        .stderr(contains("arena-bench merge"));
}

#[test]
fn an_inconclusive_ratio_is_listed_and_fails_only_where_it_was_asked_for() {
    let dir = folder();
    let mut record = synthetic::record(2);
    // Each interval reaches 0.2% to either side, and the smallest change is 1%.
    let moved = &mut record.comparisons[0];
    for value in [&mut moved.low, &mut moved.ratio, &mut moved.high] {
        *value *= 1.008;
    }
    save(&dir, "run.json", &record);
    gate(&dir, &[])
        .success()
        .stdout(contains("inconclusive").and(contains("to +1.2")))
        .stderr(contains("1 inconclusive"));
    gate(&dir, &["--fail-on", "inconclusive"]).code(1);
}

#[test]
fn a_closed_pipe_hides_no_regression() {
    let dir = folder();
    save(&dir, "run.json", &worse());
    for arguments in [&["--json"][..], &[]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let status = std::process::Command::new(env!("CARGO_BIN_EXE_arena-bench"))
            .current_dir(dir.path())
            .args(["gate", "run.json", "--baseline", "baseline.json"])
            .args(arguments)
            .stdout(writer)
            .stderr(std::process::Stdio::null())
            .status()
            .expect("it starts");
        assert_eq!(status.code(), Some(1), "{arguments:?}");
    }
}

#[test]
fn what_a_file_of_limits_holds_cannot_steer_the_terminal() {
    let dir = folder();
    let text = "{\"\\u001b[2J\": 1}";
    std::fs::write(dir.path().join("limits.json"), text).expect("written");
    gate(&dir, &["--limits", "limits.json"])
        .code(2)
        .stderr(contains("u{1b}[2J").and(contains("\x1b").not()));
}
