//! `arena-bench merge` as its users see it.

use std::path::Path;

use assert_cmd::Command;
use bench_record::wire::Record;
use bench_record::{store, synthetic};
use predicates::str::contains;
use tempfile::TempDir;

fn arena_bench(dir: &TempDir) -> Command {
    let mut command = Command::cargo_bin("arena-bench").expect("the binary is built");
    command.current_dir(dir.path());
    command
}

/// One pair of cases a shard, saved as `K.json`.
fn shards(dir: &TempDir, of: usize) -> Record {
    let whole = synthetic::record(of);
    for shard in 0..of {
        let mut part = whole.clone();
        let mine = format!("drain/case-{shard:03}/");
        part.cases.retain(|case| case.id.starts_with(&mine));
        part.comparisons.retain(|c| c.candidate.starts_with(&mine));
        part.environment.shard = Some(format!("{}/{of}", shard + 1));
        save(dir, &format!("{}.json", shard + 1), &part);
    }
    whole
}

fn save(dir: &TempDir, name: &str, record: &Record) {
    store::save(&dir.path().join(name), record).expect("saved");
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn all_shards_make_the_run_that_was_split() {
    let dir = TempDir::new().expect("a temporary folder");
    let whole = shards(&dir, 3);
    arena_bench(&dir)
        .args([
            "merge", "3.json", "1.json", "2.json", "--output", "run.json",
        ])
        .assert()
        .success()
        .stdout("")
        .stderr(contains("6 cases and 3 comparisons of 3 shards"));
    save(&dir, "whole.json", &whole);
    let load = |name| store::load(&dir.path().join(name)).expect("loaded");
    let (merged, whole) = (load("run.json"), load("whole.json"));
    assert_eq!(merged.cases, whole.cases);
    assert_eq!(merged.comparisons, whole.comparisons);
}

#[test]
fn what_is_not_one_run_is_refused_and_nothing_is_written() {
    let dir = TempDir::new().expect("a temporary folder");
    shards(&dir, 3);
    let mut other = store::load(&dir.path().join("3.json")).expect("loaded");
    other.environment.libc = "musl 1.2".to_owned();
    save(&dir, "other.json", &other);
    save(&dir, "whole.json", &synthetic::record(3));
    std::fs::write(dir.path().join("cut.json"), "{\"schema\": \"arena").expect("written");
    let before = names(dir.path());
    for (args, message) in [
        (&["1.json", "3.json"][..], "missing shard 2/3"),
        (
            &["1.json", "2.json", "2.json", "3.json"],
            "both hold shard 2/3",
        ),
        (
            &["1.json", "2.json", "other.json"],
            r#"libc: "glibc 2.36" and "musl 1.2""#,
        ),
        (&["1.json", "whole.json"], "whole.json is no shard"),
        (&["1.json", "cut.json"], "cut.json is truncated"),
        (&["1.json", "none.json"], "cannot read none.json"),
    ] {
        arena_bench(&dir)
            .arg("merge")
            .args(args)
            .args(["--output", "run.json"])
            .assert()
            .code(2)
            .stderr(contains(message));
    }
    assert_eq!(names(dir.path()), before);
}

#[test]
fn an_existing_output_is_replaced_only_when_asked() {
    let dir = TempDir::new().expect("a temporary folder");
    shards(&dir, 1);
    let output = dir.path().join("run.json");
    std::fs::write(&output, "mine").expect("written");
    let merge = ["merge", "1.json", "--output", "run.json"];
    arena_bench(&dir)
        .args(merge)
        .assert()
        .code(2)
        .stderr(contains("--force"));
    assert_eq!(std::fs::read_to_string(&output).expect("read"), "mine");
    arena_bench(&dir)
        .args(merge)
        .arg("--force")
        .assert()
        .success();
    assert!(store::load(&output).is_ok());
}

#[test]
fn an_output_folder_that_does_not_exist_is_a_clear_error() {
    let dir = TempDir::new().expect("a temporary folder");
    shards(&dir, 1);
    arena_bench(&dir)
        .args(["merge", "1.json", "--output", "no/run.json"])
        .assert()
        .code(2)
        .stderr(contains("cannot write no/run.json"));
}
