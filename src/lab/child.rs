//! The child's side: verifies arms, and drains them for a counting valgrind.

use std::path::PathBuf;
use std::process::ExitCode;

use bench_protocol::spec::{ENDLESS, Observe};
use paired::worker;
use serde::{Deserialize, Serialize};

use super::arm::LabArm;
use super::open::{Libraries, Loaded};
use super::verify::{self, Verified};

/// The first argument of such a child.
pub(super) const ARGUMENT: &str = "--lab-child";

/// What to do, with which arm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    #[serde(with = "paired::paths")]
    pub guest: PathBuf,
    #[serde(with = "paired::paths")]
    pub host: PathBuf,
    pub arm: LabArm,
    pub task: Task,
}

/// One thing to do with an arm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Task {
    /// Verify it on at least so many items, or on the usual number.
    Verify(Option<u64>),
    /// Drain it once for each number of items, on one stream.
    Drain(Vec<u64>),
    /// Take the first item of so many streams, each of its own.
    Firsts(u32),
}

/// The answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Answer {
    Verified(Verified),
    Drained,
    /// The libraries cannot be loaded.
    Unusable(String),
    /// The stream is not what it must be.
    Wrong(String),
}

/// Does the tasks of this process, if it was started for them.
pub fn serve() -> Option<ExitCode> {
    let mut libraries = Libraries::default();
    worker::serve(
        ARGUMENT,
        &mut |job: Job| match libraries.load(&job.arm, &[job.guest, job.host]) {
            Ok(loaded) => work(&loaded, &job.arm, &job.task).unwrap_or_else(Answer::Wrong),
            Err(error) => Answer::Unusable(format!("{error:#}")),
        },
    )
}

fn work(loaded: &Loaded, arm: &LabArm, task: &Task) -> Result<Answer, String> {
    let said = |error: bench_host::error::StreamError| error.to_string();
    let open = || loaded.open(arm, ENDLESS, Observe::Time).map_err(said);
    match task {
        Task::Verify(items) => return verify::verify(loaded, arm, *items).map(Answer::Verified),
        Task::Drain(lengths) => {
            let mut session = open()?;
            for &items in lengths {
                session.drain(items).map_err(said)?;
            }
        }
        Task::Firsts(streams) => {
            for _ in 0..*streams {
                let mut session = open()?;
                // What opening took belongs to this drain's profile.
                session.drain(0).map_err(said)?;
                session.drain(1).map_err(said)?;
            }
        }
    }
    Ok(Answer::Drained)
}
