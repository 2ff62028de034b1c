//! The command line: one file a verb, and the exit status they share.
//!
//! A verb reads its own options, calls the library and prints. Tables go to
//! stdout, words for people to stderr. Public are those that another program has as well, over
//! packages of another framework.

mod accept;
pub mod bisect;
mod bisecting;
mod build_pair;
pub mod building;
pub mod compare;
mod explaining;
mod export;
pub mod gate;
mod growth;
pub mod guest;
pub mod history;
pub mod init;
mod lab;
mod ladder;
pub mod list;
mod merge;
mod noise;
mod options;
mod outcome;
pub mod packages;
mod part;
mod progress;
pub mod report;
mod reporter;
mod resume;
mod run;
pub mod run_packages;
mod search;
mod selftest;
mod sides;
pub mod verify;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::case::catalog;
use crate::case::filter::{self, FilterError};
use crate::growth::matrix::GrowthError;
use crate::pair_process::error::PairError;
use crate::workspace;

pub use outcome::{Outcome, tell_failures};

/// Measures what it costs to hand an item over a C ABI, and which buffer
/// protocol wins.
#[derive(Debug, Parser)]
#[command(name = "arena-bench", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Accepts a regression, with a reason.
    Accept(accept::Config),
    /// The commit that made a case slower.
    Bisect(bisect::Config),
    /// A pair with its link layouts, in a folder that CI can keep.
    BuildPair(build_pair::Config),
    /// Two pairs against each other: this checkout and another commit, say.
    Compare(Box<compare::Config>),
    Export(export::Config),
    Gate(gate::Config),
    /// Items that do not fit: every way to grow, counted, and which one to use.
    Growth(growth::Config),
    History(history::Config),
    Init(init::Config),
    /// Which protocol a framework should use: today's two, other ways and the limit.
    Lab(lab::Config),
    /// Where the nanoseconds go, step by step.
    Ladder(ladder::Config),
    /// The cases, with filters.
    List(list::Config),
    /// Verifies and measures guests that this workbench did not make.
    Guest(Box<guest::Config>),
    Merge(merge::Config),
    Noise(noise::Config),
    /// The measurements; writes a record.
    Run(Box<run::Config>),
    /// The experiment that proves the method on this machine.
    Selftest(selftest::Config),
    Report(report::Config),
    /// Correctness of a pair; nothing is timed.
    Verify(verify::Config),
}

/// Parses the command line and runs the verb.
///
/// Exit status: 0 fine, 1 a regression or a failed check was found, 2 the
/// command could not do its work.
pub fn main() -> ExitCode {
    outlive_the_file_limit();
    dispatch(&Cli::parse())
}

/// Lets a file beyond the limit of its size be an error of the write: the system would end
/// this process otherwise, in the middle of whatever it does.
fn outlive_the_file_limit() {
    let noticed = Arc::default();
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, noticed);
}

/// What `cargo bench --bench paired` does: every ratio, and nothing else.
pub fn paired(filter: Option<String>, quick: bool) -> ExitCode {
    if let Err(FilterError::NoMatch { .. }) = filter::select(catalog::all(), filter.as_deref()) {
        notice!("paired: nothing is compared, as no case has such an id");
        return ExitCode::SUCCESS;
    }
    let output = workspace::root().map(|root| workspace::target(&root).join("paired.json"));
    let output = output.unwrap_or_else(|_| "paired.json".into());
    let mut arguments: Vec<OsString> = [
        "arena-bench",
        "run",
        "--skip",
        "criterion,counts",
        "--output",
    ]
    .map(OsString::from)
    .to_vec();
    arguments.push(output.into());
    arguments.extend(quick.then(|| "--quick".into()));
    arguments.extend(
        filter
            .into_iter()
            .flat_map(|filter| ["--filter".into(), filter.into()]),
    );
    dispatch(&Cli::parse_from(arguments))
}

fn dispatch(cli: &Cli) -> ExitCode {
    let result = match &cli.verb {
        Verb::Ladder(config) => ladder::run(config),
        Verb::Lab(config) => lab::run(config),
        Verb::Accept(config) => accept::run(config),
        Verb::Bisect(config) => bisect::run(config),
        Verb::BuildPair(config) => build_pair::run(config),
        Verb::Compare(config) => compare::run(config),
        Verb::Export(config) => export::run(config),
        Verb::Guest(config) => guest::run(config),
        Verb::Gate(config) => gate::run(config),
        Verb::Growth(config) => growth::run(config),
        Verb::History(config) => history::run(config),
        Verb::Init(config) => init::run(config),
        Verb::List(config) => list::run(config),
        Verb::Merge(config) => merge::run(config),
        Verb::Noise(config) => noise::run(config),
        Verb::Run(config) => run::run(config),
        Verb::Selftest(config) => selftest::run(config),
        Verb::Report(config) => report::run(config),
        Verb::Verify(config) => verify::run(config),
    };
    match result {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            notice!("arena-bench: {}", words(&error));
            ExitCode::from(if is_a_finding(&error) { 1 } else { 2 })
        }
    }
}

/// Whether a verb ended because the pair is not correct, rather than because it could not do
/// its work.
fn is_a_finding(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let growth = cause.downcast_ref().and_then(|cause| match cause {
            GrowthError::Pair(error) => Some(error),
            _ => None,
        });
        let pair: Option<&PairError> = cause.downcast_ref().or(growth);
        pair.is_some_and(PairError::is_a_finding)
    })
}

/// An error and its causes, each once: many say their cause themselves.
fn words(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| {
        let cause = cause.to_string();
        match said.as_str() {
            "" => cause,
            said if said.ends_with(&cause) => said.to_owned(),
            said => format!("{said}: {cause}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let cause = std::io::Error::other("no such file");
        let error = anyhow::Error::new(cause).context("a.so: no such file");
        assert_eq!(words(&error), "a.so: no such file");
        let error = error.context("the baseline pair");
        assert_eq!(words(&error), "the baseline pair: a.so: no such file");
    }
}
