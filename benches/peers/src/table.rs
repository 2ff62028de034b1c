//! The table of the peers, as Markdown: what an item costs, and what that way of
//! streaming demands.

use bench_record::wire::Record;
use bench_report::format::{self, optional};

use crate::notes;
use crate::peer::{Arm, Peer, SIZES};
use crate::row::{
    ALLOCATIONS, HEAP_BYTES, INSTRUCTIONS, Measure, ONE_LAYOUT, Row, number, ratio, table, verdict,
};

/// The page.
pub fn markdown(record: &Record) -> String {
    let sizes = SIZES.map(|(payload, bytes)| {
        let arms = Peer::ALL.map(|peer| Arm::new(peer, payload, bytes));
        let both = |arm| ["", "/unpinned"].map(|suffix| line(record, &arm, suffix));
        let table = table(
            "| way | ns/item | arena, ns/item | ratio to arena | against the arena | link layouts | instructions/item | allocations/item | heap bytes/item |\n\
             |---|--:|--:|--:|---|--:|--:|--:|--:|",
            arms.into_iter().flat_map(both).flatten(),
        );
        format!("## {} of {bytes} content bytes\n\n{table}", payload.name())
    });
    let demands = Peer::ALL.map(|peer| {
        let (name, demands) = (peer.name().to_owned(), peer.demands().to_owned());
        [name, peer.describe(), demands]
    });
    let failures = record.failures.iter();
    let mut failures: String = failures
        .map(|failure| format!("- {}: {}\n", failure.id, failure.why))
        .collect();
    if !failures.is_empty() {
        failures.insert_str(0, "\n## What could not be measured\n\n");
    }
    let demands = table(
        "| way | what it is | what it demands |\n|---|---|---|",
        demands,
    );
    format!(
        "{}{}\
         *One core*: producer and consumer share one core; *two cores*: wherever the system puts \
         them. *Unstable*: in the processes that the ratio rests on, second copies of its arms \
         differ from their first; the time is true of this run only.\n\n\
         *Arena*: its time in the same rounds, which the ratio is made of. It differs from row to \
         row, as each neighbour leaves caches and memory in another state. Beside a way with a thread or a process of its own, a timed drain of the arena takes a few \
         microseconds only; the stream runs untimed for 50 µs before it, and still takes a little \
         longer than in the other rows.\n\n\
         {}{}## What each demands of both sides\n\n{}{failures}",
        beginning(record),
        sizes.concat(),
        notes::layouts(record),
        one_layout(record),
        // What could not be measured comes with a blank line of its own.
        demands.strip_suffix('\n').unwrap_or(&demands)
    )
}

fn beginning(record: &Record) -> String {
    let environment = &record.environment;
    let interval = record.comparisons.first().map(|first| {
        let confidence = format::confidence(first.confidence);
        format!(", with the interval at {confidence} confidence")
    });
    format!(
        "# Other ways to stream the same items\n\n\
         Every way streams the same items: their digests were compared with the generator's before \
         anything was timed. Each ends in owned values at the consumer, in the types that the way \
         gives its user. Times are from the paired runner, each arm in turns with the arena in the \
         same processes: `ratio` is its time per item over the arena's{}. Instructions are \
         callgrind's, allocations and heap bytes DHAT's, of every thread and process that takes \
         part.\n\n{}, {} cores, kernel {}, {}; {}.\n\n{}",
        interval.unwrap_or_default(),
        environment.cpu,
        environment.cores,
        environment.kernel,
        environment.rustc,
        environment.finished,
        notes::copies(record)
    )
}

/// The line of an arm, where anything of it was measured.
fn line(record: &Record, arm: &Arm, suffix: &str) -> Option<[String; 9]> {
    let row = Row::of(record, arm, suffix);
    if row.comparison.is_none() && (row.case.is_none() || !suffix.is_empty()) {
        return None;
    }
    let counts = row.case.and_then(|case| case.counts.as_ref());
    let counted = |of: Measure| number(counts.and_then(of));
    let cores = match (arm.peer.runs_aside(), suffix) {
        (false, _) => "",
        (true, "") => ", one core",
        (true, _) => ", two cores",
    };
    let unstable = if row.is_unstable() { " (unstable)" } else { "" };
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
    Some([
        format!("{}{cores}{unstable}", arm.peer.name()),
        number(ns),
        number(beside),
        ratio,
        verdict,
        optional(timed.comparison, |found| found.layouts.to_string()),
        counted(INSTRUCTIONS),
        counted(ALLOCATIONS),
        counted(HEAP_BYTES),
    ])
}

/// The ways that have one link layout, and why.
fn one_layout(record: &Record) -> String {
    let line = |peer: Peer| {
        let timed = SIZES.iter().flat_map(|&(payload, bytes)| {
            let arm = Arm::new(peer, payload, bytes);
            ["", "/unpinned"].map(|suffix| Row::of(record, &arm, suffix).comparison)
        });
        let mut timed = timed.flatten();
        let (_, why) = timed.find_map(|found| found.why.rsplit_once(ONE_LAYOUT))?;
        Some(format!("- {}: {ONE_LAYOUT}{why}.\n", peer.name()))
    };
    let mut lines: String = Peer::ALL.into_iter().filter_map(line).collect();
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines
}
