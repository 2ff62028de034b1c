//! A whole run of the laboratory: what is verified, counted, timed and kept.

use std::collections::{BTreeMap, BTreeSet};

use bench_protocol::lab::spec::Floor;
use bench_protocol::spec::Protocol;
use bench_record::lab;
use bench_record::wire::{Comparison, Counts, Failure};
use paired::runner::Runner;

use super::arm::{LabArm, Way};
use super::build::Built;
use super::catalog::{Differ, Set};
use super::counts::{self, Counted, Counter};
use super::measure::{self, Timed};
use super::process::{Child, LabError};
use super::verify;
use crate::counts::side_by_side;

/// Arms that are counted at the same time.
const MOST_AT_ONCE: usize = 4;

/// What hears of a run as it goes on.
pub trait Listener {
    /// A part begins; it has so many steps.
    fn begin(&mut self, part: &str, steps: usize);
    /// A step is done.
    fn step(&mut self);
}

/// What a run found, set by set.
#[derive(Debug, Default)]
pub struct Found {
    verified: BTreeMap<LabArm, verify::Verified>,
    counted: BTreeMap<LabArm, Counted>,
    timed: BTreeMap<String, Timed>,
    /// First items, against today's arena.
    firsts: BTreeMap<String, Vec<Comparison>>,
    /// Arms that are wrong, and sets that could not be timed.
    pub failures: Vec<Failure>,
}

impl Found {
    fn fail(&mut self, id: String, why: &impl ToString) {
        self.failures.push(Failure::new(id, why));
    }

    /// Verifies every arm of the sets on at least so many items, or on the usual number.
    ///
    /// # Errors
    /// When the libraries cannot be used.
    pub fn verify(
        &mut self,
        built: &Built,
        sets: &[Set],
        items: Option<u64>,
        listener: &mut dyn Listener,
    ) -> Result<(), LabError> {
        // Sets share arms.
        let arms: BTreeSet<LabArm> = sets.iter().flat_map(|set| set.arms.clone()).collect();
        listener.begin("verifying", arms.len());
        let mut child = Child::new(built)?;
        for arm in arms {
            match child.verify(&arm, items) {
                Ok(verified) => {
                    self.verified.insert(arm, verified);
                }
                Err(error @ LabError::Unusable(_)) => return Err(error),
                Err(error) => self.fail(arm.id(), &error),
            }
            listener.step();
        }
        child.finish()
    }

    /// Counts every verified arm of the sets, in as many processes as there are cores.
    ///
    /// # Errors
    /// When there is no valgrind.
    pub fn count(
        &mut self,
        built: &Built,
        sets: &[Set],
        listener: &mut dyn Listener,
    ) -> anyhow::Result<()> {
        crate::counts::valgrind::version()?;
        let counter = Counter::new()?;
        let arms = sets.iter().flat_map(|set| set.arms.iter().copied());
        let verified = |arm: &LabArm| self.verified.contains_key(arm);
        let arms: BTreeSet<LabArm> = arms.filter(verified).collect();
        listener.begin("instructions", arms.len());
        let count = |arm| counts::measure(&counter, built, arm);
        side_by_side(
            arms.iter().collect(),
            MOST_AT_ONCE,
            &count,
            &mut |arm, result| {
                match result {
                    Ok(counted) => {
                        self.counted.insert(*arm, counted);
                    }
                    Err(error) => self.fail(arm.id(), &error),
                }
                listener.step();
            },
        );
        Ok(())
    }

    /// Times a set, if all of its arms are verified.
    pub fn time(&mut self, runner: &mut Runner<'_>, built: &Built, set: &Set) {
        if !self.is_verified(set) {
            return;
        }
        match measure::run(runner, built, set) {
            Ok(timed) => {
                self.timed.insert(set.name(), timed);
            }
            Err(error) => self.fail(format!("lab/{}", set.name()), &error),
        }
    }

    /// Times the first items of a set, if all of its arms are verified.
    pub fn time_firsts(&mut self, runner: &mut Runner<'_>, built: &Built, set: &Set) {
        if !self.is_verified(set) {
            return;
        }
        match measure::firsts(runner, built, set) {
            Ok(firsts) => {
                self.firsts.insert(set.name(), firsts);
            }
            Err(error) => self.fail(format!("lab/{}/first-item", set.name()), &error),
        }
    }

    fn is_verified(&self, set: &Set) -> bool {
        set.arms.iter().all(|arm| self.verified.contains_key(arm))
    }

    /// As a record keeps it.
    #[must_use]
    pub fn section(&self, sets: &[Set]) -> lab::Lab {
        let of = |differ| {
            let sets = sets.iter().filter(move |set| set.differ == differ);
            sets.map(|set| self.set(set)).collect()
        };
        lab::Lab {
            environment: None,
            sets: of(Differ::Ways),
            allocators: of(Differ::Allocators),
        }
    }

    fn set(&self, set: &Set) -> lab::Set {
        let timed = self.timed.get(&set.name()).cloned().unwrap_or_default();
        lab::Set {
            name: set.name(),
            item: set.item.to_string(),
            payload: set.item.payload_name().to_owned(),
            bytes: u64::from(set.item.bytes),
            wire_bytes: u64::from(set.item.wire_bytes()),
            decode: set.decode.name().to_owned(),
            arms: set.arms.iter().map(|arm| self.arm(arm)).collect(),
            comparisons: timed.comparisons,
            firsts: self.firsts.get(&set.name()).cloned().unwrap_or_default(),
            self_check: timed.self_check,
        }
    }

    fn arm(&self, arm: &LabArm) -> lab::Arm {
        let verified = self.verified.get(arm);
        let counted = self.counted.get(arm);
        let calls = |it: &verify::Verified| it.calls as f64 / it.stream.items.max(1) as f64;
        let counts = Counts {
            boundary_calls_per_item: verified.map(calls),
            instructions_per_item: counted.map(|it| it.instructions),
            allocations_per_item: counted.map(|it| it.allocations),
            ..Counts::default()
        };
        let role = match arm.way {
            Way::Today(Protocol::Arena | Protocol::Alloc) => lab::Role::Today,
            Way::Floor(Floor::Codec) => lab::Role::Floor,
            Way::Floor(Floor::Copy) => lab::Role::Copy,
            Way::Variant(_) | Way::Batch(_) => lab::Role::Laboratory,
        };
        lab::Arm {
            id: arm.id(),
            way: arm.way.name(),
            role,
            codec: arm.codec.name().to_owned(),
            allocators: arm.allocators.to_string(),
            items_per_call: arm.items_per_call(),
            verified: verified.map(|it| it.stream.verified()),
            counts,
            first_item_instructions: counted.map(|it| it.first_item_instructions),
            held_bytes: verified.map(|it| it.peak_capacity.max(u64::from(arm.item.wire_bytes()))),
        }
    }
}
