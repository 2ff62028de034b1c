//! `peers`: the heavy part of the workbench's command line.

use std::process::ExitCode;

use arena_bench::cmd::{gate, history, init};
use arena_bench::{guest, subject};
use clap::{Parser, Subcommand};
use paired::child;
use peers::{child as foreign, cmd, count, drive, fidius, peer};

/// Real Fidius plugins and other ways to stream items, measured by the
/// workbench's engine.
#[derive(Debug, Parser)]
#[command(
    name = "peers",
    version,
    max_term_width = 100,
    after_help = "For Fidius plugins alone (run --package, compare, bisect, guest, methods, claims),\n\
    `cargo build --release --no-default-features` in benches/peers compiles neither wasmtime\n\
    nor arrow. Records are those of `arena-bench`, whose other verbs read them as well."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Verify(cmd::verify::Config),
    List(cmd::list::Config),
    Run(Box<cmd::run::Config>),
    Compare(Box<cmd::compare::Config>),
    Bisect(Box<cmd::bisect::Config>),
    #[command(after_help = "Examples:\n  \
        peers run --package my-plugin --no-times --output run.json\n  \
        peers gate run.json --baseline baseline.json")]
    Gate(gate::Config),
    #[command(after_help = "Examples:\n  \
        peers history add run.json --to history\n  \
        peers history changes history --last 1")]
    History(history::Config),
    Report(cmd::report::Config),
    #[command(after_help = "Examples:\n  \
        peers init --action someone/arena-bench@v1\n  \
        peers init --package my-plugin --action someone/arena-bench@v1")]
    Init(init::Config),
    /// Suspicions about Fidius, each tried by a small program.
    Claims(cmd::claims::Config),
    /// Which methods a Fidius plugin has, and of which kind each is.
    Methods(cmd::methods::Config),
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
        .or_else(|| guest::child::serve(&fidius::guest::load))
        .or_else(|| subject::child::serve(&fidius::framework::Fidius))
        .or_else(foreign::serve)
        .or_else(arena_bench::pair_process::serve);
    if let Some(status) = served {
        return status;
    }
    let cli = Cli::parse();
    let result = match &cli.verb {
        Verb::Verify(config) => cmd::verify::run(config),
        Verb::List(config) => cmd::list::run(config),
        Verb::Run(config) => cmd::run::run(config),
        Verb::Compare(config) => cmd::compare::run(config),
        Verb::Bisect(config) => cmd::bisect::run(config),
        Verb::Gate(config) => gate::run(config),
        Verb::History(config) => history::run(config),
        Verb::Report(config) => cmd::report::run(config),
        Verb::Init(config) => init::run(config),
        Verb::Claims(config) => cmd::claims::run(config),
        Verb::Methods(config) => cmd::methods::run(config),
        Verb::Guest(config) => cmd::guest::run(config),
    };
    match result {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::from(2)
        }
    }
}
