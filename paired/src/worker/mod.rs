//! A child process for foreign code: it is asked for one thing after another, and whatever
//! it does instead of answering becomes a typed error.
//!
//! - It is the running executable (or a given one), in a session of its own.
//! - Requests and answers go over a private line that the child's prints cannot reach; an
//!   answer carries a number that the request brought.
//! - stdout and stderr are captured: the beginning and the end of them are kept, whatever
//!   the length.
//! - Each request has a time limit. After it, after a crash, and when this process gets
//!   SIGTERM, SIGINT or SIGHUP, the child and every process that it started are killed.
//! - Between this process and the child is a keeper: another process of the executable,
//!   which ends everything below it when this process is killed, and which is what a child
//!   finds as its parent. A start costs one more process for it, about a millisecond.
//!
//! Without privileges, nothing stops a child that kills this very process, or every process of
//! its user (`kill(-1, SIGKILL)`). This process then ends by that signal; it has claimed nothing,
//! and what it had written stays as it was.
//!
//! It uses Linux: subreaper, parent-death signal, process descriptors. The crates
//! `process_control`, `command-group` and `process-wrap` were looked at: the first has a
//! time limit but kills one process only, the others kill a group but not what left it;
//! none has a line of its own or bounds what is captured.

mod answer;
mod capture;
mod frame;
mod keeper;
mod reap;
mod serve;
mod tree;

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::answer::{Answer, again};
use self::capture::Capture;
pub use self::capture::Said;
use self::frame::Hello;
pub use self::keeper::is_child;
use self::reap::Reaped;
pub use self::serve::serve;
use self::tree::LOOK;

/// How a child is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The executable; it calls [`serve`] with the same argument.
    pub executable: PathBuf,
    /// The first argument.
    pub argument: &'static str,
    /// Words in front of the executable, such as `valgrind` and its options.
    pub wrapper: Vec<OsString>,
    /// Variables added to its environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Bytes of address space that it may use; `None` for no limit of ours.
    pub memory: Option<u64>,
}

impl Launch {
    /// A child of the running executable.
    ///
    /// # Errors
    /// When the executable's own path is unknown.
    pub fn new(argument: &'static str) -> Result<Self, ChildError> {
        let executable = std::env::current_exe().map_err(io("finding the running executable"))?;
        Ok(Self {
            executable,
            argument,
            wrapper: Vec::new(),
            environment: Vec::new(),
            memory: None,
        })
    }
}

/// Why a child gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It could not be started, or the system failed beneath it.
    #[error("{what}: {source}")]
    Start {
        /// What was being done.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// It took too long and was killed.
    #[error("hung: killed after {:.1} s{said}", limit.as_secs_f64())]
    TimedOut {
        /// The time it had.
        limit: Duration,
        /// What it wrote to stderr.
        said: Said,
    },
    /// A signal ended it.
    #[error("ended by {signal}{said}")]
    Signalled {
        /// Name of the signal.
        signal: String,
        /// What it wrote to stderr.
        said: Said,
    },
    /// It left before it had answered.
    #[error("exited with status {code} before it answered{said}")]
    Exited {
        /// Its exit status; 0 is no better than another.
        code: i32,
        /// What it wrote to stderr.
        said: Said,
    },
    /// It answered, and failed on its way out.
    #[error("answered, but then exited with status {code}{said}")]
    FailedAtEnd {
        /// Its exit status.
        code: i32,
        /// What it wrote to stderr.
        said: Said,
    },
    /// What came over the line is no answer.
    #[error("answered nonsense ({why}){said}")]
    Nonsense {
        /// What is wrong with it.
        why: String,
        /// What it wrote to stderr.
        said: Said,
    },
}

impl ChildError {
    /// Whether the system is at fault, and not what ran in the child.
    #[must_use]
    pub fn is_start(&self) -> bool {
        matches!(self, Self::Start { .. })
    }
}

fn io(what: &'static str) -> impl Fn(io::Error) -> ChildError {
    move |source| ChildError::Start { what, source }
}

/// A running child.
#[derive(Debug)]
pub struct Worker {
    process: Reaped,
    line: UnixStream,
    /// Readable when the child has ended; `None` where the system has no process
    /// descriptors, as valgrind has not.
    exit: Option<OwnedFd>,
    stdout: Capture<ChildStdout>,
    stderr: Capture<ChildStderr>,
    nonce: u64,
    turn: u64,
    hello: Vec<u8>,
}

/// How waiting for a child ended.
enum Outcome {
    Answer(Vec<u8>),
    Gone,
    Late,
    Nonsense(String),
}

impl Worker {
    /// Starts a child.
    ///
    /// # Errors
    /// When the system does not start it.
    pub fn start(launch: &Launch) -> Result<Self, ChildError> {
        let starting = io("starting a process");
        let (line, childs) = UnixStream::pair().map_err(&starting)?;
        line.set_nonblocking(true).map_err(&starting)?;
        let mut command = Command::new(&launch.executable);
        command
            .arg(keeper::ARGUMENT)
            .arg(std::process::id().to_string())
            .args(&launch.wrapper)
            .arg(&launch.executable)
            .arg(launch.argument)
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(OwnedFd::from(childs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Reaped::spawn(&mut command).map_err(&starting)?;
        // The child's end of the line is closed here.
        drop(command);
        let exit = match pidfd_open(process.pid(), PidfdFlags::empty()) {
            Ok(exit) => Some(exit),
            Err(Errno::NOSYS) => None,
            Err(error) => return Err(starting(error.into())),
        };
        let stdout = process.child().stdout.take().expect("stdout is piped");
        let stderr = process.child().stderr.take().expect("stderr is piped");
        for pipe in [stdout.as_fd(), stderr.as_fd()] {
            let flags = fcntl_getfl(pipe).map_err(|error| starting(error.into()))?;
            fcntl_setfl(pipe, flags | OFlags::NONBLOCK).map_err(|error| starting(error.into()))?;
        }
        // Always as many digits: what a child allocates for it is then the same in each.
        let nonce = rand::random_range(10_u64.pow(18)..10_u64.pow(19));
        let hello = Hello {
            parent: process.pid().as_raw_nonzero().get().unsigned_abs(),
            memory: launch.memory,
        };
        Ok(Self {
            process,
            line,
            exit,
            stdout: Capture::new(stdout),
            stderr: Capture::new(stderr),
            nonce,
            turn: 0,
            hello: frame::encode(nonce, 0, &hello),
        })
    }

    /// Asks for one thing; after an error the child has ended.
    ///
    /// # Errors
    /// When no answer comes within `limit`, or another thing than an answer.
    pub fn ask<Q, A>(&mut self, question: &Q, limit: Duration) -> Result<A, ChildError>
    where
        Q: Serialize,
        A: DeserializeOwned,
    {
        self.turn += 1;
        let mut message = std::mem::take(&mut self.hello);
        message.extend(frame::encode(self.nonce, self.turn, question));
        let why = match self.exchange(&message, limit)? {
            Outcome::Answer(bytes) => match frame::decode(self.nonce, self.turn, &bytes) {
                Ok(answer) => return Ok(answer),
                Err(why) => why,
            },
            Outcome::Nonsense(why) => why,
            Outcome::Gone => return Err(self.ended(false)?),
            Outcome::Late => return Err(self.late(limit)?),
        };
        Err(self.nonsense(why)?)
    }

    /// Ends the conversation, and waits until the child has ended by itself; what it
    /// wrote to stderr.
    ///
    /// # Errors
    /// When it does not end within `limit`, or not as it should.
    pub fn finish(mut self, limit: Duration) -> Result<Said, ChildError> {
        let _ = self.line.shutdown(std::net::Shutdown::Write);
        match self.exchange(&[], limit)? {
            Outcome::Gone => {}
            Outcome::Late => return Err(self.late(limit)?),
            Outcome::Answer(_) => {
                return Err(self.nonsense("an answer to no question".to_owned())?);
            }
            Outcome::Nonsense(why) => return Err(self.nonsense(why)?),
        }
        let status = self.process.end().map_err(io("ending a process"))?;
        if status.success() {
            return Ok(self.said());
        }
        Err(self.ended(true)?)
    }

    fn nonsense(&mut self, why: String) -> Result<ChildError, ChildError> {
        self.process.end().map_err(io("ending a process"))?;
        let said = self.said();
        Ok(ChildError::Nonsense { why, said })
    }

    fn late(&mut self, limit: Duration) -> Result<ChildError, ChildError> {
        self.process.end().map_err(io("killing a process"))?;
        let said = self.said();
        Ok(ChildError::TimedOut { limit, said })
    }

    /// The error of a child that has ended by itself.
    fn ended(&mut self, answered: bool) -> Result<ChildError, ChildError> {
        let status = self.process.end().map_err(io("ending a process"))?;
        let said = self.said();
        Ok(match (status.code(), answered) {
            (Some(code), false) => ChildError::Exited { code, said },
            (Some(code), true) => ChildError::FailedAtEnd { code, said },
            (None, _) => ChildError::Signalled {
                signal: signal_name(status),
                said,
            },
        })
    }

    fn said(&mut self) -> Said {
        // What it wrote last; a helper that holds the pipe open is not waited for.
        self.stderr.drain();
        self.stderr.take()
    }

    /// Sends a message, and waits for an answer or for the child's end.
    fn exchange(&mut self, message: &[u8], limit: Duration) -> Result<Outcome, ChildError> {
        let start = Instant::now();
        let (mut unsent, mut answer) = (message, Answer::default());
        // A child that closed its end of the line may still do something else.
        let mut open = true;
        loop {
            let Some(left) = limit.checked_sub(start.elapsed()) else {
                return Ok(Outcome::Late);
            };
            let ready = self.wait(open, !unsent.is_empty(), left)?;
            self.stdout.drain();
            self.stderr.drain();
            if !unsent.is_empty() {
                unsent = match self.line.write(unsent) {
                    Ok(sent) => &unsent[sent..],
                    Err(error) if again(&error) => unsent,
                    // It has closed the line: its end says more.
                    Err(_) => &[],
                };
            }
            if open {
                open = answer.read(&mut self.line);
                if let Some(error) = answer.not_started() {
                    return Err(io("starting a process")(error));
                }
                match answer.complete() {
                    Ok(None) => {}
                    Ok(Some(bytes)) => return Ok(Outcome::Answer(bytes)),
                    Err(why) => return Ok(Outcome::Nonsense(why)),
                }
            }
            if ready {
                return Ok(Outcome::Gone);
            }
        }
    }

    /// Waits until something happens; whether the child has ended.
    fn wait(&self, open: bool, sending: bool, left: Duration) -> Result<bool, ChildError> {
        let exit = self.exit.as_ref();
        let mut events: Vec<PollFd<'_>> = exit
            .map(|exit| PollFd::new(exit, PollFlags::IN))
            .into_iter()
            .collect();
        let left = match exit {
            Some(_) => left,
            None => left.min(LOOK),
        };
        if open {
            let wanted = match sending {
                true => PollFlags::IN | PollFlags::OUT,
                false => PollFlags::IN,
            };
            events.push(PollFd::new(&self.line, wanted));
        }
        let stdout = self.stdout.pipe.as_ref();
        events.extend(stdout.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        let stderr = self.stderr.pipe.as_ref();
        events.extend(stderr.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        let timeout = Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut events, Some(&timeout)) {
            Ok(_) if exit.is_some() => Ok(!events[0].revents().is_empty()),
            Ok(_) => self.has_ended(),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(io("waiting for a process")(error.into())),
        }
    }
}

impl Worker {
    /// Whether the child has ended; its status is left for whoever waits for it.
    fn has_ended(&self) -> Result<bool, ChildError> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let ended = waitid(WaitId::Pid(self.process.pid()), options);
        match ended {
            Ok(status) => Ok(status.is_some()),
            Err(error) => Err(io("waiting for a process")(error.into())),
        }
    }
}

fn signal_name(status: ExitStatus) -> String {
    let number = status.signal().unwrap_or_default();
    signal_hook::low_level::signal_name(number)
        .map_or_else(|| format!("signal {number}"), str::to_owned)
}
