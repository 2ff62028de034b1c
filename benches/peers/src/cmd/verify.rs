//! `verify`: the items of every peer and channel against the generator, or packages' streams.

use anyhow::{Result, ensure};
use arena_bench::cmd::packages::PackageChoice;
use arena_bench::cmd::{Outcome, verify};

use super::calling::CallingOptions;
use super::compare::PACKAGE;
use super::matching;
use crate::files::Files;
use crate::{child, claims};

/// Verifies the streams of packages with Fidius plugins, or, where none is named, the peers.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  peers verify --package my-plugin\n  peers verify --filter arrow",
    mut_arg("package", |arg| arg.help(PACKAGE))
)]
pub struct Config {
    /// Only what has an id that matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<regex::Regex>,
    /// Items of each stream of the peers.
    #[arg(long, default_value_t = 3000, conflicts_with_all = ["package", "library"])]
    items: u64,
    #[command(flatten)]
    packages: PackageChoice,
    #[command(flatten)]
    calling: CallingOptions,
    /// Print a JSON array of {id, verified, error} instead of a line each.
    #[arg(long)]
    json: bool,
}

/// Drains each stream once, in a process of its own, and hashes it.
///
/// # Errors
/// When there are no libraries, a package does not build, or nothing matches the filter.
pub fn run(config: &Config) -> Result<Outcome> {
    let filter = config.filter.as_ref();
    if let Some(packages) = config.packages.plain(&config.calling.calling()?)? {
        return verify::verify_packages(&packages, filter.map(regex::Regex::as_str), config.json);
    }
    let all = matching(filter);
    ensure!(!all.is_empty(), "--filter matches nothing");
    let files = Files::beside_executable()?;
    let mut outcome = Outcome::Fine;
    let mut rows = Vec::new();
    for work in all {
        let id = work.id();
        let expected = work.expected(config.items);
        let found = child::verify(&work, files.of(work), config.items);
        let found = match found {
            Ok(found) if found == expected => Ok(found),
            Ok(found) => Err(format!("{found:?} where {expected:?} was expected")),
            Err(error) => Err(format!("{error:#}")),
        };
        if let Err(error) = &found {
            outcome = Outcome::Found;
            eprintln!("peers: {id}: {error}");
        }
        if config.json {
            let verified = found.as_ref().ok().map(claims::verified);
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
