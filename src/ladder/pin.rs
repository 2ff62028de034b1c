//! Binding a process to one core: a hop between threads then costs a switch and
//! not a wake-up on another core, which is steadier from run to run.

use anyhow::Result;

/// Binds this thread, and those that it starts from now on, to the core that it
/// runs on.
#[cfg(target_os = "linux")]
pub fn to_one_core() -> Result<()> {
    use anyhow::Context;
    use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};

    let mut core = CpuSet::new();
    core.set(sched_getcpu());
    sched_setaffinity(None, &core).context("binding the process to one core")
}

/// Binds this thread, and those that it starts from now on, to the core that it
/// runs on.
#[cfg(not(target_os = "linux"))]
pub fn to_one_core() -> Result<()> {
    anyhow::bail!("processes can be bound to a core on Linux only")
}
