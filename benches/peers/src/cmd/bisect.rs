//! `bisect`: the commit that made a case of a package with Fidius plugins slower.

use anyhow::Result;
use arena_bench::cmd::{Outcome, bisect};

use super::calling::CallingOptions;
use super::compare::PACKAGE;

/// Finds the first bad commit by comparing commits with the good one.
///
/// A commit is bad if a case is slower than at the good one, or rose beyond its limits in
/// instructions or allocations. One that does not build, or whose streams are wrong, is skipped.
///
/// Exit status: 0 the first bad commit was found, 2 it was not: the ends do not differ, or
/// skipped commits leave more than one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  \
    peers bisect --good v0.1 --package my-plugin --filter '/readings$'\n  \
    peers bisect --good HEAD~40 --filter '/readings$' --counts-only",
    mut_arg("package", |arg| arg.help(PACKAGE))
)]
#[group(skip)]
pub struct Config {
    #[command(flatten)]
    common: bisect::Config,
    #[command(flatten)]
    calling: CallingOptions,
}

/// Searches.
///
/// # Errors
/// When an end cannot be measured, or the two do not differ.
pub fn run(config: &Config) -> Result<Outcome> {
    bisect::run_packages(&config.common, &config.calling.calling()?)
}
