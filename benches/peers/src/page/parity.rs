//! Whether this workbench's guest and the real plugin take the same instructions,
//! and where they differ if not.

use std::collections::BTreeSet;

use bench_record::wire::{Comparison, Record};
use bench_report::format::optional;

use crate::channels;
use crate::parts::{ByArm, Parts};
use crate::peer::{Arm, Peer};
use crate::row::{
    ALLOCATIONS, INSTRUCTIONS, Row, arms, counted, items, judged, number, ratio, table, tally,
};
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
pub fn at_par(ours: f64, theirs: f64) -> bool {
    (theirs / ours - 1.0).abs() <= PARITY
}

/// The tables, and where the instructions of each pair go whose counts are too far apart.
pub fn section(record: &Record, parts: &ByArm) -> String {
    let times: Vec<&Comparison> = streams()
        .filter_map(|ours| Row::of(record, &ours.by(Peer::FidiusRaw), "").comparison)
        .collect();
    let times = times.first().map(|first| {
        let [slower, faster, same, open] = tally(&times);
        format!(
            "Time of the plugin's raw handle, by the same drain: of {} comparisons the same in \
             {same} (within ±{}%), slower in {slower}, faster in {faster}; {open} are \
             inconclusive, and their rows say what they do not exclude.\n\n",
            times.len(),
            100.0 * first.delta
        )
    });
    let rows = streams().map(|ours| {
        let theirs = ours.by(Peer::FidiusRaw);
        let [a, b] = [ours, theirs].map(|arm| counted(record, &arm.id(), INSTRUCTIONS));
        let time = Row::of(record, &theirs, "").comparison;
        [
            items(&ours),
            decoded(&ours).to_owned(),
            number(a),
            number(b),
            apart(a, b),
            ratio(time),
            judged(time),
        ]
    });
    let table = table(
        "| items | decoded | ours | Fidius' | apart | time, Fidius' / ours | Fidius' time is |\n\
         |---|---|--:|--:|--:|--:|---|",
        rows,
    );
    // The parts are of runs of their own, in which the allocator may have been in another state.
    let apart = |pair: &[Work; 2]| {
        let [a, b] = pair.map(|work| counted(record, &work.id(), INSTRUCTIONS));
        !a.zip(b).is_some_and(|(a, b)| at_par(a, b))
    };
    let explained = compared().filter(apart).filter_map(|[ours, theirs]| {
        let (a, b) = (parts.get(&ours.id())?, parts.get(&theirs.id())?);
        Some(explained(&title(&ours), a, b))
    });
    format!(
        "## Is this workbench's guest the same thing?\n\n\
         Instructions per item of both sides by callgrind, decoded to owned values and not decoded \
         at all; ours and the plugin's must be within {:.0}% of each other.\n\n{}{table}{}{}",
        100.0 * PARITY,
        times.unwrap_or_default(),
        channels(record),
        explained.collect::<String>()
    )
}

/// How far two counts are apart.
fn apart(ours: Option<f64>, theirs: Option<f64>) -> String {
    optional(ours.zip(theirs), |(ours, theirs)| {
        let outside = match at_par(ours, theirs) {
            true => "",
            false => " (outside)",
        };
        format!("{:+.1}%{outside}", 100.0 * (theirs / ours - 1.0))
    })
}

/// The channels of the pair, each by its model of the release, beside the plugin's.
fn channels(record: &Record) -> String {
    let is_known = |arm: channels::Arm| record.case(&arm.id()).is_some();
    if !channels::models().any(is_known) {
        return "### The other channels\n\n\
                This record was made before the channels of the pair were compared: run \
                `scripts/bench --peers` anew.\n\n"
            .to_owned();
    }
    let rows = channels::models().map(|ours| {
        let both = [ours, ours.counterpart()].map(|arm| arm.id());
        let count = |of| both.each_ref().map(|id| counted(record, id, of));
        let [a, b] = count(INSTRUCTIONS);
        let time = record.comparison(&both[0], &both[1]);
        [
            ours.channel.title().to_owned(),
            format!("{} of {} B", ours.payload.name(), ours.bytes),
            number(a),
            number(b),
            apart(a, b),
            count(ALLOCATIONS).map(number).join(", "),
            ratio(time),
            judged(time),
        ]
    });
    let table = table(
        "| channel | items | ours | Fidius' | apart | allocations: ours, Fidius' | time, ours / Fidius' | our time is |\n\
         |---|---|--:|--:|--:|--:|--:|---|",
        rows,
    );
    format!(
        "### The other channels\n\n\
         The pair's model of each channel as the framework has it, and the plugin by the \
         framework's own calls; of the bidirectional channel, the plugin's stream without its \
         pump, which the pair does not model. A host function of the framework returns its answer \
         by value, so the host makes one for each call: of a record a string, a list and its three \
         tags, five allocations. The pair's model encodes what the host has. To run it: `peers run \
         --no-times --filter 'channels/.*-(pair|pull|released)$'`.\n\n{table}"
    )
}

/// What an explanation is about.
fn title(ours: &Work) -> String {
    match ours {
        Work::Peer(arm) => format!("{} ({})", items(arm), decoded(arm)),
        Work::Channel(arm) => format!(
            "{} of {} B ({})",
            arm.payload.name(),
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
fn explained(title: &str, ours: &Parts, theirs: &Parts) -> String {
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let of = |parts: &Parts, name: &String| parts.get(name).copied().unwrap_or(0.0);
    let mut rows: Vec<(&str, f64, f64)> = names
        .into_iter()
        .map(|name| (name.as_str(), of(ours, name), of(theirs, name)))
        .filter(|(_, a, b)| (b - a).abs() >= SHOWN)
        .collect();
    rows.sort_by(|(_, a, b), (_, c, d)| (d - c).abs().total_cmp(&(b - a).abs()));
    rows.push(("all", ours.values().sum(), theirs.values().sum()));
    let rows = rows.into_iter().map(|(name, a, b)| {
        let more = format!("{:+.1}", b - a);
        [name.to_owned(), format!("{a:.1}"), format!("{b:.1}"), more]
    });
    let table = table(
        "| source | ours | Fidius' | more |\n|---|--:|--:|--:|",
        rows,
    );
    format!(
        "### Why {title} are apart\n\nInstructions per item by the crate of their source, code \
         that was inlined included; parts that are less than one instruction apart are left out.\n\n\
         {table}"
    )
}
