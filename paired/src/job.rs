//! What passes between parent and child: a job in, times out.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One arm as a child sees it: files to load and work to do, but no name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmJob {
    /// The libraries that the arm runs, in the order its opener expects.
    #[serde(with = "crate::paths::list")]
    pub libraries: Vec<PathBuf>,
    /// Arms of one job that name the same libraries and the same copy share one
    /// load; another number means another copy of the files.
    pub copy: u32,
    /// What the arm does; only its opener understands it.
    pub workload: Value,
    /// Items that it drains in each round.
    pub items: u64,
}

/// What a child is to do. It is blind: the order of the arms is chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The arms, in the order in which they are opened and warmed up.
    pub arms: Vec<ArmJob>,
    /// Rounds that are not recorded.
    pub warmup: u32,
    /// Rounds that are.
    pub rounds: u32,
    /// Whether the job gets copies of the libraries for itself alone, which the
    /// child removes once they are loaded.
    pub fresh_copies: bool,
    /// What chance decided of this process.
    pub draw: super::draw::Draw,
}

/// What a process measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// Nanoseconds of each arm's drain, round by round, arms in the job's order.
    pub rounds: Vec<Vec<u64>>,
    /// The smallest step that the child saw its clock take, nanoseconds, at least 1.
    pub clock_step_ns: u64,
}

/// What a child answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// What it measured.
    Times(Times),
    /// It could not load or open an arm.
    NotOpened(String),
    /// An arm failed while it was drained.
    Failed(String),
}
