//! Options of `lab` and `ladder`: each measures a part of the whole on libraries of its own.

use std::path::{Path, PathBuf};

use super::building::Chance;

/// What is measured, on which libraries, by what chance, and where it is shown.
#[derive(Debug, clap::Args)]
pub(super) struct Part {
    /// Folder of the libraries, as cargo or build-pair leaves them; by default they are built
    /// from the sources here.
    #[arg(long, value_name = "DIR")]
    pub(super) pair: Option<PathBuf>,
    /// Only what has a name that matches this regular expression, such as record-64B.
    #[arg(long, value_name = "REGEX")]
    pub(super) filter: Option<String>,
    /// Less, in a fraction of the time.
    #[arg(long)]
    pub(super) quick: bool,
    #[command(flatten)]
    pub(super) chance: Chance,
    /// Add the result to this record, which must be of the same pair and machine.
    #[arg(long, value_name = "RECORD")]
    pub(super) into: Option<PathBuf>,
    /// Print JSON instead of tables.
    #[arg(long)]
    pub(super) json: bool,
}

impl Part {
    /// The folder of the libraries, where one is given.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.pair.as_deref()
    }
}
