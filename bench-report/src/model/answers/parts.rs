//! What the answers are put together from: figures, counts of verdicts, and which way they
//! go.

use crate::format;
use crate::model::types::{Answer, Figure};
use crate::tone::Tone;
use bench_record::wire::{Comparison, Verdict};

/// At most so many figures of one kind.
pub(super) const FIGURES_PER_SIDE: usize = 3;

impl Answer {
    pub(super) fn missing(number: u8, question: &'static str, command: String) -> Self {
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
pub(super) fn ratio_figure(label: String, c: &Comparison) -> Figure {
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
pub(super) fn tally<'a>(verdicts: impl Iterator<Item = &'a Comparison> + Clone) -> String {
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
pub(super) fn overall<'a>(verdicts: impl Iterator<Item = &'a Comparison> + Clone) -> Tone {
    let has = |verdict| verdicts.clone().any(|c| c.verdict == verdict);
    match (has(Verdict::Slower), has(Verdict::Faster)) {
        (true, true) => Tone::Mixed,
        (true, false) => Tone::Against,
        (false, true) => Tone::For,
        (false, false) if has(Verdict::Inconclusive) => Tone::Unclear,
        (false, false) => Tone::Same,
    }
}

/// With a capital letter first.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}
