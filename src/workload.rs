//! Arms of the paired runner that run a case: what a child opens when it is told
//! a workload.

use anyhow::{Context, Result, ensure};
use bench_host::pair::{Pair, Session};
use bench_protocol::spec::{ENDLESS, SessionConfig};
use serde::{Deserialize, Serialize};

use crate::case::{Case, Group};
use crate::guest::{Endless, Target, table};
use crate::lab::arm::LabArm;
use crate::lab::open::Libraries;
use crate::ladder;
use crate::subject::framework::{self, Own};
use paired::child::Drive;
use paired::job::ArmJob;

/// What an arm does, as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Runs a case on a pair.
    Case(Case),
    /// Runs an arm of the ladder on a pair.
    Ladder(ladder::LadderArm),
    /// Drains a foreign guest that exports our table.
    Guest(Target),
    /// Runs an arm of the laboratory.
    Lab(LabArm),
    /// Runs a case of somebody's library.
    Package(framework::Case),
}

impl Workload {
    /// As it goes into a job.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("a workload is plain data")
    }
}

/// Opens arms, and loads each pair once however many arms run it.
#[derive(Debug, Default)]
pub struct Opener {
    libraries: Libraries,
}

impl Opener {
    pub fn open(&mut self, arm: &ArmJob) -> Result<Box<dyn Drive>> {
        let workload: Workload =
            serde_json::from_value(arm.workload.clone()).context("reading the workload")?;
        Ok(match workload {
            Workload::Guest(target) => Box::new(Endless::new(table::load(&target.of_arm(arm)?)?)),
            Workload::Package(case) => case.drive(arm, &Own)?,
            Workload::Lab(of_lab) => self.libraries.drive(of_lab, &arm.libraries)?,
            Workload::Ladder(step) => {
                if step.pinned {
                    // All arms of such a job are: the process has one core then.
                    ladder::pin::to_one_core()?;
                }
                let pair = self.libraries.pair(&arm.libraries)?;
                let session = pair.open_step(step.step, &step.session(ENDLESS))?;
                Box::new(Steady { session })
            }
            Workload::Case(case) => open_case(self.libraries.pair(&arm.libraries)?, case)?,
        })
    }
}

/// Opens the arm of a case, as its group is driven.
fn open_case(pair: Pair, case: Case) -> Result<Box<dyn Drive>> {
    Ok(match case.group {
        Group::Drain | Group::Channel(..) => {
            let session = case.open(&pair, &case.session(ENDLESS))?;
            Box::new(Steady { session })
        }
        Group::Growth => Box::new(Fresh {
            pair,
            case,
            session: None,
        }),
        Group::Lifecycle(stage) => {
            let (config, taken) = stage.stream(&case);
            Box::new(Life {
                pair,
                config,
                taken,
            })
        }
    })
}

/// An endless stream that goes on from drain to drain.
struct Steady {
    session: Session,
}

impl Drive for Steady {
    fn drain(&mut self, items: u64) -> Result<()> {
        Ok(self.session.drain(items)?)
    }
}

/// A stream opened anew for each drain: its buffer grows from the start.
struct Fresh {
    pair: Pair,
    case: Case,
    session: Option<Session>,
}

impl Drive for Fresh {
    fn prepare(&mut self) -> Result<()> {
        // The old one first, so that its buffer's memory is there to be had.
        self.session = None;
        self.session = Some(self.pair.open(&self.case.session(ENDLESS))?);
        Ok(())
    }

    fn drain(&mut self, items: u64) -> Result<()> {
        let session = self
            .session
            .as_mut()
            .context("a drain that was not prepared")?;
        Ok(session.drain(items)?)
    }
}

/// Whole streams: an "item" is one stream's life.
struct Life {
    pair: Pair,
    config: SessionConfig,
    /// Items taken of each stream.
    taken: u64,
}

impl Drive for Life {
    fn drain(&mut self, items: u64) -> Result<()> {
        for _ in 0..items {
            let mut session = self.pair.open(&self.config)?;
            if self.taken > 0 {
                session.drain(self.taken)?;
                ensure!(
                    session.counts().items == self.taken,
                    "a stream ended before its time"
                );
            }
        }
        Ok(())
    }
}
