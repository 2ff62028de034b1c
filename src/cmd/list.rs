//! `list`: the cases.

use anyhow::Result;

use super::options::Selection;
use super::outcome::{Outcome, print_json, say};

/// What to list.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  arena-bench list --filter '^drain/bytes'")]
pub struct Config {
    #[command(flatten)]
    selection: Selection,
    /// Print a JSON array of {id, params} instead of a line each.
    #[arg(long)]
    json: bool,
}

/// Lists the cases.
pub fn run(config: &Config) -> Result<Outcome> {
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
