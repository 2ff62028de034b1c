//! Whether this workbench's guest and the real plugin take the same instructions,
//! and where they differ if not.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use bench_record::wire::{Comparison, Record};

use crate::channels;
use crate::parts::{ByArm, Parts};
use crate::peer::{Arm, Peer};
use crate::row::{Row, arms, counts, items, number, ratio, tally, verdict};
use crate::work::Work;

/// How far our guest's and Fidius' instructions may be apart.
const PARITY: f64 = 0.05;
/// Instructions per item that a part must differ by to be named.
const SHOWN: f64 = 1.0;

/// Our streams that have a counterpart in the plugin.
fn streams() -> impl Iterator<Item = Arm> {
    arms(Peer::Arena).flat_map(|arm| [arm, arm.raw(), arm.owned()])
}

/// What of ours should take as many instructions as what of Fidius': streams, then channels.
pub fn compared() -> impl Iterator<Item = [Work; 2]> {
    let streams = streams().map(|ours| [ours.into(), ours.by(Peer::FidiusRaw).into()]);
    let channels = channels::models().map(|ours| [ours, ours.counterpart()].map(Work::from));
    streams.chain(channels)
}

/// Whether instructions per item are within five percent of each other.
#[must_use]
pub fn at_par(ours: f64, theirs: f64) -> bool {
    (theirs / ours - 1.0).abs() <= PARITY
}

/// The table, and an explanation of each pair that is not at par.
pub fn write(record: &Record, parts: &ByArm, page: &mut String) -> fmt::Result {
    writeln!(page, "## Is this workbench's guest the same thing?\n")?;
    writeln!(
        page,
        "Instructions per item of both sides by callgrind, decoded to owned values and not decoded \
         at all; ours and the plugin's must be within {:.0}% of each other.\n",
        100.0 * PARITY
    )?;
    let times: Vec<&Comparison> = streams()
        .filter_map(|ours| Row::of(record, &ours.by(Peer::FidiusRaw), "").comparison)
        .collect();
    if let Some(first) = times.first() {
        let [slower, faster, same, open] = tally(&times);
        writeln!(
            page,
            "Time of the plugin's raw handle, by the same drain: of {} comparisons the same in \
             {same} (within ±{}%), slower in {slower}, faster in {faster}; {open} are \
             inconclusive, and their rows say what they do not exclude.\n",
            times.len(),
            100.0 * first.delta
        )?;
    }
    writeln!(
        page,
        "| items | decoded | ours | Fidius' | apart | time, Fidius' / ours | Fidius' time is |"
    )?;
    writeln!(page, "|---|---|--:|--:|--:|--:|---|")?;
    for ours in streams() {
        let theirs = ours.by(Peer::FidiusRaw);
        let [a, b] = [ours, theirs].map(|arm| instructions(record, &arm.into()));
        let apart = apart(a, b);
        let decoded = decoded(&ours);
        let time = Row::of(record, &theirs, "").comparison;
        writeln!(
            page,
            "| {} | {decoded} | {} | {} | {apart} | {} | {} |",
            items(&ours),
            number(a),
            number(b),
            ratio(time),
            verdict(time, ["slower", "the same", "faster"])
        )?;
    }
    writeln!(page)?;
    channels(record, page)?;
    for [ours, theirs] in compared() {
        if let (Some(a), Some(b)) = (parts.get(&ours.id()), parts.get(&theirs.id())) {
            explain(&title(&ours), a, b, page)?;
        }
    }
    Ok(())
}

fn instructions(record: &Record, work: &Work) -> Option<f64> {
    counts(record, &work.id())?.instructions_per_item
}

/// How far two counts are apart.
fn apart(ours: Option<f64>, theirs: Option<f64>) -> String {
    let both = ours.zip(theirs);
    both.map_or("–".to_owned(), |(ours, theirs)| {
        let outside = match at_par(ours, theirs) {
            true => "",
            false => " (outside)",
        };
        format!("{:+.1}%{outside}", 100.0 * (theirs / ours - 1.0))
    })
}

/// The channels of the pair, each by its model of the release, beside the plugin's.
fn channels(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(page, "### The other channels\n")?;
    let models: Vec<channels::Arm> = channels::models().collect();
    let known = |arm: &&channels::Arm| record.case(&arm.id()).is_some();
    if !models.iter().any(|arm| known(&arm)) {
        return writeln!(
            page,
            "This record was made before the channels of the pair were compared: run \
             `scripts/bench --peers` anew.\n"
        );
    }
    writeln!(
        page,
        "The pair's model of each channel as the framework has it, and the plugin by the \
         framework's own calls; of the bidirectional channel, the plugin's stream without its \
         pump, which the pair does not model. A host function of the framework returns its answer \
         by value, so the host makes one for each call: of a record a string, a list and its three \
         tags, five allocations. The pair's model encodes what the host has. To run it: `peers run \
         --no-times --filter 'channels/.*-(pair|pull|released)$'`.\n"
    )?;
    writeln!(
        page,
        "| channel | items | ours | Fidius' | apart | allocations: ours, Fidius' | time, ours / Fidius' | our time is |"
    )?;
    writeln!(page, "|---|---|--:|--:|--:|--:|--:|---|")?;
    for ours in models {
        let theirs = ours.counterpart();
        let [a, b] = [ours, theirs].map(|arm| instructions(record, &arm.into()));
        let allocations = [ours, theirs]
            .map(|arm| number(counts(record, &arm.id()).and_then(|it| it.allocations_per_item)))
            .join(", ");
        let time = record.comparison(&ours.id(), &theirs.id());
        writeln!(
            page,
            "| {} | {} of {} B | {} | {} | {} | {allocations} | {} | {} |",
            ours.channel.title(),
            ours.payload().name(),
            ours.bytes,
            number(a),
            number(b),
            apart(a, b),
            ratio(time),
            verdict(time, ["slower", "the same", "faster"])
        )?;
    }
    writeln!(page)
}

/// What an explanation is about.
fn title(ours: &Work) -> String {
    match ours {
        Work::Peer(arm) => format!("{} ({})", items(arm), decoded(arm)),
        Work::Channel(arm) => format!(
            "{} of {} B ({})",
            arm.payload().name(),
            arm.bytes,
            arm.channel.title()
        ),
    }
}

fn decoded(arm: &Arm) -> &'static str {
    match (arm.raw, arm.owned) {
        (true, _) => "no",
        (_, true) => "owned, allocating producer",
        _ => "owned",
    }
}

/// Where two arms differ, crate by crate.
fn explain(title: &str, ours: &Parts, theirs: &Parts, page: &mut String) -> fmt::Result {
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let of = |parts: &Parts, name: &String| parts.get(name).copied().unwrap_or(0.0);
    let mut rows: Vec<(&String, f64, f64)> = names
        .into_iter()
        .map(|name| (name, of(ours, name), of(theirs, name)))
        .filter(|(_, a, b)| (b - a).abs() >= SHOWN)
        .collect();
    rows.sort_by(|(_, a, b), (_, c, d)| (d - c).abs().total_cmp(&(b - a).abs()));
    let sum = |parts: &Parts| parts.values().sum::<f64>();
    writeln!(
        page,
        "### Why {title} are apart\n\nInstructions per item by the crate of their source, code \
         that was inlined included; parts that are less than one instruction apart are left out.\n"
    )?;
    writeln!(
        page,
        "| source | ours | Fidius' | more |\n|---|--:|--:|--:|"
    )?;
    for (name, a, b) in rows {
        writeln!(page, "| {name} | {a:.1} | {b:.1} | {:+.1} |", b - a)?;
    }
    let (a, b) = (sum(ours), sum(theirs));
    writeln!(page, "| all | {a:.1} | {b:.1} | {:+.1} |\n", b - a)
}
