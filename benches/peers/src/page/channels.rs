//! What each channel of the framework costs and what would make it cheaper, what a large item
//! does to those after it, and which buffer a unary interface should have.

use bench_record::wire::{Comparison, Record};
use bench_report::format::optional;

use crate::channels::{AFTER, Arm, CAPACITY, Channel, LARGE, SIZES, Way, pumps};
use crate::peer::{self, Peer};
use crate::row::{
    ALLOCATIONS, HEAP_BYTES, INSTRUCTIONS, Measure, counted, judged, number, ratio, table,
};
use crate::work::Work;

/// A comparison of two pieces of work; where one runs aside, on one core.
fn compared<'a>(record: &'a Record, baseline: &Work, candidate: &Work) -> Option<&'a Comparison> {
    record.comparison(&candidate.id(), &baseline.id())
}

/// A share in percent; what rounds to nothing has no sign.
fn percent(share: f64) -> String {
    let rounded = (100.0 * share).round();
    format!("{:.0}%", if rounded == 0.0 { 0.0 } else { rounded })
}

/// A line of the table: what is changed, and both sides of each of the sizes.
struct Line {
    channel: Channel,
    change: &'static str,
    sides: [[Work; 2]; SIZES.len()],
}

fn lines() -> Vec<Line> {
    let peers = [Peer::Fidius, Peer::FidiusRaw];
    let mut lines = vec![Line {
        channel: Channel::Pump,
        change: "host: let the caller pull into the type that it wants",
        sides: SIZES
            .map(|(payload, bytes)| peers.map(|peer| peer::Arm::new(peer, payload, bytes).into())),
    }];
    for channel in Channel::ALL {
        let ways = channel.ways().iter();
        for &way in ways.filter(|way| !matches!(way, Way::Released | Way::Pair)) {
            let ways = [Way::Released, way];
            lines.push(Line {
                channel,
                change: way.change(channel),
                sides: SIZES.map(|size| ways.map(|way| Arm::new(channel, way, size).into())),
            });
        }
    }
    lines
}

/// The table of all channels, and those of what is peculiar to some.
pub fn section(record: &Record) -> String {
    let names = SIZES.map(|(payload, bytes)| format!("{} of {bytes} B", payload.name()));
    let count = |work: &Work, of: Measure| counted(record, &work.id(), of);
    let rows = lines().into_iter().map(|line| {
        let each = |of: &dyn Fn([Work; 2]) -> String| line.sides.map(of).join(", ");
        let released = |of| each(&|[before, _]| number(count(&before, of)));
        let both = |[before, after]: [Work; 2], of| count(&before, of).zip(count(&after, of));
        [
            line.channel.title().to_owned(),
            released(INSTRUCTIONS),
            released(ALLOCATIONS),
            line.change.to_owned(),
            each(&|sides| {
                let both = both(sides, INSTRUCTIONS);
                optional(both, |(before, after)| percent(1.0 - after / before))
            }),
            each(&|sides| number(both(sides, ALLOCATIONS).map(|(before, after)| before - after))),
            each(&|[before, after]| ratio(compared(record, &before, &after))),
        ]
    });
    let table = table(
        "| channel | instructions | allocations | what to change | instructions saved | allocations saved | time, changed / released |\n\
         |---|--:|--:|---|--:|--:|--:|",
        rows,
    );
    let mut does = lines();
    does.dedup_by_key(|line| line.channel);
    let does = does.iter().map(|line| line.channel);
    let does = does.map(|channel| format!("- {}: {}.\n", channel.title(), channel.does()));
    format!(
        "## Every channel: what it costs, and what would make it cheaper\n\n\
         Numbers are for {}, in this order, per item or call, both sides together, values at the \
         receiver included. Each change was made: on the host's side in this workbench \
         (`benches/peers/src/channels`), on the plugin's in `fidius_interface::patched`, which \
         Fidius' own macros build on. To run a line: `peers run --filter channels/.*/CHANNEL`.\n\n\
         {table}What the release does for each item:\n\n{}\n{}{}{}",
        names.join(", "),
        does.collect::<String>(),
        cliffs(record),
        strategies(record),
        capacities(record)
    )
}

/// The tables of items after a large one.
fn cliffs(record: &Record) -> String {
    let tables = [Channel::Client, Channel::UnaryArena].map(|channel| {
        let rows = LARGE.map(|after| {
            let arm = |way| Work::from(Arm::new(channel, way, AFTER).after(after));
            let (released, both) = (arm(Way::Released), arm(Way::Both));
            let of = |work: &Work, of| number(counted(record, &work.id(), of));
            [
                after.to_string(),
                of(&released, INSTRUCTIONS),
                of(&released, HEAP_BYTES),
                of(&both, INSTRUCTIONS),
                of(&both, HEAP_BYTES),
                ratio(compared(record, &released, &both)),
            ]
        });
        let table = table(
            "| large item, bytes | instructions | heap bytes | instructions, changed | heap bytes, changed | time, changed / released |\n\
             |--:|--:|--:|--:|--:|--:|",
            rows,
        );
        format!("### {}\n\n{table}", channel.title())
    });
    format!(
        "## What one large item does to all that come after it\n\n\
         Of the client stream, every later item of that stream asks for a zeroed buffer of the \
         largest size so far. Of the unary arena, every later call of that thread clears the \
         largest buffer so far, and the pool keeps it as long as the thread lives. Items of {} of \
         {} bytes after one item of so many bytes:\n\n{}",
        AFTER.0.name(),
        AFTER.1,
        tables.concat()
    )
}

/// Both strategies of a unary interface, as released.
fn strategies(record: &Record) -> String {
    let rows = SIZES.map(|size| {
        let arms = [Channel::Unary, Channel::UnaryArena]
            .map(|channel| Work::from(Arm::new(channel, Way::Released, size)));
        let both = |of| {
            let counts = arms.map(|arm| number(counted(record, &arm.id(), of)));
            counts.join(", ")
        };
        let time = compared(record, &arms[0], &arms[1]);
        [
            format!("{} of {} B", size.0.name(), size.1),
            both(INSTRUCTIONS),
            both(ALLOCATIONS),
            ratio(time),
            judged(time),
        ]
    });
    let table = table(
        "| answer | instructions: plugin-allocated, arena | allocations: plugin-allocated, arena | time, arena / plugin-allocated | the arena is |\n\
         |---|--:|--:|--:|---|",
        rows,
    );
    format!("## Which buffer should a unary interface have?\n\n{table}")
}

/// The server stream through channels of other capacities.
fn capacities(record: &Record) -> String {
    let own = Arm::new(Channel::Pump, Way::Released, SIZES[0]).with(CAPACITY);
    let rows = pumps().map(|arm| {
        let [one, two] = ["", "/unpinned"].map(|suffix| {
            let [candidate, baseline] = [arm, own].map(|arm| format!("{}{suffix}", arm.id()));
            record.comparison(&candidate, &baseline)
        });
        [
            arm.capacity.to_string(),
            number(counted(record, &arm.id(), INSTRUCTIONS)),
            ratio(one),
            judged(one),
            ratio(two),
            judged(two),
        ]
    });
    let table = table(
        "| capacity | instructions | time ratio, one core | verdict | time ratio, two cores | verdict |\n\
         |--:|--:|--:|---|--:|---|",
        rows,
    );
    format!(
        "## Would a longer channel help the server stream?\n\n\
         The framework's channel holds {CAPACITY} items, and nobody can set that. So this is a \
         pump of this workbench with the same steps (`benches/peers/src/channels/pump.rs`), on \
         `u64`. Each time is a ratio to the time with a channel of {CAPACITY}, in the same \
         processes; producer and consumer share one core, or run wherever the system puts them.\n\n\
         {table}"
    )
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
