//! How the arena compares with alloc, payload by payload: over which item sizes it is
//! faster or slower, by how much, and what to use.

use std::collections::BTreeMap;

use super::index::{Index, Versus, variant};
use crate::format;
use bench_record::wire::Verdict;

/// One payload's comparisons of arena with alloc, item sizes ascending.
pub struct Story<'a> {
    /// The payload, and what differs from the usual: `bytes`, `bytes, borrowed`.
    pub name: String,
    pub payload: &'a str,
    /// Whether items are decoded to owned values and prepared before the stream.
    pub is_usual: bool,
    /// Comparisons whose time is the protocols'.
    pub line: Vec<Versus<'a>>,
    /// Comparisons whose time and instructions part, so that most of the time is the
    /// system's.
    pub unexplained: Vec<Versus<'a>>,
}

/// Neighbouring sizes with one verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    pub verdict: Verdict,
    pub from: u64,
    pub to: u64,
    pub least: f64,
    pub most: f64,
}

/// What a payload's comparisons say as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lead {
    /// The arena is slower wherever there is a difference.
    Alloc,
    /// Slower at some sizes, faster at others.
    Depends,
    /// Nothing was decided.
    Open,
    /// Shown to make no difference.
    Either,
    /// The arena is faster wherever there is a difference.
    Arena,
}

/// All payloads, those that go against the arena first.
pub fn stories<'a>(index: &Index<'a>) -> Vec<Story<'a>> {
    let mut by_name: BTreeMap<String, Story> = BTreeMap::new();
    for versus in index.arena_against_alloc() {
        let params = &versus.candidate.params;
        let name = variant(versus.candidate);
        let story = by_name.entry(name.clone()).or_insert_with(|| Story {
            is_usual: name == params.payload,
            name,
            payload: &params.payload,
            line: Vec::new(),
            unexplained: Vec::new(),
        });
        match versus.is_unexplained() {
            true => story.unexplained.push(versus),
            false => story.line.push(versus),
        }
    }
    let mut stories: Vec<Story> = by_name.into_values().collect();
    for story in &mut stories {
        let size = |versus: &Versus| versus.candidate.params.item_bytes;
        story.line.sort_by_key(size);
        story.unexplained.sort_by_key(size);
    }
    stories.sort_by_key(Story::lead);
    stories
}

impl Story<'_> {
    /// Neighbouring sizes of one verdict, together.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for versus in &self.line {
            let c = versus.comparison;
            let size = versus.candidate.params.item_bytes;
            match spans.last_mut().filter(|span| span.verdict == c.verdict) {
                Some(span) => {
                    span.to = size;
                    span.least = span.least.min(c.ratio);
                    span.most = span.most.max(c.ratio);
                }
                None => spans.push(Span {
                    verdict: c.verdict,
                    from: size,
                    to: size,
                    least: c.ratio,
                    most: c.ratio,
                }),
            }
        }
        spans
    }

    /// What the spans say as a whole.
    pub fn lead(&self) -> Lead {
        let has = |verdict| {
            let mut verdicts = self.line.iter().map(|versus| versus.comparison.verdict);
            verdicts.any(|found| found == verdict)
        };
        match (has(Verdict::Slower), has(Verdict::Faster)) {
            (true, true) => Lead::Depends,
            (true, false) => Lead::Alloc,
            (false, true) => Lead::Arena,
            (false, false) if has(Verdict::Same) => Lead::Either,
            (false, false) => Lead::Open,
        }
    }

    /// Least and greatest ratio of the sizes with a verdict.
    pub fn range(&self, verdict: Verdict) -> Option<(f64, f64)> {
        let spans = self.spans().into_iter();
        let of = spans.filter(|span| span.verdict == verdict);
        widest(of.map(|span| (span.least, span.most)))
    }

    /// ` up to 64 KiB`, where larger items were measured whose time is not the protocols'.
    pub fn reach(&self) -> String {
        let last = self.line.last().map(|v| v.candidate.params.item_bytes);
        let beyond = self.unexplained.first();
        let beyond = beyond.map(|v| v.candidate.params.item_bytes);
        match (last, beyond) {
            (Some(last), Some(beyond)) if beyond > last => {
                format!(" up to {}", format::bytes(last))
            }
            _ => String::new(),
        }
    }

    /// Which protocol to use at which sizes, where that depends on them: `alloc up to 256 B,
    /// the arena from 1 KiB`.
    pub fn advice(&self) -> String {
        let spans: Vec<Span> = self.spans();
        let decided: Vec<&Span> = spans
            .iter()
            .filter(|span| matches!(span.verdict, Verdict::Slower | Verdict::Faster))
            .collect();
        let last = decided.len().saturating_sub(1);
        let parts = decided.iter().enumerate().map(|(at, span)| {
            let who = match span.verdict {
                Verdict::Slower => "alloc",
                _ => "the arena",
            };
            let (from, to) = (format::bytes(span.from), format::bytes(span.to));
            match at {
                0 => format!("{who} up to {to}"),
                at if at == last => format!("{who} from {from}"),
                _ if from == to => format!("{who} at {from}"),
                _ => format!("{who} from {from} to {to}"),
            }
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

impl Span {
    /// `slower from 256 B to 4 KiB, ratio 2.07 to 2.39`.
    pub fn sentence(&self) -> String {
        let (from, to) = (format::bytes(self.from), format::bytes(self.to));
        let sizes = match from == to {
            true => format!("at {from}"),
            false => format!("from {from} to {to}"),
        };
        format!(
            "{} {sizes}, ratio {}",
            self.verdict.name(),
            range(self.least, self.most)
        )
    }
}

/// The range over several ranges.
pub fn widest(ranges: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    ranges.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
}

/// The range of several values.
pub fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    widest(values.map(|value| (value, value)))
}

/// Two ratios, or one where they are written alike: `0.35 to 0.99`.
pub fn range(least: f64, most: f64) -> String {
    let (least, most) = (format::short_ratio(least), format::short_ratio(most));
    match least == most {
        true => least,
        false => format!("{least} to {most}"),
    }
}
