//! The scripts on machines that this one is not: a folder of stand-ins is all
//! that they find on the path.

mod bench;
mod ci;
mod setup;

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

/// A cargo whose builds are done already.
const CARGO: (&str, &str) = (
    "cargo",
    r#"[ "$1" != bench ] || echo '{"target":{"kind":["bin"],"name":"arena-bench"},"executable":"target/release/arena-bench"}'"#,
);

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

#[test]
fn the_campaign_gets_the_program_that_was_built_and_its_options_as_they_are() {
    let machine = machine(&[CARGO, ("torture", r#"echo "$@"; exit 1"#)]);
    let work = tempfile::tempdir().expect("a temporary folder can be made");
    let built = work.path().join("target/release");
    fs::create_dir_all(&built).expect("it can be made");
    fs::create_dir(work.path().join("scripts")).expect("it can be made");
    for name in ["scripts/torture", "scripts/build"] {
        fs::copy(script(name), work.path().join(name)).expect("it is there");
    }
    fs::copy(machine.path().join("torture"), built.join("torture")).expect("it can be copied");
    let path = std::env::var("PATH").expect("there is a path");
    let said = Command::new("/bin/bash")
        .current_dir("/")
        .arg(work.path().join("scripts/torture"))
        .args(["--seed", "7", "--output", "a b"])
        .env("PATH", format!("{}:{path}", machine.path().display()))
        .assert();
    let program = built.join("arena-bench");
    let expected = format!("--program {} --seed 7 --output a b\n", program.display());
    said.code(1).stdout(predicates::str::ends_with(expected));
}
