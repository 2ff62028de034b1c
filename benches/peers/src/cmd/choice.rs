//! What `list` and `verify` are about: packages with plugins, or the peers.

use anyhow::{Result, ensure};
use arena_bench::cmd::packages::PackageChoice;
use arena_bench::subject::packages::Packages;
use regex::Regex;

use super::calling::CallingOptions;
use super::matching;
use crate::work::Work;

/// Options that choose cases.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Only what has an id that matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    #[command(flatten)]
    packages: PackageChoice,
    #[command(flatten)]
    calling: CallingOptions,
}

impl Choice {
    /// The packages that were named, on the command line or in `bench.toml`, if any was.
    ///
    /// # Errors
    /// When there is no such package, or it does not build.
    pub fn packages(&self) -> Result<Option<Packages>> {
        self.packages.plain(&self.calling.calling()?)
    }

    /// The filter, as it was given.
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_ref().map(Regex::as_str)
    }

    /// Those of the peers that match the filter.
    ///
    /// # Errors
    /// When none does.
    pub fn works(&self) -> Result<Vec<Work>> {
        let all = matching(self.filter.as_ref());
        ensure!(!all.is_empty(), "--filter matches nothing");
        Ok(all)
    }
}
