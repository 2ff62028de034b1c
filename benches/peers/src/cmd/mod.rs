//! The verbs, one file each.

pub mod guest;
pub mod report;
pub mod run;
pub mod verify;

use crate::peer::Arm;

/// Whether an arm's id matches a filter.
fn matches(filter: Option<&regex::Regex>, arm: &Arm) -> bool {
    filter.is_none_or(|filter| filter.is_match(&arm.id()))
}
