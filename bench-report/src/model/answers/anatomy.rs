//! Questions 2 and 5: where the time goes, and how near the floor is.

use std::collections::BTreeMap;

use super::{both_ends, command, ratio_figure};
use crate::format;
use crate::model::index::{Index, words};
use crate::model::ladder::{self, Ladder, Step};
use crate::model::{Answer, Figure, Tone};
use bench_record::wire::{Comparison, Difference};

/// The ladder is measured by its own verb and added to the record of a run.
fn command_of(index: &Index) -> String {
    command::into_record(
        &index.record.environment,
        &index.record.environment,
        &["ladder"],
    )
}

/// Question 2.
pub fn where_the_time_goes(index: &Index) -> Answer {
    let question = "Where do the nanoseconds go?";
    let ladders = ladder::ladders(index);
    if ladders.is_empty() {
        return Answer::missing(2, question, command_of(index));
    }
    let within = costliest(&ladders, false);
    let hops = costliest(&ladders, true);
    let mut finding = match within.is_empty() {
        true => "The steps were compared, but without their difference in nanoseconds.".to_owned(),
        false => format!("The costliest step is {}.", by_step(&within)),
    };
    if !hops.is_empty() {
        finding.push_str(&format!(
            " Handing an item to another thread costs most by {}.",
            by_step(&hops)
        ));
    }
    let figures = within
        .iter()
        .chain(&hops)
        .map(|(payload, step, ns)| Figure {
            label: format!("{payload}: {} after {}", step.name, step.after),
            value: format::signed_ns(ns.estimate),
            interval: format!("[{}]", format::interval(ns.low, ns.high, format::signed_ns)),
            tone: Tone::Plain,
            case: step.versus.candidate.id.clone(),
        })
        .collect();
    let details = ladders.iter().map(ladder_sentence).collect();
    let verdict = format::plural(ladders.iter().map(|l| l.steps.len()).sum(), "step");
    Answer {
        number: 2,
        question,
        tone: Tone::Plain,
        verdict,
        finding,
        figures,
        details,
        command: command_of(index),
    }
}

/// A step with its payload and what it adds.
type Costly<'a> = (&'a str, &'a Step<'a>, &'a Difference);

/// Each ladder's costliest step, of the hops or of all others.
fn costliest<'a>(ladders: &'a [Ladder<'a>], hop: bool) -> Vec<Costly<'a>> {
    let of = |ladder: &'a Ladder<'a>| {
        let steps = ladder.steps.iter().filter(|step| step.hop == hop);
        let with_ns = steps.filter_map(|step| Some((step, step.ns?)));
        let (step, ns) = with_ns.max_by(|a, b| a.1.estimate.total_cmp(&b.1.estimate))?;
        Some((ladder.payload, step, ns))
    };
    ladders.iter().filter_map(of).collect()
}

/// `alloc for bytes and u64; encode for record`.
fn by_step(costly: &[Costly]) -> String {
    let mut payloads: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (payload, step, _) in costly {
        let payloads = payloads.entry(step.name).or_default();
        payloads.push((*payload).to_owned());
    }
    let names = payloads
        .iter()
        .map(|(step, payloads)| format!("{step} for {}", format::listed(payloads)));
    names.collect::<Vec<_>>().join("; ")
}

fn ladder_sentence(ladder: &Ladder) -> String {
    let steps: Vec<_> = ladder
        .steps
        .iter()
        .filter_map(|step| {
            Some(format!(
                "{} {}",
                step.name,
                format::signed_ns(step.ns?.estimate)
            ))
        })
        .collect();
    format!("{}: {}", ladder.payload, steps.join(", "))
}

/// Question 5.
pub fn distance_to_the_floor(index: &Index) -> Answer {
    let question = "How near is it to the floor: the same items and codec, no boundary?";
    let mut all = ladder::against_floor(index);
    if all.is_empty() {
        return Answer::missing(5, question, command_of(index));
    }
    all.sort_by(|a, b| b.comparison.ratio.total_cmp(&a.comparison.ratio));
    let times = |c: &Comparison| format!("{} × the floor", format::significant(c.ratio));
    let worst = times(all[0].comparison);
    let figures = both_ends(&all)
        .iter()
        .map(|v| Figure {
            value: times(v.comparison),
            tone: Tone::Plain,
            ..ratio_figure(words(v.candidate), v.comparison)
        })
        .collect();
    Answer {
        number: 5,
        question,
        tone: Tone::Plain,
        finding: format!(
            "At worst the arena takes {worst}, at {}.",
            words(all[0].candidate)
        ),
        verdict: format!("{worst} at worst"),
        figures,
        details: Vec::new(),
        command: command_of(index),
    }
}
