//! Runs a foreign guest in a child process: whatever it does there, the
//! workbench learns of it and goes on.

use std::io;
use std::path::Path;
use std::time::Duration;

use paired::visible::visible;
use paired::worker::{ChildError, Launch, Worker};

use super::Target;
use super::child::{ARGUMENT, Job};
use super::measure::{Answer, Task, Timing, Verified};
use crate::counts::in_child;

/// How long a child may take for everything that is not its task's own time.
const GRACE: Duration = Duration::from_secs(5);
/// How much slower callgrind may be than the machine, with its start.
const CALLGRIND_LIMIT: Duration = Duration::from_secs(120);
/// Address space that a guest may use beside the host's buffers, bytes.
const OWN_MEMORY: u64 = 4 << 30;

/// Why a guest has no answer.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    #[error("{0}")]
    Refused(String),
    #[error("the stream failed: {0}")]
    Failed(String),
    #[error("the guest's process {0}")]
    Process(#[source] ChildError),
    #[error("valgrind cannot be started ({0}); install it, or leave out counts with --no-counts")]
    NoValgrind(io::Error),
    /// valgrind cannot run it; why, and what to do.
    #[error("{0}")]
    Uncountable(&'static str),
    #[error("callgrind counted no instruction: are the symbols of this executable stripped?")]
    NoCount,
}

impl GuestError {
    /// Whether the guest is at fault, rather than what was asked for.
    pub fn is_a_finding(&self) -> bool {
        match self {
            Self::Failed(_) => true,
            Self::Process(error) => !matches!(error, ChildError::Start { .. }),
            Self::Refused(_) | Self::NoValgrind(_) | Self::Uncountable(_) | Self::NoCount => false,
        }
    }
}

/// Drains one stream and hashes it, until it ends, `items` have come or `seconds` are
/// over; then as many items of a second one.
pub fn verify(target: &Target, items: u64, seconds: f64) -> Result<Verified, GuestError> {
    let limit = GRACE + Duration::from_secs_f64(4.0 * seconds);
    let task = Task::Verify { items, seconds };
    match run(&launch(target)?, target, task, limit)?.0 {
        Answer::Verified(verified) => Ok(verified),
        answer => Err(unexpected(answer)),
    }
}

/// Times streams of up to `items` items for `seconds`.
pub fn time(target: &Target, items: u64, seconds: f64) -> Result<Timing, GuestError> {
    let limit = GRACE + Duration::from_secs_f64(6.0 * seconds);
    let task = Task::Time { items, seconds };
    match run(&launch(target)?, target, task, limit)?.0 {
        Answer::Timed(timing) => Ok(timing),
        answer => Err(unexpected(answer)),
    }
}

/// Instructions per item, guest and host, as the slope between a stream's first
/// half and the whole of it; `items` must be 2 or more.
pub fn instructions(target: &Target, items: u64) -> Result<f64, GuestError> {
    let half = items / 2;
    let (few, many) = (count(target, half)?, count(target, items)?);
    Ok((many as f64 - few as f64) / (items - half) as f64)
}

fn count(target: &Target, items: u64) -> Result<u64, GuestError> {
    // For counts alone: times are those of the system as it is.
    let launch = in_child::callgrind(launch(target)?, Path::new("/dev/null"));
    let counted = run(&launch, target, Task::Drain { items }, CALLGRIND_LIMIT);
    let (_, said) = counted.map_err(|error| match error {
        GuestError::Process(ChildError::Start { source, .. }) => GuestError::NoValgrind(source),
        GuestError::Process(error) => match in_child::unknown_instruction(&error) {
            Some(cause) => GuestError::Uncountable(cause),
            None => GuestError::Process(error),
        },
        error => error,
    })?;
    in_child::collected(&said).ok_or(GuestError::NoCount)
}

fn unexpected(answer: Answer) -> GuestError {
    match answer {
        Answer::Refused(why) => GuestError::Refused(visible(&why)),
        Answer::Failed(why) => GuestError::Failed(visible(&why)),
        answer => GuestError::Failed(format!("it answered {answer:?}, which was not asked")),
    }
}

fn launch(target: &Target) -> Result<Launch, GuestError> {
    let mut launch = Launch::new(ARGUMENT).map_err(GuestError::Process)?;
    let buffers = target.memory_limit.saturating_mul(2);
    launch.memory = Some(OWN_MEMORY.saturating_add(buffers));
    Ok(launch)
}

/// Runs a task in a child; its answer, and what it wrote to stderr.
fn run(
    launch: &Launch,
    target: &Target,
    task: Task,
    limit: Duration,
) -> Result<(Answer, String), GuestError> {
    let job = Job {
        target: target.clone(),
        task,
    };
    let mut worker = Worker::start(launch).map_err(GuestError::Process)?;
    let answer = worker.ask(&job, limit).map_err(GuestError::Process)?;
    if let answer @ (Answer::Refused(_) | Answer::Failed(_)) = answer {
        return Err(unexpected(answer));
    }
    // An answer, and perhaps a crash behind it: when the library ended.
    let said = worker.finish(limit).map_err(GuestError::Process)?;
    Ok((answer, said.text()))
}
