//! `verify`: the items of every peer and channel against the generator.

use anyhow::{Result, ensure};
use arena_bench::cmd::Outcome;

use super::matching;
use crate::child;
use crate::files::Files;

/// What to verify.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  peers verify --filter arrow")]
pub struct Config {
    /// Only what has an id that matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<regex::Regex>,
    /// Items of each stream.
    #[arg(long, default_value_t = 3000)]
    items: u64,
}

/// Drains each stream once, in a process of its own, and hashes it.
///
/// # Errors
/// When there are no libraries.
pub fn run(config: &Config) -> Result<Outcome> {
    let all = matching(config.filter.as_ref());
    ensure!(!all.is_empty(), "--filter matches nothing");
    let files = Files::beside_executable()?;
    let mut outcome = Outcome::Fine;
    for work in all {
        let id = work.id();
        let expected = work.expected(config.items);
        match child::verify(&work, files.of(work), config.items) {
            Ok(found) if found == expected => {
                println!("{id}: {} items, digest {:016x}", found.items, found.digest);
            }
            Ok(found) => {
                outcome = Outcome::Found;
                eprintln!("peers: {id}: {found:?} where {expected:?} was expected");
            }
            Err(error) => {
                outcome = Outcome::Found;
                eprintln!("peers: {id}: {error:#}");
            }
        }
    }
    Ok(outcome)
}
