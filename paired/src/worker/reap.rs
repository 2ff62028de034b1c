//! Every child that runs foreign code is known here, and ends with all that it started:
//! its session, and descendants that left the session or lost their parent.
//!
//! This process adopts orphans below it (Linux' child subreaper), so that a helper which
//! a guest detached is found as a child of ours when the guest's process has ended.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper,
    waitpid,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Looks for orphans until none is left, so often at most: one that starts others faster
/// than it is killed would keep us for ever.
const SWEEPS: u32 = 1000;

/// What is known of the processes below this one.
#[derive(Debug)]
struct Known {
    /// Children that were started here and not yet waited for.
    children: BTreeSet<i32>,
    /// Processes that were adopted while no child lived: a compiler's cache server, say.
    strangers: BTreeSet<i32>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known {
    children: BTreeSet::new(),
    strangers: BTreeSet::new(),
});

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child that is ended, with all that it started, when this is dropped.
#[derive(Debug)]
pub struct Reaped {
    child: Child,
    pid: Pid,
    ended: Option<ExitStatus>,
}

impl Reaped {
    /// Starts a child.
    ///
    /// # Errors
    /// When the system does not start it.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        static PREPARED: Once = Once::new();
        PREPARED.call_once(prepare);
        // Held while it starts: a child that is not on the list is taken for an orphan.
        let mut known = known();
        if known.children.is_empty() {
            let adopted = known.orphans();
            known.strangers.extend(adopted);
        }
        let child = command.spawn()?;
        let pid = Pid::from_child(&child);
        known.children.insert(Pid::as_raw(Some(pid)));
        drop(known);
        Ok(Self {
            child,
            pid,
            ended: None,
        })
    }

    /// The child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Ends it, if it has not ended, and everything that it started; its exit status.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn end(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.ended {
            return Ok(status);
        }
        kill_tree(self.pid);
        let status = self.child.wait();
        let mut known = known();
        known.children.remove(&Pid::as_raw(Some(self.pid)));
        for _ in 0..SWEEPS {
            let left = known.orphans();
            if left.is_empty() {
                break;
            }
            for pid in left.into_iter().filter_map(Pid::from_raw) {
                kill_tree(pid);
                // Killed, so it ends; unless the kernel holds it, which is no reason to wait.
                if matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None)) {
                    thread::sleep(Duration::from_millis(1));
                    let _ = waitpid(Some(pid), WaitOptions::NOHANG);
                }
            }
        }
        drop(known);
        self.ended = Some(status?);
        self.end()
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// What this process needs to end its children: once, before the first of them.
fn prepare() {
    // Without it a helper that lost its parent goes to the system's first process.
    let _ = set_child_subreaper(Some(getpid()));
    let handled = [SIGTERM, SIGINT, SIGHUP]
        .into_iter()
        .filter(|&signal| !is_ignored(signal));
    let Ok(mut signals) = Signals::new(handled) else {
        return;
    };
    let ending = move || {
        for signal in &mut signals {
            // Kept locked to the end: no child starts any more.
            let known = known();
            let below = known.children.iter().copied().chain(known.orphans());
            below.filter_map(Pid::from_raw).for_each(kill_tree);
            let _ = emulate_default_handler(signal);
        }
    };
    let _ = thread::Builder::new()
        .name("signals".to_owned())
        .spawn(ending);
}

/// Whether a signal was ignored when this process started, as under `nohup`.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Kills a process, its group and everything below it.
fn kill_tree(pid: Pid) {
    // Parents first, so that none starts another after its children were listed.
    let mut tree = vec![pid];
    let mut next = 0;
    while let Some(&pid) = tree.get(next) {
        next += 1;
        let below = children(Pid::as_raw(Some(pid)));
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = kill_process(pid, Signal::KILL);
        tree.extend(below.into_iter().filter_map(Pid::from_raw));
    }
}

impl Known {
    /// Children of ours that nobody here started: adopted ones, of other sessions.
    fn orphans(&self) -> Vec<i32> {
        let own = Pid::as_raw(Some(getpid()));
        let Some(session) = session(own) else {
            return Vec::new();
        };
        let foreign = |pid: &i32| self::session(*pid).is_some_and(|other| other != session);
        let mut found = children(own);
        found.retain(|pid| !self.children.contains(pid) && !self.strangers.contains(pid));
        found.retain(foreign);
        found
    }
}

/// Whether the numbers in `/proc` are those of this process's namespace: another's may be
/// mounted there, and its numbers are other processes.
fn is_proc_ours() -> bool {
    let own = fs::read_link("/proc/self");
    own.is_ok_and(|own| own.to_str() == Some(&Pid::as_raw(Some(getpid())).to_string()))
}

/// The session of a process: 0 where its leader is outside this process's namespace, which
/// `getsid` of rustix has no value for. `None` where the system does not tell.
fn session(pid: i32) -> Option<i32> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may contain anything; state, parent and group follow it.
    status
        .rsplit_once(')')?
        .1
        .split_ascii_whitespace()
        .nth(3)?
        .parse()
        .ok()
}

/// The children of a process; nothing where the system does not tell.
fn children(pid: i32) -> Vec<i32> {
    if !is_proc_ours() {
        return Vec::new();
    }
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let listed = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let numbers = |list: String| -> Vec<i32> {
        let numbers = list.split_ascii_whitespace();
        numbers.filter_map(|number| number.parse().ok()).collect()
    };
    listed.flat_map(numbers).collect()
}
