//! The verbs, one file each.

pub mod guest;
pub mod report;
pub mod run;
pub mod verify;

use bench_protocol::payload::PayloadKind;

use crate::peer::Arm;

/// The sizes that peers are measured at: one of each payload, content bytes.
pub const SIZES: [(PayloadKind, u32); 5] = [
    (PayloadKind::U64, 8),
    (PayloadKind::Record, 256),
    (PayloadKind::Bytes, 1 << 10),
    (PayloadKind::Blob, 4 << 10),
    (PayloadKind::F64s, 1 << 10),
];

/// Whether an arm's id matches a filter.
fn matches(filter: Option<&regex::Regex>, arm: &Arm) -> bool {
    filter.is_none_or(|filter| filter.is_match(&arm.id()))
}
