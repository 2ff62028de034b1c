//! What the laboratory's section must hold.

use std::collections::BTreeSet;

use super::check::{
    Fault, MAX_COUNT, comparisons, counts, each, id, names, once, optional, self_check, wholes,
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
    each(field, sets, |at, set| {
        let name = format!("{at}.name");
        id(&name, &set.name)?;
        once(&mut names, name, &set.name)?;
        self::set(at, set)?;
        let mut arms = set.arms.iter();
        arms.try_for_each(|arm| once(&mut ids, format!("{at}.arms"), &arm.id))
    })
}

fn set(at: &str, set: &Set) -> Result<(), Fault> {
    let (item, payload, decode) = (&set.item, &set.payload, &set.decode);
    names(
        at,
        [("item", item), ("payload", payload), ("decode", decode)],
    )?;
    wholes(at, [("bytes", set.bytes), ("wire_bytes", set.wire_bytes)])?;
    each(&format!("{at}.arms"), &set.arms, arm)?;
    comparisons(&format!("{at}.comparisons"), &set.comparisons)?;
    comparisons(&format!("{at}.firsts"), &set.firsts)?;
    match &set.self_check {
        Some(check) => self_check(&format!("{at}.self_check"), check),
        None => Ok(()),
    }
}

fn arm(at: &str, arm: &Arm) -> Result<(), Fault> {
    id(&format!("{at}.id"), &arm.id)?;
    let (way, codec, allocators) = (&arm.way, &arm.codec, &arm.allocators);
    names(
        at,
        [("way", way), ("codec", codec), ("allocators", allocators)],
    )?;
    counts(at, &arm.counts)?;
    let first = arm.first_item_instructions;
    optional(at, "first_item_instructions", first, 0.0, MAX_COUNT)?;
    arm.held_bytes
        .map_or(Ok(()), |held| wholes(at, [("held_bytes", held)]))
}
