//! The executor that does each job in a process of its own, started from the
//! running executable.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::child::ARGUMENT;
use super::job::{Job, Reply};

/// Characters of a child's stderr that an error shows.
const STDERR_SHOWN: usize = 2000;

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The process could not be started or spoken to.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// It took too long and was killed.
    #[error("the measuring process hung: killed after {} s{}", limit.as_secs(), shown(stderr))]
    TimedOut {
        /// The time it had.
        limit: Duration,
        /// What it wrote to stderr.
        stderr: String,
    },
    /// It ended without an answer.
    #[error("the measuring process ended with {status}{}", shown(stderr))]
    Crashed {
        /// Its exit status, or the signal that ended it.
        status: String,
        /// What it wrote to stderr.
        stderr: String,
    },
    /// It answered that it cannot.
    #[error("{0}")]
    Failed(String),
}

fn shown(stderr: &str) -> String {
    let stderr = stderr.trim();
    if stderr.is_empty() {
        String::new()
    } else {
        format!("; it said: {stderr}")
    }
}

/// Does jobs.
pub trait Execute {
    /// Does one job; the times come round by round, arms in the job's order.
    ///
    /// # Errors
    /// When the job could not be done.
    fn execute(&mut self, job: &Job) -> Result<Vec<Vec<u64>>, ExecuteError>;
}

/// Starts a process for each job.
#[derive(Debug)]
pub struct Processes {
    executable: PathBuf,
    limit: Duration,
    /// Where fresh copies of libraries go; `None` to load the files themselves.
    copies: Option<PathBuf>,
    /// Contents of the libraries, so that a copy is a write and not a read.
    contents: HashMap<PathBuf, Vec<u8>>,
}

impl Processes {
    /// Processes of the running executable, killed after `limit`, each with
    /// fresh copies of the libraries in a temporary folder.
    ///
    /// # Errors
    /// When the executable's own path is unknown.
    pub fn new(limit: Duration) -> Result<Self, ExecuteError> {
        let what = "finding the running executable";
        let executable =
            std::env::current_exe().map_err(|source| ExecuteError::Io { what, source })?;
        let copies = Some(std::env::temp_dir());
        Ok(Self {
            executable,
            limit,
            copies,
            contents: HashMap::new(),
        })
    }

    /// The same without fresh copies: every process maps the same pages.
    #[must_use]
    pub fn without_copies(mut self) -> Self {
        self.copies = None;
        self
    }

    /// The job with its libraries replaced by copies in `folder`.
    fn with_copies(&mut self, job: &Job, folder: &Path) -> std::io::Result<Job> {
        let mut copied = job.clone();
        let mut made: HashMap<(u32, PathBuf), PathBuf> = HashMap::new();
        for arm in &mut copied.arms {
            for library in &mut arm.libraries {
                let key = (arm.copy, library.clone());
                if !made.contains_key(&key) {
                    let copy = folder.join(format!("{}.so", made.len()));
                    if !self.contents.contains_key(library) {
                        self.contents.insert(library.clone(), fs::read(&library)?);
                    }
                    fs::write(&copy, &self.contents[library])?;
                    made.insert(key.clone(), copy);
                }
                *library = made[&key].clone();
            }
        }
        Ok(copied)
    }

    fn spawn(&self, job: &Job) -> std::io::Result<Child> {
        Command::new(&self.executable)
            .arg(ARGUMENT)
            .env(
                "ARENA_BENCH_PADDING",
                "x".repeat(job.draw.environment as usize),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }

    fn talk(&self, mut child: Child, job: &Job) -> Result<Vec<Vec<u64>>, ExecuteError> {
        let io = |what| move |source| ExecuteError::Io { what, source };
        let text = serde_json::to_vec(job).expect("a job is plain data");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // A child that died takes no job; its status says more than the pipe.
        let _ = stdin.write_all(&text);
        drop(stdin);
        let stdout = read_all(child.stdout.take().expect("stdout is piped"));
        let stderr = read_all(child.stderr.take().expect("stderr is piped"));
        let said = |stderr: &mpsc::Receiver<Vec<u8>>| {
            let bytes = stderr
                .recv_timeout(Duration::from_secs(1))
                .unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.chars().take(STDERR_SHOWN).collect::<String>()
        };
        let Ok(answer) = stdout.recv_timeout(self.limit) else {
            child.kill().map_err(io("killing a measuring process"))?;
            child
                .wait()
                .map_err(io("waiting for a measuring process"))?;
            return Err(ExecuteError::TimedOut {
                limit: self.limit,
                stderr: said(&stderr),
            });
        };
        let status = child
            .wait()
            .map_err(io("waiting for a measuring process"))?;
        match serde_json::from_slice(&answer) {
            Ok(Reply::Times(times)) => Ok(times),
            Ok(Reply::Failed(why)) => Err(ExecuteError::Failed(why)),
            Err(_) => {
                let (status, stderr) = (status.to_string(), said(&stderr));
                Err(ExecuteError::Crashed { status, stderr })
            }
        }
    }
}

/// Reads a pipe to its end in the background.
fn read_all(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = send.send(bytes);
    });
    receive
}

impl Execute for Processes {
    fn execute(&mut self, job: &Job) -> Result<Vec<Vec<u64>>, ExecuteError> {
        let io = |what| move |source| ExecuteError::Io { what, source };
        let mut folder = None;
        let mut copied = None;
        if let Some(copies) = &self.copies {
            let what = "copying the libraries";
            let made = tempfile::Builder::new()
                .prefix("arena-bench-")
                .tempdir_in(copies);
            let made = made.map_err(io(what))?;
            copied = Some(self.with_copies(job, made.path()).map_err(io(what))?);
            folder = Some(made);
        }
        let job = copied.as_ref().unwrap_or(job);
        let child = self
            .spawn(job)
            .map_err(io("starting a measuring process"))?;
        let times = self.talk(child, job);
        drop(folder);
        times
    }
}
