//! Every child that runs foreign code is known here, and ends with all that it started:
//! its session, and descendants that left the session or lost their parent.
//!
//! This process adopts orphans below it (Linux' child subreaper), so that a helper which
//! a guest detached is found as a child of ours when the guest's process has ended.

use std::fs;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use rustix::process::{Pid, getpid, set_child_subreaper};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::tree::{children, kill_all, kill_tree, session};

/// What is known of the processes below this one.
#[derive(Debug)]
struct Known {
    /// Children that were started here and not yet waited for.
    children: Vec<Pid>,
    /// Processes that were adopted while no child lived: a compiler's cache server, say.
    strangers: Vec<Pid>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known {
    children: Vec::new(),
    strangers: Vec::new(),
});

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child that is ended, with all that it started, when this is dropped.
#[derive(Debug)]
pub struct Reaped {
    child: Child,
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
        known.children.push(Pid::from_child(&child));
        drop(known);
        let ended = None;
        Ok(Self { child, ended })
    }

    /// The child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Ends it, if it has not ended, and everything that it started; its exit status.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn end(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.ended {
            return Ok(status);
        }
        let own = self.pid();
        kill_tree(own);
        let status = self.child.wait();
        let mut known = known();
        known.children.retain(|&pid| pid != own);
        kill_all(|| known.orphans());
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
            below.for_each(kill_tree);
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

impl Known {
    /// Children of ours that nobody here started: adopted ones, of other sessions.
    fn orphans(&self) -> Vec<Pid> {
        let Some(own) = session(getpid()) else {
            return Vec::new();
        };
        let foreign = |pid: &Pid| session(*pid).is_some_and(|session| session != own);
        let mut found = children(getpid());
        found.retain(|pid| !self.children.contains(pid) && !self.strangers.contains(pid));
        found.retain(foreign);
        found
    }
}
