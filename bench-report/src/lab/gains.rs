//! The changes that a framework author can make, each with what it gains on every item, what it
//! breaks and what it takes.

use bench_record::lab::{Arm, Lab, Role, Set};
use bench_record::wire::Comparison;

use super::block::{Block, plain};
use super::find::{BINCODE, WINCODE, against, instructions, today};
use crate::format::{self, optional};

/// A change of today's arena.
pub(super) struct Change {
    /// What to do.
    pub(super) what: &'static str,
    /// The way that has it.
    pub(super) way: &'static str,
    /// Its codec.
    pub(super) codec: &'static str,
    /// What has to change.
    pub(super) effort: Effort,
    /// What it breaks: the ABI, memory held, latency, safety.
    pub(super) breaks: &'static str,
}

/// What a change touches, the least effort first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effort {
    /// One function of the framework's guest library.
    Encoder,
    /// The guest library's stream type, and so its constructor.
    StreamType,
    /// The types of every plugin.
    Sources,
    /// The contract between guest and host: both sides change together.
    Abi,
    /// Both.
    AbiAndSources,
}

impl Effort {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Encoder => "the guest's encoder",
            Self::StreamType => "the guest's stream type",
            Self::Sources => "the plugins' sources",
            Self::Abi => "the ABI",
            Self::AbiAndSources => "the ABI and the plugins' sources",
        }
    }
}

/// Every change that could be worth it.
pub(super) const CHANGES: [Change; 9] = [
    Change {
        what: "Encode by a writer that knows the length of each copy",
        way: "arena-own-writer",
        codec: BINCODE,
        effort: Effort::Encoder,
        breaks: "Nothing: the ABI and the bytes stay. The guest has one `unsafe` copy, whose bounds the line above it checks.",
    },
    Change {
        what: "Encode at once, and find the size only if the item does not fit",
        way: "single-pass",
        codec: BINCODE,
        effort: Effort::Encoder,
        breaks: "Nothing: the ABI and the bytes stay. The contents of the buffer after `BUFFER_TOO_SMALL` are no longer what they were before the call.",
    },
    Change {
        what: "The same writer, with the plugin's iterator compiled into `next`",
        way: "unboxed",
        codec: BINCODE,
        effort: Effort::StreamType,
        breaks: "Nothing at the boundary: the ABI and the bytes stay. The stream's constructor takes the iterator's type, where Fidius' `Stream<T>` boxes it, and the plugin has one `next` for each iterator.",
    },
    Change {
        what: "Lend the guest's own buffer until the next call",
        way: "lend",
        codec: BINCODE,
        effort: Effort::Abi,
        breaks: "The ABI: `next` returns a pointer. The guest holds the buffer; the host's memory limit can refuse an item only after it was encoded, and a host that keeps the pointer reads freed memory.",
    },
    Change {
        what: "Grow the host's buffer by a callback while encoding",
        way: "grow",
        codec: BINCODE,
        effort: Effort::Abi,
        breaks: "The ABI: `next` takes a struct with a callback, through which the guest runs the host's code in mid-write.",
    },
    Change {
        what: "Hand over up to 64 items a call",
        way: "batch-64",
        codec: BINCODE,
        effort: Effort::Abi,
        breaks: "The ABI: `next` writes many items, each after its length. The first item waits for the whole batch, the buffer holds 64 items, and a slow producer must be able to end a batch early.",
    },
    Change {
        what: "Hand over whatever fits into 64 KiB",
        way: "batch-64KiB",
        codec: BINCODE,
        effort: Effort::Abi,
        breaks: "As for 64 items; the wait for the first item is the longest of all, and the buffer has 64 KiB.",
    },
    Change {
        what: "Encode and decode by wincode, at once",
        way: "single-pass",
        codec: WINCODE,
        effort: Effort::Sources,
        breaks: "Not the ABI and not the bytes, but the plugins' sources: their types derive wincode's traits beside serde's.",
    },
    Change {
        what: "Both: wincode, and up to 64 items a call",
        way: "batch-64",
        codec: WINCODE,
        effort: Effort::AbiAndSources,
        breaks: "The ABI, as for 64 items, and the plugins' sources, as for wincode.",
    },
];

/// Ways that a framework might take instead, and that are compared for completeness.
pub(super) const OTHERS: [&str; 3] = ["alloc-own-writer", "rust-buffer", "rust-buffer-sized"];

/// What a change gains on one set.
pub(super) struct Gain<'a> {
    pub(super) set: &'a Set,
    pub(super) time: Option<&'a Comparison>,
    /// Instructions before and after.
    pub(super) instructions: Option<(f64, f64)>,
}

impl Gain<'_> {
    /// Time, or else instructions, as a multiple of today's arena's.
    pub(super) fn ratio(&self) -> Option<f64> {
        let counted = self.instructions.map(|(before, after)| after / before);
        self.time.map(|it| it.ratio).or(counted)
    }
}

/// A change with its gains.
pub(super) struct Told<'a> {
    pub(super) change: &'a Change,
    pub(super) gains: Vec<Gain<'a>>,
    /// Geometric mean of its ratios over the sets with owned decoding.
    pub(super) mean: f64,
}

fn gain<'a>(set: &'a Set, arm: &Arm) -> Gain<'a> {
    let arena = today(set, "arena");
    let counts = arena.and_then(Arm::instructions).zip(arm.instructions());
    Gain {
        set,
        time: against(set, arena, arm),
        instructions: counts,
    }
}

pub(super) fn owned(lab: &Lab) -> impl Iterator<Item = &Set> {
    lab.sets.iter().filter(|set| set.decode == "owned")
}

/// The geometric mean of what is known.
fn mean(ratios: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut number) = (0.0, 0.0);
    for ratio in ratios.filter(|ratio| *ratio > 0.0) {
        sum += ratio.ln();
        number += 1.0;
    }
    (number > 0.0).then(|| f64::exp(sum / number))
}

/// The changes that were measured: the least effort first, and then the largest gain.
pub(super) fn told(lab: &Lab) -> Vec<Told<'_>> {
    let of = |change: &'static Change| {
        let found = lab.sets.iter().filter_map(|set| {
            let arm = set.arm(change.way, change.codec)?;
            Some(gain(set, arm))
        });
        let gains: Vec<Gain<'_>> = found.collect();
        let owned = gains.iter().filter(|gain| gain.set.decode == "owned");
        let mean = mean(owned.filter_map(Gain::ratio))?;
        Some(Told {
            change,
            gains,
            mean,
        })
    };
    let mut all: Vec<Told<'_>> = CHANGES.iter().filter_map(of).collect();
    all.sort_by(|a, b| {
        let effort = a.change.effort.cmp(&b.change.effort);
        effort.then(a.mean.total_cmp(&b.mean))
    });
    all
}

/// Whether a mean of times or of instructions is meant.
pub(super) fn measure(lab: &Lab) -> &'static str {
    match lab.sets.iter().any(|set| !set.comparisons.is_empty()) {
        true => "time",
        false => "instructions",
    }
}

/// The table of one change: every set with time and instructions.
pub(super) fn table(told: &Told<'_>) -> Block {
    let rows = told.gains.iter().map(|gain| {
        vec![
            plain(&gain.set.name),
            optional(gain.time, |it| format::compared(it, format::ratio)),
            optional(gain.instructions, format::moved),
        ]
    });
    Block::Table(
        vec![
            ("item", false),
            ("time / arena, with its interval", true),
            ("instructions an item", true),
        ],
        rows.collect(),
    )
}

/// A row for each of the ways that are no improvement of the arena.
pub(super) fn others(lab: &Lab) -> Option<Block> {
    let mut rows = Vec::new();
    for set in owned(lab) {
        let arena = today(set, "arena");
        let cell = |arm: Option<&Arm>| {
            let Some(arm) = arm else {
                return "–".to_owned();
            };
            match against(set, arena, arm) {
                Some(it) => format::compared(it, format::ratio),
                None => optional(instructions(arena, arm), |ratio| {
                    format!("{} (instructions)", format::ratio(ratio))
                }),
            }
        };
        let mut row = vec![plain(&set.name), cell(today(set, "alloc"))];
        row.extend(OTHERS.iter().map(|way| cell(set.arm(way, BINCODE))));
        rows.push(row);
    }
    let heads = ["item", "alloc", OTHERS[0], OTHERS[1], OTHERS[2]];
    let heads = heads.into_iter().map(|head| (head, head != "item"));
    (!rows.is_empty()).then(|| Block::Table(heads.collect(), rows))
}

/// The way of the laboratory or of today that is the best of a set.
pub(super) fn best(set: &Set) -> Option<&Arm> {
    let arena = today(set, "arena");
    let cost = |arm: &Arm| {
        let time = against(set, arena, arm).map(|it| it.ratio);
        let unit = (arena?.id == arm.id && !set.comparisons.is_empty()).then_some(1.0);
        time.or(unit).or_else(|| instructions(arena, arm))
    };
    let ways = set
        .arms
        .iter()
        .filter(|arm| matches!(arm.role, Role::Today | Role::Laboratory));
    ways.filter_map(|arm| Some((arm, cost(arm)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(arm, _)| arm)
}
