//! From cases to arms: which libraries and which work stand behind an arm.

use std::path::PathBuf;

use crate::case::{Case, Group, plans};
use crate::ladder::LadderArm;
use crate::layouts::Layouts;
use crate::pair::PairFiles;
use crate::workload::Workload;
use paired::runner::Arm;

fn libraries(pairs: &[PairFiles]) -> Vec<Vec<PathBuf>> {
    pairs
        .iter()
        .map(|pair| vec![pair.guest.clone(), pair.host.clone()])
        .collect()
}

/// A case on a pair, as an arm under the case's id.
#[must_use]
pub fn of_case(case: &Case, layouts: &Layouts) -> Arm {
    Arm {
        items: (case.group == Group::Growth).then(|| plans::stream_items(&case.plan)),
        ..named(case.id(), &Workload::Case(case.clone()), layouts)
    }
}

/// An arm of the ladder on a pair, under its id.
#[must_use]
pub fn of_step(arm: &LadderArm, layouts: &Layouts) -> Arm {
    named(arm.id(), &Workload::Ladder(*arm), layouts)
}

fn named(name: String, workload: &Workload, layouts: &Layouts) -> Arm {
    Arm {
        name,
        workload: workload.to_value(),
        layouts: libraries(&layouts.first),
        reserve: libraries(&layouts.second),
        copy: 0,
        work: 1.0,
        items: None,
    }
}

/// The same arm from a copy of the files.
#[must_use]
pub fn copy_of(arm: &Arm) -> Arm {
    arm.copied()
}
