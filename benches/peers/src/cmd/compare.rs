//! `compare`: two builds of packages with Fidius plugins against each other.

use anyhow::Result;
use arena_bench::cmd::{Outcome, compare};

use super::calling::CallingOptions;

/// Compares a package with Fidius plugins with another commit of it, on this machine, now.
///
/// The cases are the methods that give out a stream and take none, PACKAGE/METHOD. A case is
/// same, faster, slower or inconclusive; the last is listed with what it could not exclude, and
/// never counts as a pass.
///
/// Exit status: 0 nothing regressed, 1 a case regressed (or is inconclusive, with
/// --fail-on inconclusive), 2 the comparison could not be made or could not tell
/// anything, 125 with --bisect where it could not be made.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  \
    peers compare --package my-plugin --against HEAD~1\n  \
    peers compare --package my-plugin --args 'tick=[100000]' --against main --markdown comment.md\n  \
    peers compare --package my-plugin --self --quick",
    override_usage = "peers compare [OPTIONS] <--against <REF>|--baseline-library <CDYLIB>|--self>",
    mut_arg("layouts", |arg| arg.help(LAYOUTS)),
    mut_arg("package", |arg| arg.help(PACKAGE)),
    mut_arg("quick", |arg| arg.help("Fewer link layouts")),
    mut_arg("itself", |arg| arg.help("The candidate itself, from another copy of its files: A/A")),
    mut_arg("pair", |arg| arg.hide(true)),
    mut_arg("baseline_pair", |arg| arg.hide(true)),
    mut_arg("allocator", |arg| arg.hide(true)),
    mut_arg("baseline_allocator", |arg| arg.hide(true))
)]
#[group(skip)]
pub struct Config {
    #[command(flatten)]
    common: compare::Config,
    #[command(flatten)]
    calling: CallingOptions,
}

const LAYOUTS: &str = "Link layouts of each build, each for one process of a comparison \
    [default: 128, or 64 with --quick]";
/// What `--package` names here.
pub(super) const PACKAGE: &str = "A package of your workspace with Fidius plugins, or one that \
    `arena-bench` measures; by default those of the nearest bench.toml";

/// Compares two builds.
///
/// # Errors
/// When one cannot be built or measured.
pub fn run(config: &Config) -> Result<Outcome> {
    compare::run_packages(&config.common, &config.calling.calling()?)
}
