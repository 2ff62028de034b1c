//! `report`: the pages of a record of peers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use arena_bench::cmd::Outcome;
use bench_record::wire::Record;
use bench_record::{output, store};

use crate::{page, parts, table, tried};

/// Which record.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  peers report results/peers.json")]
pub struct Config {
    /// The record; the pages are written beside it.
    #[arg(default_value = "results/peers.json", value_name = "FILE")]
    record: PathBuf,
}

/// Writes the pages of a record beside it.
///
/// # Errors
/// When the record cannot be read or a page not be written.
pub fn run(config: &Config) -> Result<Outcome> {
    write(&store::load(&config.record)?, &config.record)?;
    Ok(Outcome::Fine)
}

/// Writes the table of the peers and the answer to Fidius' authors.
///
/// # Errors
/// When a page cannot be written.
pub fn write(record: &Record, path: &Path) -> Result<()> {
    let parts = parts::load(path)?;
    let tried = tried::load(path)?;
    for (page, text) in [
        (path.with_extension("md"), table::markdown(record)),
        (
            path.with_file_name("fidius.md"),
            page::markdown(record, &parts, &tried),
        ),
    ] {
        output::replace(&page, text.as_bytes())
            .with_context(|| format!("writing {}", page.display()))?;
        eprintln!("peers: wrote {}", page.display());
    }
    Ok(())
}
