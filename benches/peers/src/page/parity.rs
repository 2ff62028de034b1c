//! Whether this workbench's guest and the real plugin take the same instructions,
//! and where they differ if not.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use bench_record::wire::{Comparison, Record};

use crate::parts::{ByArm, Parts};
use crate::peer::{Arm, Peer};
use crate::row::{Row, arms, counts, items, number, ratio, tally, verdict};

/// How far our guest's and Fidius' instructions may be apart.
const PARITY: f64 = 0.05;
/// Instructions per item that a part must differ by to be named.
const SHOWN: f64 = 1.0;

/// Our arms that have a counterpart in the plugin.
pub fn compared() -> impl Iterator<Item = Arm> {
    arms(Peer::Arena).flat_map(|arm| [arm, arm.raw(), arm.owned()])
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
    let times: Vec<&Comparison> = compared()
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
    for ours in compared() {
        let theirs = ours.by(Peer::FidiusRaw);
        let count = |arm: &Arm| counts(record, &arm.id())?.instructions_per_item;
        let (a, b) = (count(&ours), count(&theirs));
        let apart = a.zip(b).map(|(a, b)| b / a - 1.0);
        let apart = apart.map_or("–".to_owned(), |apart| {
            let outside = if apart.abs() > PARITY {
                " (outside)"
            } else {
                ""
            };
            format!("{:+.1}%{outside}", 100.0 * apart)
        });
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
    for ours in compared() {
        let theirs = ours.by(Peer::FidiusRaw);
        if let (Some(a), Some(b)) = (parts.get(&ours.id()), parts.get(&theirs.id())) {
            explain(&ours, a, b, page)?;
        }
    }
    Ok(())
}

fn decoded(arm: &Arm) -> &'static str {
    match (arm.raw, arm.owned) {
        (true, _) => "no",
        (_, true) => "owned, allocating producer",
        _ => "owned",
    }
}

/// Where two arms differ, crate by crate.
fn explain(arm: &Arm, ours: &Parts, theirs: &Parts, page: &mut String) -> fmt::Result {
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
        "### Why {} ({}) are apart\n\nInstructions per item by the crate of their source, code \
         that was inlined included; parts that are less than one instruction apart are left out.\n",
        items(arm),
        decoded(arm)
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
