//! Options that several verbs share.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::case::{Case, catalog, filter};
use crate::pair::PairFiles;
use crate::workspace;
use bench_record::limits::Limits;
use bench_record::output;

/// Which cases.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selection {
    /// Only cases whose id matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    pub filter: Option<String>,
    /// Only the quick set: a few sizes of every payload, owned decoding.
    #[arg(long)]
    pub quick: bool,
}

impl Selection {
    /// The cases of the selection.
    pub fn cases(&self) -> Result<Vec<Case>> {
        let mut cases = catalog::all();
        if self.quick {
            cases.retain(catalog::is_quick);
        }
        Ok(filter::select(cases, self.filter.as_deref())?)
    }
}

/// Which pair.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PairChoice {
    /// Folder of the pair (guest and host library); by default the pair that
    /// was built with this executable.
    #[arg(long, value_name = "DIR")]
    pub pair: Option<PathBuf>,
}

impl PairChoice {
    /// The files of the pair.
    pub fn files(&self) -> Result<PairFiles> {
        Ok(PairFiles::find(self.pair.as_deref())?)
    }
}

/// Whether the file that an option names can be written, before minutes are spent on
/// what could not be kept.
pub fn writable(option: &str, file: Option<&Path>) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    output::check(file).with_context(|| format!("{option}: cannot write {}", file.display()))
}

/// The limits of a file; by default those of the sources here, or the built-in
/// ones where there are none.
pub fn limits(file: Option<&Path>) -> Result<Limits> {
    if let Some(file) = file {
        return Ok(Limits::read(file)?);
    }
    let default = workspace::root().map(|root| root.join("results/limits.json"));
    match default {
        Ok(path) if path.exists() => Ok(Limits::read(&path)?),
        _ => Ok(Limits::default()),
    }
}
