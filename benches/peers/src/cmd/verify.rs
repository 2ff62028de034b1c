//! `verify`: every peer's items against the generator.

use anyhow::Result;
use arena_bench::cmd::Outcome;

use super::matches;
use crate::files::Files;
use crate::peer::{Arm, Peer, SIZES};

/// What to verify.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  peers verify --filter arrow")]
pub struct Config {
    /// Only arms whose id matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<regex::Regex>,
    /// Items of each stream.
    #[arg(long, default_value_t = 3000)]
    items: u64,
}

/// Drains each peer's stream of each payload once, and hashes it.
///
/// # Errors
/// When there are no libraries.
pub fn run(config: &Config) -> Result<Outcome> {
    let files = Files::beside_executable()?;
    let mut outcome = Outcome::Fine;
    for (payload, bytes) in SIZES {
        for peer in Peer::ALL {
            let arm = Arm::new(peer, payload, bytes);
            if !matches(config.filter.as_ref(), &arm) {
                continue;
            }
            let found = arm
                .open(&files.of(&arm), config.items)
                .and_then(|mut stream| stream.verify(config.items));
            let expected = arm.expected(config.items);
            match found {
                Ok(found) if found == expected => {
                    println!(
                        "{}: {} items, digest {:016x}",
                        arm.id(),
                        found.items,
                        found.digest
                    );
                }
                Ok(found) => {
                    outcome = Outcome::Found;
                    eprintln!(
                        "peers: {}: {found:?} where {expected:?} was expected",
                        arm.id()
                    );
                }
                Err(error) => {
                    outcome = Outcome::Found;
                    eprintln!("peers: {}: {error:#}", arm.id());
                }
            }
        }
    }
    Ok(outcome)
}
