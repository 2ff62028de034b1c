//! One start of the program, looked after: its time, its memory, what it says, and
//! whatever it leaves running.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Resident memory of the program, at most, bytes.
const MEMORY: u64 = 2 << 30;
/// What is read of each output, bytes.
const OUTPUT: u64 = 64 << 20;
/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(2);
/// Time for what the program started to end after it.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// The variable by which processes of a case are found.
pub const MARKER: &str = "TORTURE_CASE";

/// How a start ended.
#[derive(Debug)]
pub struct Outcome {
    status: ExitStatus,
    /// What went to stdout, where that was not redirected.
    pub stdout: String,
    /// The same of stderr.
    pub stderr: String,
    hung: bool,
    memory: u64,
    /// What was started, for people.
    pub command: String,
}

/// When and how a start is ended.
#[derive(Debug, Clone, Copy)]
pub struct Kill {
    /// How long after the start.
    pub after: Duration,
    /// By which signal.
    pub signal: Signal,
}

/// Starts a command and waits for it; what it prints goes through files in `folder`.
///
/// # Errors
/// When it cannot be started.
pub fn run(
    command: &mut Command,
    folder: &Path,
    limit: Duration,
    kill: Option<Kill>,
) -> io::Result<Outcome> {
    let paths = ["stdout", "stderr"].map(|name| folder.join(format!(".torture-{name}")));
    let [stdout, stderr] = [File::create(&paths[0])?, File::create(&paths[1])?];
    let mut child = command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .spawn()?;
    let (start, mut memory, mut hung) = (Instant::now(), 0, false);
    let mut kill = kill;
    let status = loop {
        memory = memory.max(resident(&child));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let pid = Pid::from_child(&child);
        if let Some(due) = kill.filter(|kill| start.elapsed() >= kill.after) {
            let _ = kill_process(pid, due.signal);
            kill = None;
        }
        if start.elapsed() > limit {
            hung = true;
            let _ = kill_process_group(pid, Signal::KILL);
        }
        sleep(LOOK);
    };
    let [stdout, stderr] = paths.map(|path| text(&path));
    Ok(Outcome {
        status,
        stdout,
        stderr,
        hung,
        memory,
        command: shown(command),
    })
}

/// The largest resident memory that a process has had so far, bytes.
fn resident(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0_u64) << 10
}

fn text(path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        let _ = file.take(OUTPUT).read_to_end(&mut bytes);
    }
    let _ = fs::remove_file(path);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn shown(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        let name = name.to_str().filter(|name| *name != MARKER)?;
        Some(format!("{name}={:?}", value?))
    });
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let words = words.map(|word| word.to_string_lossy().into_owned());
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

impl Outcome {
    /// The exit status; `None` after a signal.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// That it ended in time, with a status that it may have, within its memory, without
    /// a panic, and with a sentence where it failed.
    ///
    /// # Errors
    /// What was wrong.
    pub fn decent(&self) -> Result<(), String> {
        self.ended_decently()?;
        if self.code() != Some(0) && self.stderr.trim().is_empty() {
            return Err(self.lost("failed without a word"));
        }
        Ok(())
    }

    /// The same where nothing of what it says can be read.
    ///
    /// # Errors
    /// What was wrong.
    pub fn ended_decently(&self) -> Result<(), String> {
        if self.hung {
            return Err(self.lost("hung"));
        }
        if self.memory > MEMORY {
            return Err(self.lost(&format!("took {} MiB", self.memory >> 20)));
        }
        if let Some(signal) = self.status.signal() {
            return Err(self.lost(&format!("ended by signal {signal}")));
        }
        if !(0..=2).contains(&self.code().unwrap_or(-1)) {
            return Err(self.lost("ended with a status that it does not have"));
        }
        if self.stderr.contains("panicked at") {
            return Err(self.lost("panicked"));
        }
        if self.stderr.contains('\x1b') || self.stdout.contains('\x1b') {
            return Err(self.lost("let an escape sequence through"));
        }
        Ok(())
    }

    /// A loss with all that is known of it.
    pub fn lost(&self, what: &str) -> String {
        let said: String = self.stderr.chars().take(2000).collect();
        format!(
            "{what} ({})\n    {}\n    it said: {}",
            self.status,
            self.command,
            said.trim().replace('\n', "\n    ")
        )
    }
}

/// Ends what runs on of a case; an error if it does not end by itself in a moment.
///
/// # Errors
/// Which processes ran on.
pub fn nothing_runs_on(marker: &str) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let left = marked(marker);
        if left.is_empty() {
            return Ok(());
        }
        if start.elapsed() > AFTERWARDS {
            let name = |pid: &i32| {
                let name = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                name.replace('\0', " ")
            };
            let names: Vec<String> = left.iter().map(name).collect();
            for pid in left.into_iter().filter_map(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
            return Err(format!("runs on: {}", names.join("; ")));
        }
        sleep(10 * LOOK);
    }
}

/// Processes that were started with the marker and have not ended.
fn marked(marker: &str) -> Vec<i32> {
    let wanted = format!("{MARKER}={marker}\0");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter(|pid: &i32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let mut places = environment.windows(wanted.len());
            places.any(|place| place == wanted.as_bytes())
        })
        .collect()
}
