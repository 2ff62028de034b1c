//! The table of the peers, as Markdown: what an item costs, and what that way of
//! streaming demands.

use std::fmt::Write;

use bench_record::wire::{Comparison, Counts, Record};
use bench_report::format;

use crate::notes;
use crate::peer::{Arm, Peer, SIZES};
use crate::row::{ONE_LAYOUT, Row, number, ratio, verdict};

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
        "Every way streams the same items: their digests were compared with the generator's before \
         anything was timed. Each ends in owned values at the consumer, in the types that the way \
         gives its user. Times are from the paired runner, each arm in turns with the arena in the \
         same processes: `ratio` is its time per item over the arena's{}. Instructions are \
         callgrind's, allocations and heap bytes DHAT's, of every thread and process that takes \
         part.\n",
        record
            .comparisons
            .first()
            .map_or_else(String::new, |first| format!(
                ", with the interval at {} confidence",
                format::confidence(first.confidence)
            )),
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
    page.push_str(&notes::copies(record));
    for (payload, bytes) in SIZES {
        writeln!(page, "## {} of {bytes} content bytes\n", payload.name())?;
        writeln!(
            page,
            "| way | ns/item | arena, ns/item | ratio to arena | against the arena | link layouts | instructions/item | allocations/item | heap bytes/item |"
        )?;
        writeln!(page, "|---|--:|--:|--:|---|--:|--:|--:|--:|")?;
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
         them. *Unstable*: in the processes that the ratio rests on, second copies of its arms \
         differ from their first; the time is true of this run only.\n"
    )?;
    writeln!(
        page,
        "*Arena*: its time in the same rounds, which the ratio is made of. It differs from row to \
         row, as each neighbour leaves caches and memory in another state. Beside a way with a thread or a process of its own, a timed drain of the arena takes a few \
         microseconds only; the stream runs untimed for 50 µs before it, and still takes a little \
         longer than in the other rows.\n"
    )?;
    page.push_str(&notes::layouts(record));
    one_layout(record, page)?;
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
    let counted = |of: fn(&Counts) -> Option<f64>| number(counts.and_then(of));
    let mut name = arm.peer.name().to_owned();
    if arm.peer.runs_aside() {
        name.push_str(if suffix.is_empty() {
            ", one core"
        } else {
            ", two cores"
        });
    }
    if row.is_unstable() {
        name.push_str(" (unstable)");
    }
    // The arena is what the others are compared with: its time is theirs.
    let (ns, beside, ratio, verdict, timed) = if arm.peer == Peer::Arena {
        let alloc = Row::of(record, &arm.by(Peer::Alloc), "");
        let (one, itself) = ("1".to_owned(), "–".to_owned());
        (alloc.arena_ns(), None, one, itself, alloc)
    } else {
        let verdict = verdict(row.comparison, ["slower", "same", "faster"]);
        let ratio = ratio(row.comparison);
        (row.ns(), row.arena_ns(), ratio, verdict, row)
    };
    writeln!(
        page,
        "| {name} | {} | {} | {ratio} | {verdict} | {} | {} | {} | {} |",
        number(ns),
        number(beside),
        links(timed.comparison),
        counted(|counts| counts.instructions_per_item),
        counted(|counts| counts.allocations_per_item),
        counted(|counts| counts.allocated_bytes_per_item),
    )
}

/// In how many link layouts the code of an arm was timed.
fn links(comparison: Option<&Comparison>) -> String {
    comparison.map_or("–".to_owned(), |found| found.layouts.to_string())
}

/// The ways that have one link layout, and why.
fn one_layout(record: &Record, page: &mut String) -> std::fmt::Result {
    let mut any = false;
    for peer in Peer::ALL {
        let timed = SIZES.iter().flat_map(|&(payload, bytes)| {
            let arm = Arm::new(peer, payload, bytes);
            ["", "/unpinned"].map(|suffix| Row::of(record, &arm, suffix).comparison)
        });
        let why = timed
            .flatten()
            .find_map(|found| found.why.rsplit_once(ONE_LAYOUT));
        if let Some((_, why)) = why {
            writeln!(page, "- {}: {ONE_LAYOUT}{why}.", peer.name())?;
            any = true;
        }
    }
    if any {
        writeln!(page)?;
    }
    Ok(())
}
