//! `peers`: the heavy part of the workbench's command line.

use std::process::ExitCode;

use arena_bench::cmd::Outcome;
use arena_bench::guest;
use clap::{Parser, Subcommand};
use paired::child;
use peers::{cmd, count, drive, fidius, peer};

/// Real Fidius plugins and other ways to stream items, measured by the
/// workbench's engine.
#[derive(Debug, Parser)]
#[command(name = "peers", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every peer's items against the generator; nothing is timed.
    Verify(cmd::verify::Config),
    /// The measurements; writes a record and the pages.
    Run(Box<cmd::run::Config>),
    /// The pages again, from a record.
    Report(cmd::report::Config),
    /// Verifies and measures a stream of any Fidius plugin.
    Guest(Box<cmd::guest::Config>),
}

fn main() -> ExitCode {
    // Compiles and links libraries, in a build that this program started.
    if let Some(status) = paired::layouts::serve() {
        return status;
    }
    let mut arms = drive::Opener::default();
    let served = child::serve(&mut |job| arms.open(job))
        .or_else(count::serve)
        .or_else(peer::socket::serve)
        .or_else(|| guest::child::serve(&fidius::guest::load));
    if let Some(status) = served {
        return status;
    }
    let cli = Cli::parse();
    let result = match &cli.verb {
        Verb::Verify(config) => cmd::verify::run(config),
        Verb::Run(config) => cmd::run::run(config),
        Verb::Report(config) => cmd::report::run(config),
        Verb::Guest(config) => cmd::guest::run(config),
    };
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Found | Outcome::Skip) => ExitCode::from(1),
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::from(2)
        }
    }
}
