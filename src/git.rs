//! Git as a program runs it: with settings for machines, whatever the user's are, and
//! without the variables by which a caller such as a hook ties git to one repository.
//! Knows no pair and no record.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// What a person's settings must not change: signatures in the output, hooks that run
/// on a checkout, a question for a key.
const SETTINGS: [&str; 3] = [
    "log.showSignature=false",
    "core.hooksPath=/dev/null",
    "commit.gpgsign=false",
];

/// Git did not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error(
        "cannot start git: {0}; install it (apt-get install git), or compare with --baseline-pair DIR"
    )]
    Missing(io::Error),
    #[error("git {what} failed: {output}{}", remedy(output))]
    Refused { what: String, output: String },
}

fn remedy(output: &str) -> &'static str {
    if output.contains("dubious ownership") {
        return "\nThe repository belongs to another user: git's own words above say how to trust it.";
    }
    ""
}

/// Git in a folder; arguments are still to be added.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).stdin(Stdio::null());
    for name in local_variables() {
        command.env_remove(name);
    }
    // Its words are looked at.
    command.env("LC_ALL", "C");
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command
}

/// What git says to `arguments`, without the line's end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Result<String, GitError> {
    let output = command(folder)
        .args(arguments)
        .output()
        .map_err(GitError::Missing)?;
    if output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout);
        return Ok(text.trim_end_matches(['\n', '\r']).to_owned());
    }
    Err(GitError::Refused {
        what: arguments.first().copied().unwrap_or_default().to_owned(),
        output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// The variables that tie git to one repository, such as GIT_DIR and GIT_INDEX_FILE:
/// as this git names them, or those of git 2.39 where it does not.
pub(crate) fn local_variables() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let output = Command::new("git")
            .args(["rev-parse", "--local-env-vars"])
            .stderr(Stdio::null())
            .output();
        let named = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let named = named.unwrap_or_default();
        let known = KNOWN.iter().copied();
        let mut names: Vec<String> = named.lines().chain(known).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    })
}

const KNOWN: [&str; 10] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];
