//! The scripts on machines that this one is not: a folder of stand-ins is all
//! that they find on the path.
#![cfg(unix)]

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
