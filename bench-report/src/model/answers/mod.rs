//! The six questions of the first page and what the record says to each.
//!
//! What goes against the arena comes first in every list. A question without
//! data says which command measures it.

mod anatomy;
mod command;
mod cost;
mod growth;
mod trust;

use super::index::Index;
use super::{Answer, Figure, Tone};
use crate::format;
use bench_record::wire::{Comparison, Verdict};

/// At most so many figures from either end of a sorted list.
const FIGURES_PER_SIDE: usize = 3;

/// The six answers, in order.
pub fn answers(index: &Index) -> Vec<Answer> {
    vec![
        cost::arena_or_alloc(index),
        anatomy::where_the_time_goes(index),
        cost::counts_per_item(index),
        growth::retries_and_growth(index),
        anatomy::distance_to_the_floor(index),
        trust::trust(index),
    ]
}

/// A verdict on the arena in a word.
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "same",
        Verdict::Faster => "faster",
        Verdict::Slower => "slower",
        Verdict::Inconclusive => "inconclusive",
    }
}

impl Answer {
    fn missing(number: u8, question: &'static str, command: String) -> Self {
        Self {
            number,
            question,
            tone: Tone::Missing,
            verdict: "not measured".to_owned(),
            finding: "This record holds nothing on it. The command below measures it.".to_owned(),
            figures: Vec::new(),
            details: Vec::new(),
            command,
        }
    }
}

/// A ratio as a figure: change in percent, then interval, nanoseconds and verdict.
fn ratio_figure(label: String, comparison: &Comparison) -> Figure {
    let c = comparison;
    let mut interval = format!(
        "ratio {} [{}] at {}",
        format::ratio(c.ratio),
        format::interval(c.low, c.high, format::ratio),
        format::confidence(c.confidence),
    );
    if let Some(d) = &c.difference_ns {
        let ends = format::interval(d.low, d.high, format::signed_ns);
        interval = format!(
            "{} [{ends}] per item; {interval}",
            format::signed_ns(d.estimate)
        );
    }
    Figure {
        label,
        value: format!("{} time", format::change(c.ratio)),
        interval,
        tone: c.verdict.into(),
        case: c.candidate.clone(),
    }
}

/// The first and the last few of a sorted list, without repetition.
fn both_ends<T: Clone>(sorted: &[T]) -> Vec<T> {
    if sorted.len() <= 2 * FIGURES_PER_SIDE {
        return sorted.to_vec();
    }
    let (head, tail) = (
        &sorted[..FIGURES_PER_SIDE],
        &sorted[sorted.len() - FIGURES_PER_SIDE..],
    );
    [head, tail].concat()
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
        .map(|(count, verdict)| format!("{count} {}", verdict_word(verdict)))
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
