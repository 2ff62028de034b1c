//! `list`: the cases.

use anyhow::Result;

use super::options::Selection;
use super::outcome::{Outcome, print_json, say};
use super::packages::{Filter, PackageChoice};
use crate::subject::framework::Calling;
use crate::subject::packages::Packages;

/// What to list.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  arena-bench list --filter '^drain/bytes'\n  arena-bench list --package my-benches"
)]
pub struct Config {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    packages: PackageChoice,
    /// Print a JSON array of {id, params} instead of a line each.
    #[arg(long)]
    json: bool,
}

/// Lists the cases.
pub fn run(config: &Config) -> Result<Outcome> {
    if let Some(packages) = config.packages.plain(&Calling::default())? {
        return list_packages(&packages, config.selection.filter.as_deref(), config.json);
    }
    let cases = config.selection.cases()?;
    if config.json {
        let listed = cases
            .iter()
            .map(|case| serde_json::json!({ "id": case.id(), "params": case.params(0) }));
        return print_json(&listed.collect::<Vec<_>>());
    }
    for case in cases {
        say(case)?;
    }
    Ok(Outcome::Fine)
}

/// Lists the cases of packages.
///
/// # Errors
/// When none matches the filter.
pub fn list_packages(packages: &Packages, filter: Option<&str>, json: bool) -> Result<Outcome> {
    let ids = Filter::new(filter)?.of(packages)?;
    if json {
        let listed = ids.iter().map(|id| serde_json::json!({ "id": id }));
        return print_json(&listed.collect::<Vec<_>>());
    }
    ids.iter().try_for_each(say)?;
    Ok(Outcome::Fine)
}
