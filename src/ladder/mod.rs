//! The ladder: arms that differ by one step each, so that their differences are
//! what the steps cost.
//!
//! [`STEPS`] says what there is and what stands on what. [`verify`] holds every
//! arm against its payload's generator, [`measure`] lets them take turns,
//! [`breakdown`] turns comparisons into costs of steps. The arms' loops are in the
//! pair, none of them here.

pub mod breakdown;
pub mod measure;
pub mod pin;
pub mod run;
pub mod verify;

use std::fmt;

use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::{Protocol, SessionConfig};
use bench_protocol::step::Step;
use serde::{Deserialize, Serialize};

use crate::case::Case;
pub use bench_record::ladder::Part;
use bench_record::wire;

/// A step: an arm, the arm it stands on, and the one thing between them.
#[derive(Debug, Clone, Copy)]
pub struct StepInfo {
    /// What the arm does.
    pub step: Step,
    /// The arm that does the same without this step; none for the lowest.
    pub on: Option<Step>,
    /// The one thing that it adds, for tables.
    pub adds: &'static str,
    /// What that is spent on.
    pub part: Part,
}

const fn step(step: Step, on: Step, part: Part, adds: &'static str) -> StepInfo {
    StepInfo {
        step,
        on: Some(on),
        adds,
        part,
    }
}

/// Every step; each stands below those that stand on it.
pub const STEPS: [StepInfo; 15] = [
    StepInfo {
        step: Step::Iterator,
        on: None,
        adds: "an item from an iterator, in process",
        part: Part::Item,
    },
    step(
        Step::Codec,
        Step::Iterator,
        Part::Codec,
        "size pass, encode and decode, in process",
    ),
    step(
        Step::Call,
        Step::Iterator,
        Part::Boundary,
        "an empty call across the boundary",
    ),
    step(
        Step::Value,
        Step::Call,
        Part::Boundary,
        "the item through the call, as a raw value",
    ),
    step(Step::Guard, Step::Value, Part::Boundary, "catch_unwind"),
    step(
        Step::Keep,
        Step::Guard,
        Part::Boundary,
        "keeping the item until it is delivered",
    ),
    step(Step::Size, Step::Keep, Part::Codec, "the size pass"),
    step(
        Step::Encode,
        Step::Size,
        Part::Codec,
        "encoding into the host's buffer",
    ),
    step(
        Step::Arena,
        Step::Encode,
        Part::Codec,
        "decoding to owned values",
    ),
    step(
        Step::Borrowed,
        Step::Encode,
        Part::Codec,
        "decoding to borrowed values",
    ),
    step(
        Step::SecondCall,
        Step::Arena,
        Part::Alloc,
        "a second call across the boundary",
    ),
    step(
        Step::Alloc,
        Step::SecondCall,
        Part::Alloc,
        "encoding into a heap buffer of its own",
    ),
    step(
        Step::Hop4,
        Step::Arena,
        Part::Hop,
        "a hop to a thread, channel of 4",
    ),
    step(
        Step::Hop1024,
        Step::Arena,
        Part::Hop,
        "a hop to a thread, channel of 1,024",
    ),
    step(
        Step::Writer,
        Step::Arena,
        Part::Codec,
        "encoding by a writer of its own",
    ),
];

/// What the ladder knows of a step.
///
/// # Panics
/// Never: a test holds that every step has one.
pub fn step_of(step: Step) -> &'static StepInfo {
    STEPS
        .iter()
        .find(|known| known.step == step)
        .expect("every step is a step")
}

/// The steps between two steps, the lower left out; empty when the one does not
/// stand on the other.
pub fn path(from: Step, to: Step) -> Vec<Step> {
    let below = |step: &Step| step_of(*step).on;
    let mut steps: Vec<Step> = std::iter::successors(Some(to), below)
        .take_while(|step| *step != from)
        .collect();
    if steps.last().and_then(below) != Some(from) {
        steps.clear();
    }
    steps.reverse();
    steps
}

/// Payloads and content sizes that have a ladder: quick sizes, one each. `bytes`
/// takes nanoseconds a byte: with large items a drain would hold too few of them
/// to tell the cheap steps from the drain's own cost.
pub const ITEMS: [(PayloadKind, u32); 5] = [
    (PayloadKind::U64, 8),
    (PayloadKind::Record, 256),
    (PayloadKind::Bytes, 64),
    (PayloadKind::Blob, 4096),
    (PayloadKind::F64s, 1024),
];

/// The arms whose instructions can be counted: what a hop between threads takes
/// is the scheduler's to decide.
pub fn counted_arms(items: &[(PayloadKind, u32)]) -> Vec<LadderArm> {
    let steps = STEPS.iter().filter(|step| step.part != Part::Hop);
    steps
        .flat_map(|step| {
            let arm = |&item| LadderArm::new(item, step.step, false);
            items.iter().map(arm)
        })
        .collect()
}

/// An arm: a step with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LadderArm {
    /// What an item is.
    pub payload: PayloadKind,
    /// Its content size.
    pub bytes: u32,
    /// What the arm does with it.
    pub step: Step,
    /// Whether its process is bound to one core.
    pub pinned: bool,
}

impl LadderArm {
    /// A step with a payload of a content size.
    pub fn new((payload, bytes): (PayloadKind, u32), step: Step, pinned: bool) -> Self {
        Self {
            payload,
            bytes,
            step,
            pinned,
        }
    }
    /// The case with the same stream, by the protocol that the arm comes from.
    pub fn case(&self) -> Case {
        let protocol = match self.step {
            Step::Alloc => Protocol::Alloc,
            _ => Protocol::Arena,
        };
        Case::drain(self.payload, self.bytes, protocol)
    }

    /// Payload and size, such as `record-256B`.
    pub fn item(&self) -> String {
        self.case().item()
    }

    pub fn id(&self) -> String {
        self.to_string()
    }

    /// What to ask of a pair for a stream of `items` items.
    pub fn session(&self, items: u64) -> SessionConfig {
        self.case().session(items)
    }

    /// What the id stands for, as it goes into a record. Only steps that are a
    /// whole protocol bear its name.
    pub fn params(&self, items: u64) -> wire::Params {
        let whole = matches!(self.step, Step::Arena | Step::Borrowed | Step::Alloc);
        let params = self.case().params(items);
        wire::Params {
            protocol: if whole {
                params.protocol
            } else {
                String::new()
            },
            decode: match self.step {
                Step::Codec | Step::Arena | Step::SecondCall | Step::Alloc => "owned",
                Step::Hop4 | Step::Hop1024 | Step::Writer => "owned",
                Step::Borrowed => "borrowed",
                _ => "none",
            }
            .to_owned(),
            ..params
        }
    }
}

impl fmt::Display for LadderArm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pinned = if self.pinned { "-pinned" } else { "" };
        write!(f, "ladder/{}/{}{pinned}", self.item(), self.step.name())
    }
}

#[cfg(test)]
mod tests;
