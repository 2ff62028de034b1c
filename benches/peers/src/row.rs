//! What a record says of one arm, and how tables write its numbers and verdicts.

use bench_record::wire::{Case, Comparison, Counts, RatioInterval, Record, Verdict};
use bench_report::format::optional;

use crate::peer::{Arm, Peer, SIZES};

/// What the reason of a comparison says before why one of its arms has one link layout.
pub const ONE_LAYOUT: &str = "one link layout: ";

/// What a record says of one arm.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its counts and its digest.
    pub case: Option<&'a Case>,
    /// It against the arena.
    pub comparison: Option<&'a Comparison>,
}

impl<'a> Row<'a> {
    /// Looks an arm up; `suffix` is `/unpinned` or nothing.
    pub fn of(record: &'a Record, arm: &Arm, suffix: &str) -> Self {
        let id = arm.id();
        let arena = format!("{}{suffix}", arm.by(Peer::Arena).id());
        Self {
            case: record.case(&id),
            comparison: record.comparison(&format!("{id}{suffix}"), &arena),
        }
    }

    /// The A/A of the processes that the comparison rests on.
    pub fn copies(&self) -> Option<&'a RatioInterval> {
        self.comparison?.copies.as_ref()
    }

    /// Whether that A/A finds a difference where there is none: then the time is true of
    /// these processes only.
    pub fn is_unstable(&self) -> bool {
        self.copies().is_some_and(RatioInterval::excludes_one)
    }

    /// Nanoseconds per item.
    pub fn ns(&self) -> Option<f64> {
        self.comparison?.candidate_ns
    }

    /// Nanoseconds per item of the arena, beside it in the same processes.
    pub fn arena_ns(&self) -> Option<f64> {
        self.comparison?.baseline_ns
    }
}

/// A peer's arm of every size.
pub fn arms(peer: Peer) -> impl Iterator<Item = Arm> {
    SIZES
        .into_iter()
        .map(move |(payload, bytes)| Arm::new(peer, payload, bytes))
}

/// What can be counted of an item.
pub type Measure = fn(&Counts) -> Option<f64>;
/// Instructions.
pub const INSTRUCTIONS: Measure = |counts| counts.instructions_per_item;
/// Allocations.
pub const ALLOCATIONS: Measure = |counts| counts.allocations_per_item;
/// Bytes that were allocated.
pub const HEAP_BYTES: Measure = |counts| counts.allocated_bytes_per_item;

/// The counts of a case.
pub fn counts<'a>(record: &'a Record, id: &str) -> Option<&'a Counts> {
    record.case(id)?.counts.as_ref()
}

/// What was counted of an item of a case.
pub fn counted(record: &Record, id: &str, of: Measure) -> Option<f64> {
    counts(record, id).and_then(of)
}

/// A table, and a blank line behind it. `head` names the columns, and says in a second line how
/// each stands.
pub fn table<const N: usize>(head: &str, rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows = rows.into_iter();
    let rows: String = rows
        .map(|cells| format!("| {} |\n", cells.join(" | ")))
        .collect();
    format!("{head}\n{rows}\n")
}

/// The name of an arm's items.
pub fn items(arm: &Arm) -> String {
    format!("{} of {} B", arm.payload.name(), arm.bytes)
}

/// A number as the tables show it: three significant digits.
pub fn number(value: Option<f64>) -> String {
    optional(value, |value| match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        0.005.. => format!("{value:.2}"),
        // A difference of two counts may be a hair below zero.
        _ => "0.00".to_owned(),
    })
}

/// A ratio with its interval.
pub fn interval(ratio: f64, low: f64, high: f64) -> String {
    let digits = if ratio >= 10.0 { 1 } else { 3 };
    format!("{ratio:.digits$} [{low:.digits$}, {high:.digits$}]")
}

/// The ratio of a comparison with its interval.
pub fn ratio(comparison: Option<&Comparison>) -> String {
    optional(comparison, |it| interval(it.ratio, it.low, it.high))
}

/// The verdict of a comparison; of one that is inconclusive, what it leaves open.
/// `slower`, `same` and `faster` are the words for the candidate's.
pub fn verdict(
    comparison: Option<&Comparison>,
    [slower, same, faster]: [&'static str; 3],
) -> String {
    optional(comparison, |comparison| match comparison.verdict {
        Verdict::Slower => slower.to_owned(),
        Verdict::Same => same.to_owned(),
        Verdict::Faster => faster.to_owned(),
        Verdict::Inconclusive => {
            let open = comparison.not_excluded();
            let open = open.map_or_else(String::new, |open| format!(": {open}"));
            format!("inconclusive{open}")
        }
    })
}

/// The verdict of a comparison in the usual words.
pub fn judged(comparison: Option<&Comparison>) -> String {
    verdict(comparison, ["slower", "the same", "faster"])
}

/// How many comparisons have each verdict: slower, faster, same and inconclusive.
pub fn tally(comparisons: &[&Comparison]) -> [usize; 4] {
    [
        Verdict::Slower,
        Verdict::Faster,
        Verdict::Same,
        Verdict::Inconclusive,
    ]
    .map(|verdict| {
        let with = comparisons.iter().filter(|found| found.verdict == verdict);
        with.count()
    })
}
