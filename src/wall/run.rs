//! A run of criterion's targets as child processes.

use std::fs;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use super::estimates::read_since;
use crate::case::{Case, Group};
use crate::harness::{self, HarnessError, Profile};
use bench_record::wire::{Failure, Wall};

/// How often criterion's folder is looked at for finished cases: rarely, as the
/// look takes time on a core that may be the one that measures.
const LOOK: Duration = Duration::from_secs(1);
/// How often the child is asked whether it is done.
const POLL: Duration = Duration::from_millis(50);

/// A run of criterion that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WallError {
    /// The target does not build or cannot be started.
    #[error(transparent)]
    Harness(#[from] HarnessError),
    /// The folder for the results cannot be used.
    #[error("{}: criterion's results cannot be kept there: {source}", path.display())]
    Folder {
        /// Criterion's folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What a run of criterion is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Short timings and no charts.
    pub quick: bool,
    /// Folder of the pair; without one, the pair that cargo builds.
    pub pair: Option<PathBuf>,
    /// Criterion's folder: its results and HTML reports.
    pub folder: PathBuf,
}

/// Times `cases` with the targets of `cargo bench`, and hands each result to
/// `finished` soon after it is there. Cases that bring none come back as
/// failures.
///
/// # Errors
/// When a target does not build or cannot be started, or the folder cannot be
/// written to. Results that came before have been handed over.
pub fn bench(
    cases: &[Case],
    options: &Options,
    finished: &mut dyn FnMut(&Case, Wall),
) -> Result<Vec<Failure>, WallError> {
    let target_of = |case: &Case| match case.group {
        Group::Drain => "item_size",
        Group::Lifecycle(_) => "lifecycle",
        Group::Growth => "growth",
    };
    let mut failures = Vec::new();
    for target in ["item_size", "lifecycle", "growth"] {
        let of_target = |case: &&Case| target_of(case) == target;
        let cases: Vec<Case> = cases.iter().filter(of_target).cloned().collect();
        if !cases.is_empty() {
            failures.extend(bench_target(target, &cases, options, finished)?);
        }
    }
    Ok(failures)
}

fn bench_target(
    target: &str,
    cases: &[Case],
    options: &Options,
    finished: &mut dyn FnMut(&Case, Wall),
) -> Result<Vec<Failure>, WallError> {
    let executable = harness::build(target, Profile::Release)?;
    let folder = |source| WallError::Folder {
        path: options.folder.clone(),
        source,
    };
    let since = clock_of(&options.folder).map_err(folder)?;
    let mut words = tempfile::tempfile().map_err(folder)?;
    let mut command = Command::new(&executable);
    command
        .args(["--bench", "--quiet"])
        .args(options.quick.then_some("--noplot"))
        .env("CRITERION_HOME", &options.folder)
        .env(harness::CASES, harness::ids(cases))
        .env(harness::SET, if options.quick { "quick" } else { "full" })
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(words.try_clone().map_err(folder)?);
    if let Some(pair) = &options.pair {
        command.env(harness::PAIR, pair);
    }
    let failed = |source| harness::start_error(&executable, source);
    let mut child = command.spawn().map_err(failed)?;

    let mut left: Vec<&Case> = cases.iter().collect();
    let mut take = |left: &mut Vec<&Case>| {
        let mut walls = read_since(&options.folder, cases, since);
        left.retain(|case| match walls.remove(&case.id()) {
            Some(wall) => {
                finished(case, wall);
                false
            }
            None => true,
        });
    };
    let mut looked = Duration::ZERO;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        thread::sleep(POLL);
        looked += POLL;
        if looked >= LOOK {
            looked = Duration::ZERO;
            take(&mut left);
        }
    };
    take(&mut left);
    Ok(failures(&left, status, &mut words))
}

/// The present, by the clock that stamps the files in `folder`.
fn clock_of(folder: &Path) -> io::Result<SystemTime> {
    fs::create_dir_all(folder)?;
    let probe = tempfile::NamedTempFile::new_in(folder)?;
    probe.as_file().metadata()?.modified()
}

/// Why these cases brought no result: the target's last words.
fn failures(cases: &[&Case], status: ExitStatus, words: &mut fs::File) -> Vec<Failure> {
    let mut text = String::new();
    // Without its words, its status still stands.
    let _ = words
        .rewind()
        .and_then(|()| words.read_to_string(&mut text));
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(3)..].join("; ");
    let why = format!("criterion brought no result ({status}): {last}");

    let failure = |id| Failure {
        id,
        why: why.clone(),
    };
    cases.iter().map(|case| case.id()).map(failure).collect()
}
