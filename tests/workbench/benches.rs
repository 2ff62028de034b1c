//! The targets of `cargo bench` as cargo runs them, with whatever stands behind its `--`.

use std::path::PathBuf;

use arena_bench::harness::{self, Profile};
use assert_cmd::Command;
use paired::child::ARGUMENT;
use predicates::str::{contains, is_empty};

/// The paired target, unoptimised: what it is asked here measures nothing.
fn paired() -> PathBuf {
    harness::build("paired", Profile::Debug).expect("the target builds")
}

#[test]
fn the_paired_target_serves_as_its_own_measuring_process() {
    // Started by hand, which a measuring process refuses: it has no private line.
    let said = Command::new(paired())
        .arg(ARGUMENT)
        .write_stdin("")
        .assert();
    said.code(1)
        .stdout(is_empty())
        .stderr(contains("for processes that the program starts itself"));
}

#[test]
fn what_is_said_to_criterion_or_of_no_case_lets_the_paired_target_pass() {
    let paired = paired();
    for arguments in [
        &["--bench", "--save-baseline", "before"][..],
        &["u64", "--baseline", "before", "--bench"],
        &["no-such-case", "--bench"],
    ] {
        let said = Command::new(&paired).args(arguments).assert().success();
        said.stderr(contains("nothing is compared"));
    }
}
