//! Processes and what is below them, as /proc tells.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, waitpid,
};

/// Looks for processes until none is left, so often at most: one that starts others faster
/// than it is killed would keep us for ever.
const SWEEPS: u32 = 1000;

/// How often a process is looked after where the system does not tell of its end.
pub const LOOK: Duration = Duration::from_millis(5);

/// Kills a process, its group and everything below it.
pub fn kill_tree(pid: Pid) {
    // Parents first, so that none starts another after its children were listed.
    let mut tree = vec![pid];
    let mut next = 0;
    while let Some(&pid) = tree.get(next) {
        next += 1;
        let below = children(pid);
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = kill_process(pid, Signal::KILL);
        tree.extend(below);
    }
}

/// Kills the children of this process that `list` names, and everything below them, until
/// it names none: what lost its parent becomes a child of this process.
pub fn kill_all(list: impl Fn() -> Vec<Pid>) {
    for _ in 0..SWEEPS {
        let left = list();
        if left.is_empty() {
            break;
        }
        for pid in left {
            kill_tree(pid);
            // Killed, so it ends; unless the kernel holds it, which is no reason to wait.
            if matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None)) {
                thread::sleep(Duration::from_millis(1));
                let _ = waitpid(Some(pid), WaitOptions::NOHANG);
            }
        }
    }
}

/// The children of a process; nothing where the system does not tell.
pub fn children(pid: Pid) -> Vec<Pid> {
    if !is_proc_ours() {
        return Vec::new();
    }
    let tasks = fs::read_dir(format!("/proc/{}/task", Pid::as_raw(Some(pid))));
    let tasks = tasks.into_iter().flatten().flatten();
    let listed = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let numbers = |list: String| -> Vec<Pid> {
        let numbers = list.split_ascii_whitespace();
        let numbers = numbers.filter_map(|number| number.parse().ok());
        numbers.filter_map(Pid::from_raw).collect()
    };
    listed.flat_map(numbers).collect()
}

/// The session of a process: 0 where its leader is outside this process's namespace, which
/// `getsid` of rustix has no value for. `None` where the system does not tell.
pub fn session(pid: Pid) -> Option<i32> {
    let status = fs::read_to_string(format!("/proc/{}/stat", Pid::as_raw(Some(pid)))).ok()?;
    // The name, in brackets, may contain anything; state, parent and group follow it.
    let rest = status.rsplit_once(')')?.1;
    rest.split_ascii_whitespace().nth(3)?.parse().ok()
}

/// Whether the numbers in `/proc` are those of this process's namespace: another's may be
/// mounted there, and its numbers are other processes.
fn is_proc_ours() -> bool {
    let own = fs::read_link("/proc/self");
    own.is_ok_and(|own| own.to_str() == Some(&Pid::as_raw(Some(getpid())).to_string()))
}
