//! Packages that cannot be measured: each is told why, with exit status 2 or, where its code
//! is at fault, 1.

use predicates::prelude::*;
use predicates::str::contains;

use super::repository::Repository;

const RUN: [&str; 6] = [
    "run",
    "--layouts",
    "2",
    "--skip",
    "paired,counts",
    "--package",
];

#[test]
fn what_exports_nothing_is_told_what_it_exports() {
    let repository = Repository::new("library", "");
    repository.write(
        "src/lib.rs",
        "#[no_mangle]\npub extern \"C\" fn my_symbol() {}\n",
    );
    repository
        .arena_bench(&RUN)
        .arg("library")
        .assert()
        .code(2)
        .stderr(contains("exports nothing that can be measured").and(contains("my_symbol")));
}

#[test]
fn a_name_that_is_no_package_and_one_that_is_given_twice_are_refused() {
    let repository = Repository::new("library", "");
    let run = |arguments: &[&str]| repository.arena_bench(arguments).assert().code(2);
    run(&["run", "--package", "libary"]).stderr(contains("there is library"));
    run(&["run", "--package", "library", "--package", "library"]).stderr(contains("given twice"));
    let twice = "[[subject]]\npackage = \"library\"\n[[subject]]\npackage = \"library\"\n";
    repository.write("bench.toml", twice);
    run(&["run"]).stderr(contains("two subjects are called library"));
    repository.write("bench.toml", "[[subject]]\npackage = \"gone\"\n");
    run(&["run"]).stderr(contains("bench.toml").and(contains("no package is called gone")));
}

#[test]
fn a_package_that_does_not_build_shows_the_compiler_s_words() {
    let repository = Repository::new("library", "");
    repository.write("src/lib.rs", "fn f() { does_not_exist() }\n");
    repository
        .arena_bench(&RUN)
        .arg("library")
        .assert()
        .code(2)
        .stderr(contains("does not build").and(contains("does_not_exist")));
}

#[test]
fn functions_that_panic_do_nothing_or_end_the_process_fail_by_name_and_the_others_go_on() {
    let repository = Repository::new("functions", "");
    repository.functions(&[
        ("good", "|n| (0..n).map(black_box).sum::<u64>()"),
        ("panics", "|n| { assert!(n < 2, \"no more\"); n }"),
        ("lazy", "|n| n"),
        ("leaves", "|_| std::process::exit(0)"),
        (
            "setup",
            "{ let v: Vec<u64> = Vec::new(); let first = v[0]; move |n| first + n }",
        ),
    ]);
    let record = repository.path("record.json");
    repository
        .arena_bench(&RUN)
        .args(["functions", "--output"])
        .arg(&record)
        .assert()
        .code(1)
        .stderr(
            contains("functions/panics: panics: it panicked")
                .and(contains("functions/lazy: its work does not grow with n"))
                .and(contains("functions/leaves: its process exited"))
                .and(contains("functions/setup: setup: its set-up panicked")),
        )
        .stdout(contains("functions/good"));
}

#[test]
fn a_commit_without_the_package_is_no_failure_but_news() {
    let repository = Repository::new("functions", "");
    repository.commit("nothing yet");
    repository.functions(&[("sum", "|n| (0..n).map(black_box).sum::<u64>()")]);
    repository.commit("functions");
    // The base exports nothing: that is a package without cases.
    repository
        .arena_bench(&["compare", "--package", "functions", "--against", "HEAD~1"])
        .args(["--layouts", "2"])
        .assert()
        .success()
        .stderr(contains("new"));
}

#[test]
fn a_member_of_a_virtual_workspace_is_found_from_any_of_its_folders() {
    let repository = Repository::new("functions", "member");
    repository.functions(&[("sum", "|n| (0..n).map(black_box).sum::<u64>()")]);
    let manifest = repository.directory().join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("it is there");
    std::fs::write(&manifest, text.replace("[workspace]\n", "")).expect("written");
    let root = repository.directory().join("..");
    let workspace = "[workspace]\nmembers = [\"member\"]\nresolver = \"2\"\n";
    std::fs::write(root.join("Cargo.toml"), workspace).expect("written");
    for folder in [root.clone(), repository.directory().join("src")] {
        repository
            .arena_bench_in(&folder, &RUN)
            .args(["functions", "--output"])
            .arg(repository.path("record.json"))
            .assert()
            .success()
            .stdout(contains("functions/sum"));
    }
}
