//! What each channel of the framework costs and what would make it cheaper, what a large item
//! does to those after it, and which buffer a unary interface should have.

use std::fmt::{self, Write};

use bench_protocol::payload::PayloadKind;
use bench_record::wire::{Comparison, Counts, Record};

use crate::channels::{AFTER, Arm, CAPACITY, Channel, LARGE, SIZES, Way};
use crate::peer::{self, Peer};
use crate::row::{counts, number, ratio, verdict};
use crate::work::Work;

/// A comparison of two pieces of work; where one runs aside, on one core.
fn compared<'a>(record: &'a Record, baseline: &Work, candidate: &Work) -> Option<&'a Comparison> {
    record.comparison(&candidate.id(), &baseline.id())
}

fn count(record: &Record, work: &Work, of: fn(&Counts) -> Option<f64>) -> Option<f64> {
    counts(record, &work.id()).and_then(of)
}

/// The columns of a table that are numbers for each of the sizes.
fn each(of: impl Fn((PayloadKind, u32)) -> String) -> String {
    SIZES.map(of).join(", ")
}

/// Something to measure of each size.
type OfSize = Box<dyn Fn((PayloadKind, u32)) -> Work>;

/// A share in percent; what rounds to nothing has no sign.
fn percent(share: f64) -> String {
    let rounded = (100.0 * share).round();
    format!("{:.0}%", if rounded == 0.0 { 0.0 } else { rounded })
}

/// A line of the table: what is changed, and both sides.
struct Line {
    channel: &'static str,
    does: &'static str,
    change: &'static str,
    sides: [OfSize; 2],
}

fn lines() -> Vec<Line> {
    let by = |peer: Peer| -> OfSize {
        Box::new(move |(payload, bytes)| peer::Arm::new(peer, payload, bytes).into())
    };
    let mut lines = vec![Line {
        channel: Channel::Pump.title(),
        does: Channel::Pump.does(),
        change: "host: let the caller pull into the type that it wants",
        sides: [by(Peer::Fidius), by(Peer::FidiusRaw)],
    }];
    for channel in Channel::ALL {
        let ways = channel.ways().iter();
        for &way in ways.filter(|way| !matches!(way, Way::Released | Way::Pair)) {
            lines.push(Line {
                channel: channel.title(),
                does: channel.does(),
                change: way.change(channel),
                sides: [
                    Box::new(move |size| Arm::new(channel, Way::Released, size).into()),
                    Box::new(move |size| Arm::new(channel, way, size).into()),
                ],
            });
        }
    }
    lines
}

/// The table of all channels.
pub fn write(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(
        page,
        "## Every channel: what it costs, and what would make it cheaper\n"
    )?;
    let names = SIZES.map(|(payload, bytes)| format!("{} of {bytes} B", payload.name()));
    writeln!(
        page,
        "Numbers are for {}, in this order, per item or call, both sides together, values at the \
         receiver included. Each change was made: on the host's side in this workbench \
         (`benches/peers/src/channels`), on the plugin's in `fidius_interface::patched`, which \
         Fidius' own macros build on. To run a line: `peers run --filter channels/.*/CHANNEL`.\n",
        names.join(", ")
    )?;
    writeln!(
        page,
        "| channel | instructions | allocations | what to change | instructions saved | allocations saved | time, changed / released |"
    )?;
    writeln!(page, "|---|--:|--:|---|--:|--:|--:|")?;
    let instructions: fn(&Counts) -> Option<f64> = |counts| counts.instructions_per_item;
    let allocations: fn(&Counts) -> Option<f64> = |counts| counts.allocations_per_item;
    for line in lines() {
        let [before, after] = &line.sides;
        let counted =
            |of: fn(&Counts) -> Option<f64>| each(|size| number(count(record, &before(size), of)));
        let both = |size: (PayloadKind, u32), of: fn(&Counts) -> Option<f64>| {
            let count = |work: Work| count(record, &work, of);
            count(before(size)).zip(count(after(size)))
        };
        let share = each(|size| {
            let saved = both(size, instructions).map(|(before, after)| 1.0 - after / before);
            saved.map_or("–".to_owned(), percent)
        });
        let fewer =
            each(|size| number(both(size, allocations).map(|(before, after)| before - after)));
        let times = each(|size| ratio(compared(record, &before(size), &after(size))));
        writeln!(
            page,
            "| {} | {} | {} | {} | {share} | {fewer} | {times} |",
            line.channel,
            counted(instructions),
            counted(allocations),
            line.change,
        )?;
    }
    writeln!(page, "\nWhat the release does for each item:\n")?;
    let mut shown = "";
    for line in lines() {
        if line.channel != shown {
            writeln!(page, "- {}: {}.", line.channel, line.does)?;
        }
        shown = line.channel;
    }
    writeln!(page)?;
    cliffs(record, page)?;
    strategies(record, page)?;
    capacities(record, page)
}

/// The tables of items after a large one.
fn cliffs(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(
        page,
        "## What one large item does to all that come after it\n"
    )?;
    writeln!(
        page,
        "Of the client stream, every later item of that stream asks for a zeroed buffer of the \
         largest size so far. Of the unary arena, every later call of that thread clears the \
         largest buffer so far, and the pool keeps it as long as the thread lives. Items of {} of \
         {} bytes after one item of so many bytes:\n",
        AFTER.0.name(),
        AFTER.1
    )?;
    for channel in [Channel::Client, Channel::UnaryArena] {
        writeln!(page, "### {}\n", channel.title())?;
        writeln!(
            page,
            "| large item, bytes | instructions | heap bytes | instructions, changed | heap bytes, changed | time, changed / released |"
        )?;
        writeln!(page, "|--:|--:|--:|--:|--:|--:|")?;
        for after in LARGE {
            let arm = |way| Work::from(Arm::new(channel, way, AFTER).after(after));
            let (released, both) = (arm(Way::Released), arm(Way::Both));
            let of = |work, of| number(count(record, work, of));
            writeln!(
                page,
                "| {after} | {} | {} | {} | {} | {} |",
                of(&released, |counts| counts.instructions_per_item),
                of(&released, |counts| counts.allocated_bytes_per_item),
                of(&both, |counts| counts.instructions_per_item),
                of(&both, |counts| counts.allocated_bytes_per_item),
                ratio(compared(record, &released, &both))
            )?;
        }
        writeln!(page)?;
    }
    Ok(())
}

/// Both strategies of a unary interface, as released.
fn strategies(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(page, "## Which buffer should a unary interface have?\n")?;
    writeln!(
        page,
        "| answer | instructions: plugin-allocated, arena | allocations: plugin-allocated, arena | time, arena / plugin-allocated | the arena is |"
    )?;
    writeln!(page, "|---|--:|--:|--:|---|")?;
    for size in SIZES {
        let arm = |channel| Work::from(Arm::new(channel, Way::Released, size));
        let (boxes, arena) = (arm(Channel::Unary), arm(Channel::UnaryArena));
        let both = |of: fn(&Counts) -> Option<f64>| {
            [&boxes, &arena]
                .map(|work| number(count(record, work, of)))
                .join(", ")
        };
        let time = compared(record, &boxes, &arena);
        writeln!(
            page,
            "| {} of {} B | {} | {} | {} | {} |",
            size.0.name(),
            size.1,
            both(|counts| counts.instructions_per_item),
            both(|counts| counts.allocations_per_item),
            ratio(time),
            verdict(time, ["slower", "the same", "faster"])
        )?;
    }
    writeln!(page)
}

/// The server stream through channels of other capacities.
fn capacities(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(page, "## Would a longer channel help the server stream?\n")?;
    writeln!(
        page,
        "The framework's channel holds {CAPACITY} items, and nobody can set that. So this is a \
         pump of this workbench with the same steps (`benches/peers/src/channels/pump.rs`), on \
         `u64`. Each time is a ratio to the time with a channel of {CAPACITY}, in the same \
         processes; producer and consumer share one core, or run wherever the system puts them.\n"
    )?;
    writeln!(
        page,
        "| capacity | instructions | time ratio, one core | verdict | time ratio, two cores | verdict |"
    )?;
    writeln!(page, "|--:|--:|--:|---|--:|---|")?;
    let own = Arm::new(Channel::Pump, Way::Released, SIZES[0]).with(CAPACITY);
    for arm in crate::channels::pumps() {
        let instructions = count(record, &arm.into(), |counts| counts.instructions_per_item);
        let time = |suffix| {
            let [candidate, baseline] = [arm, own].map(|arm| format!("{}{suffix}", arm.id()));
            record.comparison(&candidate, &baseline)
        };
        let judged = |found| verdict(found, ["slower", "the same", "faster"]);
        let (one, two) = (time(""), time("/unpinned"));
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            arm.capacity,
            number(instructions),
            ratio(one),
            judged(one),
            ratio(two),
            judged(two)
        )?;
    }
    writeln!(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_rounds_to_nothing_has_no_sign() {
        assert_eq!(
            [-0.204, -0.001, 0.0, 0.666].map(percent),
            ["-20%", "0%", "0%", "67%"]
        );
    }
}
