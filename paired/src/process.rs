//! The executor that does each job in a process of its own, started from the
//! running executable.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::child::ARGUMENT;
use super::job::{Job, Reply, Times};

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
    /// Does one job.
    ///
    /// # Errors
    /// When the job could not be done.
    fn execute(&mut self, job: &Job) -> Result<Times, ExecuteError>;
}

/// Starts a process for each job.
#[derive(Debug)]
pub struct Processes {
    executable: PathBuf,
    limit: Duration,
    /// Copies that last: of arms that load the same files apart from each other.
    lasting: Copies,
}

impl Processes {
    /// Processes of the running executable, killed after `limit`.
    ///
    /// # Errors
    /// When the executable's own path is unknown or there is no temporary folder.
    pub fn new(limit: Duration) -> Result<Self, ExecuteError> {
        let executable = std::env::current_exe().map_err(io("finding the running executable"))?;
        sweep(&std::env::temp_dir());
        sweep(Path::new(IN_MEMORY));
        let lasting = Copies::new().map_err(io(COPYING))?;
        Ok(Self {
            executable,
            limit,
            lasting,
        })
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

    fn talk(&self, mut child: Child, job: &Job) -> Result<Times, ExecuteError> {
        let text = serde_json::to_vec(job).expect("a job is plain data");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // Aside, as a child that hangs takes no job either; one that died neither, but
        // its status says more than the pipe.
        thread::spawn(move || {
            let _ = stdin.write_all(&text);
        });
        let stdout = read_all(child.stdout.take().expect("stdout is piped"));
        let stderr = read_all(child.stderr.take().expect("stderr is piped"));
        let said = |stderr: &mpsc::Receiver<Vec<u8>>| {
            let bytes = stderr
                .recv_timeout(Duration::from_secs(1))
                .unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.chars().take(STDERR_SHOWN).collect::<String>()
        };
        let start = Instant::now();
        let answer = stdout.recv_timeout(self.limit);
        // One that answered may still hang on its way out.
        let status = match &answer {
            Ok(_) => ended(&mut child, self.limit.saturating_sub(start.elapsed())),
            Err(_) => Ok(None),
        };
        let status = status.map_err(io("waiting for a measuring process"))?;
        let (Ok(answer), Some(status)) = (answer, status) else {
            child.kill().map_err(io("killing a measuring process"))?;
            child
                .wait()
                .map_err(io("waiting for a measuring process"))?;
            return Err(ExecuteError::TimedOut {
                limit: self.limit,
                stderr: said(&stderr),
            });
        };
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

/// The status of a process that ends within `limit`.
fn ended(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        let status = child.try_wait()?;
        if status.is_some() || start.elapsed() > limit {
            return Ok(status);
        }
        thread::sleep(Duration::from_micros(200));
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
    fn execute(&mut self, job: &Job) -> Result<Times, ExecuteError> {
        let mut job = job.clone();
        let mut fresh = None;
        if job.fresh_copies {
            fresh = Some(Copies::short_lived().map_err(io(COPYING))?);
        }
        for arm in &mut job.arms {
            let copy = arm.copy;
            for library in &mut arm.libraries {
                *library = match &mut fresh {
                    Some(copies) => copies.of(library, copy),
                    None if copy > 0 => self.lasting.of(library, copy),
                    None => Ok(library.clone()),
                }
                .map_err(io(COPYING))?;
            }
        }
        let child = self
            .spawn(&job)
            .map_err(io("starting a measuring process"))?;
        self.talk(child, &job)
    }
}

const COPYING: &str = "copying the libraries";

fn io(what: &'static str) -> impl Fn(std::io::Error) -> ExecuteError {
    move |source| ExecuteError::Io { what, source }
}

/// Copies of libraries in a temporary folder: the dynamic loader knows a library
/// by its inode, so another copy is another library, in other pages.
#[derive(Debug)]
struct Copies {
    folder: TempDir,
    made: HashMap<(PathBuf, u32), PathBuf>,
}

impl Copies {
    /// Copies that stay as long as this does.
    fn new() -> std::io::Result<Self> {
        Ok(Self::within(folder_in(&std::env::temp_dir())?))
    }

    /// Copies for one process: in memory where there is a place for that. Of two fresh
    /// copies that lie in a disk's page cache, the one that is loaded second is slower in
    /// many processes; that falls on each arm as often, but widens the interval.
    fn short_lived() -> std::io::Result<Self> {
        if takes_copies(Path::new(IN_MEMORY))
            && let Ok(folder) = folder_in(Path::new(IN_MEMORY))
        {
            return Ok(Self::within(folder));
        }
        Self::new()
    }

    fn within(folder: TempDir) -> Self {
        Self {
            folder,
            made: HashMap::new(),
        }
    }

    /// Copy number `copy` of `library`, made when it is first asked for.
    fn of(&mut self, library: &Path, copy: u32) -> std::io::Result<PathBuf> {
        let key = (library.to_owned(), copy);
        if let Some(made) = self.made.get(&key) {
            return Ok(made.clone());
        }
        let path = self.folder.path().join(format!("{}.so", self.made.len()));
        fs::copy(library, &path)?;
        self.made.insert(key, path.clone());
        Ok(path)
    }
}

/// A temporary folder under this process's name.
fn folder_in(parent: &Path) -> std::io::Result<TempDir> {
    let prefix = format!("{PREFIX}{}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir_in(parent)
}

/// Removes what interrupted processes left behind: folders under the names of processes
/// that are gone. Where that cannot be told, nothing is removed.
fn sweep(parent: &Path) {
    let processes = Path::new("/proc");
    if !processes.join("self").exists() {
        return;
    }
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'))
            .and_then(|(owner, _)| owner.parse::<u32>().ok());
        if owner.is_some_and(|owner| !processes.join(owner.to_string()).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// What temporary folders are called, before the number of their process.
const PREFIX: &str = "arena-bench-";

/// A file system in memory, where there is one.
const IN_MEMORY: &str = "/dev/shm";

/// Bytes that must be free there: several times what a job's copies take.
const ROOM: u64 = 64 << 20;

/// Whether a folder has room for copies and lets libraries be loaded: containers often
/// forbid it there.
#[cfg(target_os = "linux")]
fn takes_copies(folder: &Path) -> bool {
    use rustix::fs::{StatVfsMountFlags, statvfs};
    statvfs(folder).is_ok_and(|system| {
        let free = system.f_bavail.saturating_mul(system.f_frsize);
        free >= ROOM && !system.f_flag.contains(StatVfsMountFlags::NOEXEC)
    })
}

#[cfg(not(target_os = "linux"))]
fn takes_copies(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests;
