//! The table of the peers, as Markdown: what an item costs, and what that way of
//! streaming demands.

use std::fmt::Write;

use bench_record::wire::{Case, Comparison, Record, Verdict};

use crate::cmd::SIZES;
use crate::peer::{Arm, Peer};

/// An A/A comparison whose interval is wider than this says that the arm does
/// not repeat itself.
const STEADY: f64 = 0.02;

/// What a record says of one arm.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its counts and its digest.
    pub case: Option<&'a Case>,
    /// It against the arena.
    pub comparison: Option<&'a Comparison>,
    /// It against a copy of itself, in the same rounds.
    pub copy: Option<&'a Comparison>,
}

impl<'a> Row<'a> {
    /// Looks an arm up; `suffix` is `/unpinned` or nothing.
    #[must_use]
    pub fn of(record: &'a Record, arm: &Arm, suffix: &str) -> Self {
        let id = arm.id();
        let timed = format!("{id}{suffix}");
        let arena = format!("{}{suffix}", arm.by(Peer::Arena).id());
        let copies = record
            .self_check
            .iter()
            .flat_map(|check| &check.comparisons);
        Self {
            case: record.cases.iter().find(|case| case.id == id),
            comparison: record
                .comparisons
                .iter()
                .find(|found| found.baseline == arena && found.candidate == timed),
            copy: copies.into_iter().find(|copy| copy.candidate == timed),
        }
    }

    /// Whether it came out the same as its copy.
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.copy.is_none_or(|copy| {
            let unequal = matches!(copy.verdict, Verdict::Faster | Verdict::Slower);
            !unequal && copy.high / copy.low < (1.0 + STEADY) * (1.0 + STEADY)
        })
    }

    /// Nanoseconds per item.
    #[must_use]
    pub fn ns(&self) -> Option<f64> {
        self.comparison?.candidate_ns
    }

    /// Nanoseconds per item of the arena, beside it in the same processes.
    #[must_use]
    pub fn arena_ns(&self) -> Option<f64> {
        self.comparison?.baseline_ns
    }
}

/// A number as the tables show it: three digits that matter.
#[must_use]
pub fn number(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

/// A ratio with its interval.
#[must_use]
pub fn ratio(comparison: Option<&Comparison>) -> String {
    comparison.map_or("–".to_owned(), |comparison| {
        let digits = if comparison.ratio >= 10.0 { 1 } else { 3 };
        format!(
            "{:.digits$} [{:.digits$}, {:.digits$}]",
            comparison.ratio, comparison.low, comparison.high
        )
    })
}

/// The page.
#[must_use]
pub fn markdown(record: &Record) -> String {
    let mut page = String::new();
    write(record, &mut page).expect("a string takes all that is written to it");
    page
}

fn write(record: &Record, page: &mut String) -> std::fmt::Result {
    let environment = &record.environment;
    writeln!(page, "# Other ways to stream the same items\n")?;
    writeln!(
        page,
        "Every way yields the same items, and their digests were held against the generator before \
         anything was timed. Each ends in owned values at the consumer, in the types that the way \
         gives its user. Times are from the paired runner, each arm in turns with the arena in the \
         same processes: `ratio` is its time per item over the arena's, with the interval at \
         {:.2}%. Instructions are callgrind's, allocations and heap bytes DHAT's, all of them of \
         every thread and process that takes part.\n",
        100.0
            * record
                .comparisons
                .first()
                .map_or(0.0, |first| first.confidence),
    )?;
    writeln!(
        page,
        "{}, {} cores, kernel {}, {}; {}.\n",
        environment.cpu,
        environment.cores,
        environment.kernel,
        environment.rustc,
        environment.finished
    )?;
    page.push_str(&crate::page::copies(record));
    for (payload, bytes) in SIZES {
        writeln!(page, "## {} of {bytes} content bytes\n", payload.name())?;
        writeln!(
            page,
            "| way | ns/item | the arena's beside it | ratio to arena | link layouts | instructions/item | allocations/item | heap bytes/item |"
        )?;
        writeln!(page, "|---|--:|--:|--:|--:|--:|--:|--:|")?;
        for peer in Peer::ALL {
            let arm = Arm::new(peer, payload, bytes);
            for suffix in ["", "/unpinned"] {
                line(record, &arm, suffix, page)?;
            }
        }
        writeln!(page)?;
    }
    writeln!(
        page,
        "*One core*: producer and consumer share one core; *two cores*: wherever the system puts \
         them. *Unstable*: the arm differed from a copy of itself in the very rounds that were \
         measured, or repeated itself by no better than ±{:.0}%; its time is of that run alone.\n",
        100.0 * STEADY
    )?;
    writeln!(
        page,
        "*The arena's beside it*: its time in the same rounds, which the ratio is to. It is not the \
         same in every row: memory comes to lie otherwise beside each. Beside a way with a thread or \
         a process of its own a drain of the arena takes some microseconds only; it goes on for 50 \
         µs untimed before, and is still the slower for being timed so shortly.\n"
    )?;
    page.push_str(&layouts(record));
    writeln!(page, "## What each demands of both sides\n")?;
    writeln!(page, "| way | what it is | what it demands |")?;
    writeln!(page, "|---|---|---|")?;
    for peer in Peer::ALL {
        writeln!(
            page,
            "| {} | {} | {} |",
            peer.name(),
            peer.describe(),
            peer.demands()
        )?;
    }
    if !record.failures.is_empty() {
        writeln!(page, "\n## What could not be measured\n")?;
        for failure in &record.failures {
            writeln!(page, "- {}: {}", failure.id, failure.why)?;
        }
    }
    Ok(())
}

fn line(record: &Record, arm: &Arm, suffix: &str, page: &mut String) -> std::fmt::Result {
    let row = Row::of(record, arm, suffix);
    if row.comparison.is_none() && (row.case.is_none() || !suffix.is_empty()) {
        return Ok(());
    }
    let counts = row.case.and_then(|case| case.counts.as_ref());
    let counted =
        |of: fn(&bench_record::wire::Counts) -> Option<f64>| number(counts.and_then(of));
    let mut name = arm.peer.name().to_owned();
    if arm.peer.runs_aside() {
        name.push_str(if suffix.is_empty() {
            ", one core"
        } else {
            ", two cores"
        });
    }
    if !row.repeats() {
        name.push_str(" (unstable)");
    }
    // The arena is what the others are compared with: its time is theirs.
    let (ns, beside, ratio, timed) = if arm.peer == Peer::Arena {
        let alloc = Row::of(record, &arm.by(Peer::Alloc), "");
        (alloc.arena_ns(), None, "1".to_owned(), alloc)
    } else {
        (row.ns(), row.arena_ns(), ratio(row.comparison), row)
    };
    writeln!(
        page,
        "| {name} | {} | {} | {ratio} | {} | {} | {} | {} |",
        number(ns),
        number(beside),
        links(arm, timed.comparison),
        counted(|counts| counts.instructions_per_item),
        counted(|counts| counts.allocations_per_item),
        counted(|counts| counts.allocated_bytes_per_item),
    )
}

/// In how many link layouts the code of an arm was timed.
fn links(arm: &Arm, comparison: Option<&Comparison>) -> String {
    match comparison {
        None => "–".to_owned(),
        Some(comparison) if arm.peer.is_the_pairs() => comparison.layouts.to_string(),
        Some(_) => "1".to_owned(),
    }
}

/// What it means for a way's time in how many link layouts it was taken.
#[must_use]
pub fn layouts(record: &Record) -> String {
    let pair = record.comparisons.iter().map(|found| found.layouts).max();
    pair.map(|layouts| {
        let of_pair = match layouts {
            1 => "This workbench's guest and host were linked once".to_owned(),
            _ => format!(
                "This workbench's guest and host were timed in {layouts} link layouts, in every \
                 comparison",
            ),
        };
        format!(
            "*Link layouts*: where the linker puts a function moves its time by some percent. \
             {of_pair}; all other libraries, Fidius' plugin among them, and the executable were \
             linked once: what is said of their times is true of this binary.\n\n"
        )
    })
    .unwrap_or_default()
}
