//! `arena-bench history` as its users see it.

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use bench_record::store;
use bench_record::synthetic::{Machine, Shift, Synthetic};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use tempfile::TempDir;

fn history(dir: &TempDir, args: &[&str]) -> Assert {
    Command::cargo_bin("arena-bench")
        .expect("the binary is built")
        .current_dir(dir.path())
        .arg("history")
        .args(args)
        .assert()
}

/// A folder with the records of `plan`, and all of them in `history`.
fn folder(plan: &Synthetic) -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    let names: Vec<_> = (0..plan.commits).map(|at| format!("{at}.json")).collect();
    for (name, record) in names.iter().zip(plan.records()) {
        store::save(&dir.path().join(name), &record).expect("saved");
    }
    let names = names.iter().map(String::as_str);
    let args: Vec<_> = ["add", "--to", "history"]
        .into_iter()
        .chain(names)
        .collect();
    history(&dir, &args).success().stdout("");
    dir
}

fn entries(dir: &TempDir) -> usize {
    let folder = dir.path().join("history");
    std::fs::read_dir(folder).expect("a folder").count()
}

fn slower_at(commit: usize) -> Synthetic {
    Synthetic {
        pairs: 2,
        commits: 60,
        shifts: vec![Shift {
            commit,
            pair: 1,
            time: 1.1,
            instructions: 3.0,
        }],
        ..Synthetic::default()
    }
}

#[test]
fn entries_are_listed_oldest_first() {
    let dir = folder(&Synthetic {
        commits: 2,
        ..Synthetic::default()
    });
    let out = history(&dir, &["list", "history", "--json"]).success();
    let listed: Vec<serde_json::Value> =
        serde_json::from_slice(&out.get_output().stdout).expect("a JSON list");
    let subjects: Vec<_> = listed.iter().map(|entry| &entry["subject"]).collect();
    assert_eq!(subjects, ["Commit number 0", "Commit number 1"]);
    history(&dir, &["list", "history"])
        .success()
        .stdout(contains("Synthetic 1").and(contains("trusted")))
        .stderr(contains("2 entries"));
}

#[test]
fn regressions_are_found_with_commit_and_size_and_give_status_1() {
    let dir = folder(&slower_at(40));
    let out = history(&dir, &["changes", "history", "--json"]).code(1);
    let changes: Vec<serde_json::Value> =
        serde_json::from_slice(&out.get_output().stdout).expect("a JSON list");
    let [ratio, count] = changes.as_slice() else {
        panic!("two changes: {changes:#?}");
    };
    for change in [ratio, count] {
        assert_eq!(change["case"], "drain/case-001/arena");
        assert_eq!(change["subject"], "Commit number 40");
        assert_eq!(change["regression"], true);
    }
    assert_eq!(count["evidence"], "exact");
    assert_eq!(
        (&count["before"], &count["after"]),
        (&70.0.into(), &73.0.into())
    );
    assert_eq!(ratio["evidence"], "shift");
    let size = ratio["relative"].as_f64().expect("a number");
    assert!((size - 0.1).abs() < 0.005, "{size}");
    history(&dir, &["changes", "history"])
        .code(1)
        .stdout(contains("drain/case-001/arena").and(contains("+4.29%")))
        .stderr(contains("2 changes, 2 of them regressions, in 60 entries"));
}

#[test]
fn options_narrow_what_is_listed_and_the_status_follows() {
    let dir = folder(&slower_at(40));
    for narrow in [&["--last", "5"][..], &["--filter", "case-000"]] {
        history(&dir, &[&["changes", "history"], narrow].concat())
            .success()
            .stdout("")
            .stderr(contains("0 changes"));
    }
    history(&dir, &["changes", "history", "--magnitude", "0.5"])
        .code(1)
        .stdout(contains("exact").and(contains("shift").not()));
    for (option, value) in [
        ("--window", "5"),
        ("--significance", "2"),
        ("--magnitude", "NaN"),
        ("--filter", "("),
    ] {
        history(&dir, &["changes", "history", option, value])
            .code(2)
            .stderr(contains(option));
    }
}

#[test]
fn a_history_across_two_machines_of_differing_speed_shows_no_change() {
    let machine = |cpu: &str, slowness: f64, ratio: f64, instructions: f64| Machine {
        cpu: cpu.to_owned(),
        slowness,
        ratio,
        instructions,
    };
    let dir = folder(&Synthetic {
        pairs: 2,
        commits: 40,
        machines: vec![
            machine("Fast", 1.0, 1.0, 0.0),
            machine("Slow", 2.3, 1.2, 11.0),
        ],
        ..Synthetic::default()
    });
    history(&dir, &["changes", "history"])
        .success()
        .stdout("")
        .stderr(contains("0 changes"));
}

#[test]
fn what_was_not_searched_is_said_beside_what_was_found() {
    let dir = folder(&Synthetic {
        commits: 4,
        ..Synthetic::default()
    });
    history(&dir, &["changes", "history"])
        .success()
        .stderr(contains("0 changes").and(contains("fewer than 6 runs on any one machine")));
}

#[test]
fn a_record_that_is_there_already_is_said_and_not_added_again() {
    let dir = folder(&Synthetic {
        commits: 3,
        ..Synthetic::default()
    });
    history(&dir, &["add", "1.json", "--to", "history"])
        .success()
        .stderr(contains("in the history already"));
    assert_eq!(entries(&dir), 3);
}

#[test]
fn what_is_no_record_is_refused_and_changes_nothing() {
    let dir = folder(&Synthetic {
        commits: 3,
        ..Synthetic::default()
    });
    let write = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).expect("written");
    };
    write("old.json", r#"{"schema": "arena-bench/record/0"}"#);
    write("cut.json", r#"{"schema": "arena-bench/record/1", "cas"#);
    write("empty.json", "");
    for (record, message) in [
        ("old.json", r#"schema is "arena-bench/record/0""#),
        ("cut.json", "cut.json is truncated"),
        ("empty.json", "empty.json is empty"),
        ("none.json", "cannot read none.json"),
    ] {
        history(&dir, &["add", record, "--to", "history"])
            .code(2)
            .stderr(contains(message));
    }
    assert_eq!(entries(&dir), 3);
}

#[test]
fn a_folder_that_holds_something_else_is_refused_and_left_alone() {
    let dir = folder(&Synthetic::default());
    // The working folder holds 0.json, which is a record and no entry.
    history(&dir, &["add", "0.json", "--to", "."])
        .code(2)
        .stderr(contains("is not an entry of a history"));
    std::fs::write(dir.path().join("history/README.md"), "mine").expect("written");
    for action in ["list", "changes"] {
        history(&dir, &[action, "history"])
            .code(2)
            .stdout("")
            .stderr(contains("README.md is not an entry of a history"));
    }
    history(&dir, &["list", "nowhere"])
        .code(2)
        .stderr(contains("cannot open the history nowhere"));
    assert_eq!(entries(&dir), 2);
}

#[test]
fn processes_that_add_at_the_same_time_lose_nothing() {
    let plan = Synthetic {
        commits: 6,
        ..Synthetic::default()
    };
    let dir = TempDir::new().expect("a temporary folder");
    let jobs: Vec<_> = plan
        .records()
        .enumerate()
        .map(|(at, record)| {
            let name = format!("{at}.json");
            store::save(&dir.path().join(&name), &record).expect("saved");
            std::process::Command::new(assert_cmd::cargo::cargo_bin("arena-bench"))
                .current_dir(dir.path())
                .args(["history", "add", &name, "--to", "history"])
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("started")
        })
        .collect();
    for mut job in jobs {
        assert!(job.wait().expect("waited").success());
    }
    assert_eq!(entries(&dir), 6);
    history(&dir, &["list", "history"])
        .success()
        .stderr(contains("6 entries"));
}

#[test]
fn a_subject_cannot_steer_the_terminal() {
    let dir = TempDir::new().expect("a temporary folder");
    let mut record = Synthetic::default().record(0);
    record.environment.subject = "\u{1b}[2Jgone".to_owned();
    store::save(&dir.path().join("0.json"), &record).expect("saved");
    history(&dir, &["add", "0.json", "--to", "history"]).success();
    history(&dir, &["list", "history"])
        .success()
        .stdout(contains("gone").and(contains("\u{1b}").not()));
}

#[test]
fn a_regression_that_is_measured_again_is_still_a_regression_of_the_newest_commit() {
    let plan = slower_at(59);
    let dir = folder(&plan);
    history(&dir, &["changes", "history", "--last", "1"]).code(1);
    let mut again = plan.record(59);
    again.environment.started = "2025-01-01T00:00:00Z".to_owned();
    store::save(&dir.path().join("again.json"), &again).expect("saved");
    history(&dir, &["add", "again.json", "--to", "history"]).success();
    history(&dir, &["changes", "history", "--last", "1"])
        .code(1)
        .stdout(contains("instructions_per_item"));
}

#[test]
fn a_case_that_is_missing_at_the_newest_commit_is_named_and_gives_status_1() {
    let plan = Synthetic {
        commits: 3,
        ..Synthetic::default()
    };
    let dir = folder(&plan);
    let mut record = plan.record(2);
    record.environment.commit = "f".repeat(40);
    record.environment.started = "2025-01-01T00:00:00Z".to_owned();
    record.cases.retain(|case| case.id.ends_with("/alloc"));
    record.comparisons.clear();
    store::save(&dir.path().join("less.json"), &record).expect("saved");
    history(&dir, &["add", "less.json", "--to", "history"]).success();
    history(&dir, &["changes", "history", "--last", "1"])
        .code(1)
        .stderr(contains("drain/case-000/arena is missing at ffffffffffff"));
}

#[test]
fn entries_of_another_branch_are_left_out_unless_asked_for() {
    let mut plan = slower_at(60);
    plan.commits = 20;
    let dir = TempDir::new().expect("a temporary folder");
    for (at, mut record) in plan.records().enumerate() {
        let other = at % 5 == 4;
        record.environment.branch = if other { "feature" } else { "main" }.to_owned();
        for case in record.cases.iter_mut().filter(|_| other) {
            let counts = case.counts.as_mut().expect("counted");
            counts.instructions_per_item = Some(500.0);
        }
        store::save(&dir.path().join("record.json"), &record).expect("saved");
        history(&dir, &["add", "record.json", "--to", "history"]).success();
    }
    history(&dir, &["changes", "history"])
        .success()
        .stderr(contains("feature (4)").and(contains("--all-branches")));
    history(&dir, &["changes", "history", "--all-branches"]).code(1);
    history(&dir, &["changes", "history", "--branch", "feature"])
        .success()
        .stderr(contains("in 4 entries"));
    history(&dir, &["changes", "history", "--branch", "no-such"]).code(2);
}

#[test]
fn a_damaged_entry_is_named_and_costs_the_rest_nothing() {
    let dir = folder(&slower_at(40));
    let listed = std::fs::read_dir(dir.path().join("history")).expect("a folder");
    let mut paths: Vec<_> = listed.map(|it| it.expect("listed").path()).collect();
    paths.sort();
    std::fs::write(&paths[10], "{").expect("written");
    let name = paths[10]
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    history(&dir, &["changes", "history"])
        .code(1)
        .stderr(contains("in 59 entries").and(contains(&*name)));
    history(&dir, &["changes", "history", "--last", "1"]).success();
    std::fs::write(&paths[59], "{").expect("written");
    history(&dir, &["changes", "history", "--last", "1"])
        .code(2)
        .stderr(contains("cannot be judged"));
}
