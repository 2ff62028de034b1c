//! What the steps of a ladder say of an item's time: the cost of the boundary, and shares
//! of the whole.

use bench_record::ladder::{Breakdown, Part};
use bench_record::wire::{Difference, Environment};

use crate::format;

/// Names of the steps that a reader's questions are about.
pub(crate) mod step {
    /// An item from an iterator, in process.
    pub const ITERATOR: &str = "iterator";
    /// The same items through the same codec, in process: the floor.
    pub const CODEC: &str = "codec";
    /// The arena protocol, decoding to owned values.
    pub const ARENA: &str = "arena";
    pub const ALLOC: &str = "alloc";
    /// The arena protocol with a writer of the guest's own.
    pub const WRITER: &str = "own-writer";
}

/// From so many bytes on glibc copies by `rep movsb` where the CPU says that it is
/// fast at it.
const COPIED_BY_REP: u32 = 2 << 10;

/// What the boundary adds to the same items and codec in process: the one definition of
/// its cost, measured directly.
pub fn boundary(found: &Breakdown) -> Option<&Difference> {
    whole(found, step::CODEC, step::ARENA)
}

/// The difference of two arms that were compared directly.
pub(crate) fn whole<'a>(found: &'a Breakdown, from: &str, to: &str) -> Option<&'a Difference> {
    let check = found.checks.iter().find(|c| c.from == from && c.to == to);
    check.map(|check| &check.whole_ns)
}

/// Time per item of a step's whole arm.
pub(crate) fn ns(found: &Breakdown, step: &str) -> Option<f64> {
    found.step(step)?.ns_per_item
}

/// A part of an item's time by arena.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// What it is spent on.
    pub name: &'static str,
    /// Of the whole, 0 to 1.
    pub share: f64,
}

/// What an item's time by arena is spent on, the most first; what rounds to nothing is
/// left out. `None` where a step on the way was not measured.
pub fn shares(found: &Breakdown) -> Option<Vec<Share>> {
    let all = ns(found, step::ARENA).filter(|ns| *ns > 0.0)?;
    let way = found.way(step::ITERATOR, step::ARENA);
    let cost = |of: &dyn Fn(&str, Part) -> bool| -> Option<f64> {
        let steps = way.iter().filter(|one| of(&one.step, one.part));
        steps
            .map(|one| one.step_ns.as_ref().map(|ns| ns.estimate))
            .sum()
    };
    let last = |name: &str| name == step::ARENA;
    let decoding = cost(&|name, part| part == Part::Codec && last(name))?.max(0.0);
    let encoding = cost(&|name, part| part == Part::Codec && !last(name))?.max(0.0);
    let steps = cost(&|_, part| part == Part::Boundary)?;
    let crossing = boundary(found).map_or(steps, |ns| ns.estimate).max(0.0);
    let parts = decoding + encoding + crossing;
    let item = (all - parts).max(0.0);
    // The parts were measured in differences of their own: where they exceed the whole,
    // their sum is the whole.
    let all = all.max(parts);
    let mut shares: Vec<Share> = [
        ("decoding", decoding),
        ("encoding", encoding),
        ("the boundary", crossing),
        ("having the item", item),
    ]
    .map(|(name, cost)| Share {
        name,
        share: cost / all,
    })
    .into_iter()
    .filter(|part| part.share >= 0.005)
    .collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    (!way.is_empty()).then_some(shares)
}

/// `78% decoding, 14% encoding, 5% the boundary`.
pub fn in_shares(shares: &[Share]) -> String {
    let parts = shares
        .iter()
        .map(|part| format!("{} {}", format::share(part.share), part.name));
    parts.collect::<Vec<_>>().join(", ")
}

/// What a reader of a payload's steps should know where copies of its items cost much
/// more or less by where buffers lie, in two lines; `None` elsewhere.
pub fn copies(found: &Breakdown, environment: &Environment) -> Option<[String; 2]> {
    environment.caution()?;
    let cost = environment.observed.get("copy_of_4KiB")?;
    (found.bytes >= COPIED_BY_REP).then(|| {
        [
            format!("A copy of 4 KiB takes {cost} on this machine:"),
            "a step that copies may show no more than where its buffers were placed.".to_owned(),
        ]
    })
}

pub(crate) fn difference(value: &Difference) -> String {
    format::estimate(value.estimate, value.low, value.high, format::signed_ns)
}
