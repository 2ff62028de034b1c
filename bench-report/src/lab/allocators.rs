//! Whether the arena still matters with a faster allocator: alloc against it with each, and what
//! the guest's allocator costs every other way.

use bench_record::lab::{Arm, Lab, Set};

use super::block::{Block, paragraph, plain};
use super::find::{BINCODE, against, instructions};
use crate::format::{self, optional};

/// What an arm that has the system's allocator on both sides is said to have.
const SYSTEM: &str = "system";

/// How much instructions may differ where the allocator makes no difference.
const ALIKE: f64 = 0.005;

/// The section, where a record has one.
pub(super) fn blocks(lab: &Lab) -> Vec<Block> {
    if lab.allocators.is_empty() {
        return Vec::new();
    }
    let mut all = vec![Block::Heading(2, "Other allocators".to_owned())];
    all.extend(answer(lab).map(Block::Paragraph));
    all.push(paragraph(
        "`alloc` against the arena, both with the same allocators. The guest allocates the item's \
         buffer; the host allocates what it decodes to. Instructions are those of an item on both \
         sides.",
    ));
    all.push(protocols(lab));
    all.extend(ways(lab));
    all
}

/// The arm of a way, by bincode, with these allocators.
fn arm<'a>(set: &'a Set, way: &str, allocators: &str) -> Option<&'a Arm> {
    let mut arms = set.arms.iter();
    arms.find(|it| it.way == way && it.codec == BINCODE && it.allocators == allocators)
}

/// The allocators of a set's arms, each once, in their order.
fn allocators(set: &Set) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for arm in &set.arms {
        if !found.contains(&arm.allocators.as_str()) {
            found.push(&arm.allocators);
        }
    }
    found
}

fn named(allocators: &str) -> String {
    match allocators {
        "" => SYSTEM.to_owned(),
        allocators => plain(allocators),
    }
}

/// An item with the allocators that alloc does best with, relative to the arena.
struct Nearest<'a> {
    set: &'a Set,
    allocators: &'a str,
    ratio: f64,
    /// The lower end of its interval.
    low: f64,
    /// The same in words, with its interval where it is of times.
    words: String,
}

fn nearest(set: &Set) -> Option<Nearest<'_>> {
    let of = |allocators| {
        let (arena, alloc) = (
            arm(set, "arena", allocators)?,
            arm(set, "alloc", allocators)?,
        );
        let (ratio, low, words) = match against(set, Some(arena), alloc) {
            Some(it) => {
                let ends = format::compared(it, format::ratio);
                (it.ratio, it.low, format!("{ends} of the arena's time"))
            }
            None => {
                let ratio = instructions(Some(arena), alloc)?;
                let words = format!("{} of the arena's instructions", format::ratio(ratio));
                (ratio, ratio, words)
            }
        };
        Some(Nearest {
            set,
            allocators,
            ratio,
            low,
            words,
        })
    };
    let found = allocators(set).into_iter().filter_map(of);
    found.min_by(|a, b| a.ratio.total_cmp(&b.ratio))
}

/// What an author does with it, in a paragraph.
fn answer(lab: &Lab) -> Option<String> {
    let nearest: Vec<Nearest<'_>> = lab.allocators.iter().filter_map(nearest).collect();
    let (slower, not): (Vec<_>, Vec<_>) = nearest.iter().partition(|it| it.low > 1.0);
    let told = |them: Vec<&Nearest<'_>>| {
        let told = them.iter().map(|it| {
            format!(
                "{} ({}, allocator {})",
                plain(&it.set.item),
                it.words,
                named(it.allocators)
            )
        });
        format::listed(&told.collect::<Vec<_>>())
    };
    let first = match (slower.is_empty(), not.is_empty()) {
        (true, true) => return None,
        (false, true) => "The arena still wins with every allocator".to_owned(),
        (true, false) => "With the right allocator, alloc catches up with the arena".to_owned(),
        (false, false) => format!(
            "The arena still wins with every allocator for {} of {}",
            format::plural(slower.len(), "item"),
            nearest.len()
        ),
    };
    let mut text = format!("{first}.");
    if !slower.is_empty() {
        text += &format!(
            " With the allocator that suits it best, alloc takes {}.",
            told(slower)
        );
    }
    if !not.is_empty() {
        text += &format!(
            " It is not shown to be slower than the arena for {}.",
            told(not)
        );
    }
    Some(text)
}

fn protocols(lab: &Lab) -> Block {
    let heads = vec![
        ("item", false),
        ("allocator", false),
        ("arena", true),
        ("alloc", true),
        ("alloc / arena, instructions", true),
        ("alloc / arena, time", true),
        ("alloc / alloc by the system's, time", true),
    ];
    let rows = lab.allocators.iter().flat_map(|set| {
        allocators(set).into_iter().filter_map(|allocators| {
            let (arena, alloc) = (
                arm(set, "arena", allocators)?,
                arm(set, "alloc", allocators)?,
            );
            let counted = |arm: &Arm| optional(arm.instructions(), format::significant);
            let time = |base: Option<&Arm>| {
                optional(against(set, base, alloc), |it| {
                    format::compared(it, format::ratio)
                })
            };
            Some(vec![
                plain(&set.item),
                named(allocators),
                counted(arena),
                counted(alloc),
                optional(instructions(Some(arena), alloc), format::short_ratio),
                time(Some(arena)),
                time(arm(set, "alloc", "")),
            ])
        })
    });
    Block::Table(heads, rows.collect())
}

/// Every way by every allocator in the guest: those that it makes a difference for as a table,
/// the others in a sentence.
fn ways(lab: &Lab) -> Vec<Block> {
    let first = &lab.allocators[0];
    let guests: Vec<&str> = allocators(first)
        .into_iter()
        .filter(|it| it.is_empty() || it.starts_with("guest "))
        .collect();
    let mut same: Vec<&str> = Vec::new();
    let mut differ: Vec<&str> = Vec::new();
    let counted = |it: &&Arm| it.allocators.is_empty() && it.instructions().is_some();
    for arm in first.arms.iter().filter(counted) {
        let alike = lab
            .allocators
            .iter()
            .all(|set| alike(set, &arm.way, &guests));
        if alike { &mut same } else { &mut differ }.push(&arm.way);
    }
    let mut heads = vec![("item", false), ("way", false), (SYSTEM, true)];
    heads.extend(["mimalloc", "jemalloc"].into_iter().filter_map(|name| {
        let has = guests
            .iter()
            .any(|it| it.starts_with(&format!("guest {name},")));
        has.then_some((name, true))
    }));
    let rows = lab.allocators.iter().flat_map(|set| {
        differ.iter().map(|way| {
            let mut row = vec![plain(&set.item), plain(way)];
            row.extend(guests.iter().map(|allocators| {
                let counted = arm(set, way, allocators).and_then(Arm::instructions);
                optional(counted, format::significant)
            }));
            row
        })
    });
    let mut all = Vec::new();
    if !differ.is_empty() {
        all.push(paragraph(
            "Instructions an item by the guest's allocator, the host's being the system's.",
        ));
        all.push(Block::Table(heads, rows.collect()));
    }
    if !same.is_empty() {
        let same: Vec<String> = same.iter().map(|way| format!("`{}`", plain(way))).collect();
        all.push(Block::Paragraph(format!(
            "The guest's allocator makes no difference (less than 0.5% of the instructions of \
             every item) for {}: their guests allocate nothing for an item.",
            format::listed(&same)
        )));
    }
    all
}

/// Whether a way takes the same instructions with each of these allocators.
fn alike(set: &Set, way: &str, allocators: &[&str]) -> bool {
    let counted = |it: &&str| arm(set, way, it).and_then(Arm::instructions);
    let Some(usual) = counted(&"") else {
        return true;
    };
    let counts = allocators.iter().filter_map(counted);
    let near = |count: f64| (count / usual - 1.0).abs() < ALIKE;
    counts.into_iter().all(near)
}
