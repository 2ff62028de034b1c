//! What the tables and the advice look up in a set: an arm with its costs against another.

use bench_record::lab::{Arm, Role, Set};
use bench_record::wire::Comparison;

/// The codec that today's guests use.
pub(super) const BINCODE: &str = "bincode";
/// The codec of the laboratory.
pub(super) const WINCODE: &str = "wincode";

/// How an arm is called: its way, and the codec and the allocators where they are not the usual
/// ones.
pub(super) fn name(arm: &Arm) -> String {
    let way = match arm.codec == BINCODE {
        true => arm.way.clone(),
        false => format!("{} by {}", arm.way, arm.codec),
    };
    match arm.allocators.is_empty() {
        true => way,
        false => format!("{way} ({})", arm.allocators),
    }
}

/// Today's arm of a way.
pub(super) fn today<'a>(set: &'a Set, way: &str) -> Option<&'a Arm> {
    set.arm(way, BINCODE).filter(|arm| arm.role == Role::Today)
}

/// The floor with the usual codec.
pub(super) fn floor(set: &Set) -> Option<&Arm> {
    set.arms
        .iter()
        .find(|arm| arm.role == Role::Floor && arm.codec == BINCODE)
}

/// The copy of an item's bytes.
pub(super) fn copy(set: &Set) -> Option<&Arm> {
    set.arms.iter().find(|arm| arm.role == Role::Copy)
}

/// An arm's time against another's.
pub(super) fn against<'a>(set: &'a Set, base: Option<&Arm>, arm: &Arm) -> Option<&'a Comparison> {
    set.comparison(&base?.id, &arm.id)
}

/// An arm's instructions as a multiple of another's.
pub(super) fn instructions(base: Option<&Arm>, arm: &Arm) -> Option<f64> {
    let base = base?.instructions().filter(|count| *count > 0.0)?;
    Some(arm.instructions()? / base)
}
