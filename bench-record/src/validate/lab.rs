//! What the laboratory's section must hold.

use std::collections::BTreeSet;

use super::check::{
    Fault, MAX_COUNT, comparisons, counts, fault, id, name, once, optional, self_check, twice,
    whole,
};
use super::environment::environment;
use crate::lab::{Arm, Lab, Set};

/// # Errors
/// The first [`Fault`].
pub(super) fn lab(lab: &Lab) -> Result<(), Fault> {
    if let Some(of_lab) = &lab.environment {
        environment(of_lab)?;
    }
    sets("lab.sets", &lab.sets)?;
    sets("lab.allocators", &lab.allocators)
}

/// Sets of one kind. Those of other allocators begin with arms that the others have as well.
fn sets(field: &str, sets: &[Set]) -> Result<(), Fault> {
    let mut names = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (index, set) in sets.iter().enumerate() {
        let at = format!("{field}[{index}]");
        once(&mut names, &format!("{at}.name"), &set.name)?;
        self::set(&at, set)?;
        for arm in &set.arms {
            if !ids.insert(&arm.id) {
                return fault(format!("{at}.arms"), twice(&arm.id));
            }
        }
    }
    Ok(())
}

fn set(at: &str, set: &Set) -> Result<(), Fault> {
    for (field, text) in [
        ("item", &set.item),
        ("payload", &set.payload),
        ("decode", &set.decode),
    ] {
        name(&format!("{at}.{field}"), text)?;
    }
    whole(at, "bytes", set.bytes)?;
    whole(at, "wire_bytes", set.wire_bytes)?;
    for (index, arm) in set.arms.iter().enumerate() {
        self::arm(&format!("{at}.arms[{index}]"), arm)?;
    }
    comparisons(&format!("{at}.comparisons"), &set.comparisons)?;
    comparisons(&format!("{at}.firsts"), &set.firsts)?;
    match &set.self_check {
        Some(check) => self_check(&format!("{at}.self_check"), check),
        None => Ok(()),
    }
}

fn arm(at: &str, arm: &Arm) -> Result<(), Fault> {
    id(&format!("{at}.id"), &arm.id)?;
    name(&format!("{at}.way"), &arm.way)?;
    name(&format!("{at}.codec"), &arm.codec)?;
    name(&format!("{at}.allocators"), &arm.allocators)?;
    counts(at, &arm.counts)?;
    let first = arm.first_item_instructions;
    optional(at, "first_item_instructions", first, 0.0, MAX_COUNT)?;
    arm.held_bytes
        .map_or(Ok(()), |held| whole(at, "held_bytes", held))
}
