//! A child process for the code of plugins and other guests: whatever they do there, this
//! process learns of it and goes on. (Measured code runs in children of the paired runner and
//! under valgrind; this is for everything else.)

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use arena_bench::verify::Expected;
use bench_record::wire::Case;
use fidius_claims::Claim;
use paired::visible::visible;
use paired::worker::{self, ChildError, Launch, Worker};
use regex::Regex;
use serde::{Deserialize, Serialize};

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

#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Described(Vec<Described>),
    Verified(Expected),
    Claims(Vec<Case>),
    Tried(bool, String),
    Failed(String),
}

/// Does the tasks of this process, if it was started for them.
#[must_use]
pub fn serve() -> Option<ExitCode> {
    worker::serve(ARGUMENT, &mut |task: Task| {
        work(task).unwrap_or_else(|error| Answer::Failed(format!("{error:#}")))
    })
}

fn work(task: Task) -> Result<Answer> {
    Ok(match task {
        Task::Describe(library) => Answer::Described(describe::library(&library)?),
        Task::Verify {
            work,
            libraries,
            items,
        } => Answer::Verified(work.open(&libraries, items)?.verify(items)?),
        Task::Claims(libraries) => Answer::Claims(claims::cases(&libraries)?),
        Task::Try(program) => {
            let mut all = fidius_claims::ALL.iter();
            let claim = all.find(|claim| claim.program == program);
            let (holds, seen) = (claim.context("there is no such program")?.run)();
            Answer::Tried(holds, seen)
        }
    })
}

/// Has a child do a task.
fn ask(task: &Task) -> Result<Answer> {
    let mut child = Worker::start(&Launch::new(ARGUMENT)?)?;
    match child.ask(task, LIMIT)? {
        Answer::Failed(why) => bail!(visible(&why)),
        answer => {
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
    match ask(&Task::Describe(library))? {
        Answer::Described(plugins) => Ok(plugins),
        answer => bail!("a child answered {answer:?} when it was to describe a library"),
    }
}

/// What so many items consist of.
///
/// # Errors
/// When they cannot be had, or the code that makes them crashes.
pub fn verify(work: &Work, libraries: Vec<PathBuf>, items: u64) -> Result<Expected> {
    let task = Task::Verify {
        work: *work,
        libraries,
        items,
    };
    match ask(&task)? {
        Answer::Verified(found) => Ok(found),
        answer => bail!("a child answered {answer:?} when it was to verify items"),
    }
}

/// The cases that the claims are checked with, of a plugin and a host.
///
/// # Errors
/// When the plugin cannot be driven, or crashes.
pub fn claims(libraries: [PathBuf; 2]) -> Result<Vec<Case>> {
    match ask(&Task::Claims(libraries))? {
        Answer::Claims(cases) => Ok(cases),
        answer => bail!("a child answered {answer:?} when it was to check the claims"),
    }
}

/// Runs a program of `fidius-claims`: whether it is as was suspected, and what was seen.
///
/// # Errors
/// When it ends in another way than the suspicion says.
pub fn try_claim(claim: &Claim) -> Result<(bool, String)> {
    let answer = ask(&Task::Try(claim.program.to_owned()));
    let (error, expected) = match (answer, claim.dies_by) {
        (Ok(Answer::Tried(holds, seen)), _) => return Ok((holds, visible(&seen))),
        (Ok(answer), _) => bail!("a child answered {answer:?} when it was to run a program"),
        (Err(error), None) => return Err(error),
        (Err(error), Some(expected)) => (error, expected),
    };
    match error.downcast_ref::<ChildError>() {
        Some(ChildError::Signalled { signal, said }) if signal == expected => {
            let said = words(&said.text());
            Ok((
                true,
                format!("the process ends by {signal}; it says: {said}"),
            ))
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
