//! Arms of the paired runner: what a measuring process opens when it is told a
//! peer.

use std::path::PathBuf;

use anyhow::{Context, Result};
use arena_bench::guest::{Endless, Target};
use arena_bench::paired::child::Drive;
use arena_bench::paired::job::ArmJob;
use bench_protocol::spec::ENDLESS;
use serde::{Deserialize, Serialize};

use crate::fidius;
use crate::peer::Arm;
use crate::pull::Stream;

/// What an arm does, as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Drains a peer's stream.
    Peer {
        /// Which.
        arm: Arm,
        /// Whether the process is pinned to one core, producers and all.
        pinned: bool,
    },
    /// Drains a stream of a foreign Fidius plugin.
    Guest(Target),
}

/// Opens an arm.
///
/// # Errors
/// When its workload is unknown, or its stream cannot be opened.
pub fn open(job: &ArmJob) -> Result<Box<dyn Drive>> {
    let workload = serde_json::from_value(job.workload.clone()).context("reading the workload")?;
    match workload {
        Workload::Guest(target) => {
            let guest = fidius::guest::load(&target.of_arm(job)?)?;
            Ok(Box::new(Endless::new(guest)))
        }
        Workload::Peer { arm, pinned } => {
            if pinned {
                pin()?;
            }
            if arm.peer.runs_aside() {
                return Ok(Box::new(Fresh {
                    arm,
                    libraries: job.libraries.clone(),
                    items: job.items,
                    stream: None,
                }));
            }
            let stream = arm.open(&job.libraries, ENDLESS)?;
            Ok(Box::new(Steady(stream)))
        }
    }
}

/// Pins this process, and all that it starts from now on, to the core it is on.
fn pin() -> Result<()> {
    let mut cores = rustix::thread::CpuSet::new();
    cores.set(rustix::thread::sched_getcpu());
    rustix::thread::sched_setaffinity(None, &cores).context("pinning the process to one core")
}

/// A stream that goes on from drain to drain.
struct Steady(Box<dyn Stream>);

impl Drive for Steady {
    fn drain(&mut self, items: u64) -> Result<()> {
        self.0.drain(items)
    }
}

/// A stream whose producer runs beside: a new one for each drain, of exactly as
/// many items, so that it neither runs ahead nor on while another arm is timed.
struct Fresh {
    arm: Arm,
    libraries: Vec<PathBuf>,
    items: u64,
    stream: Option<Box<dyn Stream>>,
}

impl Drive for Fresh {
    fn reopens(&self) -> bool {
        true
    }

    fn prepare(&mut self) -> Result<()> {
        self.stream = None;
        self.stream = Some(self.arm.open(&self.libraries, self.items)?);
        Ok(())
    }

    fn drain(&mut self, items: u64) -> Result<()> {
        let stream = self
            .stream
            .as_mut()
            .context("a drain that was not prepared")?;
        stream.drain(items)
    }
}
