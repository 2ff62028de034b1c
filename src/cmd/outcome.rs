//! What verbs share: what they found, and how they print it.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use crate::printing;
use bench_record::wire::{Failure, Record};
use bench_report::terminal::Screen;

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

impl Outcome {
    /// A finding where something was found, else nothing to complain about.
    pub(super) fn of(found: bool) -> Self {
        if found { Self::Found } else { Self::Fine }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Fine => 0,
            Outcome::Found => 1,
            Outcome::Skip => 125,
        })
    }
}

/// Prints a line to stdout.
pub(super) fn say(line: impl std::fmt::Display) -> io::Result<()> {
    printing::to_stdout(line)
}

/// Says what a person should know, a line each.
pub(super) fn tell(notices: &[String]) {
    for notice in notices {
        notice!("arena-bench: {notice}");
    }
}

/// Says what failed and why, a line each, as this program.
pub fn tell_failures(program: &str, failures: &[Failure]) -> Outcome {
    for failure in failures {
        notice!("{program}: {}: {}", failure.id, failure.why);
    }
    Outcome::of(!failures.is_empty())
}

/// Prints a value as JSON, for programs.
pub(super) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<Outcome> {
    printing::json(value).context("stdout")?;
    Ok(Outcome::Fine)
}

/// Shows a record that was kept: as JSON or as a table, its place, and what failed.
pub(super) fn show(
    record: &Record,
    output: &Path,
    json: bool,
    table: fn(&Record, Screen) -> String,
) -> anyhow::Result<Outcome> {
    match json {
        true => drop(print_json(record)?),
        false => say(table(record, Screen::stdout()))?,
    }
    notice!("arena-bench: the record is {}", output.display());
    for failure in &record.failures {
        notice!("arena-bench: failed: {}: {}", failure.id, failure.why);
    }
    Ok(Outcome::of(!record.failures.is_empty()))
}
