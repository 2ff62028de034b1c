//! The process between a program and one child of it. It starts the child, and when the
//! child or the program has ended, it kills everything below it and ends as the child did.
//! So a killed program leaves no process behind, and foreign code that kills its parent
//! kills this process, which costs the program one answer.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, ExitStatus};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, getpid, getppid, pidfd_open, set_child_subreaper, setrlimit,
    setsid,
};
use rustix::stdio::dup2_stdin;
use signal_hook::low_level::emulate_default_handler;

use super::frame;
use super::tree::{LOOK, children, kill_all};

/// The first argument of such a process; the program's process id and the child's words
/// follow.
pub const ARGUMENT: &str = "--paired-keeper";

/// Whether this process was started as a child with this first argument.
#[must_use]
pub fn is_child(argument: &str) -> bool {
    env::args_os().nth(1).is_some_and(|first| first == argument)
}

/// Keeps a child, if this process was started for that.
pub fn serve() -> Option<ExitCode> {
    is_child(ARGUMENT).then(|| match keep() {
        Ok(Some(status)) => end_like(status),
        // The program has gone: nobody asks how this ends.
        Ok(None) => ExitCode::FAILURE,
        Err(error) => {
            let line = io::stdin()
                .as_fd()
                .try_clone_to_owned()
                .map(UnixStream::from);
            // The program reads it, if there is one.
            let _ = line.and_then(|mut line| line.write_all(&frame::not_started(&error)));
            ExitCode::FAILURE
        }
    })
}

/// Starts the child and waits for it; nothing if the program ends first.
fn keep() -> io::Result<Option<ExitStatus>> {
    // Neither a terminal's signals nor those to the program's group are for this process.
    let _ = setsid();
    set_child_subreaper(Some(getpid()))?;
    // A crash is a result here, and its core is of no use to anyone.
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    let mut words = env::args_os().skip(2);
    let program = words.next().and_then(|word| program_id(&word));
    let (Some(program), Some(executable)) = (program, words.next()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut child = Command::new(executable).args(words).spawn()?;
    // Only the child has the line.
    dup2_stdin(File::open("/dev/null")?)?;
    let status = wait(&mut child, program);
    kill_all(|| children(getpid()));
    Ok(status)
}

fn program_id(word: &OsString) -> Option<Pid> {
    Pid::from_raw(word.to_str()?.parse().ok()?)
}

/// Waits until the child has ended; nothing if the program has ended before.
fn wait(child: &mut Child, program: Pid) -> Option<ExitStatus> {
    let watched = [program, Pid::from_child(child)];
    let watched = watched.map(|pid| pidfd_open(pid, PidfdFlags::empty()));
    let watched: Vec<OwnedFd> = watched.into_iter().flatten().collect();
    let look = Timespec {
        tv_sec: 0,
        tv_nsec: LOOK.subsec_nanos().into(),
    };
    // Where the system has no process descriptors, as under valgrind.
    let timeout = (watched.len() < 2).then_some(&look);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if getppid() != Some(program) {
            return None;
        }
        let events = watched.iter().map(|it| PollFd::new(it, PollFlags::IN));
        let _ = poll(&mut events.collect::<Vec<_>>(), timeout);
    }
}

/// Ends this process as the child ended.
fn end_like(status: ExitStatus) -> ExitCode {
    if let Some(signal) = status.signal() {
        let _ = emulate_default_handler(signal);
        // A signal without a name, such as a real-time one.
        return ExitCode::from(128_u8.saturating_add(signal as u8));
    }
    ExitCode::from(status.code().unwrap_or(1) as u8)
}
