//! `list`: the cases of packages, or everything that the peers measure.

use anyhow::Result;
use arena_bench::cmd::{Outcome, list};

use super::choice::Choice;
use super::compare::PACKAGE;

/// Lists the cases of packages with Fidius plugins, or, where none is named, of the peers.
///
/// What a plugin has beside them is named on stderr, with its kind and the reason why it is not
/// measured.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  peers list --package my-plugin\n  peers list --filter '/u64/'",
    mut_arg("package", |arg| arg.help(PACKAGE))
)]
pub struct Config {
    #[command(flatten)]
    choice: Choice,
    /// Print a JSON array of {id} instead of a line each.
    #[arg(long)]
    json: bool,
}

/// Lists the cases.
///
/// # Errors
/// When a package does not build, or nothing matches the filter.
pub fn run(config: &Config) -> Result<Outcome> {
    if let Some(packages) = config.choice.packages()? {
        return list::list_packages(&packages, config.choice.filter(), config.json);
    }
    let all = config.choice.works()?;
    let ids = all.iter().map(|work| work.id());
    if config.json {
        let listed: Vec<_> = ids.map(|id| serde_json::json!({ "id": id })).collect();
        println!("{}", serde_json::to_string_pretty(&listed)?);
    } else {
        ids.for_each(|id| println!("{id}"));
    }
    Ok(Outcome::Fine)
}
