//! `accept`: writes down that something may be worse, and why.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::options;
use super::outcome::Outcome;
use crate::subject::settings::Settings;
use crate::workspace;
use bench_record::accepted::{Accepted, Entry, Metric};

/// Accepts a regression, with a reason, in a file that is reviewed and committed.
///
/// `gate`, `compare`, `history changes` and the dashboard then show the case with the reason and
/// do not fail on it; what is worse than that fails as before. `compare --against` takes what
/// the base's own file accepts for part of the base. An entry whose cases are no worse any
/// more is named, to be removed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench accept 'drain/bytes-*/arena' --metric time --up-to 3 --reason 'lengths are checked'\n  \
    arena-bench accept drain/u64/alloc --metric allocations --up-to 1 --reason 'a header of its own'")]
pub struct Config {
    /// Ids of the cases; `*` stands for anything.
    #[arg(value_name = "CASES")]
    cases: String,
    /// What may be worse.
    #[arg(long, value_name = "METRIC", value_parser = metric())]
    metric: Metric,
    /// How much worse: percent of the time and of the instructions; else a rise of the number
    /// itself, per item or per drain.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    up_to: f64,
    /// The reason.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The commit that made it worse: a history then accepts it there alone.
    #[arg(long, value_name = "HASH")]
    commit: Option<String>,
    /// Who accepts it.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// The file; by default `bench-accepted.json` beside bench.toml, or
    /// `results/accepted.json` of the sources.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

fn metric() -> impl TypedValueParser<Value = Metric> {
    let named = |name: String| Metric::ALL.into_iter().find(|metric| metric.name() == name);
    PossibleValuesParser::new(Metric::ALL.map(Metric::name))
        .map(move |name| named(name).expect("one of them"))
}

/// Writes the entry.
pub fn run(config: &Config) -> Result<Outcome> {
    let file = match &config.file {
        Some(file) => file.clone(),
        None => match Settings::here()? {
            Some(settings) => settings.accepted(),
            None => workspace::root()
                .context("--file names the file where there are no sources")?
                .join(options::ACCEPTED),
        },
    };
    let mut accepted = match file.exists() {
        true => Accepted::read(&file)?,
        false => Accepted::default(),
    };
    let entry = Entry {
        cases: config.cases.clone(),
        metric: config.metric,
        up_to: config.up_to,
        reason: config.reason.clone(),
        commit: config.commit.clone(),
        date: Some(jiff::Zoned::now().date().to_string()),
        who: config.who.clone(),
    };
    let shown = entry.to_string();
    accepted.add(entry).map_err(|problem| anyhow!(problem))?;
    options::make_folder_of(&file)?;
    accepted
        .save(&file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    notice!(
        "arena-bench: {shown} is accepted in {}; review it with `git diff` and commit it",
        file.display()
    );
    Ok(Outcome::Fine)
}
