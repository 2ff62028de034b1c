//! `report`: the pages of a record of peers, or a page of records of packages.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use arena_bench::cmd::{Outcome, report};
use bench_record::wire::Record;
use bench_record::{output, store};

use crate::{page, parts, table, tried};

/// Where the record of the peers is.
pub(super) const RECORD: &str = "results/peers.json";

/// Makes a page from records of packages, or a dashboard from a history.
///
/// With neither --out nor --history, a record is one of the peers' own (by default
/// results/peers.json), and their pages are written beside it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  \
    peers report run.json --out report         # a page of packages\n  \
    peers report --history history --out site  # every case over all commits\n  \
    peers report results/peers.json            # the peers' own pages",
    mut_arg("out", |arg| arg.help("The folder to write to; it is made, or was made by this command before"))
)]
#[group(skip)]
pub struct Config {
    #[command(flatten)]
    common: report::Config,
}

/// Writes the page, or the pages of a record of the peers beside it.
///
/// # Errors
/// When a record cannot be read or a page not be written.
pub fn run(config: &Config) -> Result<Outcome> {
    let Some(records) = config.common.bare() else {
        return report::run(&config.common);
    };
    let usual = [PathBuf::from(RECORD)];
    let records = if records.is_empty() { &usual } else { records };
    for path in records {
        write(&store::load(path)?, path)?;
    }
    Ok(Outcome::Fine)
}

/// Writes the table of the peers and the answer to Fidius' authors.
///
/// # Errors
/// When a page cannot be written.
pub fn write(record: &Record, path: &Path) -> Result<()> {
    let parts = parts::FILE.load(path)?;
    let tried = tried::FILE.load::<Vec<_>>(path)?;
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
