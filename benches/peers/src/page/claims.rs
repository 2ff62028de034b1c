//! The claims of the protocol's documentation, each checked against the record.

use std::fmt;

use bench_record::wire::Record;
use bench_report::format::optional;

use crate::channels::{self, Channel, Way};
use crate::claims;
use crate::peer::{Arm, Peer};
use crate::row::{ALLOCATIONS, HEAP_BYTES, INSTRUCTIONS, arms, counted, counts, number};

/// Allocations per item that are none: one in a thousand items.
const NONE: f64 = 0.001;

/// Whether a claim holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// As it stands.
    True,
    /// It does not.
    False,
    /// Where a condition is met.
    If(String),
    /// What it needs was not measured.
    Unknown,
}

impl fmt::Display for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::True => f.write_str("**true**"),
            Self::False => f.write_str("**false**"),
            Self::If(condition) => write!(f, "**true with a condition**: {condition}"),
            Self::Unknown => f.write_str("not measured in this run"),
        }
    }
}

impl From<Option<bool>> for Holds {
    /// Of what was measured, if it was.
    fn from(holds: Option<bool>) -> Self {
        match holds {
            Some(true) => Self::True,
            Some(false) => Self::False,
            None => Self::Unknown,
        }
    }
}

/// A claim of the documentation, the verdict, and what was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The claim.
    pub claim: &'static str,
    /// Whether it holds.
    pub holds: Holds,
    /// The measurement.
    pub evidence: String,
}

/// Each claim, checked against the record.
pub fn claims(record: &Record) -> Vec<Claim> {
    vec![
        no_allocation(record),
        no_second_crossing(record),
        no_item_lost(record),
        same_bytes(record),
        directly(record),
        no_allocation_per_call(record),
        rule(record),
    ]
}

fn no_allocation(record: &Record) -> Claim {
    let allocations = |arm: &Arm| counted(record, &arm.id(), ALLOCATIONS);
    let boundary: Option<Vec<f64>> = arms(Peer::FidiusRaw)
        .map(|arm| allocations(&arm.raw()))
        .collect();
    // Both end in the same values: what these allocate is not the framework's.
    let added: Option<Vec<f64>> = arms(Peer::Fidius)
        .map(|arm| Some(allocations(&arm)? - allocations(&arm.by(Peer::FidiusRaw))?))
        .collect();
    let most = |all: &[f64]| all.iter().copied().fold(0.0, f64::max);
    let boundary = boundary.as_deref().map(most);
    let most_added = added.as_deref().map(most);
    let least_added = added.and_then(|added| added.into_iter().reduce(f64::min));
    let holds = match (boundary, most_added) {
        (Some(boundary), _) if boundary > NONE => Holds::False,
        (Some(_), Some(added)) if added > NONE => Holds::If(
            "it is so at the boundary, with items that the producer does not allocate; on the \
             framework's own way to the user allocations are added, unless an item needs none at \
             all"
            .to_owned(),
        ),
        (Some(_), Some(_)) => Holds::True,
        _ => Holds::Unknown,
    };
    Claim {
        claim: "no per-item allocation",
        holds,
        evidence: format!(
            "at the boundary at most {} allocations per item over all payloads; `call_streaming` \
             adds {} to {} to those of the user's value itself",
            number(boundary),
            number(least_added),
            number(most_added)
        ),
    }
}

fn no_second_crossing(record: &Record) -> Claim {
    let counts = counts(record, claims::STEADY);
    let per_item = counts.and_then(|counts| counts.boundary_calls_per_item);
    let retries = counts.and_then(|counts| counts.retries);
    // Retries are calls too; without them there is one call an item.
    let (holds, rest) = match (per_item, retries) {
        (Some(calls), Some(retries)) => {
            let rest = calls - retries as f64 / claims::ITEMS as f64;
            let once = (rest - 1.0).abs() < NONE;
            let ramp = counted(record, claims::RAMP, |counts| {
                counts.boundary_calls_per_item
            });
            let holds = match ramp.filter(|calls| once && *calls > 1.0 + NONE) {
                Some(calls) => Holds::If(format!(
                    "an item that does not fit crosses twice; where each is larger than the one \
                     before, {} calls per item",
                    number(Some(calls))
                )),
                None => Some(once).into(),
            };
            (holds, Some(rest))
        }
        _ => (Holds::Unknown, None),
    };
    Claim {
        claim: "no second crossing",
        holds,
        evidence: format!(
            "{} calls per item without retries; {} items of one size had {} retries",
            number(rest),
            claims::ITEMS,
            optional(retries, |retries| retries.to_string())
        ),
    }
}

fn no_item_lost(record: &Record) -> Claim {
    let (drained, pumped) = (record.case(claims::RAMP), record.case(claims::PUMPED_RAMP));
    let retries = counts(record, claims::RAMP).and_then(|counts| counts.retries);
    let right = drained.zip(pumped).map(|(drained, pumped)| {
        drained.verified.is_some() && pumped.verified.is_some() && retries > Some(0)
    });
    Claim {
        claim: "no item lost on retry",
        holds: right.into(),
        evidence: format!(
            "{} items, {} of them retried: count, order and digest equal the generator's, by our \
             drain and by the pump",
            claims::ITEMS,
            optional(retries, |retries| retries.to_string())
        ),
    }
}

fn same_bytes(record: &Record) -> Claim {
    let digest = |arm: Arm| record.case(&arm.id())?.verified.clone();
    let same: Vec<Option<bool>> = arms(Peer::Arena)
        .zip(arms(Peer::FidiusRaw))
        .map(|(ours, theirs)| Some(digest(ours)? == digest(theirs)?))
        .collect();
    let all: Option<Vec<bool>> = same.iter().copied().collect();
    Claim {
        claim: "byte-identical wire",
        holds: all.map(|all| !all.contains(&false)).into(),
        evidence: format!(
            "the bytes of {} of {} payloads hash to the same digest from our guest and from the \
             plugin, and each equals bincode's own encoding of the generator's items",
            same.iter().filter(|same| **same == Some(true)).count(),
            same.len()
        ),
    }
}

fn directly(record: &Record) -> Claim {
    let arms: Vec<Arm> = arms(Peer::FidiusRaw).map(Arm::raw).collect();
    let heap = |arm: &Arm| counted(record, &arm.id(), HEAP_BYTES);
    let most: Option<Vec<f64>> = arms.iter().map(heap).collect();
    let most = most.map(|all| all.into_iter().fold(0.0, f64::max));
    let holds = match most {
        // Less than the smallest item: no buffer in between on the heap.
        Some(bytes) if bytes < 1.0 => Holds::If(
            "every item is walked twice, for its size first and then for its bytes".to_owned(),
        ),
        Some(_) => Holds::False,
        None => Holds::Unknown,
    };
    Claim {
        claim: "encodes directly into the host's buffer",
        holds,
        evidence: format!(
            "at most {} heap bytes per item at the boundary, where the largest item has {} bytes: \
             there is no buffer in between on the heap",
            number(most),
            arms.iter().map(|arm| arm.bytes).max().unwrap_or_default()
        ),
    }
}

fn no_allocation_per_call(record: &Record) -> Claim {
    let allocations = |way, size| {
        let id = channels::Arm::new(Channel::UnaryArena, way, size).id();
        counted(record, &id, ALLOCATIONS)
    };
    // With both sides changed, a call allocates what the user's values need and no more.
    let added: Option<Vec<f64>> = channels::SIZES
        .into_iter()
        .map(|size| Some(allocations(Way::Released, size)? - allocations(Way::Both, size)?))
        .collect();
    let none = |added: &Vec<f64>| !added.iter().any(|added| *added > NONE);
    let holds = added.as_ref().map(none).into();
    let each = (0..).zip(channels::SIZES).map(|(place, (payload, _))| {
        let added = added.as_ref().map(|added| added[place]);
        format!("{} for a {}", number(added), payload.name())
    });
    Claim {
        claim: "unary arena: allocations per call 0",
        holds,
        evidence: format!(
            "beside the user's values, allocations a call: {}. The host's arguments are one; the \
             plugin's answer, which is encoded to a `Vec` before it is copied, another, unless the \
             compiler removes it",
            each.collect::<Vec<_>>().join(", ")
        ),
    }
}

/// The rule says when to choose the arena: many calls, small answers. What a call costs does
/// not depend on how many there are, so only the size can decide.
fn rule(record: &Record) -> Claim {
    let instructions = |channel, size| {
        let id = channels::Arm::new(channel, Way::Released, size).id();
        counted(record, &id, INSTRUCTIONS)
    };
    let measured: Vec<(u32, f64, f64)> = channels::SIZES
        .into_iter()
        .filter_map(|size| {
            let boxes = instructions(Channel::Unary, size)?;
            Some((size.1, boxes, instructions(Channel::UnaryArena, size)?))
        })
        .collect();
    let cheaper = |(_, boxes, arena): &(u32, f64, f64)| arena < boxes;
    let split = measured.iter().copied();
    let (below, above): (Vec<_>, Vec<_>) = split.partition(|(bytes, ..)| *bytes < 4096);
    let holds = if below.is_empty() || above.is_empty() {
        Holds::Unknown
    } else if !below.iter().any(cheaper) {
        Holds::False
    } else if below.iter().all(cheaper) && !above.iter().any(cheaper) {
        Holds::If("the size decides; how many calls a second there are does not matter".to_owned())
    } else {
        let sizes = measured.iter().filter(|it| cheaper(it));
        let sizes: Vec<String> = sizes.map(|(bytes, ..)| format!("{bytes} B")).collect();
        Holds::If(format!(
            "the arena takes fewer instructions at {} only",
            sizes.join(", ")
        ))
    };
    let all = measured.iter().map(|(bytes, boxes, arena)| {
        let (boxes, arena) = (number(Some(*boxes)), number(Some(*arena)));
        format!("{bytes} B: {boxes} and {arena}")
    });
    Claim {
        claim: "choose the arena above 10,000 calls a second and below 4 KB",
        holds,
        evidence: format!(
            "instructions a call, plugin-allocated and arena: {}",
            all.collect::<Vec<_>>().join("; ")
        ),
    }
}
