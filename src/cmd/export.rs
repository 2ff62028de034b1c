//! `export`: a record in a format that another tool reads.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};

use super::outcome::Outcome;
use bench_record::export::{self, Exporter, Metric, measurements};
use bench_record::{output, store};

/// Writes a record in a format that another tool reads.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  arena-bench export results/run.json --format benchfmt > new.txt && benchstat old.txt new.txt
  arena-bench export results/run.json --format github-action-benchmark --metric instructions \\
      --output benchmark.json")]
pub struct Config {
    /// The record.
    #[arg(value_name = "RECORD")]
    record: PathBuf,
    /// The format.
    #[arg(long, value_enum)]
    format: Format,
    /// Only this metric. Without it: all of them; for github-action-benchmark,
    /// which has one unit a file, the ratio.
    #[arg(long, value_parser = metric)]
    metric: Option<Metric>,
    /// Where it goes, replaced atomically; standard output without it.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// `customSmallerIsBetter` of github-action-benchmark.
    GithubActionBenchmark,
    /// Bencher Metric Format.
    Bmf,
    /// Go's benchmark format, for benchstat.
    Benchfmt,
    /// One row a number.
    Csv,
}

impl Format {
    fn exporter(self) -> Exporter {
        match self {
            Self::GithubActionBenchmark => export::github_action_benchmark,
            Self::Bmf => export::bmf,
            Self::Benchfmt => export::benchfmt,
            Self::Csv => export::csv,
        }
    }
}

fn metric(text: &str) -> Result<Metric, String> {
    let named = Metric::ALL.into_iter().find(|metric| metric.name() == text);
    named.ok_or_else(|| {
        let names = Metric::ALL.map(Metric::name);
        format!("expected one of {}", names.join(", "))
    })
}

/// Exports.
pub fn run(config: &Config) -> anyhow::Result<Outcome> {
    let record = store::load(&config.record)?;
    let metrics: &[Metric] = match (&config.metric, config.format) {
        (Some(metric), _) => std::slice::from_ref(metric),
        (None, Format::GithubActionBenchmark) => &[Metric::Ratio],
        (None, _) => &Metric::ALL,
    };
    let measurements = measurements(&record, metrics);
    if measurements.is_empty() {
        let names: Vec<_> = metrics.iter().map(|metric| metric.name()).collect();
        bail!(
            "{} holds nothing of {}; ask for another --metric, or measure it first",
            config.record.display(),
            names.join(", ")
        );
    }
    // Whole in memory first, so that an error leaves no half output.
    let mut bytes = Vec::new();
    config.format.exporter()(&record, &measurements, &mut bytes)?;
    match &config.output {
        Some(path) => output::replace(path, &bytes)
            .with_context(|| format!("cannot write --output {}", path.display()))?,
        None => std::io::stdout()
            .write_all(&bytes)
            .context("cannot write to standard output")?,
    }
    Ok(Outcome::Fine)
}
