//! The child that a foreign guest runs in: it loads the guest of a task and does it.

use std::process::ExitCode;

use paired::worker;
use serde::{Deserialize, Serialize};

use super::measure::{self, Answer, Task};
use super::{Load, Target};

/// The first argument of such a child: any executable that runs foreign guests calls
/// [`serve`] first.
pub const ARGUMENT: &str = "--guest-child";

/// What a child is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub target: Target,
    pub task: Task,
}

/// Does the tasks of this process, if it was started for them.
pub fn serve(load: &Load) -> Option<ExitCode> {
    worker::serve(ARGUMENT, &mut |job: Job| match load(&job.target) {
        Ok(guest) => measure::run(guest.as_ref(), job.task),
        Err(error) => Answer::Refused(format!("{error:#}")),
    })
}
