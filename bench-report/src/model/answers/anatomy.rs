//! Questions 2 and 5: where the time goes, and how near the floor is.

use std::collections::BTreeMap;

use super::command;
use super::parts::capital;
use crate::format;
use crate::ladder::{Share, boundary, difference, in_shares, ns, sentence, shares, step};
use crate::model::index::Index;
use crate::model::stories::{ends, range};
use crate::model::types::{Answer, Figure};
use crate::tone::Tone;
use bench_record::ladder::Breakdown;

/// The ladder is measured by its own verb and added to the record of a run.
fn command_of(index: &Index) -> String {
    let environment = &index.record.environment;
    command::into_record(environment, environment, &["ladder"])
}

/// Question 2.
pub fn where_the_time_goes(index: &Index) -> Answer {
    let question = "Where do the nanoseconds go?";
    let known: Vec<(&Breakdown, Vec<Share>)> = index
        .ladder()
        .iter()
        .filter_map(|found| Some((found, shares(found)?)))
        .collect();
    if known.is_empty() {
        return Answer::missing(2, question, command_of(index));
    }
    let figures = known.iter().map(|(found, shares)| {
        let hops = found.hops().filter(|hop| !hop.pinned).filter_map(|hop| {
            let cost = hop.step_ns.as_ref()?;
            Some(format!("{}: {} more", hop.adds, format::ns(cost.estimate)))
        });
        let all = ns(found, step::ARENA).map(|all| format!("of {} by arena", format::ns(all)));
        Figure {
            label: found.item.clone(),
            value: in_shares(shares),
            notes: all.into_iter().chain(hops).collect(),
            case: id_of(found),
            ..Figure::default()
        }
    });
    let line = costliest(&known);
    Answer {
        number: 2,
        question,
        tone: Tone::Plain,
        verdict: format::plural(known.len(), "payload"),
        finding: format!(
            "{} The boundary is what an item costs more than the same item and codec in process.",
            capital(&line)
        ),
        line,
        figures: figures.collect(),
        details: index
            .ladder()
            .iter()
            .map(sentence)
            .filter(|said| !said.is_empty())
            .collect(),
        command: command_of(index),
    }
}

/// The case that a figure of a payload is read from.
fn id_of(found: &Breakdown) -> String {
    let arena = found.step(step::ARENA);
    arena.map_or_else(String::new, |one| one.id.clone())
}

/// `decoding for record-256B (78%) and blob-4KiB (57%); encoding for bytes-64B (68%).`
fn costliest(known: &[(&Breakdown, Vec<Share>)]) -> String {
    let mut by_part: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (found, shares) in known {
        if let Some(most) = shares.first() {
            let told = format!("{} ({})", found.item, format::share(most.share));
            by_part.entry(most.name).or_default().push(told);
        }
    }
    let parts = by_part
        .iter()
        .map(|(part, items)| format!("{part} for {}", format::listed(items)));
    format!(
        "most goes into {}.",
        parts.collect::<Vec<_>>().join("; into ")
    )
}

/// Question 5.
pub fn distance_to_the_floor(index: &Index) -> Answer {
    let question = "How near is it to the floor: the same items and codec, no boundary?";
    let known: Vec<Distance> = index.ladder().iter().filter_map(Distance::of).collect();
    let Some((least, most)) = ends(known.iter().map(|one| one.ratio)) else {
        return Answer::missing(5, question, command_of(index));
    };
    let nearest = |arena: bool| -> Vec<&str> {
        let of = known
            .iter()
            .filter(|one| one.arena_is_nearer == Some(arena));
        of.map(|one| one.found.item.as_str()).collect()
    };
    let mut near = Vec::new();
    for (who, items) in [("alloc", nearest(false)), ("the arena", nearest(true))] {
        if !items.is_empty() {
            near.push(format!("{who} for {}", format::listed(&items)));
        }
    }
    let times = range(least, most);
    let near = near.join(", ");
    let line = format!("the arena takes {times} times the floor; nearest to it: {near}.");
    Answer {
        number: 5,
        question,
        tone: Tone::Plain,
        verdict: format!("{times} × the floor"),
        finding: format!(
            "{} Below the floor is what encodes in another way: alloc's guest writes into a \
             growing Vec, the arena's into the host's slice.",
            capital(&line)
        ),
        line,
        figures: known.iter().map(Distance::card).collect(),
        details: Vec::new(),
        command: command_of(index),
    }
}

/// How far a payload's arena is from its floor.
struct Distance<'a> {
    found: &'a Breakdown,
    ratio: f64,
    /// Whether the arena is nearer than alloc, where both are known.
    arena_is_nearer: Option<bool>,
}

impl<'a> Distance<'a> {
    fn of(found: &'a Breakdown) -> Option<Self> {
        let floor = ns(found, step::CODEC).filter(|ns| *ns > 0.0)?;
        let boundary = boundary(found)?;
        let arena = ns(found, step::ARENA)?;
        Some(Self {
            found,
            ratio: 1.0 + boundary.estimate / floor,
            arena_is_nearer: ns(found, step::ALLOC).map(|alloc| arena <= alloc),
        })
    }

    fn card(&self) -> Figure {
        let alloc = ns(self.found, step::ALLOC).zip(ns(self.found, step::CODEC));
        let alloc = alloc.map(|(alloc, floor)| {
            format!("alloc: {} × the floor", format::short_ratio(alloc / floor))
        });
        let boundary = boundary(self.found).map(|ns| format!("{} per item", difference(ns)));
        Figure {
            label: self.found.item.clone(),
            value: format!("{} × the floor", format::short_ratio(self.ratio)),
            notes: boundary.into_iter().chain(alloc).collect(),
            case: id_of(self.found),
            ..Figure::default()
        }
    }
}
