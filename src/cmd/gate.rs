//! `gate`: a record against a baseline record.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use regex::Regex;

use super::options;
use super::outcome::{Outcome, print_json, say, tell};
use crate::subject::settings::Settings;
use bench_record::gate;
use bench_record::store;
use bench_record::wire::Record;
use bench_report::gate::{headline, markdown, table};
use bench_report::terminal::Screen;

/// Judges a record by a baseline record, for CI.
///
/// Exact counts first, each by its limit; then paired wall clock: a ratio whose
/// interval is apart from the baseline's by more than the smallest change that
/// matters, where both runs are trusted and of one CPU model. A case that the
/// baseline has and the record has not is a regression. A ratio that is neither
/// shown to be the same nor shown to differ is inconclusive: it is listed with what
/// it could not exclude, and fails nothing unless --fail-on asks for it.
///
/// Exit status 0 fine, 1 a regression (or an inconclusive ratio, with --fail-on
/// inconclusive), 2 the two cannot be compared or a count was not taken at all.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  arena-bench run --quick --output target/run.json
  arena-bench gate target/run.json --baseline results/baseline.json
  arena-bench gate target/run.json --baseline results/baseline.json --accept   # then commit it")]
pub struct Config {
    /// The record to judge.
    #[arg(value_name = "RECORD")]
    record: PathBuf,
    /// The record to judge it by.
    #[arg(long, value_name = "FILE", default_value = "results/baseline.json")]
    baseline: PathBuf,
    /// How far counts may rise; by default `results/limits.json` of the sources.
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// Regressions that were accepted (see `accept`); by default `results/accepted.json` of
    /// the sources.
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
    /// Only cases whose id matches this regular expression.
    #[arg(long, value_name = "REGEX", conflicts_with = "accept")]
    filter: Option<Regex>,
    /// Make the record the baseline: its counts, ratios and environment, without
    /// raw samples, so that the change can be reviewed as a diff. What changes is
    /// shown, and fails nothing.
    #[arg(long)]
    accept: bool,
    /// Also fail on ratios that are inconclusive.
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Print JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// Also write the table as Markdown, for a pull request.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// What fails besides a regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    /// A ratio of which neither "same" nor a change is shown.
    Inconclusive,
}

/// Judges, or accepts.
pub fn run(config: &Config) -> Result<Outcome> {
    let record = load(&config.record, config.filter.as_ref())?;
    if !config.baseline.exists() {
        if config.accept {
            return accept(config, &record);
        }
        bail!(
            "there is no baseline {}; name one with --baseline, or make this record the first \
             with --accept",
            config.baseline.display()
        );
    }
    let baseline = load(&config.baseline, config.filter.as_ref())?;
    let settings = Settings::here()?;
    let limits = options::limits(config.limits.as_deref(), settings.as_ref())?;
    let accepted = options::accepted(config.accepted.as_deref(), settings.as_ref())?;
    let verdict = match gate::judge(&baseline, &record, &limits, &accepted) {
        Ok(verdict) => verdict,
        Err(disagreement) if config.accept => {
            notice!("arena-bench: {disagreement}");
            return accept(config, &record);
        }
        Err(disagreement) => return Err(disagreement.into()),
    };
    if let Some(path) = &config.markdown {
        options::write("cannot write --markdown", path, &markdown(&verdict))?;
    }
    if config.json {
        print_json(&verdict)?;
    } else if !(verdict.changes.is_empty() && verdict.inconclusive.is_empty()) {
        say(table(&verdict, Screen::stdout()))?;
    }
    tell(&verdict.notices);
    notice!("arena-bench: {}", headline(&verdict));
    if config.accept {
        return accept(config, &record);
    }
    let open = config.fail_on.is_some() && !verdict.inconclusive.is_empty();
    Ok(Outcome::of(verdict.regressed() || open))
}

/// A record, of it what the filter matches.
fn load(path: &Path, filter: Option<&Regex>) -> Result<Record> {
    let mut record = store::load(path)?;
    let Some(filter) = filter else {
        return Ok(record);
    };
    record.cases.retain(|case| filter.is_match(&case.id));
    let matches = |id: &str| filter.is_match(id);
    record.failures.retain(|failure| matches(&failure.id));
    record.comparisons.retain(|it| matches(&it.candidate));
    if record.cases.is_empty() {
        bail!(
            "--filter {:?} matches no case of {}",
            filter.as_str(),
            path.display()
        );
    }
    Ok(record)
}

fn accept(config: &Config, record: &Record) -> Result<Outcome> {
    if let Some(failure) = record.failures.first() {
        bail!(
            "{} is no baseline: {} failed ({}), and a baseline without it would hide that",
            config.record.display(),
            failure.id,
            failure.why
        );
    }
    if let Some(shard) = &record.environment.shard {
        bail!(
            "{} is no baseline: it is shard {shard}; join the shards with `arena-bench merge` first",
            config.record.display()
        );
    }
    let check = record.self_check.as_ref();
    if check.is_none_or(|check| !check.trusted) {
        notice!("arena-bench: the record's wall clock is not trusted: only its counts will gate");
    }
    store::save(&config.baseline, &gate::baseline_of(record))?;
    notice!(
        "arena-bench: {} is the baseline now; review it with `git diff` and commit it",
        config.baseline.display()
    );
    Ok(Outcome::Fine)
}
