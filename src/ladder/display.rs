//! The sentence that says where a payload's time goes, and numbers as tables
//! show them. Computes nothing but sums and shares.

use bench_protocol::step::Step;

use bench_record::ladder::{Breakdown, Part, StepCost};
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
    let of = |step: Step| found.step(step.name())?.ns_per_item;
    let (Some(iterator), Some(arena)) = (of(Step::Iterator), of(Step::Arena)) else {
        return String::new();
    };
    let share = |value: f64| format!("{:.0}%", 100.0 * value / arena);
    let estimate = |step: &StepCost| step.step_ns.as_ref().map_or(0.0, |ns| ns.estimate);
    let mut way = found.way(Step::Iterator.name(), Step::Arena.name());
    let crossing: f64 = way
        .iter()
        .filter(|step| step.part == Part::Boundary)
        .map(|step| estimate(step))
        .sum();
    let unseen: Vec<_> = way
        .iter()
        .filter(|step| !step.told_apart())
        .map(|step| step.adds.as_str())
        .collect();
    way.retain(|step| step.told_apart());
    way.sort_by(|a, b| estimate(b).total_cmp(&estimate(a)));
    let costly: Vec<_> = way
        .iter()
        .take(NAMED)
        .map(|step| {
            let cost = estimate(step);
            format!("{} {} ns ({})", step.adds, ns(cost), share(cost))
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
    let step = found
        .step(Step::Writer.name())
        .filter(|step| step.told_apart());
    let Some(ns_saved) = step.and_then(|step| Some(-step.step_ns.as_ref()?.estimate)) else {
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
    let whole = found
        .checks
        .iter()
        .find(|c| (c.from.as_str(), c.to.as_str()) == wanted);
    let Some(whole) = whole.map(|check| &check.whole_ns) else {
        return String::new();
    };
    let steps: Vec<_> = found
        .way(Step::Arena.name(), Step::Alloc.name())
        .iter()
        .filter_map(|step| {
            let cost = ns(step.step_ns.as_ref()?.estimate);
            Some(format!("{} {cost} ns", step.adds))
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
        .filter_map(|step| {
            let core = if step.pinned { "on one core" } else { "free" };
            let unstable = if step.unstable.is_empty() {
                ""
            } else {
                ", unstable"
            };
            let cost = ns(step.step_ns.as_ref()?.estimate);
            Some(format!("{cost} ns ({}, {core}{unstable})", step.step))
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
