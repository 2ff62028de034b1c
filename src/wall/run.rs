//! A run of criterion's targets as child processes.

use std::fs;
use std::io::{self, Read, Seek};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use crate::case::{Case, Group};
use crate::harness::{self, HarnessError, Profile};

/// A run of criterion that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WallError {
    #[error(transparent)]
    Harness(#[from] HarnessError),
    #[error("{}: criterion's results cannot be kept there: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
}

/// What a run of criterion is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the pair; without one, the pair that cargo builds.
    pub pair: Option<PathBuf>,
    /// Criterion's folder: its results and HTML reports.
    pub folder: PathBuf,
}

/// Times `cases` with the targets of `cargo bench` in short settings; `done` hears of
/// each target that is done. The reason comes back where a target failed.
pub fn bench(
    cases: &[Case],
    options: &Options,
    done: &mut dyn FnMut(),
) -> Result<Result<(), String>, WallError> {
    let target_of = |case: &Case| match case.group {
        Group::Drain => "item_size",
        Group::Lifecycle(_) => "lifecycle",
        Group::Growth => "growth",
    };
    let mut outcome = Ok(());
    for target in ["item_size", "lifecycle", "growth"] {
        let of_target = |case: &&Case| target_of(case) == target;
        let cases: Vec<Case> = cases.iter().filter(of_target).cloned().collect();
        if !cases.is_empty() {
            let found = bench_target(target, &cases, options)?;
            outcome = outcome.and(found);
            done();
        }
    }
    Ok(outcome)
}

fn bench_target(
    target: &str,
    cases: &[Case],
    options: &Options,
) -> Result<Result<(), String>, WallError> {
    let executable = harness::build(target, Profile::Release)?;
    let folder = |source| WallError::Folder {
        path: options.folder.clone(),
        source,
    };
    fs::create_dir_all(&options.folder).map_err(folder)?;
    let mut words = tempfile::tempfile().map_err(folder)?;
    let mut command = Command::new(&executable);
    command
        .args(["--bench", "--quiet"])
        .env("CRITERION_HOME", &options.folder)
        .env(harness::CASES, harness::ids(cases))
        .env(harness::SET, "quick")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(words.try_clone().map_err(folder)?);
    if let Some(pair) = &options.pair {
        command.env(harness::PAIR, pair);
    }
    let failed = |source| harness::start_error(&executable, source);
    let status = command.status().map_err(failed)?;
    Ok(if status.success() {
        Ok(())
    } else {
        Err(last_words(target, status, &mut words))
    })
}

/// Why a target failed: its last words.
fn last_words(target: &str, status: ExitStatus, words: &mut fs::File) -> String {
    let mut text = Vec::new();
    // Without its words, its status still stands.
    let _ = words.rewind().and_then(|()| words.read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(3)..].join("; ");
    format!("criterion's target {target} failed ({status}): {last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_failed_is_told_by_its_last_words() -> io::Result<()> {
        use std::io::Write;
        let mut words = tempfile::tempfile()?;
        words.write_all(b"one\ntwo\n\nthree\nfour \xff\n")?;
        let status = Command::new("false").status()?;
        let said = last_words("item_size", status, &mut words);
        assert!(
            said.starts_with("criterion's target item_size failed"),
            "{said}"
        );
        assert!(said.ends_with("two; three; four \u{fffd}"), "{said}");
        Ok(())
    }
}
