//! Runs a foreign guest in a child process: whatever it does there, the
//! workbench learns of it and goes on.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Target;
use super::child::{ARGUMENT, Answer, Job, Task};
use super::measure::{Timing, Verified};
use crate::counts::TUNABLES;

/// How long a child may take for everything that is not its task's own time.
const GRACE: Duration = Duration::from_secs(5);
/// How much slower callgrind may be than the machine, with its start.
const CALLGRIND_LIMIT: Duration = Duration::from_secs(120);
/// Characters of a child's stderr that an error shows.
const STDERR_SHOWN: usize = 600;
/// What callgrind counts: the one function that every harness times.
const TOGGLE: &str = "--toggle-collect=*bench_host::pair::Session::drain*";

/// Why a guest has no answer.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// It cannot be used, or refuses what is asked of it.
    #[error("{0}")]
    Refused(String),
    /// Its stream failed or broke the protocol.
    #[error("the stream failed: {0}")]
    Failed(String),
    /// Its process died.
    #[error("the guest crashed: its process ended with {status}{}", shown(stderr))]
    Crashed {
        /// The signal that ended it, or its exit status.
        status: ExitStatus,
        /// What it wrote to stderr.
        stderr: String,
    },
    /// It gave no answer in time and was killed.
    #[error("the guest hung: killed after {} s; does one of its items never come?", limit.as_secs())]
    Hung {
        /// The time it had.
        limit: Duration,
    },
    /// The child could not be started or spoken to.
    #[error("{what}: {error}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// callgrind counted nothing.
    #[error("callgrind counted no instruction: are the symbols of this executable stripped?")]
    NoCount,
}

impl GuestError {
    /// Whether the guest is at fault, rather than what was asked for.
    #[must_use]
    pub fn is_a_finding(&self) -> bool {
        matches!(
            self,
            Self::Failed(_) | Self::Crashed { .. } | Self::Hung { .. }
        )
    }
}

fn shown(stderr: &str) -> String {
    let stderr = stderr.trim();
    if stderr.is_empty() {
        return String::new();
    }
    let skip = stderr.chars().count().saturating_sub(STDERR_SHOWN);
    let tail: String = stderr.chars().skip(skip).collect();
    format!("; it said: {tail}")
}

fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> GuestError {
    move |error| GuestError::Io { what, error }
}

/// Drains one stream and hashes it, until it ends, `items` have come or
/// `seconds` are over.
///
/// # Errors
/// When the guest cannot be used, crashes, hangs or breaks the protocol.
pub fn verify(target: &Target, items: u64, seconds: f64) -> Result<Verified, GuestError> {
    let limit = GRACE + Duration::from_secs_f64(seconds);
    match run(&[], target, Task::Verify { items, seconds }, limit)?.0 {
        Answer::Verified(verified) => Ok(verified),
        answer => Err(unexpected(answer)),
    }
}

/// Times streams of `items` items for `seconds`.
///
/// # Errors
/// As for [`verify`].
pub fn time(target: &Target, items: u64, seconds: f64) -> Result<Timing, GuestError> {
    let limit = GRACE + Duration::from_secs_f64(4.0 * seconds);
    match run(&[], target, Task::Time { items, seconds }, limit)?.0 {
        Answer::Timed(timing) => Ok(timing),
        answer => Err(unexpected(answer)),
    }
}

/// Instructions per item, guest and host, as the slope between a stream's first
/// half and the whole of it; `items` must be 2 or more.
///
/// # Errors
/// When callgrind cannot be run or counts nothing, and as for [`verify`].
pub fn instructions(target: &Target, items: u64) -> Result<f64, GuestError> {
    let half = items / 2;
    let (few, many) = (count(target, half)?, count(target, items)?);
    Ok((many as f64 - few as f64) / (items - half) as f64)
}

fn count(target: &Target, items: u64) -> Result<u64, GuestError> {
    let valgrind = [
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        TOGGLE,
    ];
    let (_, stderr) = run(&valgrind, target, Task::Drain { items }, CALLGRIND_LIMIT)?;
    let collected = stderr
        .lines()
        .filter_map(|line| line.split_once("Collected :"))
        .next_back();
    collected
        .and_then(|(_, number)| number.trim().parse().ok())
        .filter(|&instructions| instructions > 0)
        .ok_or(GuestError::NoCount)
}

fn unexpected(answer: Answer) -> GuestError {
    match answer {
        Answer::Refused(why) => GuestError::Refused(why),
        Answer::Failed(why) => GuestError::Failed(why),
        answer => GuestError::Failed(format!("it answered {answer:?}, which was not asked")),
    }
}

/// Runs a task in a child, `wrapper` before its command line; its answer and
/// what it wrote to stderr.
fn run(
    wrapper: &[&str],
    target: &Target,
    task: Task,
    limit: Duration,
) -> Result<(Answer, String), GuestError> {
    let folder = tempfile::tempdir().map_err(io("making a temporary folder"))?;
    let path = |name: &str| folder.path().join(name);
    let job = Job {
        target: target.clone(),
        task,
    };
    let job = serde_json::to_vec(&job).expect("a job is plain data");
    fs::write(path("job.json"), job).map_err(io("writing the job"))?;
    let executable = std::env::current_exe().map_err(io("finding the running executable"))?;
    let mut words = wrapper
        .iter()
        .map(std::ffi::OsStr::new)
        .chain([executable.as_os_str()]);
    let stderr = fs::File::create(path("stderr")).map_err(io("writing the job"))?;
    let mut command = Command::new(words.next().expect("an executable at least"));
    if !wrapper.is_empty() {
        // For counts alone: times are those of the system as it is.
        command.env("GLIBC_TUNABLES", TUNABLES);
    }
    let child = command
        .args(words)
        .arg(ARGUMENT)
        .args([path("job.json"), path("answer.json")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .map_err(io(
            "starting the guest's process (callgrind needs valgrind)",
        ))?;
    let status = wait(child, limit)?;
    let stderr = read(&path("stderr"));
    let answer = fs::read(path("answer.json")).ok();
    match answer.and_then(|answer| serde_json::from_slice(&answer).ok()) {
        Some(answer @ (Answer::Refused(_) | Answer::Failed(_))) => Err(unexpected(answer)),
        // An answer, and a crash behind it: when the stream was dropped, perhaps.
        Some(answer) if status.success() => Ok((answer, stderr)),
        _ => Err(GuestError::Crashed { status, stderr }),
    }
}

fn read(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for the child; kills it when the limit is over.
fn wait(mut child: Child, limit: Duration) -> Result<ExitStatus, GuestError> {
    let waiting = io("waiting for the guest's process");
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if start.elapsed() < limit => thread::sleep(Duration::from_millis(2)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(GuestError::Hung { limit });
            }
            Err(error) => return Err(waiting(error)),
        }
    }
}
