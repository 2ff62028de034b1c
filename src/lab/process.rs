//! The laboratory's libraries in a child process, which does tasks with arms.

use std::time::Duration;

use paired::visible::visible;
use paired::worker::{ChildError, Launch, Worker};

use super::arm::LabArm;
use super::build::Built;
use super::child::{ARGUMENT, Answer, Job, Task};
use super::verify::Verified;
use crate::counts::valgrind;

/// Time for one task, at most.
const LIMIT: Duration = Duration::from_secs(60);
/// How much slower valgrind may be.
const UNDER_VALGRIND: u32 = 30;
/// Address space that a child may use, bytes.
const MEMORY: u64 = 6 << 30;

/// Why an arm has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Its libraries cannot be loaded.
    #[error("{0}")]
    Unusable(String),
    /// Its stream is not what it must be.
    #[error("{0}")]
    Wrong(String),
    /// Its process crashed, left, hung or answered nonsense.
    #[error("the child {0}")]
    Process(#[from] ChildError),
}

/// A child.
#[derive(Debug)]
pub(super) struct Child<'a> {
    built: &'a Built,
    launch: Launch,
    limit: Duration,
    /// `None` after a task that ended it.
    worker: Option<Worker>,
}

impl<'a> Child<'a> {
    /// A child that verifies.
    pub(super) fn new(built: &'a Built) -> Result<Self, LabError> {
        let mut launch = Launch::new(ARGUMENT)?;
        let memory = !valgrind::is_around();
        launch.memory = memory.then_some(MEMORY);
        Ok(Self::launched(built, launch, memory))
    }

    /// A child that runs as `launch` says.
    pub(super) fn launched(built: &'a Built, launch: Launch, fast: bool) -> Self {
        Self {
            built,
            launch,
            limit: if fast { LIMIT } else { LIMIT * UNDER_VALGRIND },
            worker: None,
        }
    }

    /// Verifies an arm on at least so many items, or on the usual number.
    pub(super) fn verify(
        &mut self,
        arm: &LabArm,
        items: Option<u64>,
    ) -> Result<Verified, LabError> {
        match self.ask(arm, Task::Verify(items))? {
            Answer::Verified(verified) => Ok(verified),
            answer => Err(LabError::Wrong(format!("it answered {answer:?}"))),
        }
    }

    /// Does a task.
    pub(super) fn ask(&mut self, arm: &LabArm, task: Task) -> Result<Answer, LabError> {
        let mut worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(&self.launch)?,
        };
        let [guest, host] = self.built.plain(arm);
        let job = Job {
            guest,
            host,
            arm: *arm,
            task,
        };
        let answer = worker.ask(&job, self.limit)?;
        self.worker = Some(worker);
        match answer {
            Answer::Unusable(why) => Err(LabError::Unusable(visible(&why))),
            Answer::Wrong(why) => Err(LabError::Wrong(visible(&why))),
            answer => Ok(answer),
        }
    }

    /// Lets the child end by itself.
    pub(super) fn finish(mut self) -> Result<(), LabError> {
        if let Some(worker) = self.worker.take() {
            worker.finish(self.limit)?;
        }
        Ok(())
    }
}
