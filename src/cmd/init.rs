//! `init`: what a repository of the user's needs to be measured on every change.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::outcome::{Outcome, say};
use crate::init::{self, Program, Repository};
use crate::subject::manifest;

/// Writes bench.toml and a workflow into your repository.
///
/// The workflow compares each pull request with its base and comments on it, and keeps a
/// history and a dashboard of the default branch. What exists is not changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    arena-bench init --action someone/arena-bench@v1\n  \
    arena-bench init --package my-benches --action someone/arena-bench@v1")]
pub struct Config {
    /// The packages to measure; by default those of the workspace that depend on paired-bench
    /// or bench-protocol, and plugins that depend on fidius.
    #[arg(long, value_name = "NAME")]
    package: Vec<String>,
    /// The Cargo.toml of the workspace; by default the one that cargo finds from here.
    #[arg(long, value_name = "FILE")]
    manifest_path: Option<PathBuf>,
    /// The repository on GitHub where the workflow gets arena-bench from, with a tag, branch or
    /// commit.
    #[arg(long, value_name = "OWNER/REPOSITORY@REF", value_parser = action)]
    action: String,
}

fn action(text: &str) -> Result<String, String> {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    };
    let parts = text.split_once('@').and_then(|(repository, reference)| {
        let (owner, name) = repository.split_once('/')?;
        Some([owner, name, reference])
    });
    match parts {
        Some(parts) if parts.iter().all(|part| plain(part)) => Ok(text.to_owned()),
        _ => Err("OWNER/REPOSITORY@REF, such as someone/arena-bench@v1".to_owned()),
    }
}

/// Writes the files, and says what to do next.
pub fn run(config: &Config) -> Result<Outcome> {
    let here = std::env::current_dir()?;
    let at = config.manifest_path.as_deref().unwrap_or(&here);
    let packages = match config.package.as_slice() {
        [] => init::exporters(manifest::packages(at)?),
        names => {
            let find = |name: &String| manifest::find(at, name);
            names.iter().map(find).collect::<Result<_, _>>()?
        }
    };
    let Some(workspace) = packages.first().map(|package| &package.workspace) else {
        bail!(
            "no package of this workspace depends on paired-bench or bench-protocol or is a \
             plugin of fidius: see docs/your-own-code.md, or name one with --package"
        );
    };
    let repository = Repository::of(workspace)?;
    for file in init::plan(workspace, &repository, &packages, &config.action) {
        let path = file.path.display();
        let written = init::write(&file).with_context(|| path.to_string())?;
        let what = if written {
            "wrote"
        } else {
            "exists, not changed:"
        };
        say(format_args!("{what} {path}"))?;
    }
    let program = Program::of(&packages);
    if program == Program::Peers {
        say(format_args!(
            "\nFidius plugins are measured by the program `peers`. In a clone of {}:\n  \
             cargo install --locked --no-default-features --path benches/peers",
            config.action
        ))?;
    }
    let names: Vec<&str> = packages.iter().map(|it| it.name.as_str()).collect();
    let (measured, program) = (names.join(", "), program.name());
    say(format_args!(
        "\nNext, in {}:\n  \
         1. {program} run --output target/run.json    times and counts of {measured}\n  \
         2. {program} compare --against HEAD    your changes against the last commit\n  \
         3. Commit both files. In the repository's settings: Pages, Source: GitHub Actions.",
        workspace.display()
    ))?;
    Ok(Outcome::Fine)
}
