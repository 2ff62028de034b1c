//! The sentences that say where a payload's time goes.

use bench_record::ladder::Breakdown;
use bench_record::wire::Difference;

use super::shares::{boundary, difference, in_shares, ns, shares, step, whole};
use crate::format;

/// Where the time of an item goes, in words. Empty when the arena was not measured.
pub fn sentence(found: &Breakdown) -> String {
    let (Some(arena), Some(shares)) = (ns(found, step::ARENA), shares(found)) else {
        return String::new();
    };
    let mut text = format!(
        "{}: an item takes {} by arena: {}.",
        found.item,
        format::ns(arena),
        in_shares(&shares)
    );
    if let Some(ns) = boundary(found) {
        text += &match apart(ns) {
            true => format!(
                " The boundary adds {} to the same items and codec in process.",
                difference(ns)
            ),
            false => format!(
                " The boundary has no measurable cost beside the same items and codec in \
                 process: {}.",
                difference(ns)
            ),
        };
    }
    let way = found.way(step::ITERATOR, step::ARENA);
    let unseen: Vec<_> = way
        .iter()
        .filter(|one| !one.told_apart())
        .map(|one| one.adds.as_str())
        .collect();
    if !unseen.is_empty() {
        text += &format!(" No measurable cost: {}.", format::listed(&unseen));
    }
    text += &(alloc(found) + &writer(found) + &hops(found));
    if let Some(why) = found.unstable() {
        text += &format!(" These times are unstable: {why}.");
    }
    text
}

fn apart(ns: &Difference) -> bool {
    ns.low > 0.0 || ns.high < 0.0
}

/// What alloc costs more, and for what.
fn alloc(found: &Breakdown) -> String {
    let Some(ns) = whole(found, step::ARENA, step::ALLOC) else {
        return String::new();
    };
    let steps: Vec<_> = found
        .way(step::ARENA, step::ALLOC)
        .iter()
        .filter_map(|one| {
            let cost = format::signed_ns(one.step_ns.as_ref()?.estimate);
            Some(format!("{} {cost}", one.adds))
        })
        .collect();
    match apart(ns) {
        true => format!(
            " Alloc differs by {} an item ({}).",
            difference(ns),
            steps.join(", ")
        ),
        false => format!(" Alloc and arena show no difference: {}.", difference(ns)),
    }
}

/// What another way to encode would save.
fn writer(found: &Breakdown) -> String {
    let step = found.step(step::WRITER).filter(|one| one.told_apart());
    let Some(saved) = step.and_then(|one| Some(-one.step_ns.as_ref()?.estimate)) else {
        return String::new();
    };
    let word = if saved > 0.0 { "saves" } else { "costs" };
    format!(
        " A writer of the guest's own, in place of the standard library's for slices, {word} {}.",
        format::ns(saved.abs())
    )
}

/// What a hop to another thread costs.
fn hops(found: &Breakdown) -> String {
    let hops: Vec<_> = found
        .hops()
        .filter_map(|one| {
            let core = if one.pinned { "on one core" } else { "free" };
            let unstable = match one.unstable.is_empty() {
                true => "",
                false => ", unstable",
            };
            let cost = format::ns(one.step_ns.as_ref()?.estimate);
            Some(format!("{cost} ({}, {core}{unstable})", one.step))
        })
        .collect();
    match hops.is_empty() {
        true => String::new(),
        false => format!(" A hop to another thread adds {}.", format::listed(&hops)),
    }
}
