//! The main job.

use std::fs;

use assert_cmd::Command;
use predicates::str::contains;

use super::{CARGO, machine, script};

/// What the main job runs, and its status, where the program's verbs end as `verbs`
/// (lines of a shell's `case`) says.
fn bench(verbs: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let log = r#"echo "$1" "$GLIBC_TUNABLES" >>log"#;
    let program = format!("{log}\ncase $1 in {verbs}\n*) exit 0 ;; esac");
    let sources = machine(&[]);
    let place = |name: &str| sources.path().join(name);
    for folder in ["scripts", "results", "target", "target/release"] {
        fs::create_dir(place(folder)).expect("the folder is writable");
    }
    for name in ["scripts/bench", "scripts/setup", "scripts/build"] {
        fs::copy(script(name), place(name)).expect("it can be copied");
    }
    let built = machine(&[
        CARGO,
        ("valgrind", "exit 0"),
        ("arena-bench", program.as_str()),
    ]);
    fs::copy(
        built.path().join("arena-bench"),
        place("target/release/arena-bench"),
    )
    .expect("it can be copied");
    let path = std::env::var("PATH").expect("there is a path");
    let mut command = Command::new(place("scripts/bench"));
    command.args(arguments).env_remove("CARGO_TARGET_DIR");
    command.env("PATH", format!("{}:{path}", built.path().display()));
    command.env_remove("GLIBC_TUNABLES");
    let output = command.output().expect("it runs");
    let log = fs::read_to_string(place("log")).unwrap_or_default();
    (log, output.status.code())
}

#[test]
fn the_main_job_ends_as_badly_as_its_worst_part_and_reports_all_the_same() {
    let verbs = |log: &str| -> Vec<String> {
        let word = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        log.lines().map(word).collect()
    };
    let all = ["run", "ladder", "growth", "report"];
    for (ends, status) in [
        ("", 0),
        ("run) exit 1 ;;", 1),
        ("ladder) exit 2 ;;", 2),
        ("growth) exit 1 ;;", 1),
        ("run) exit 1 ;; growth) exit 2 ;;", 2),
        ("ladder) exit 2 ;; growth) exit 1 ;;", 2),
        ("report) exit 2 ;;", 2),
    ] {
        let (log, code) = bench(ends, &[]);
        assert_eq!(
            (verbs(&log), code),
            (all.map(str::to_owned).into(), Some(status)),
            "{ends}"
        );
        // Growth alone is timed with copies pinned.
        let pinned = log.lines().filter(|line| line.contains("rep_movsb"));
        assert!(
            pinned.eq(["growth glibc.cpu.x86_rep_movsb_threshold=0x7fffffff"]),
            "{log}"
        );
    }
    // Without a record there is nothing to go on with.
    let (log, code) = bench("run) exit 2 ;;", &[]);
    assert_eq!((verbs(&log), code), (vec!["run".to_owned()], Some(2)));
    let (log, code) = bench("", &["--quick"]);
    assert_eq!(verbs(&log), ["run", "ladder", "report"]);
    assert_eq!(code, Some(0));
}

#[test]
fn the_peers_are_measured_in_one_length_alone() {
    let machine = machine(&[CARGO, ("valgrind", "exit 0")]);
    let path = std::env::var("PATH").expect("there is a path");
    let mut command = Command::new(script("scripts/bench"));
    command.env("PATH", format!("{}:{path}", machine.path().display()));
    let said = command.args(["--peers", "--quick"]).assert().code(2);
    said.stderr(contains("--peers goes alone"));
}
