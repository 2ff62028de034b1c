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

use super::observe;
use crate::case::Case;
use crate::events::Events;
use crate::growth::matrix::Stream;
use crate::ladder::{self, LadderArm};
use crate::pair::PairFiles;
use crate::verify::{self, Verification};

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
    /// Count page faults and the processor's events of a case.
    Observe(Case),
    /// Drain ways to grow on the stream of a case.
    Grow {
        stream: Stream,
        buffers: Vec<BufferConfig>,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Answer {
    Described([BuildInfo; 2]),
    Verified(Verification),
    Step(Verified),
    Observed(Events),
    Grown(Vec<HostCounts>),
    /// The pair cannot be loaded.
    Unusable(String),
    /// A stream is not what it must be.
    Wrong(String),
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
    Ok(match task {
        Task::Describe => {
            Answer::Described([&pair.guest.build, &pair.host.build].map(Clone::clone))
        }
        Task::Verify { case, items } => {
            let verified = match items {
                Some(items) => verify::verify_items(pair, &case, items),
                None => verify::verify(pair, &case),
            };
            Answer::Verified(verified.map_err(|error| error.to_string())?)
        }
        Task::Step(arm) => {
            let verified = ladder::verify::verify(pair, &arm);
            Answer::Step(verified.map_err(|error| error.to_string())?)
        }
        Task::Observe(case) => {
            let events = observe::per_item(pair, &case);
            Answer::Observed(events.map_err(|error| error.to_string())?)
        }
        Task::Grow { stream, buffers } => {
            let cells = stream.drain(pair, &buffers);
            let cells = cells.map_err(|error| error.to_string())?;
            Answer::Grown(cells.into_iter().map(|cell| cell.counts).collect())
        }
    })
}
