//! What verbs share: what they found, and how they print it.

use std::io;

use anyhow::Context;

use crate::printing;

/// What a verb found; it becomes the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Exit status 0: nothing to complain about.
    Fine,
    /// Exit status 1: a regression, or a check that failed.
    Found,
    /// Exit status 125, which `git bisect run` takes for a commit to skip: it does not
    /// build.
    Skip,
}

/// Prints a line to stdout.
pub(super) fn say(line: impl std::fmt::Display) -> io::Result<()> {
    printing::to_stdout(line)
}

/// Prints a value as JSON, for programs.
pub(super) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<Outcome> {
    printing::json(value).context("stdout")?;
    Ok(Outcome::Fine)
}
