//! `build-pair`: a pair with its link layouts, in a folder that can be kept.

use std::path::PathBuf;

use anyhow::Result;

use super::Outcome;
use crate::workspace;

/// Which pair, and where it goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    arena-bench build-pair --at origin/main --output target/base-pair\n  \
    arena-bench compare --baseline-pair target/base-pair --quick")]
pub struct Config {
    /// Build this commit, branch or tag instead of the sources here.
    #[arg(long, value_name = "REF")]
    at: Option<String>,
    /// Folder that takes the pair and its layouts.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

/// Builds the pair and copies it.
///
/// # Errors
/// When it does not build or cannot be copied.
pub fn run(config: &Config) -> Result<Outcome> {
    let root = workspace::root()?;
    let (layouts, what) = match &config.at {
        Some(reference) => workspace::build_at(&root, reference)?,
        None => (workspace::build_here(&root)?, "the sources here".to_owned()),
    };
    layouts.save(&config.output)?;
    let count = layouts.first.len() + layouts.second.len();
    eprintln!(
        "arena-bench: {what}: the pair, linked {count} times over, is in {}",
        config.output.display()
    );
    Ok(Outcome::Fine)
}
