//! `merge`: the shards of one run into one record.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::outcome::Outcome;
use crate::growth::shards::joined;
use bench_record::{merge, output, store};

/// Joins the shards of one run into one record.
///
/// All shards must be there, each once, and all of one environment: the same
/// machine model, toolchain and pair.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  arena-bench run --shard 1/2 --output shard-1.json   # in one job
  arena-bench run --shard 2/2 --output shard-2.json   # in another
  arena-bench merge shard-1.json shard-2.json --output results/run.json")]
pub struct Config {
    /// The shards' records, in any order.
    #[arg(required = true, value_name = "SHARD")]
    shards: Vec<PathBuf>,
    /// Where the record goes; a file that exists is not replaced without --force.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Replace the output file if it exists.
    #[arg(long)]
    force: bool,
}

/// Merges and writes.
pub fn run(config: &Config) -> anyhow::Result<Outcome> {
    let file = output::file_of(&config.output)
        .with_context(|| format!("--output {}", config.output.display()))?;
    if file.is_some_and(|file| file.exists()) && !config.force {
        bail!(
            "--output {} exists; give another name, or --force to replace it",
            config.output.display()
        );
    }
    super::options::writable("--output", Some(&config.output))?;
    let shards = config
        .shards
        .iter()
        .map(|path| Ok((path.clone(), store::load(path)?)))
        .collect::<Result<Vec<_>, store::RecordError>>()?;
    let record = merge::merge(shards, &|shards, record| {
        joined(shards, record).map_err(|error| error.to_string())
    })?;
    store::save(&config.output, &record)?;
    notice!(
        "{} cases and {} comparisons of {} shards in {}",
        record.cases.len(),
        record.comparisons.len(),
        config.shards.len(),
        config.output.display()
    );
    Ok(Outcome::Fine)
}
