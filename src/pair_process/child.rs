//! The child's side: it loads the pair of a job once, and does one task after another.

use std::path::PathBuf;
use std::process::ExitCode;

use bench_host::pair::Pair;
use bench_protocol::build_info::BuildInfo;
use bench_protocol::counts::HostCounts;
use bench_protocol::spec::BufferConfig;
use bench_record::wire::Verified;
use paired::worker;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::growth::matrix::Stream;
use crate::ladder::{self, LadderArm};
use crate::pair::PairFiles;
use crate::verify::{self, Expected, Verification};

/// The first argument of such a child.
pub(super) const ARGUMENT: &str = "--pair-child";

/// What to do, with which pair.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    #[serde(with = "paired::paths")]
    pub guest: PathBuf,
    #[serde(with = "paired::paths")]
    pub host: PathBuf,
    pub task: Task,
}

/// One thing to do with a pair.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Task {
    /// Load it and say how it was built.
    Describe,
    /// Verify a case on so many items, or on its usual number.
    Verify { case: Case, items: Option<u64> },
    /// Verify an arm of the ladder.
    Step(LadderArm),
    /// Drain ways to grow on the stream of a case.
    Grow {
        stream: Stream,
        buffers: Vec<BufferConfig>,
    },
}

/// The answer to a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Answer {
    Described([Build; 2]),
    Verified([u64; 3], Counts),
    Step(Verified),
    Grown(Vec<Counts>),
    /// The pair cannot be loaded.
    Unusable(String),
    /// A stream is not what it must be.
    Wrong(String),
}

/// [`BuildInfo`] in a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Build {
    commit: String,
    rustc: String,
    profile: String,
    flags: String,
}

impl From<&BuildInfo> for Build {
    fn from(build: &BuildInfo) -> Self {
        let BuildInfo {
            commit,
            rustc,
            profile,
            flags,
        } = build.clone();
        Self {
            commit,
            rustc,
            profile,
            flags,
        }
    }
}

impl From<Build> for BuildInfo {
    fn from(build: Build) -> Self {
        // What a library says of itself is foreign text.
        let visible = |text: String| paired::visible::visible(&text);
        Self {
            commit: visible(build.commit),
            rustc: visible(build.rustc),
            profile: visible(build.profile),
            flags: visible(build.flags),
        }
    }
}

/// [`HostCounts`] in a message: whole numbers, and the bits of the one that is not.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Counts([u64; 15]);

impl From<HostCounts> for Counts {
    fn from(counts: HostCounts) -> Self {
        let HostCounts {
            items,
            calls,
            frees,
            retries,
            retried_bytes,
            bytes,
            digest,
            zeroed,
            moved,
            allocated,
            shrinks,
            peak_capacity,
            capacity,
            held_sum,
            share_sum,
        } = counts;
        let share_sum = share_sum.to_bits();
        Self([
            items,
            calls,
            frees,
            retries,
            retried_bytes,
            bytes,
            digest,
            zeroed,
            moved,
            allocated,
            shrinks,
            peak_capacity,
            capacity,
            held_sum,
            share_sum,
        ])
    }
}

impl From<Counts> for HostCounts {
    fn from(Counts(counts): Counts) -> Self {
        let [
            items,
            calls,
            frees,
            retries,
            retried_bytes,
            bytes,
            digest,
            zeroed,
            moved,
            allocated,
            shrinks,
            peak_capacity,
            capacity,
            held_sum,
            share_sum,
        ] = counts;
        let share_sum = f64::from_bits(share_sum);
        Self {
            items,
            calls,
            frees,
            retries,
            retried_bytes,
            bytes,
            digest,
            zeroed,
            moved,
            allocated,
            shrinks,
            peak_capacity,
            capacity,
            held_sum,
            share_sum,
        }
    }
}

/// What a message says of a verification.
pub(super) fn verification([items, bytes, digest]: [u64; 3], counts: Counts) -> Verification {
    Verification {
        expected: Expected {
            items,
            bytes,
            digest,
        },
        host: counts.into(),
    }
}

/// Does the tasks of this process, if it was started for them.
pub fn serve() -> Option<ExitCode> {
    let mut loaded: Option<(PairFiles, Pair)> = None;
    worker::serve(ARGUMENT, &mut |job: Job| {
        let files = PairFiles {
            guest: job.guest,
            host: job.host,
        };
        if loaded.as_ref().is_none_or(|(known, _)| *known != files) {
            loaded = match files.load() {
                Ok(pair) => Some((files, pair)),
                Err(error) => return Answer::Unusable(error.to_string()),
            };
        }
        let (_, pair) = loaded.as_ref().expect("it was just loaded");
        work(pair, job.task).unwrap_or_else(Answer::Wrong)
    })
}

fn work(pair: &Pair, task: Task) -> Result<Answer, String> {
    let wrong = |error: &dyn std::fmt::Display| error.to_string();
    Ok(match task {
        Task::Describe => Answer::Described([&pair.guest.build, &pair.host.build].map(Into::into)),
        Task::Verify { case, items } => {
            let verified = match items {
                Some(items) => verify::verify_items(pair, &case, items),
                None => verify::verify(pair, &case),
            };
            let Verification { expected, host } = verified.map_err(|error| wrong(&error))?;
            let Expected {
                items,
                bytes,
                digest,
            } = expected;
            Answer::Verified([items, bytes, digest], host.into())
        }
        Task::Step(arm) => {
            Answer::Step(ladder::verify::verify(pair, &arm).map_err(|error| wrong(&error))?)
        }
        Task::Grow { stream, buffers } => {
            let cells = stream.drain(pair, &buffers);
            let cells = cells.map_err(|error| wrong(&error))?;
            Answer::Grown(cells.into_iter().map(|cell| cell.counts.into()).collect())
        }
    })
}
