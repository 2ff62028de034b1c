//! `claims`: the programs of `fidius-claims`, each run in a process of its own.

use anyhow::Result;
use arena_bench::cmd::{Outcome, tell_failures};

use crate::tried;

/// How to print what they find.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  peers claims\n\n\
    Each program is a file in benches/peers/fidius-claims/examples, with its interface, its\n\
    plugin and its host; alone: cargo run -p fidius-claims --example NAME")]
pub struct Config {
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// Tries the suspicions about Fidius that need no measurement.
///
/// # Errors
/// When the result cannot be printed.
pub fn run(config: &Config) -> Result<Outcome> {
    let mut failures = Vec::new();
    let tried = tried::all(&mut failures);
    if config.json {
        println!("{}", serde_json::to_string_pretty(&tried)?);
    } else {
        for found in &tried {
            let verdict = if found.holds {
                "so it is"
            } else {
                "it is not so"
            };
            println!("{}: {verdict}: {}", found.program, found.seen);
        }
    }
    Ok(tell_failures("peers", &failures))
}
