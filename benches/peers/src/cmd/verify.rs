//! `verify`: the items of every peer and channel against the generator, or packages' streams.

use anyhow::Result;
use arena_bench::cmd::{Outcome, verify};
use arena_bench::verify::Expected;

use super::choice::Choice;
use super::compare::PACKAGE;
use crate::child;
use crate::files::Files;

/// Verifies the streams of packages with Fidius plugins, or, where none is named, the peers.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  peers verify --package my-plugin\n  peers verify --filter arrow",
    mut_arg("package", |arg| arg.help(PACKAGE))
)]
pub struct Config {
    #[command(flatten)]
    choice: Choice,
    /// Items of each stream of the peers.
    #[arg(long, default_value_t = 3000, conflicts_with_all = ["package", "library"])]
    items: u64,
    /// Print a JSON array of {id, verified, error} instead of a line each.
    #[arg(long)]
    json: bool,
}

/// Drains each stream once, in a process of its own, and hashes it.
///
/// # Errors
/// When there are no libraries, a package does not build, or nothing matches the filter.
pub fn run(config: &Config) -> Result<Outcome> {
    if let Some(packages) = config.choice.packages()? {
        return verify::verify_packages(&packages, config.choice.filter(), config.json);
    }
    let all = config.choice.works()?;
    let files = Files::beside_executable()?;
    let mut outcome = Outcome::Fine;
    let mut rows = Vec::new();
    for work in all {
        let id = work.id();
        let found = child::verify(&work, files.of(work), config.items);
        let found = found.map_err(|error| format!("{error:#}"));
        if let Err(error) = &found {
            outcome = Outcome::Found;
            eprintln!("peers: {id}: {error}");
        }
        if config.json {
            let verified = found.as_ref().ok().map(Expected::verified);
            let error = found.as_ref().err();
            rows.push(serde_json::json!({ "id": id, "verified": verified, "error": error }));
        } else if let Ok(found) = found {
            println!("{id}: {} items, digest {:016x}", found.items, found.digest);
        }
    }
    if config.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    }
    Ok(outcome)
}
