//! From cases to arms: which libraries and which work stand behind an arm.

use std::path::PathBuf;

use crate::case::{Case, Group, plans};
use crate::ladder::LadderArm;
use crate::pair::Layouts;
use crate::workload::Workload;
use paired::runner::Arm;

/// The layouts of guest and host by pairs.
fn libraries(layouts: &Layouts) -> Vec<Vec<PathBuf>> {
    let [guest, host] = layouts.libraries();
    let pairs = guest.iter().zip(host);
    pairs
        .map(|(guest, host)| vec![guest.clone(), host.clone()])
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
    let mut first = libraries(layouts);
    let reserve = first.split_off(first.len().div_ceil(2));
    Arm {
        name,
        workload: workload.to_value(),
        layouts: first,
        reserve,
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
