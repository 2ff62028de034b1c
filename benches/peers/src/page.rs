//! The answer to the question of Fidius' authors, as Markdown: does the arena
//! beat the allocating protocol in their setting, why could it not be seen, and
//! is what their documentation says of it true. Sentences are fixed; every number
//! and every verdict comes out of the record.

use std::fmt::{self, Write};

use arena_bench::record::wire::{Case, Comparison, Counts, Record, Verdict};

use crate::claims;
use crate::cmd::SIZES;
use crate::peer::{Arm, Peer};
use crate::table::{Row, number, ratio};

/// How far our guest's and Fidius' instructions may be apart.
const PARITY: f64 = 0.05;
/// Allocations per item that are none: one in a thousand items.
const NONE: f64 = 0.001;

/// Whether a claim holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// As it stands.
    True,
    /// It does not.
    False,
    /// Where a condition is met.
    If(String),
    /// What it is held against was not measured.
    Unknown,
}

impl fmt::Display for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::True => f.write_str("**true**"),
            Self::False => f.write_str("**false**"),
            Self::If(condition) => write!(f, "**true with a condition**: {condition}"),
            Self::Unknown => f.write_str("not measured in this run"),
        }
    }
}

/// A claim of the documentation, the verdict, and what was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The claim.
    pub claim: &'static str,
    /// Whether it holds.
    pub holds: Holds,
    /// The measurement.
    pub evidence: String,
}

/// The page.
#[must_use]
pub fn markdown(record: &Record) -> String {
    let mut page = String::new();
    write(record, &mut page).expect("a string takes all that is written to it");
    page
}

fn arms(peer: Peer) -> impl Iterator<Item = Arm> {
    SIZES
        .into_iter()
        .map(move |(payload, bytes)| Arm::new(peer, payload, bytes))
}

fn counts<'a>(record: &'a Record, id: &str) -> Option<&'a Counts> {
    case(record, id)?.counts.as_ref()
}

fn case<'a>(record: &'a Record, id: &str) -> Option<&'a Case> {
    record.cases.iter().find(|case| case.id == id)
}

/// The name of an arm's items.
fn items(arm: &Arm) -> String {
    format!("{} of {} B", arm.payload().name(), arm.bytes)
}

/// Each claim, held against the record.
#[must_use]
pub fn claims(record: &Record) -> Vec<Claim> {
    vec![
        no_allocation(record),
        no_second_crossing(record),
        no_item_lost(record),
        same_bytes(record),
        directly(record),
    ]
}

fn no_allocation(record: &Record) -> Claim {
    let allocations = |arm: Arm| counts(record, &arm.id())?.allocations_per_item;
    let most = |arms: &mut dyn Iterator<Item = Arm>| {
        let counted: Option<Vec<f64>> = arms.map(allocations).collect();
        counted.map(|counted| counted.into_iter().fold(0.0, f64::max))
    };
    let boundary = most(&mut arms(Peer::FidiusRaw).map(Arm::raw));
    let user = most(&mut arms(Peer::Fidius));
    let least_user = arms(Peer::Fidius).filter_map(allocations).reduce(f64::min);
    let holds = match (boundary, least_user) {
        (Some(boundary), _) if boundary > NONE => Holds::False,
        (Some(_), Some(user)) if user > NONE => Holds::If(
            "it is so at the boundary, with items that the producer does not allocate; the \
             framework's own way to the user allocates for every item"
                .to_owned(),
        ),
        (Some(_), _) => Holds::True,
        (None, _) => Holds::Unknown,
    };
    Claim {
        claim: "no per-item allocation",
        holds,
        evidence: format!(
            "at the boundary at most {} allocations per item over all payloads; by \
             `call_streaming` to the user's value {} to {}",
            number(boundary),
            number(least_user),
            number(user)
        ),
    }
}

fn no_second_crossing(record: &Record) -> Claim {
    let counts = counts(record, claims::STEADY);
    let per_item = counts.and_then(|counts| counts.boundary_calls_per_item);
    let retries = counts.and_then(|counts| counts.retries);
    // Retries are calls too; without them there is one call an item.
    let (holds, rest) = match (per_item, retries) {
        (Some(calls), Some(retries)) => {
            let rest = calls - retries as f64 / claims::ITEMS as f64;
            let once = (rest - 1.0).abs() < NONE;
            let holds = match (once, ramp_calls(record)) {
                (false, _) => Holds::False,
                (true, Some(calls)) if calls > 1.0 + NONE => Holds::If(format!(
                    "an item that does not fit crosses twice; where each is larger than the one \
                     before, {} calls per item",
                    number(Some(calls))
                )),
                (true, _) => Holds::True,
            };
            (holds, Some(rest))
        }
        _ => (Holds::Unknown, None),
    };
    Claim {
        claim: "no second crossing",
        holds,
        evidence: format!(
            "{} calls per item beside retries, of which {} items of one size had {}",
            number(rest),
            claims::ITEMS,
            retries.map_or("–".to_owned(), |retries| retries.to_string())
        ),
    }
}

fn ramp_calls(record: &Record) -> Option<f64> {
    counts(record, claims::RAMP)?.boundary_calls_per_item
}

fn no_item_lost(record: &Record) -> Claim {
    let (drained, pumped) = (
        case(record, claims::RAMP),
        case(record, claims::PUMPED_RAMP),
    );
    let retries = counts(record, claims::RAMP).and_then(|counts| counts.retries);
    let holds = match (drained, pumped) {
        (Some(drained), Some(pumped)) => {
            if drained.verified.is_some() && pumped.verified.is_some() && retries > Some(0) {
                Holds::True
            } else {
                Holds::False
            }
        }
        _ => Holds::Unknown,
    };
    Claim {
        claim: "no item lost on retry",
        holds,
        evidence: format!(
            "{} items, {} of them retried: count, order and digest are the generator's, by our \
             drain and by the pump",
            claims::ITEMS,
            retries.map_or("–".to_owned(), |retries| retries.to_string())
        ),
    }
}

fn same_bytes(record: &Record) -> Claim {
    let digest = |arm: Arm| case(record, &arm.id())?.verified.clone();
    let pairs: Vec<_> = arms(Peer::Arena)
        .zip(arms(Peer::FidiusRaw))
        .map(|(ours, theirs)| digest(ours).zip(digest(theirs)))
        .collect();
    let holds = if pairs.iter().any(Option::is_none) {
        Holds::Unknown
    } else if pairs.iter().flatten().all(|(ours, theirs)| ours == theirs) {
        Holds::True
    } else {
        Holds::False
    };
    Claim {
        claim: "byte-identical wire",
        holds,
        evidence: format!(
            "the bytes of {} of {} payloads hash to the same digest from our guest and from the \
             plugin, and each equals bincode's own encoding of the generator's items",
            pairs
                .iter()
                .flatten()
                .filter(|(ours, theirs)| ours == theirs)
                .count(),
            pairs.len()
        ),
    }
}

fn directly(record: &Record) -> Claim {
    let arms: Vec<Arm> = arms(Peer::FidiusRaw).map(Arm::raw).collect();
    let heap = |arm: &Arm| counts(record, &arm.id())?.allocated_bytes_per_item;
    let most: Option<Vec<f64>> = arms.iter().map(heap).collect();
    let most = most.map(|all| all.into_iter().fold(0.0, f64::max));
    let holds = match most {
        // Less than the smallest item: no buffer in between on the heap.
        Some(bytes) if bytes < 1.0 => Holds::If(
            "every item is walked twice, for its size first and then for its bytes".to_owned(),
        ),
        Some(_) => Holds::False,
        None => Holds::Unknown,
    };
    Claim {
        claim: "encodes directly into the host's buffer",
        holds,
        evidence: format!(
            "at most {} heap bytes per item at the boundary, where the largest item has {} bytes: \
             there is no buffer in between on the heap",
            number(most),
            arms.iter().map(|arm| arm.bytes).max().unwrap_or_default()
        ),
    }
}

/// What separates two arms, nanoseconds per item of the paired difference.
fn difference(comparison: Option<&Comparison>) -> Option<f64> {
    Some(comparison?.difference_ns.as_ref()?.estimate)
}

fn write(record: &Record, page: &mut String) -> fmt::Result {
    let environment = &record.environment;
    writeln!(page, "# To the authors of Fidius\n")?;
    writeln!(
        page,
        "The plugin is a real one, of Fidius 0.5.9 and its own macros, with the same items as this \
         workbench's guest. Measured on {}, {} cores, {}; {}. All of it again: `scripts/bench \
         --peers`.\n",
        environment.cpu, environment.cores, environment.rustc, environment.finished
    )?;
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
    beats(record, page)?;
    why(record, page)?;
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
    parity(record, page)
}

fn beats(record: &Record, page: &mut String) -> fmt::Result {
    let rows: Vec<(Arm, Option<&Comparison>)> = arms(Peer::Alloc)
        .flat_map(|arm| [arm, arm.owned()])
        .map(|arm| (arm, Row::of(record, &arm, "").comparison))
        .collect();
    let with = |verdict| {
        rows.iter()
            .filter(|(_, row)| row.is_some_and(|row| row.verdict == verdict))
            .count()
    };
    let measured = rows.iter().filter(|(_, row)| row.is_some()).count();
    writeln!(page, "## Does the arena beat the allocating protocol?\n")?;
    writeln!(
        page,
        "Of {measured} comparisons, alloc is slower in {}, faster in {}, the same in {}; {} are \
         inconclusive. Pulled item by item, without the framework's pump:\n",
        with(Verdict::Slower),
        with(Verdict::Faster),
        with(Verdict::Same),
        with(Verdict::Inconclusive)
    )?;
    writeln!(
        page,
        "| items | producer | alloc / arena | ns saved per item | verdict |"
    )?;
    writeln!(page, "|---|---|--:|--:|---|")?;
    for (arm, row) in rows {
        let verdict = row.map_or("–".to_owned(), |row| {
            match row.verdict {
                Verdict::Slower => "the arena is faster",
                Verdict::Faster => "the arena is slower",
                Verdict::Same => "the same",
                Verdict::Inconclusive => "inconclusive",
            }
            .to_owned()
        });
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
        "| items | saved by the arena, ns | `call_streaming`, one core, ns | share | same, two cores, ns | its copy, two cores |"
    )?;
    writeln!(page, "|---|--:|--:|--:|--:|--:|")?;
    for arm in arms(Peer::Fidius) {
        let alloc = arm.by(Peer::Alloc);
        let saved = difference(Row::of(record, &alloc, "").comparison);
        let pinned = Row::of(record, &arm, "").ns();
        let free = Row::of(record, &arm, "/unpinned");
        let share = saved
            .zip(pinned)
            .map(|(saved, whole)| format!("{:.1}%", 100.0 * saved / whole));
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            items(&arm),
            number(saved),
            number(pinned),
            share.unwrap_or_else(|| "–".to_owned()),
            number(free.ns()),
            ratio(free.copy)
        )?;
    }
    writeln!(
        page,
        "\nThe last column is the same arm against a copy of itself in the same rounds: a \
         benchmark that takes one after the other cannot see a share that is smaller than what \
         separates it from itself.\n"
    )
}

fn change(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(
        page,
        "## What would have to change for a user to feel it?\n"
    )?;
    writeln!(
        page,
        "A way to pull items on the caller's thread, into the user's type: `next` and a decoder, \
         no pump, no channel, no `Value`. That is what the raw handle is, driven by this \
         workbench's drain; both end in the same owned values.\n"
    )?;
    writeln!(
        page,
        "| items | raw handle, ns | `call_streaming`, one core, ns | times | instructions: raw, `call_streaming` | allocations: raw, `call_streaming` |"
    )?;
    writeln!(page, "|---|--:|--:|--:|--:|--:|")?;
    for arm in arms(Peer::Fidius) {
        let handle = arm.by(Peer::FidiusRaw);
        let (raw, pumped) = (
            Row::of(record, &handle, "").ns(),
            Row::of(record, &arm, "").ns(),
        );
        let both = |of: fn(&Counts) -> Option<f64>| {
            let count = |arm: &Arm| number(counts(record, &arm.id()).and_then(of));
            format!("{}, {}", count(&handle), count(&arm))
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

fn parity(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(page, "## Is this workbench's guest the same thing?\n")?;
    writeln!(
        page,
        "Instructions per item of both sides, decoded to owned values and not decoded at all; \
         ours and the plugin's must be within {:.0}% of each other.\n",
        100.0 * PARITY
    )?;
    writeln!(
        page,
        "| items | decoded | ours | Fidius' | apart | time, Fidius' / ours |"
    )?;
    writeln!(page, "|---|---|--:|--:|--:|--:|")?;
    for ours in arms(Peer::Arena).flat_map(|arm| [arm, arm.raw(), arm.owned()]) {
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
        let decoded = match (ours.raw, ours.owned) {
            (true, _) => "no",
            (_, true) => "owned, allocating producer",
            _ => "owned",
        };
        writeln!(
            page,
            "| {} | {decoded} | {} | {} | {apart} | {} |",
            items(&ours),
            number(a),
            number(b),
            ratio(Row::of(record, &theirs, "").comparison)
        )?;
    }
    writeln!(page)
}
