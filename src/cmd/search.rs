//! What counts as a change of a history, and which entries are followed: options of
//! `history changes` and of `report --history`.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::options::{accepted, limits};
use super::outcome::tell;
use crate::ancestry;
use crate::subject::settings::Settings;
use bench_record::history::{self, History, Line, Options};

/// What counts as a change, and in which entries.
#[derive(Debug, clap::Args)]
pub(super) struct Search {
    /// Follow this branch; without it, the branch of most entries.
    #[arg(long, value_name = "NAME", conflicts_with = "all_branches")]
    branch: Option<String>,
    /// Take all entries together, whatever their branch.
    #[arg(long)]
    all_branches: bool,
    /// How far counts may drift; by default `results/limits.json` of the sources.
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// Regressions that were accepted; by default `results/accepted.json` of the sources.
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
    /// Runs that are looked at together: larger sees smaller shifts, smaller
    /// sees shifts that follow each other closely.
    #[arg(long, value_name = "RUNS", default_value_t = Options::default().window, value_parser = window)]
    window: usize,
    /// Largest p-value of a shift, 0 to 1.
    #[arg(
        long,
        value_name = "P",
        default_value_t = Options::default().significance,
        value_parser = share,
        allow_negative_numbers = true
    )]
    significance: f64,
    /// Smallest relative change of a ratio that is listed, 0 to 1.
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = Options::default().magnitude,
        value_parser = share,
        allow_negative_numbers = true
    )]
    magnitude: f64,
}

impl Search {
    /// What counts as a change.
    pub(super) fn options(&self) -> anyhow::Result<Options> {
        let settings = Settings::here()?;
        Ok(Options {
            window: self.window,
            significance: self.significance,
            magnitude: self.magnitude,
            limits: limits(self.limits.as_deref(), settings.as_ref())?,
            accepted: accepted(self.accepted.as_deref(), settings.as_ref())?,
        })
    }

    /// The history in a folder, of it the branch that was asked for; what was left out
    /// and how it is ordered goes to stderr.
    pub(super) fn load(&self, folder: &Path) -> anyhow::Result<History> {
        let line = match &self.branch {
            Some(branch) => Line::Branch(branch.clone()),
            None if self.all_branches => Line::All,
            None => Line::Main,
        };
        let history = history::load(folder)?;
        let ancestry = ancestry::of(&history, Path::new("."));
        let (history, followed) = history.follow(&line, ancestry.as_ref());
        tell(&followed.notes());
        let branch = self.branch.as_deref();
        if let Some(branch) = branch.filter(|_| history.entries.is_empty()) {
            bail!(
                "--branch {branch}: no entry of {} is of it",
                folder.display()
            );
        }
        Ok(history)
    }
}

fn window(text: &str) -> Result<usize, String> {
    let window: usize = text.parse().map_err(|_| "expected a whole number")?;
    // Two stretches of the shortest length that is ever called a change.
    let least = 2 * history::changepoint::MIN_SEGMENT;
    let most = 1000;
    if !(least..=most).contains(&window) {
        return Err(format!("expected {least} to {most}"));
    }
    Ok(window)
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1, such as 0.01".to_owned()),
    }
}
