//! Questions 2 and 5: where the time goes, and how near the floor is.

use std::collections::BTreeMap;

use super::{both_ends, ratio_figure};
use crate::record::wire::Comparison;
use crate::report::model::index::{Index, words};
use crate::report::model::ladder::{self, Ladder};
use crate::report::model::{Answer, Figure, Tone, format};

/// The ladder is measured by its own verb and added to the record of a run.
const COMMAND: &str = "arena-bench ladder --into results/latest.json";

/// Question 2.
pub fn where_the_time_goes(index: &Index) -> Answer {
    let question = "Where do the nanoseconds go?";
    let ladders = ladder::ladders(index);
    if ladders.is_empty() {
        return Answer::missing(2, question, COMMAND);
    }
    let costliest: Vec<_> = ladders
        .iter()
        .filter_map(|ladder| {
            let with_ns = ladder
                .steps
                .iter()
                .filter_map(|step| Some((step, step.ns?)));
            let (step, ns) = with_ns.max_by(|a, b| a.1.estimate.total_cmp(&b.1.estimate))?;
            Some((ladder.payload, step, ns))
        })
        .collect();
    let mut payloads: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (payload, step, _) in &costliest {
        payloads
            .entry(step.name)
            .or_default()
            .push((*payload).to_owned());
    }
    let names: Vec<_> = payloads
        .iter()
        .map(|(step, payloads)| format!("{step} for {}", format::listed(payloads)))
        .collect();
    let finding = if names.is_empty() {
        "The steps were compared, but without their difference in nanoseconds.".to_owned()
    } else {
        format!("The costliest step is {}.", names.join("; "))
    };
    let figures = costliest
        .iter()
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
        command: COMMAND,
    }
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
        return Answer::missing(5, question, COMMAND);
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
        command: COMMAND,
    }
}
