//! The child that a foreign guest runs in: it reads one job from a file, does
//! it, and writes the answer to another. stdout and stderr are the guest's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::measure::{self, Timing, Verified};
use super::{Load, Target};

/// The first argument of such a child: any executable that runs foreign guests
/// looks for it first and calls [`serve`].
pub const ARGUMENT: &str = "--guest-child";

/// What a child is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// With which guest.
    pub target: Target,
    /// What.
    pub task: Task,
}

/// One thing to do with a guest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// Drain one stream and hash it, until it ends or a limit is met.
    Verify {
        /// Items at most.
        items: u64,
        /// Seconds at most.
        seconds: f64,
    },
    /// Drain streams, and time them.
    Time {
        /// Items of each stream.
        items: u64,
        /// Seconds to spend.
        seconds: f64,
    },
    /// Drain so many items of one stream, for a tool that counts.
    Drain {
        /// Items.
        items: u64,
    },
}

/// What a child answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Task::Verify`].
    Verified(Verified),
    /// To [`Task::Time`].
    Timed(Timing),
    /// To [`Task::Drain`].
    Drained,
    /// The guest cannot be used, or refuses the request.
    Refused(String),
    /// The guest's stream failed or broke the protocol.
    Failed(String),
}

/// Does the job of this process, if it was started for one.
pub fn serve(load: &Load) -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let (job, answer): (PathBuf, PathBuf) = (arguments.next()?.into(), arguments.next()?.into());
    let written =
        work(&job, load).and_then(|reply| Ok(fs::write(&answer, serde_json::to_vec(&reply)?)?));
    Some(match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

fn work(job: &Path, load: &Load) -> Result<Answer> {
    let job = fs::read(job).context("reading the job")?;
    let job: Job = serde_json::from_slice(&job).context("reading the job")?;
    let guest = match load(&job.target) {
        Ok(guest) => guest,
        Err(error) => return Ok(Answer::Refused(error.to_string())),
    };
    Ok(measure::run(guest.as_ref(), job.task))
}
