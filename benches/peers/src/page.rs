//! The answer to the question of Fidius' authors, as Markdown: does the arena
//! beat the allocating protocol in their setting, why could it not be seen, and
//! is what their documentation says of it true. Sentences are fixed; every number
//! and every verdict comes out of the record.

use std::fmt::{self, Write};

use bench_record::wire::{Comparison, Counts, Record};

use crate::parts::ByArm;
use crate::peer::{Arm, Peer};
use crate::row::{Row, arms, counts, interval, items, number, ratio, tally, verdict};
use crate::tried::Tried;
use crate::{notes, releases};

pub use claims::{Claim, Holds, claims};
pub use parity::{at_par, compared};

mod channels;
mod claims;
mod parity;
mod wasm;

/// The page of a record; `parts` say where the instructions of some arms go, `tried` what the
/// small programs found.
#[must_use]
pub fn markdown(record: &Record, parts: &ByArm, tried: &[Tried]) -> String {
    let mut page = String::new();
    write(record, parts, tried, &mut page).expect("a string takes all that is written to it");
    page
}

/// What separates two arms, nanoseconds per item of the paired difference.
fn difference(comparison: Option<&Comparison>) -> Option<f64> {
    Some(comparison?.difference_ns.as_ref()?.estimate)
}

fn write(record: &Record, parts: &ByArm, tried: &[Tried], page: &mut String) -> fmt::Result {
    let environment = &record.environment;
    writeln!(page, "# To the authors of Fidius\n")?;
    writeln!(
        page,
        "The plugin is a real one, made with Fidius {} and its macros, and streams the same items as \
         this workbench's guest. Measured on {}, {} cores, {}; {}. To repeat all of it: \
         `scripts/bench --peers`.\n",
        releases::of("fidius"),
        environment.cpu,
        environment.cores,
        environment.rustc,
        environment.finished
    )?;
    page.push_str(&notes::copies(record));
    page.push_str(&notes::layouts(record));
    if let Some(check) = &record.self_check {
        let trusted = if check.trusted {
            "trusted"
        } else {
            "**not to be trusted**"
        };
        writeln!(
            page,
            "The times of this run are {trusted}: {}.\n",
            check.why
        )?;
    }
    channels::write(record, page)?;
    suspicions(tried, page)?;
    beats(record, page)?;
    why(record, page)?;
    wasm::write(record, page)?;
    change(record, page)?;
    writeln!(page, "## The claims\n")?;
    writeln!(page, "| claim | holds | measured |\n|---|---|---|")?;
    for claim in claims(record) {
        writeln!(
            page,
            "| {} | {} | {} |",
            claim.claim, claim.holds, claim.evidence
        )?;
    }
    writeln!(page)?;
    parity::write(record, parts, page)
}

fn suspicions(tried: &[Tried], page: &mut String) -> fmt::Result {
    writeln!(page, "## Suspicions, each tried\n")?;
    writeln!(
        page,
        "Each is a program of some fifty lines with its interface, its plugin and its host: \
         `cargo run --manifest-path benches/peers/Cargo.toml -p fidius-claims --example PROGRAM`, \
         or all of them by `peers claims`.\n"
    )?;
    writeln!(page, "| suspicion | holds | seen | what to do | program |")?;
    writeln!(page, "|---|---|---|---|---|")?;
    for claim in fidius_claims::ALL {
        let found = tried.iter().find(|found| found.program == claim.program);
        let holds = match found {
            None => Holds::Unknown,
            Some(found) if !found.holds => Holds::False,
            Some(_) if claim.condition.is_empty() => Holds::True,
            Some(_) => Holds::If(claim.condition.to_owned()),
        };
        writeln!(
            page,
            "| {} | {holds} | {} | {} | `{}` |",
            claim.says,
            found.map_or("–", |found| &found.seen),
            claim.remedy,
            claim.program
        )?;
    }
    writeln!(page)
}

fn beats(record: &Record, page: &mut String) -> fmt::Result {
    let rows: Vec<(Arm, Option<&Comparison>)> = arms(Peer::Alloc)
        .flat_map(|arm| [arm, arm.owned()])
        .map(|arm| (arm, Row::of(record, &arm, "").comparison))
        .collect();
    let measured: Vec<&Comparison> = rows.iter().filter_map(|(_, row)| *row).collect();
    let [slower, faster, same, open] = tally(&measured);
    writeln!(page, "## Does the arena beat the allocating protocol?\n")?;
    writeln!(
        page,
        "Of {} comparisons, alloc is slower in {slower}, faster in {faster}, the same in {same}; \
         {open} are inconclusive. Pulled item by item, without the framework's pump:\n",
        measured.len()
    )?;
    writeln!(
        page,
        "| items | producer | alloc / arena | ns saved per item | verdict |"
    )?;
    writeln!(page, "|---|---|--:|--:|---|")?;
    for (arm, row) in rows {
        let words = ["the arena is faster", "the same", "the arena is slower"];
        let verdict = verdict(row, words);
        let producer = if arm.owned { "allocates" } else { "lends" };
        let saved = number(difference(row));
        writeln!(
            page,
            "| {} | {producer} | {} | {saved} | {verdict} |",
            items(&arm),
            ratio(row)
        )?;
    }
    writeln!(page)
}

fn why(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(page, "## Why could it not be seen?\n")?;
    writeln!(
        page,
        "What the arena saves is a small share of what `call_streaming` costs: the pump's thread, \
         the channel of four, and a self-describing `Value` between the item and the user's type.\n"
    )?;
    writeln!(
        page,
        "| items | saved by the arena, ns | `call_streaming`, one core, ns | share | same, two cores, ns | A/A of its copies, two cores |"
    )?;
    writeln!(page, "|---|--:|--:|--:|--:|--:|")?;
    for arm in arms(Peer::Fidius) {
        let alloc = arm.by(Peer::Alloc);
        let saved = difference(Row::of(record, &alloc, "").comparison);
        let pinned = Row::of(record, &arm, "");
        let free = Row::of(record, &arm, "/unpinned");
        let time = |row: &Row<'_>| {
            let unstable = if row.is_unstable() { " (unstable)" } else { "" };
            format!("{}{unstable}", number(row.ns()))
        };
        let copy = free
            .copies()
            .map(|copy| interval(copy.ratio, copy.low, copy.high));
        let share = saved
            .zip(pinned.ns())
            .map(|(saved, whole)| format!("{:.1}%", 100.0 * saved / whole));
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            items(&arm),
            number(saved),
            time(&pinned),
            share.unwrap_or_else(|| "–".to_owned()),
            time(&free),
            copy.unwrap_or_else(|| "–".to_owned())
        )?;
    }
    writeln!(
        page,
        "\nThe last column compares second copies of both arms with their first, in the same \
         processes. Where its interval is wider than the share, no benchmark of `call_streaming` \
         as a whole can show what the arena saves. *Unstable* means that this interval excludes \
         1: the copies differ although they are the same code.\n"
    )
}

fn change(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(
        page,
        "## What would have to change for a user to feel it?\n"
    )?;
    writer(record, page)?;
    pull(record, page)
}

fn writer(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(page, "### A writer that knows lengths\n")?;
    writeln!(
        page,
        "bincode writes each primitive by itself. Into a slice it goes through the standard \
         library's `Write for &mut [u8]`, which takes the shorter of two lengths: what was one \
         store of a known size becomes a call of `memcpy`, for every byte of a `Vec<u8>`. The \
         allocating protocol writes to a `Vec` and has no such calls. A writer of some ten lines of \
         safe code that splits what it is given off its slice keeps the length known \
         (`serialize_by_own_writer` in `bench-protocol/src/wire.rs`): the protocol and every byte \
         on the wire stay what they are. In this workbench's guest:\n"
    )?;
    writeln!(
        page,
        "| items | instructions: alloc, arena, arena by that writer | time to arena | time to alloc as it is | which makes the arena |"
    )?;
    writeln!(page, "|---|--:|--:|--:|---|")?;
    for arm in arms(Peer::OwnWriter) {
        let count = |peer| {
            let counts = counts(record, &arm.by(peer).id());
            number(counts.and_then(|counts| counts.instructions_per_item))
        };
        let alloc = arm.by(Peer::Alloc).id();
        let to_alloc = record
            .comparisons
            .iter()
            .find(|found| found.baseline == alloc && found.candidate == arm.id());
        writeln!(
            page,
            "| {} | {}, {}, {} | {} | {} | {} |",
            items(&arm),
            count(Peer::Alloc),
            count(Peer::Arena),
            count(Peer::OwnWriter),
            ratio(Row::of(record, &arm, "").comparison),
            ratio(to_alloc),
            verdict(to_alloc, ["slower", "the same", "faster"])
        )?;
    }
    writeln!(
        page,
        "\nInstructions and times are of whole items, decoding included, which is the same for \
         all three. Alloc could be given such a writer as well; that was not measured. A plugin's \
         author has the same today with `serde_bytes`: `blob` has the bytes of `bytes`.\n"
    )
}

fn pull(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(page, "### A way to pull items\n")?;
    writeln!(
        page,
        "On the caller's thread, into the user's type: `next` and a decoder, no pump, no channel, \
         no `Value`. That is what the raw handle is, driven by this workbench's drain; both end in \
         the same owned values. What `call_streaming` adds on top of it:\n"
    )?;
    writeln!(
        page,
        "| items | raw handle, ns | `call_streaming`, one core, ns | times | instructions: raw, added | allocations: raw, added |"
    )?;
    writeln!(page, "|---|--:|--:|--:|--:|--:|")?;
    for arm in arms(Peer::Fidius) {
        let handle = arm.by(Peer::FidiusRaw);
        let (raw, pumped) = (
            Row::of(record, &handle, "").ns(),
            Row::of(record, &arm, "").ns(),
        );
        let both = |of: fn(&Counts) -> Option<f64>| {
            let count = |arm: &Arm| counts(record, &arm.id()).and_then(of);
            let raw = count(&handle);
            let added = count(&arm).zip(raw).map(|(whole, raw)| whole - raw);
            format!("{}, {}", number(raw), number(added))
        };
        let times = raw.zip(pumped).map(|(raw, pumped)| pumped / raw);
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            items(&arm),
            number(raw),
            number(pumped),
            number(times),
            both(|counts| counts.instructions_per_item),
            both(|counts| counts.allocations_per_item)
        )?;
    }
    writeln!(page)
}
