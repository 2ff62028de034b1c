//! `verify`: is a pair correct? Nothing is timed.

use anyhow::Result;

use super::options::{PairChoice, Selection};
use super::outcome::{Outcome, print_json, say};
use super::packages::{Filter, PackageChoice};
use crate::pair_process::PairProcess;
use crate::subject::Subject;
use crate::subject::framework::Calling;
use crate::subject::packages::Packages;
use crate::verify::Verification;

/// What to verify.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  arena-bench verify --quick\n  arena-bench verify --pair target/release/deps --filter blob"
)]
pub struct Config {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    pair: PairChoice,
    #[command(flatten)]
    packages: PackageChoice,
    /// Print a JSON array of {id, verified, error} instead of a line each.
    #[arg(long)]
    json: bool,
    /// Items of each stream, where the usual number takes too long, as under
    /// valgrind.
    #[arg(long, value_name = "N", hide = true)]
    items: Option<u64>,
}

/// Drains each case's stream once and holds every item against its generator.
pub fn run(config: &Config) -> Result<Outcome> {
    let packages = match config.pair.pair {
        Some(_) => None,
        None => config.packages.plain(&Calling::default())?,
    };
    if let Some(packages) = packages {
        return verify_packages(&packages, config.selection.filter.as_deref(), config.json);
    }
    let cases = config.selection.cases()?;
    let mut pair = PairProcess::load(&config.pair.files()?)?;
    let mut outcome = Outcome::Fine;
    let mut rows = Vec::new();
    for case in &cases {
        let result = pair.verify(case, config.items);
        if let Err(error) = &result {
            outcome = Outcome::Found;
            notice!("arena-bench: {error}");
        }
        let verified = result.as_ref().ok().map(Verification::verified);
        if config.json {
            let error = result.as_ref().err().map(ToString::to_string);
            rows.push(serde_json::json!({ "id": case.id(), "verified": verified, "error": error }));
        } else if let Some(verified) = verified {
            let (items, bytes) = (verified.items, verified.bytes);
            let digest = verified.digest;
            say(format_args!(
                "{case}: {items} items, {bytes} bytes, digest {digest}"
            ))?;
        }
    }
    if let Err(error) = pair.finish() {
        outcome = Outcome::Found;
        notice!("arena-bench: {error}");
    }
    if config.json {
        print_json(&rows)?;
    }
    Ok(outcome)
}

/// Runs each case of packages once, in a child.
///
/// # Errors
/// When none matches the filter, or no child can be started.
pub fn verify_packages(packages: &Packages, filter: Option<&str>, json: bool) -> Result<Outcome> {
    let ids = Filter::new(filter)?.of(packages)?;
    let failed = packages.verify(&ids, &mut || {})?;
    let mut rows = Vec::new();
    for id in &ids {
        let error = failed.get(id);
        if let Some(why) = error {
            notice!("arena-bench: {id}: {why}");
        }
        if json {
            let verified = packages.verified(id);
            rows.push(serde_json::json!({ "id": id, "verified": verified, "error": error }));
        } else if error.is_none() {
            say(format_args!("{id}: can be measured"))?;
        }
    }
    if json {
        print_json(&rows)?;
    }
    Ok(Outcome::of(!failed.is_empty()))
}
