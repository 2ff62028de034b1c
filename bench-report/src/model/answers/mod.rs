//! The six questions of the first page and what the record says to each.
//!
//! What goes against the arena comes first in every list. A question without
//! data says which command measures it.

mod anatomy;
mod command;
mod cost;
mod counts;
mod growth;
mod trust;

use super::index::Index;
use super::stories::Story;
use super::{Answer, Figure, Tone};
use crate::format;
use bench_record::wire::{Comparison, Verdict};

/// At most so many figures of one kind.
const FIGURES_PER_SIDE: usize = 3;

/// The six answers, in order.
pub fn answers(index: &Index, stories: &[Story]) -> Vec<Answer> {
    vec![
        cost::arena_or_alloc(index, stories),
        anatomy::where_the_time_goes(index),
        counts::counts_per_item(index),
        growth::retries_and_growth(index),
        anatomy::distance_to_the_floor(index),
        trust::trust(index),
    ]
}

impl Answer {
    fn missing(number: u8, question: &'static str, command: String) -> Self {
        Self {
            number,
            question,
            tone: Tone::Missing,
            line: format!("not measured; `{command}` measures it."),
            verdict: "not measured".to_owned(),
            finding: "This record has no data on it. The command below measures it.".to_owned(),
            figures: Vec::new(),
            details: Vec::new(),
            command,
        }
    }
}

/// A ratio as a figure: change in percent, then interval, nanoseconds and confidence.
fn ratio_figure(label: String, c: &Comparison) -> Figure {
    let ends = format::estimate(c.ratio, c.low, c.high, format::ratio);
    let ratio = format!("ratio {ends} at {}", format::confidence(c.confidence));
    let difference = c.difference_ns.as_ref();
    let difference = difference.map(|d| format!("{} per item", crate::ladder::difference(d)));
    Figure {
        label,
        value: match c.ratio < 2.0 {
            true => format!("{} time", format::change(c.ratio)),
            false => format!("{} the time", format::change(c.ratio)),
        },
        notes: difference.into_iter().chain([ratio]).collect(),
        tone: c.verdict.into(),
        case: c.candidate.clone(),
    }
}

/// `2 slower, 1 same, 20 faster`: losses first, what did not occur left out.
fn tally<'a>(verdicts: impl Iterator<Item = &'a Comparison> + Clone) -> String {
    let order = [
        Verdict::Slower,
        Verdict::Inconclusive,
        Verdict::Same,
        Verdict::Faster,
    ];
    let parts: Vec<_> = order
        .into_iter()
        .map(|verdict| {
            (
                verdicts.clone().filter(|c| c.verdict == verdict).count(),
                verdict,
            )
        })
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {}", verdict.name()))
        .collect();
    parts.join(", ")
}

/// Which way a set of verdicts goes as a whole.
fn overall<'a>(verdicts: impl Iterator<Item = &'a Comparison> + Clone) -> Tone {
    let has = |verdict| verdicts.clone().any(|c| c.verdict == verdict);
    match (has(Verdict::Slower), has(Verdict::Faster)) {
        (true, true) => Tone::Mixed,
        (true, false) => Tone::Against,
        (false, true) => Tone::For,
        (false, false) if has(Verdict::Inconclusive) => Tone::Unclear,
        (false, false) => Tone::Same,
    }
}
