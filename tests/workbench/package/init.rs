//! `init`, and everything that its workflow runs, in a repository of another shape: a package
//! deep in a monorepo, a default branch `master`, a path with blanks. A bare repository stands
//! in for the hosting service.

use std::fs;
use std::process::{Command, Output};

use predicates::prelude::*;
use predicates::str::contains;

use super::repository::Repository;
use crate::counts::can_count;

/// What the action runs.
fn ci_package(repository: &Repository, arguments: &[&str]) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/ci-package");
    Command::new(script)
        .args(arguments)
        .current_dir(repository.root())
        .env("XDG_CACHE_HOME", repository.path("cache"))
        .env("ARENA_BENCH", env!("CARGO_BIN_EXE_arena-bench"))
        .env("LAYOUTS", "24")
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("GITHUB_STEP_SUMMARY")
        .output()
        .expect("bash is installed")
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

const FAST: &str = "|n| (0..n).map(black_box).sum::<u64>()";
const MORE: &str = "|n| (0..n).map(|k| *black_box(Box::new(k))).sum::<u64>()";

#[test]
fn init_writes_what_is_missing_and_changes_nothing() {
    let repository = Repository::new("functions", "packages/a folder/it");
    repository.functions(&[("sum", FAST)]);
    let init = ["init", "--action", "someone/arena-bench@v1"];
    repository
        .arena_bench(&init)
        .assert()
        .success()
        .stdout(contains("wrote").count(2).and(contains("functions")));
    let workflow = repository.root().join(".github/workflows/arena-bench.yml");
    let text = fs::read_to_string(&workflow).expect("it was written");
    assert!(text.contains("'packages/a folder/it'") && text.contains("['master']"));
    fs::write(&workflow, "mine").expect("it can be written");
    repository
        .arena_bench(&init)
        .assert()
        .success()
        .stdout(contains("exists, not changed").count(2));
    assert_eq!(fs::read_to_string(&workflow).expect("it is there"), "mine");
}

#[test]
fn init_of_a_fidius_plugin_names_the_program_that_measures_it() {
    let repository = Repository::new("plugin", "");
    let manifest = "[package]\nname = \"plugin\"\nversion = \"0.1.0\"\n[workspace]\n\
                    [lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\nfidius = \"0.5\"\n";
    repository.write("Cargo.toml", manifest);
    repository.write("src/lib.rs", "");
    repository
        .arena_bench(&["init", "--action", "someone/arena-bench@v1"])
        .assert()
        .success()
        .stdout(contains("--path benches/peers").and(contains("1. peers run")));
    let workflow = repository.root().join(".github/workflows/arena-bench.yml");
    let text = fs::read_to_string(&workflow).expect("it was written");
    assert_eq!(text.matches("program: peers").count(), 2, "{text}");
}

#[test]
fn init_without_anything_to_measure_or_with_a_wrong_action_says_what_it_needs() {
    let repository = Repository::new("library", "");
    let manifest = "[package]\nname = \"library\"\nversion = \"0.1.0\"\n[workspace]\n";
    repository.write("Cargo.toml", manifest);
    let init = |action: &str| {
        repository
            .arena_bench(&["init", "--action", action])
            .assert()
            .code(2)
    };
    init("a/b@v1").stderr(contains("depends on paired-bench"));
    for wrong in ["a/b", "a@v1", "a/b@v 1", "/b@v1"] {
        init(wrong).stderr(contains("OWNER/REPOSITORY@REF"));
    }
}

#[test]
fn the_workflow_s_commands_compare_publish_and_alert() {
    if !can_count() {
        return;
    }
    let repository = Repository::new("functions", "packages/a folder/it");
    repository.functions(&[("sum", FAST)]);
    repository
        .arena_bench(&["init", "--action", "someone/arena-bench@v1"])
        .assert()
        .success();
    repository.commit("measured from now on");
    let origin = repository.path("origin.git");
    let address = origin.to_string_lossy().into_owned();
    repository.git(&["init", "--quiet", "--bare", &address]);
    repository.git(&["remote", "add", "origin", &address]);
    repository.git(&["push", "--quiet", "origin", "master"]);

    let site = repository.path("site").to_string_lossy().into_owned();
    let folder = "packages/a folder/it";
    let publish = ["publish", folder, "bench-history", &site];
    let first = ci_package(&repository, &publish);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    assert!(repository.path("site/index.html").is_file());

    repository.functions(&[("sum", MORE)]);
    repository.commit("one more allocation");
    let output = repository.path("comparison").to_string_lossy().into_owned();
    let worse = ci_package(&repository, &["compare", folder, "HEAD~1", &output]);
    assert_eq!(worse.status.code(), Some(1), "{}", said(&worse));
    let comment = fs::read_to_string(repository.path("comparison/comment.md"));
    let comment = comment.expect("it is there");
    assert!(comment.contains("allocations"), "{comment}");

    let second = ci_package(&repository, &publish);
    assert_eq!(second.status.code(), Some(1), "{}", said(&second));
    assert!(said(&second).contains("functions/sum"), "{}", said(&second));
    let page = fs::read_to_string(repository.path("site/index.html")).expect("it is there");
    assert!(page.contains("one more allocation"));

    let unknown = ci_package(&repository, &["compare", folder, "no-such-ref", &output]);
    assert_eq!(unknown.status.code(), Some(2), "{}", said(&unknown));
    let help = ci_package(&repository, &["compare"]);
    assert_eq!(help.status.code(), Some(2));
}
