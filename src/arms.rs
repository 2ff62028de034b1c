//! From cases to arms: which libraries and which work stand behind an arm.

use crate::case::{Case, Group, plans};
use crate::ladder::LadderArm;
use crate::pair::Layouts;
use crate::workload::Workload;
use paired::runner::Arm;

/// A case on a pair, as an arm under the case's id.
pub fn of_case(case: &Case, layouts: &Layouts) -> Arm {
    Arm {
        items: (case.group == Group::Growth).then(|| plans::stream_items(&case.plan)),
        ..named(case.id(), &Workload::Case(case.clone()), layouts)
    }
}

/// An arm of the ladder on a pair, under its id.
pub fn of_step(arm: &LadderArm, layouts: &Layouts) -> Arm {
    named(arm.id(), &Workload::Ladder(*arm), layouts)
}

fn named(name: String, workload: &Workload, layouts: &Layouts) -> Arm {
    let libraries = layouts.libraries();
    Arm::new(
        name,
        workload.to_value(),
        libraries.map(<[_]>::to_vec).into(),
    )
}
