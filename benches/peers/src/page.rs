//! The answer to the question of Fidius' authors, as Markdown: does the arena
//! beat the allocating protocol in their setting, why could it not be seen, and
//! is what their documentation says of it true. Sentences are fixed; every number
//! and every verdict comes out of the record.

use bench_record::wire::{Comparison, Record};
use bench_report::format::optional;

use crate::parts::ByArm;
use crate::peer::{Arm, Peer};
use crate::row::{
    ALLOCATIONS, INSTRUCTIONS, Measure, Row, arms, counted, interval, items, judged, number, ratio,
    table, tally, verdict,
};
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
pub fn markdown(record: &Record, parts: &ByArm, tried: &[Tried]) -> String {
    let claims = claims(record).into_iter();
    let claims = claims.map(|it| [it.claim.to_owned(), it.holds.to_string(), it.evidence]);
    [
        &beginning(record),
        &channels::section(record),
        &suspicions(tried),
        &beats(record),
        &why(record),
        &wasm::section(record),
        "## What would have to change for a user to feel it?\n\n",
        &writer(record),
        &pull(record),
        "## The claims\n\n",
        &table("| claim | holds | measured |\n|---|---|---|", claims),
        &parity::section(record, parts),
    ]
    .concat()
}

/// What separates two arms, nanoseconds per item of the paired difference.
fn difference(comparison: Option<&Comparison>) -> Option<f64> {
    Some(comparison?.difference_ns.as_ref()?.estimate)
}

fn beginning(record: &Record) -> String {
    let environment = &record.environment;
    let check = record.self_check.as_ref().map(|check| {
        let trusted = match check.trusted {
            true => "trusted",
            false => "**not to be trusted**",
        };
        format!("The times of this run are {trusted}: {}.\n\n", check.why)
    });
    format!(
        "# To the authors of Fidius\n\n\
         The plugin is a real one, made with Fidius {} and its macros, and streams the same items as \
         this workbench's guest. Measured on {}, {} cores, {}; {}. To repeat all of it: \
         `scripts/bench --peers`.\n\n{}{}{}",
        releases::of("fidius"),
        environment.cpu,
        environment.cores,
        environment.rustc,
        environment.finished,
        notes::copies(record),
        notes::layouts(record),
        check.unwrap_or_default()
    )
}

fn suspicions(tried: &[Tried]) -> String {
    let rows = fidius_claims::ALL.iter().map(|claim| {
        let found = tried.iter().find(|found| found.program == claim.program);
        let holds = match found {
            None => Holds::Unknown,
            Some(found) if !found.holds => Holds::False,
            Some(_) if claim.condition.is_empty() => Holds::True,
            Some(_) => Holds::If(claim.condition.to_owned()),
        };
        [
            claim.says.to_owned(),
            holds.to_string(),
            optional(found, |found| found.seen.clone()),
            claim.remedy.to_owned(),
            format!("`{}`", claim.program),
        ]
    });
    let table = table(
        "| suspicion | holds | seen | what to do | program |\n|---|---|---|---|---|",
        rows,
    );
    format!(
        "## Suspicions, each tried\n\n\
         Each is a program of some fifty lines with its interface, its plugin and its host: \
         `cargo run --manifest-path benches/peers/Cargo.toml -p fidius-claims --example PROGRAM`, \
         or all of them by `peers claims`.\n\n{table}"
    )
}

fn beats(record: &Record) -> String {
    let rows: Vec<(Arm, Option<&Comparison>)> = arms(Peer::Alloc)
        .flat_map(|arm| [arm, arm.owned()])
        .map(|arm| (arm, Row::of(record, &arm, "").comparison))
        .collect();
    let measured: Vec<&Comparison> = rows.iter().filter_map(|(_, row)| *row).collect();
    let [slower, faster, same, open] = tally(&measured);
    let rows = rows.iter().map(|&(arm, row)| {
        let words = ["the arena is faster", "the same", "the arena is slower"];
        let producer = if arm.owned { "allocates" } else { "lends" };
        let saved = number(difference(row));
        let verdict = verdict(row, words);
        [items(&arm), producer.to_owned(), ratio(row), saved, verdict]
    });
    let table = table(
        "| items | producer | alloc / arena | ns saved per item | verdict |\n\
         |---|---|--:|--:|---|",
        rows,
    );
    format!(
        "## Does the arena beat the allocating protocol?\n\n\
         Of {} comparisons, alloc is slower in {slower}, faster in {faster}, the same in {same}; \
         {open} are inconclusive. Pulled item by item, without the framework's pump:\n\n{table}",
        measured.len()
    )
}

fn why(record: &Record) -> String {
    let rows = arms(Peer::Fidius).map(|arm| {
        let saved = difference(Row::of(record, &arm.by(Peer::Alloc), "").comparison);
        let [pinned, free] = ["", "/unpinned"].map(|suffix| Row::of(record, &arm, suffix));
        let time = |row: Row<'_>| {
            let unstable = if row.is_unstable() { " (unstable)" } else { "" };
            format!("{}{unstable}", number(row.ns()))
        };
        let share = saved.zip(pinned.ns());
        [
            items(&arm),
            number(saved),
            time(pinned),
            optional(share, |(saved, all)| format!("{:.1}%", 100.0 * saved / all)),
            time(free),
            optional(free.copies(), |it| interval(it.ratio, it.low, it.high)),
        ]
    });
    let table = table(
        "| items | saved by the arena, ns | `call_streaming`, one core, ns | share | same, two cores, ns | A/A of its copies, two cores |\n\
         |---|--:|--:|--:|--:|--:|",
        rows,
    );
    format!(
        "## Why could it not be seen?\n\n\
         What the arena saves is a small share of what `call_streaming` costs: the pump's thread, \
         the channel of four, and a self-describing `Value` between the item and the user's type.\n\n\
         {table}\
         The last column compares second copies of both arms with their first, in the same \
         processes. Where its interval is wider than the share, no benchmark of `call_streaming` \
         as a whole can show what the arena saves. *Unstable* means that this interval excludes \
         1: the copies differ although they are the same code.\n\n"
    )
}

fn writer(record: &Record) -> String {
    let rows = arms(Peer::OwnWriter).map(|arm| {
        let counts = [Peer::Alloc, Peer::Arena, Peer::OwnWriter]
            .map(|peer| number(counted(record, &arm.by(peer).id(), INSTRUCTIONS)));
        let to_alloc = record.comparison(&arm.id(), &arm.by(Peer::Alloc).id());
        [
            items(&arm),
            counts.join(", "),
            ratio(Row::of(record, &arm, "").comparison),
            ratio(to_alloc),
            judged(to_alloc),
        ]
    });
    let table = table(
        "| items | instructions: alloc, arena, arena by that writer | time to arena | time to alloc as it is | which makes the arena |\n\
         |---|--:|--:|--:|---|",
        rows,
    );
    format!(
        "### A writer that knows lengths\n\n\
         bincode writes each primitive by itself. Into a slice it goes through the standard \
         library's `Write for &mut [u8]`, which takes the shorter of two lengths: what was one \
         store of a known size becomes a call of `memcpy`, for every byte of a `Vec<u8>`. The \
         allocating protocol writes to a `Vec` and has no such calls. A writer of some ten lines of \
         safe code that splits what it is given off its slice keeps the length known \
         (`serialize_by_own_writer` in `bench-protocol/src/wire.rs`): the protocol and every byte \
         on the wire stay what they are. In this workbench's guest:\n\n\
         {table}\
         Instructions and times are of whole items, decoding included, which is the same for \
         all three. Alloc could be given such a writer as well; that was not measured. A plugin's \
         author has the same today with `serde_bytes`: `blob` has the bytes of `bytes`.\n\n"
    )
}

fn pull(record: &Record) -> String {
    let rows = arms(Peer::Fidius).map(|arm| {
        let both = [arm.by(Peer::FidiusRaw), arm];
        let [raw, pumped] = both.map(|arm| Row::of(record, &arm, "").ns());
        let added = |of: Measure| {
            let [raw, whole] = both.map(|arm| counted(record, &arm.id(), of));
            let added = whole.zip(raw).map(|(whole, raw)| whole - raw);
            format!("{}, {}", number(raw), number(added))
        };
        [
            items(&arm),
            number(raw),
            number(pumped),
            number(raw.zip(pumped).map(|(raw, pumped)| pumped / raw)),
            added(INSTRUCTIONS),
            added(ALLOCATIONS),
        ]
    });
    let table = table(
        "| items | raw handle, ns | `call_streaming`, one core, ns | times | instructions: raw, added | allocations: raw, added |\n\
         |---|--:|--:|--:|--:|--:|",
        rows,
    );
    format!(
        "### A way to pull items\n\n\
         On the caller's thread, into the user's type: `next` and a decoder, no pump, no channel, \
         no `Value`. That is what the raw handle is, driven by this workbench's drain; both end in \
         the same owned values. What `call_streaming` adds on top of it:\n\n{table}"
    )
}
