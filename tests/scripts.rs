//! The scripts on machines that this one is not: a folder of stand-ins is all
//! that they find on the path.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A machine with these programs, each a line of shell.
fn machine(programs: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, line) in programs {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{line}\n")).expect("the folder is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    folder
}

fn setup(machine: &tempfile::TempDir) -> Command {
    let mut command = Command::new("/bin/bash");
    command.arg(script("scripts/setup"));
    command.env("PATH", machine.path());
    command
}

const USER: (&str, &str) = ("id", "echo 1000");
const ROOT: (&str, &str) = ("id", "echo 0");
const CARGO: (&str, &str) = ("cargo", "exit 0");

#[test]
fn without_rust_the_setup_says_how_to_get_it_and_fails() {
    let machine = machine(&[USER]);
    let said = setup(&machine).assert().code(2);
    said.stderr(contains("https://sh.rustup.rs"));
}

#[test]
fn with_everything_there_the_setup_says_nothing() {
    let machine = machine(&[CARGO, ("valgrind", "exit 0")]);
    setup(&machine).assert().success().stderr("").stdout("");
}

#[test]
fn valgrind_is_installed_where_it_may_be() {
    let install = r#"echo "$@" >> "${0%/*}/log""#;
    let machine = machine(&[CARGO, ROOT, ("apt-get", install)]);
    setup(&machine).assert().success();
    let log = fs::read_to_string(machine.path().join("log")).expect("apt-get was run");
    assert_eq!(log, "update -qq\ninstall -y valgrind\n");
}

#[test]
fn where_it_may_not_be_the_exact_command_is_said_and_nothing_fails() {
    for (manager, command) in [
        ("apt-get", "sudo apt-get install -y valgrind"),
        ("dnf", "sudo dnf install -y valgrind"),
        ("pacman", "sudo pacman -S --noconfirm valgrind"),
    ] {
        // The password is asked for, and nobody is there to give it.
        let machine = machine(&[CARGO, USER, ("sudo", "exit 1"), (manager, "exit 3")]);
        let said = setup(&machine).assert().success();
        said.stderr(contains(command));
    }
    let bare = machine(&[CARGO, USER]);
    let said = setup(&bare).assert().success();
    said.stderr(contains("package manager"));
}

#[test]
fn an_installation_that_fails_leaves_the_command_and_no_failure() {
    let machine = machine(&[CARGO, ROOT, ("dnf", "exit 1")]);
    let said = setup(&machine).assert().success();
    said.stderr(contains("    dnf install -y valgrind"));
}

#[test]
fn an_unknown_option_shows_the_usage_and_does_nothing() {
    for name in ["scripts/test", "scripts/bench"] {
        let mut command = Command::new(script(name));
        let said = command.arg("--fast").assert().code(2);
        said.stderr(contains("--quick")).stdout("");
        let mut command = Command::new(script(name));
        let said = command.arg("--help").assert().success();
        said.stderr(contains("--quick").and(contains("--peers")));
    }
}

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
    for name in ["scripts/bench", "scripts/setup"] {
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

/// What `ci-publish` finds in place of cargo: `history add` adds an entry, and the first
/// time another job has pushed one of its own meanwhile.
const PUBLISHING: &str = r#"
case " $* " in
*" history add "*)
    for folder; do :; done
    mkdir -p "$folder" && echo mine > "$folder/mine.json"
    if [ ! -e "$OTHER" ]; then
        git clone --quiet "$(git remote get-url origin)" "$OTHER" 2>/dev/null
        cd "$OTHER" && git checkout --quiet --orphan bench-history
        mkdir records && echo other > records/other.json
        git add records && git -c user.name=o -c user.email=o@localhost commit --quiet -m other
        git push --quiet origin bench-history
    fi ;;
*" report "*) mkdir -p "$SITE" ;;
esac"#;

#[test]
fn two_jobs_that_publish_at_the_same_time_lose_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let git = |place: &str, arguments: &[&str]| {
        let output = std::process::Command::new("git")
            .current_dir(folder.path().join(place))
            .args(["-c", "user.name=me", "-c", "user.email=me@localhost"])
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("names are UTF-8")
    };
    for place in ["origin", "work/scripts", "bin"] {
        fs::create_dir_all(folder.path().join(place)).expect("the folder is writable");
    }
    git("origin", &["init", "--quiet", "--bare"]);
    git("work", &["init", "--quiet"]);
    let origin = folder.path().join("origin").display().to_string();
    git("work", &["remote", "add", "origin", &origin]);
    git(
        "work",
        &["commit", "--quiet", "--allow-empty", "-m", "a commit"],
    );
    fs::copy(
        script("scripts/ci-publish"),
        folder.path().join("work/scripts/ci-publish"),
    )
    .expect("the script is there");
    let cargo = folder.path().join("bin/cargo");
    fs::write(&cargo, format!("#!/bin/sh\n{PUBLISHING}\n")).expect("the folder is writable");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = std::env::var("PATH").expect("there is a path");
    let bin = folder.path().join("bin");

    Command::new("/bin/bash")
        .arg(folder.path().join("work/scripts/ci-publish"))
        .args(["bench-history", "site", "shard.json"])
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("OTHER", folder.path().join("other"))
        .env("SITE", folder.path().join("site"))
        .assert()
        .success()
        .stderr(contains("has moved on"));
    let kept = git("origin", &["ls-tree", "-r", "--name-only", "bench-history"]);
    assert_eq!(kept, "records/mine.json\nrecords/other.json\n");
}
