//! A child process for the code of plugins and other guests: whatever they do there, this
//! process learns of it and goes on. (Measured code runs in children of the paired runner and
//! under valgrind; this is for everything else.)

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use arena_bench::verify::Expected;
use bench_record::wire::{Case, Failure};
use fidius_claims::Claim;
use paired::visible::visible;
use paired::worker::{self, ChildError, Launch, Worker};
use regex::Regex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::claims;
use crate::fidius::describe::{self, Described};
use crate::work::Work;

/// The first argument of such a child.
const ARGUMENT: &str = "--peers-child";
/// Time for one task, at most.
const LIMIT: Duration = Duration::from_secs(60);

/// One thing to do.
#[derive(Debug, Serialize, Deserialize)]
enum Task {
    /// Say which plugins are in a library.
    Describe(PathBuf),
    /// Verify so many items.
    Verify {
        work: Work,
        libraries: Vec<PathBuf>,
        items: u64,
    },
    /// Drain the streams of the claims: of a plugin, by a host.
    Claims([PathBuf; 2]),
    /// Run a program of `fidius-claims`.
    Try(String),
}

/// Does the tasks of this process, if it was started for them.
pub fn serve() -> Option<ExitCode> {
    worker::serve(ARGUMENT, &mut |task: Task| {
        work(task).map_err(|error| format!("{error:#}"))
    })
}

/// Does a task; who asks knows the type of the answer.
fn work(task: Task) -> Result<Value> {
    let answer = match task {
        Task::Describe(library) => serde_json::to_value(describe::library(&library)?),
        Task::Verify {
            work,
            libraries,
            items,
        } => serde_json::to_value(work.open(&libraries, items)?.verify(items)?),
        Task::Claims(libraries) => serde_json::to_value(claims::cases(&libraries)?),
        Task::Try(program) => {
            let mut all = fidius_claims::ALL.iter();
            let claim = all.find(|claim| claim.program == program);
            serde_json::to_value((claim.context("there is no such program")?.run)())
        }
    };
    Ok(answer?)
}

/// Has a child do a task.
fn ask<A: DeserializeOwned>(task: &Task) -> Result<A> {
    let mut child = Worker::start(&Launch::new(ARGUMENT)?)?;
    match child.ask::<_, Result<A, String>>(task, LIMIT)? {
        Err(why) => bail!(visible(&why)),
        Ok(answer) => {
            child.finish(LIMIT)?;
            Ok(answer)
        }
    }
}

/// The plugins of a library.
///
/// # Errors
/// When it is no plugin, or crashes.
pub fn describe(library: PathBuf) -> Result<Vec<Described>> {
    ask(&Task::Describe(library))
}

/// What so many items consist of.
///
/// # Errors
/// When they cannot be had, are others than they must be, or the code that makes them crashes.
pub fn verify(work: &Work, libraries: Vec<PathBuf>, items: u64) -> Result<Expected> {
    let found: Expected = ask(&Task::Verify {
        work: *work,
        libraries,
        items,
    })?;
    let expected = work.expected(items);
    ensure!(
        found == expected,
        "{found:?} where {expected:?} was expected"
    );
    Ok(found)
}

/// What a record says of something that failed.
pub fn failure(id: &str, error: &anyhow::Error) -> Failure {
    Failure {
        id: id.to_owned(),
        why: format!("{error:#}"),
    }
}

/// The cases that the claims are checked with, of a plugin and a host.
///
/// # Errors
/// When the plugin cannot be driven, or crashes.
pub fn claims(libraries: [PathBuf; 2]) -> Result<Vec<Case>> {
    ask(&Task::Claims(libraries))
}

/// Runs a program of `fidius-claims`: whether it is as was suspected, and what was seen.
///
/// # Errors
/// When it ends in another way than the suspicion says.
pub fn try_claim(claim: &Claim) -> Result<(bool, String)> {
    let error = match ask::<(bool, String)>(&Task::Try(claim.program.to_owned())) {
        Ok((holds, seen)) => return Ok((holds, visible(&seen))),
        Err(error) => error,
    };
    match error.downcast_ref::<ChildError>() {
        Some(ChildError::Signalled { signal, said }) if claim.dies_by == Some(signal) => {
            let said = words(&said.text());
            let seen = format!("the process ends by {signal}; it says: {said}");
            Ok((true, seen))
        }
        _ => Err(error),
    }
}

/// What a process said before its end, without what is true of this process and machine alone:
/// numbers of threads, places in sources, stacks.
fn words(said: &str) -> String {
    let is_ours = |line: &&str| {
        let text = line.trim();
        !text.is_empty() && !text.contains(" panicked at ") && !text.starts_with("note: ")
    };
    let lines = said
        .lines()
        .take_while(|line| !line.starts_with("stack backtrace"));
    let of_thread = Regex::new(r" \(\d+\)").expect("it is a regular expression");
    let lines = lines
        .filter(is_ours)
        .map(|line| visible(&of_thread.replace(line.trim(), "")));
    lines.take(3).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_those_of_every_process_alike() {
        let said = "\nthread 'main' (77) panicked at /home/a/lib.rs:3:4:\ntoo much\n\
                    note: run with `RUST_BACKTRACE=1`\n\nthread 'main' (77) has overflowed its \
                    stack\nstack backtrace:\n   0: f\n";
        assert_eq!(
            words(said),
            "too much; thread 'main' has overflowed its stack"
        );
    }
}
