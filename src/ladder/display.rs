//! The sentence that says where a payload's time goes, and numbers as tables
//! show them. Computes nothing but sums and shares.

use bench_protocol::step::Step;

use super::Part;
use super::breakdown::{Breakdown, Stair};
use bench_record::wire::{Difference, Environment};

/// From so many bytes on glibc copies by `rep movsb` where the CPU says that it is
/// fast at it.
const COPIED_BY_REP: u32 = 2 << 10;
/// Steps that the sentence names, the costliest first.
const NAMED: usize = 3;

/// Nanoseconds with the digits that they deserve.
#[must_use]
pub fn ns(value: f64) -> String {
    let digits = match value.abs() {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    // No "-0.00".
    if text.chars().any(|c| c.is_ascii_digit() && c != '0') {
        text
    } else {
        text.trim_start_matches('-').to_owned()
    }
}

/// A difference with its interval.
#[must_use]
pub fn difference(value: &Difference) -> String {
    let Difference {
        estimate,
        low,
        high,
    } = value;
    format!("{} [{}, {}]", ns(*estimate), ns(*low), ns(*high))
}

/// What a reader of a payload's steps should know where copies of its items cost
/// much more or less by where buffers lie, in two lines; `None` elsewhere.
#[must_use]
pub fn copies(found: &Breakdown, environment: &Environment) -> Option<[String; 2]> {
    environment.caution()?;
    let cost = environment.observed.get("copy_of_4KiB")?;
    (found.bytes >= COPIED_BY_REP).then(|| {
        [
            format!("A copy of 4 KiB takes {cost} on this machine:"),
            "a step that copies may be no more than where its buffers came to lie.".to_owned(),
        ]
    })
}

/// Where the time of an item goes, in words. Empty when the arena was not
/// measured.
#[must_use]
pub fn sentence(found: &Breakdown) -> String {
    let of = |step| found.stair(step)?.ns_per_item;
    let (Some(iterator), Some(arena)) = (of(Step::Iterator), of(Step::Arena)) else {
        return String::new();
    };
    let share = |value: f64| format!("{:.0}%", 100.0 * value / arena);
    let estimate = |stair: &Stair| stair.step_ns.as_ref().map_or(0.0, |ns| ns.estimate);
    let mut way = found.way(Step::Iterator, Step::Arena);
    let crossing: f64 = way
        .iter()
        .filter(|stair| stair.part == Part::Boundary)
        .map(|stair| estimate(stair))
        .sum();
    let unseen: Vec<_> = way
        .iter()
        .filter(|stair| !stair.told_apart())
        .map(|stair| stair.adds)
        .collect();
    way.retain(|stair| stair.told_apart());
    way.sort_by(|a, b| estimate(b).total_cmp(&estimate(a)));
    let costly: Vec<_> = way
        .iter()
        .take(NAMED)
        .map(|stair| {
            let cost = estimate(stair);
            format!("{} {} ns ({})", stair.adds, ns(cost), share(cost))
        })
        .collect();
    let mut text = format!(
        "{}: an item by arena takes {} ns, of which {}; having the item at all takes {} ns, and \
         crossing the boundary {} ns ({}) in all.",
        found.item,
        ns(arena),
        listed(&costly),
        ns(iterator),
        ns(crossing),
        share(crossing),
    );
    if !unseen.is_empty() {
        text += &format!(" Not told apart from nothing: {}.", listed(&unseen));
    }
    text += &(alloc(found) + &writer(found) + &hops(found));
    if let Some(why) = found.unstable() {
        text += &format!(" These times are unstable: {why}.");
    }
    text
}

/// What another way to encode would save.
fn writer(found: &Breakdown) -> String {
    let step = found.stair(Step::Writer).filter(|stair| stair.told_apart());
    let Some(ns_saved) = step.and_then(|stair| Some(-stair.step_ns.as_ref()?.estimate)) else {
        return String::new();
    };
    let word = if ns_saved > 0.0 { "save" } else { "cost" };
    format!(
        " A writer of the guest's own, in place of the standard library's for slices, would {word} \
         {} ns.",
        ns(ns_saved.abs())
    )
}

/// What alloc costs more, and for what.
fn alloc(found: &Breakdown) -> String {
    let wanted = (Step::Arena.name(), Step::Alloc.name());
    let whole = found.checks.iter().find(|c| (c.from, c.to) == wanted);
    let Some(whole) = whole.map(|check| &check.whole_ns) else {
        return String::new();
    };
    let steps: Vec<_> = found
        .way(Step::Arena, Step::Alloc)
        .iter()
        .filter_map(|stair| {
            let cost = ns(stair.step_ns.as_ref()?.estimate);
            Some(format!("{} {cost} ns", stair.adds))
        })
        .collect();
    let more = |value: f64, word: &str| {
        let (low, high) = (whole.low.abs(), whole.high.abs());
        let (low, high) = (low.min(high), low.max(high));
        let interval = format!("[{}, {}]", ns(low), ns(high));
        format!(
            " Alloc takes {} ns {interval} {word} an item ({}).",
            ns(value),
            steps.join(", ")
        )
    };
    if whole.low > 0.0 {
        more(whole.estimate, "more")
    } else if whole.high < 0.0 {
        more(-whole.estimate, "less")
    } else {
        format!(
            " Alloc is not told apart from arena: {} ns.",
            difference(whole)
        )
    }
}

/// What a hop to another thread costs.
fn hops(found: &Breakdown) -> String {
    let hops: Vec<_> = found
        .hops()
        .filter_map(|stair| {
            let core = if stair.pinned { "on one core" } else { "free" };
            let unstable = if stair.unstable.is_empty() {
                ""
            } else {
                ", unstable"
            };
            let cost = ns(stair.step_ns.as_ref()?.estimate);
            Some(format!("{cost} ns ({}, {core}{unstable})", stair.step))
        })
        .collect();
    if hops.is_empty() {
        String::new()
    } else {
        format!(" A hop to another thread adds {}.", listed(&hops))
    }
}

/// "a, b and c".
fn listed(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
