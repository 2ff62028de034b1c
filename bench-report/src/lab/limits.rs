//! How far every protocol is from the limits, and what batches cost beside throughput.

use bench_record::lab::{Arm, Lab, Role, Set};
use bench_record::wire::Comparison;

use super::block::{Block, plain};
use super::find::{BINCODE, WINCODE, against, copy, floor, instructions, name, today};
use super::gains::{best, owned};
use crate::format::{self, optional};

/// How far above the practical limit the best protocol may be without an explanation.
const NEAR: f64 = 1.05;

/// The floor that an arm is to be held against: the one with its codec.
fn floor_of<'a>(set: &'a Set, arm: &Arm) -> Option<&'a Arm> {
    let same = |it: &&Arm| it.role == Role::Floor && it.codec == arm.codec;
    set.arms.iter().find(same)
}

/// The limits and the best protocol of each set.
pub(super) fn table(lab: &Lab) -> Block {
    let heads = [
        ("item", false),
        ("floor", true),
        ("copy", true),
        ("arena / floor", true),
        ("best protocol", false),
        ("best / floor of its codec", true),
        ("best / copy", true),
    ];
    Block::Table(heads.to_vec(), lab.sets.iter().map(row).collect())
}

fn row(set: &Set) -> Vec<String> {
    let cost = |arm: Option<&Arm>| {
        let Some(arm) = arm else {
            return "–".to_owned();
        };
        let time = optional(set.ns(arm), format::ns);
        format!(
            "{time}, {}",
            optional(arm.instructions(), format::significant)
        )
    };
    let multiple = |base: Option<&Arm>, arm: Option<&Arm>| {
        let Some(arm) = arm else {
            return "–".to_owned();
        };
        let counted = optional(instructions(base, arm), format::short_ratio);
        match against(set, base, arm) {
            Some(it) => {
                let time = format::compared(it, format::short_ratio);
                format!("{time}; {counted} in instructions")
            }
            None => format!("{counted} in instructions"),
        }
    };
    let best = best(set);
    vec![
        plain(&set.name),
        cost(floor(set)),
        cost(copy(set)),
        multiple(floor(set), today(set, "arena")),
        optional(best, |arm| plain(&name(arm))),
        multiple(best.and_then(|arm| floor_of(set, arm)), best),
        multiple(copy(set), best),
    ]
}

/// What the best protocols leave above the floor of their codec, a sentence for each set that is
/// not near it.
pub(super) fn rests(lab: &Lab) -> Vec<String> {
    lab.sets.iter().filter_map(rest).collect()
}

fn rest(set: &Set) -> Option<String> {
    let best = best(set)?;
    let floor = floor_of(set, best)?;
    let ratio = instructions(Some(floor), best)?;
    let more = best.instructions()? - floor.instructions()?;
    let calls = best.counts.boundary_calls_per_item?;
    (ratio > NEAR).then(|| {
        format!(
            "{}: {} takes {} instructions more than the floor of its codec ({} times). With {} \
             calls an item, they are the call itself, `catch_unwind`, the checks of status and \
             length{}.",
            plain(&set.name),
            plain(&name(best)),
            format::significant(more),
            format::short_ratio(ratio),
            format::significant(calls),
            match best.items_per_call > 1 {
                true => ", and the length in front of each item",
                false => "",
            },
        )
    })
}

/// Batches: throughput, first item, memory.
pub(super) fn batches(lab: &Lab) -> Block {
    let heads = [
        ("item", false),
        ("batch", false),
        ("time / arena", true),
        ("instructions an item", true),
        ("first item: time / arena", true),
        ("first item: instructions", true),
        ("memory held", true),
    ];
    let rows = owned(lab).flat_map(|set| {
        let arms = set.arms.iter();
        let batches = arms.filter(|arm| arm.codec == BINCODE && arm.way.starts_with("batch-"));
        batches.map(|arm| batch(set, arm)).collect::<Vec<_>>()
    });
    Block::Table(heads.to_vec(), rows.collect())
}

fn batch(set: &Set, arm: &Arm) -> Vec<String> {
    let ratio = |it: &Comparison| format::compared(it, format::short_ratio);
    let id = format!("{}/first-item", arm.id);
    let first = set.firsts.iter().find(|it| it.candidate == id);
    vec![
        plain(&set.name),
        plain(&arm.way),
        optional(against(set, today(set, "arena"), arm), ratio),
        optional(arm.instructions(), format::significant),
        optional(first, ratio),
        optional(arm.first_item_instructions, format::significant),
        optional(arm.held_bytes, format::bytes),
    ]
}

/// The codecs next to each other, in process and by the same protocol.
pub(super) fn codecs(lab: &Lab) -> Block {
    let heads = [
        ("item", false),
        ("floor, bincode", true),
        ("floor, wincode", true),
        ("wincode / bincode", true),
        ("single-pass, bincode", true),
        ("single-pass, wincode", true),
    ];
    let row = |set: &Set| {
        let of = |way: &str, codec: &str| set.arm(way, codec);
        let counted =
            |arm: Option<&Arm>| optional(arm.and_then(Arm::instructions), format::significant);
        let fast = of("floor", WINCODE);
        let ratio = fast.and_then(|arm| against(set, floor(set), arm));
        vec![
            plain(&set.name),
            counted(floor(set)),
            counted(fast),
            optional(ratio, |it| format::compared(it, format::short_ratio)),
            counted(of("single-pass", BINCODE)),
            counted(of("single-pass", WINCODE)),
        ]
    };
    Block::Table(heads.to_vec(), lab.sets.iter().map(row).collect())
}
