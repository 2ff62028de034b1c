//! What reaches beyond a guest's own process and keeper. Without privileges nothing stops a
//! guest that kills the program itself, or every process of its user: the program then has
//! not claimed anything, and what it had is as it was. And what another process namespace
//! hides: a living run, whose folder must stay.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use arena_bench::pair::PairFiles;

use super::{GUEST, PROGRAM, said};

/// A command in a process namespace of its own, as in a container. The shell in front is its
/// first process, which a signal from within does not end.
fn inside() -> Option<Command> {
    let unshare = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--"]);
        command.args(words);
        command
    };
    let tried = unshare(&["true"]).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        println!("skipped: no process namespace can be made here");
        return None;
    }
    let script = r#""$0" "$@"; status=$?; echo "status $status"; exit $status"#;
    Some(unshare(&["sh", "-c", script, PROGRAM]))
}

/// `run`, of one case that this guest fails, into `run.json`.
fn run(command: &mut Command, folder: &Path, pair: &Path) -> Output {
    command
        .current_dir(folder)
        .args(["run", "--filter", "^drain/u64/arena$", "--seed", "1"])
        .args(["--skip", "paired,criterion,counts", "--output", "run.json"])
        .arg("--pair")
        .arg(pair)
        .env("TMPDIR", folder)
        .output()
        .expect("it starts")
}

/// That a run which was ended from outside claimed nothing, and that the same command goes on
/// from there: to its verdict, with the record and nothing else.
fn goes_on(folder: &Path, pair: &Path) {
    let earlier = fs::read_to_string(folder.join("run.json")).expect("it stays");
    assert_eq!(earlier, "earlier");
    let again = run(Command::new(PROGRAM).env("HOSTILE", "exit-3"), folder, pair);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(said(&again).contains("exited with status 3"));
    let names = fs::read_dir(folder).expect("a folder");
    let names: Vec<_> = names.flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names, ["run.json"]);
}

#[test]
fn a_guest_that_kills_the_program_ends_it_without_a_claim_and_the_next_run_goes_on() {
    let Some(pair) = GUEST.as_ref() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("run.json"), "earlier").expect("written");
    let mut command = Command::new(PROGRAM);
    command
        .env("HOSTILE_OUTSIDE", "-")
        .env("HOSTILE_LETHAL", "program");
    let killed = run(&mut command, folder.path(), pair.path());
    assert_eq!(killed.status.signal(), Some(9), "{}", said(&killed));
    goes_on(folder.path(), pair.path());
}

#[test]
fn a_guest_that_kills_every_process_leaves_the_shell_a_status_and_the_next_run_goes_on() {
    let (Some(pair), Some(mut command)) = (GUEST.as_ref(), inside()) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("run.json"), "earlier").expect("written");
    let outside = fs::read_link("/proc/self/ns/pid").expect("it was asked for above");
    command
        .env("HOSTILE_OUTSIDE", outside)
        .env("HOSTILE_LETHAL", "everyone");
    let killed = run(&mut command, folder.path(), pair.path());
    let printed = String::from_utf8_lossy(&killed.stdout);
    // 128 and the signal's number, as shells say it.
    assert!(printed.contains("status 137"), "{printed}{}", said(&killed));
    assert_eq!(killed.status.code(), Some(137));
    goes_on(folder.path(), pair.path());
}

/// The temporary folders of runs in a folder.
fn of_runs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.path()).collect()
}

#[test]
fn a_living_run_keeps_its_folder_while_another_process_namespace_sweeps_and_a_dead_one_does_not() {
    if inside().is_none() {
        return;
    }
    let pair = PairFiles::find(None).expect("cargo builds the pair with the tests");
    let pair = pair.guest.parent().expect("a file has a folder");
    let [temporary, folder] = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
    let compares = |command: &mut Command, budget: &str, output: &str| {
        command
            .args(["run", "--filter", "^drain/u64/(arena|alloc)$"])
            .args(["--skip", "criterion,counts", "--budget", budget, "--output"])
            .arg(folder.path().join(output))
            .arg("--pair")
            .arg(pair)
            .env("TMPDIR", temporary.path());
    };
    let mut living = Command::new(PROGRAM);
    compares(&mut living, "600", "living.json");
    let mut living = living
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    while of_runs(temporary.path()).is_empty() {
        assert!(living.try_wait().expect("a child").is_none(), "it ended");
        sleep(Duration::from_millis(5));
    }
    let kept = of_runs(temporary.path());
    let sweep = |output: &str| {
        let mut command = inside().expect("one was made above");
        compares(&mut command, "0.1", output);
        let swept = command.output().expect("it starts");
        let printed = String::from_utf8_lossy(&swept.stdout).into_owned();
        assert!(printed.contains("status "), "{printed}{}", said(&swept));
        assert!(folder.path().join(output).exists(), "{}", said(&swept));
    };
    sweep("first.json");
    let lives = living.try_wait().expect("a child").is_none();
    assert!(lives && kept.iter().all(|path| path.exists()), "{kept:?}");
    living.kill().expect("killed");
    living.wait().expect("ended");
    assert!(kept.iter().all(|path| path.exists()), "killed: {kept:?}");
    sweep("second.json");
    let left = of_runs(temporary.path());
    assert!(left.is_empty(), "{left:?}");
}
