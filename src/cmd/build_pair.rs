//! `build-pair`: a pair with its link layouts, in a folder that can be kept.

use std::path::PathBuf;

use anyhow::Result;

use super::building::{Chance, pair_at, pair_with, words};
use super::outcome::Outcome;
use crate::allocator::Allocators;
use crate::workspace;
use crate::workspace::Place;

/// Which pair, and where it goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    arena-bench build-pair --at origin/main --output target/base-pair\n  \
    arena-bench compare --baseline-pair target/base-pair --quick")]
pub struct Config {
    /// Build this commit, branch or tag instead of the sources here.
    #[arg(long, value_name = "REF")]
    at: Option<String>,
    /// Folder that takes the pair and its layouts: a new or empty one, or one that
    /// build-pair made.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// What guest and host allocate by: system, mimalloc or jemalloc for both, or
    /// guest=NAME,host=NAME [default: system].
    #[arg(long, value_name = "NAME")]
    allocator: Option<Allocators>,
    /// As many layouts as the quick set uses.
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    chance: Chance,
}

/// Builds the pair and copies it.
pub fn run(config: &Config) -> Result<Outcome> {
    let root = workspace::root()?;
    let allocators = config.allocator.unwrap_or_default();
    let seeds = config.chance.layouts(config.quick);
    paired::layouts::replaceable(&config.output)?;
    let (layouts, what) = match &config.at {
        Some(reference) => {
            let commit = workspace::resolve(&root, reference)?;
            (
                pair_at(&root, &commit, Place::Base, allocators, &seeds)?,
                commit.hash,
            )
        }
        None => (
            pair_with(None, allocators, &seeds)?,
            "the sources here".to_owned(),
        ),
    };
    let what = what + &words(allocators);
    layouts.save(&config.output, &what)?;
    notice!(
        "arena-bench: {what}: the pair and {} link layouts of it are in {}",
        layouts.guest.seeds.len(),
        config.output.display()
    );
    Ok(Outcome::Fine)
}
