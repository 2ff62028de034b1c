//! Arms of the paired runner: what a measuring process opens when it is told a
//! peer.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use arena_bench::guest::{Endless, Target};
use arena_bench::ladder::pin;
use arena_bench::subject::framework::Case;
use bench_protocol::spec::ENDLESS;
use paired::child::Drive;
use paired::job::ArmJob;
use serde::{Deserialize, Serialize};

use crate::fidius;
use crate::fidius::framework::Fidius;
use crate::pull::Stream;
use crate::work::Work;

/// How long a stream goes on, untimed, before a drain that may be short.
const LEAD: Duration = Duration::from_micros(50);
/// Items that it takes of it at a time.
const LEAD_ITEMS: u64 = 16;

/// What an arm does, as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Drains a peer's stream or a channel.
    Peer {
        /// Which.
        arm: Work,
        /// Whether the process is pinned to one core, producers and all.
        pinned: bool,
        /// Whether the other arm's producer runs aside: the drains are as short as it
        /// can bear then, and to this arm, after its long turn, cold.
        beside: bool,
    },
    /// Drains a stream of a foreign Fidius plugin.
    Guest(Target),
    /// Runs a case of a package.
    Package(Case),
}

/// Opens the arms of one process.
#[derive(Default)]
pub struct Opener {
    spent: Spent,
}

/// The stream that was drained last, where its producer may still be on its way out.
/// Whoever is timed next waits for its end before.
type Spent = Rc<RefCell<Option<Box<dyn Stream>>>>;

impl Opener {
    /// Opens an arm.
    ///
    /// # Errors
    /// When its workload is unknown, or its stream cannot be opened.
    pub fn open(&mut self, job: &ArmJob) -> Result<Box<dyn Drive>> {
        let workload =
            serde_json::from_value(job.workload.clone()).context("reading the workload")?;
        Ok(match workload {
            Workload::Guest(target) => {
                let guest = fidius::guest::load(&target.of_arm(job)?)?;
                Box::new(Endless::new(guest))
            }
            Workload::Package(case) => case.drive(job, &Fidius)?,
            Workload::Peer {
                arm,
                pinned,
                beside,
            } => {
                if pinned {
                    pin::to_one_core()?;
                }
                self.peer(arm, beside, job)?
            }
        })
    }

    fn peer(&self, arm: Work, beside: bool, job: &ArmJob) -> Result<Box<dyn Drive>> {
        let spent = Rc::clone(&self.spent);
        if arm.runs_aside() {
            return Ok(Box::new(Fresh {
                arm,
                libraries: job.libraries.clone(),
                items: job.items,
                stream: None,
                spent,
            }));
        }
        let stream = arm.open(&job.libraries, ENDLESS)?;
        let beside = beside.then_some(spent);
        Ok(Box::new(Steady { stream, beside }))
    }
}

/// A stream that goes on from drain to drain.
struct Steady {
    stream: Box<dyn Stream>,
    /// Where the other arms' producers run aside: the stream of theirs that was drained last.
    beside: Option<Spent>,
}

impl Drive for Steady {
    fn prepare(&mut self) -> Result<()> {
        let Some(spent) = &self.beside else {
            return Ok(());
        };
        drop(spent.take());
        let start = Instant::now();
        while start.elapsed() < LEAD {
            self.stream.drain(LEAD_ITEMS)?;
        }
        Ok(())
    }

    fn drain(&mut self, items: u64) -> Result<()> {
        self.stream.drain(items)
    }
}

/// A stream whose producer runs beside: a new one for each drain, of exactly as
/// many items, so that it neither runs ahead nor on while another arm is timed.
struct Fresh {
    arm: Work,
    libraries: Vec<PathBuf>,
    items: u64,
    stream: Option<Box<dyn Stream>>,
    spent: Spent,
}

impl Drive for Fresh {
    fn reopens(&self) -> bool {
        true
    }

    fn prepare(&mut self) -> Result<()> {
        drop(self.spent.take());
        self.stream = Some(self.arm.open(&self.libraries, self.items)?);
        Ok(())
    }

    fn drain(&mut self, items: u64) -> Result<()> {
        let mut stream = self
            .stream
            .take()
            .context("a drain that was not prepared")?;
        stream.drain(items)?;
        // Its end is not timed.
        *self.spent.borrow_mut() = Some(stream);
        Ok(())
    }
}
