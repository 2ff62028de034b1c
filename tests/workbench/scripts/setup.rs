//! The set-up: what is missing is installed, or named with its command.

use std::fs;

use assert_cmd::Command;
use predicates::str::contains;

use super::{CARGO, machine, script};

fn setup(machine: &tempfile::TempDir) -> Command {
    let mut command = Command::new("/bin/bash");
    command.arg(script("scripts/setup"));
    command.env("PATH", machine.path());
    command
}

const USER: (&str, &str) = ("id", "echo 1000");
const ROOT: (&str, &str) = ("id", "echo 0");

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
