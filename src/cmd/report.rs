//! `report`: one page that answers, from one or more records or from a history.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::outcome::{Outcome, say};
use super::search::Search;
use bench_record::store;
use bench_report::model::{Source, view};
use bench_report::run::answers;
use bench_report::terminal::Screen;
use bench_report::{dashboard_files, files, writer};

/// Makes a page, plots and a Markdown summary from records, or a dashboard from a history.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  arena-bench report results/run.json --out report
  arena-bench report before.json after.json --out report    # any two can be compared on the page
  arena-bench report --history history --out dashboard      # every case over all commits")]
#[command(mut_arg("window", |arg| arg.conflicts_with("records")))]
#[command(mut_arg("significance", |arg| arg.conflicts_with("records")))]
#[command(mut_arg("magnitude", |arg| arg.conflicts_with("records")))]
#[command(mut_arg("branch", |arg| arg.conflicts_with("records")))]
#[command(mut_arg("all_branches", |arg| arg.conflicts_with("records")))]
#[command(mut_arg("limits", |arg| arg.conflicts_with("records")))]
pub struct Config {
    /// The records, oldest first; the plots and the page's first view are the last one's.
    #[arg(value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// Instead of records: the folder of a history, which gets a dashboard.
    #[arg(long, value_name = "DIR", conflicts_with = "records")]
    history: Option<PathBuf>,
    #[command(flatten)]
    search: Search,
    /// With --history: address of the repository's web pages, so that commits, diffs and
    /// pull requests are links (<https://github.com/OWNER/NAME>).
    #[arg(long, value_name = "URL", conflicts_with = "records")]
    repository: Option<String>,
    /// The folder to write to; it is made, or was made by this command before
    /// [default: report]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Config {
    /// The records, where neither a history nor a folder for the page was named.
    pub fn bare(&self) -> Option<&[PathBuf]> {
        (self.history.is_none() && self.out.is_none()).then_some(&self.records)
    }
}

/// Writes the report, prints the newest record's six answers and the path of the page.
pub fn run(config: &Config) -> anyhow::Result<Outcome> {
    ensure!(
        config.history.is_some() || !config.records.is_empty(),
        "what is shown? name records, or a history with --history"
    );
    let out = config.out.as_deref().unwrap_or(Path::new("report"));
    let (files, answers) = match &config.history {
        Some(folder) => {
            let history = config.search.load(folder)?;
            let repository = config.repository.as_deref();
            let files = dashboard_files(&history, &config.search.options()?, repository)?;
            (files, None)
        }
        None => {
            let sources = sources(&config.records)?;
            let last = sources.last().map(view);
            let answers = last.map(|view| answers(&view, Screen::stdout()));
            (files(&sources)?, answers)
        }
    };
    writer::write(out, &files)
        .with_context(|| format!("the report was not written to {}", out.display()))?;
    if let Some(answers) = answers {
        say(answers)?;
    }
    let page = out.join("index.html");
    say(page.canonicalize().unwrap_or(page).display())?;
    Ok(Outcome::Fine)
}

fn sources(paths: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    let mut taken = HashMap::new();
    let mut sources = Vec::new();
    for path in paths {
        let record = store::load(path)?;
        sources.push(Source {
            name: unique(stem(path), &mut taken),
            record,
        });
    }
    Ok(sources)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// Two records may be files of one name: the second gets a number.
fn unique(name: String, taken: &mut HashMap<String, usize>) -> String {
    let times = taken.entry(name.clone()).or_default();
    *times += 1;
    if *times == 1 {
        name
    } else {
        format!("{name} ({times})")
    }
}
