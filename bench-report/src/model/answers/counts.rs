//! Question 3: arena against alloc, in exact counts.

use std::collections::BTreeMap;

use super::command;
use crate::format;
use crate::model::index::{Index, Versus, counts, instructions};
use crate::model::stories::{ends, range};
use crate::model::types::{Answer, Figure};
use crate::tone::Tone;
use bench_record::wire::Counts;

/// Question 3.
pub fn counts_per_item(index: &Index) -> Answer {
    let question = "How many allocations, bytes, boundary calls and instructions per item?";
    let environment = &index.record.environment;
    let pairs = index.arena_against_alloc();
    let at_boundary: Vec<(&str, Boundary)> = [
        ("allocation", (|c| c.allocations_per_item) as Pick),
        ("call", |c| c.boundary_calls_per_item),
    ]
    .into_iter()
    .filter_map(|(name, pick)| Some((name, boundary(&pairs, pick)?)))
    .collect();
    let instructions = instruction_cards(&pairs);
    if at_boundary.is_empty() && instructions.is_empty() {
        let command = command::run_of_missing(environment, "^drain/");
        return Answer::missing(3, question, command);
    }
    let said: Vec<_> = at_boundary
        .iter()
        .map(|(name, both)| both.sentence(name))
        .collect();
    let usual = |v: &&Versus| v.candidate.params.decode != "borrowed";
    let all = ends(pairs.iter().filter(usual).filter_map(instruction_ratio));
    let (mut finding, mut line) = (String::new(), String::new());
    if !said.is_empty() {
        line = format!(
            "{} an item, arena against alloc, at the boundary",
            said.join(", ")
        );
        finding = format!(
            "At the boundary an item takes {} (arena against alloc). ",
            said.join(" and ")
        );
    }
    match all {
        Some((least, most)) => {
            let times = range(least, most);
            let more = if line.is_empty() { "" } else { "; " };
            line.push_str(&format!("{more}instructions {times} of alloc's"));
            finding.push_str(&format!(
                "The arena runs {times} of alloc's instructions. Counts are exact: they have no \
                 interval."
            ));
        }
        None => finding.push_str(
            "Instructions were not counted in this run: that takes valgrind. What was counted is \
             exact.",
        ),
    }
    let tone = match all {
        Some((least, most)) if least < 1.0 && most > 1.0 => Tone::Mixed,
        Some((_, most)) if most < 1.0 => Tone::For,
        Some((least, _)) if least > 1.0 => Tone::Against,
        Some(_) => Tone::Same,
        None => Tone::Plain,
    };
    let cards = at_boundary.iter().map(|(name, both)| Figure {
        label: format!("{name}s at the boundary"),
        value: both.values(),
        notes: vec!["arena against alloc, exact".to_owned()],
        tone: both.tone(),
        ..Figure::default()
    });
    Answer {
        number: 3,
        question,
        tone,
        line: line + ".",
        verdict: match said.is_empty() {
            true => "instructions only".to_owned(),
            false => said.join(", "),
        },
        finding,
        figures: cards.chain(instructions).collect(),
        details: pairs.iter().filter_map(allocation_sentence).collect(),
        command: command::run(environment, "^drain/"),
    }
}

type Pick = fn(&Counts) -> Option<f64>;

/// What the boundary itself takes of a count on both sides. Decoding to owned values
/// allocates as well, on both sides alike; the case that takes least shows what is left
/// without it.
struct Boundary {
    arena: f64,
    alloc: f64,
}

fn boundary(pairs: &[Versus], pick: Pick) -> Option<Boundary> {
    let both: Vec<(f64, f64)> = pairs
        .iter()
        .filter_map(|v| Some((pick(counts(v.candidate)?)?, pick(counts(v.baseline)?)?)))
        .collect();
    let arena = both.iter().map(|(arena, _)| *arena).reduce(f64::min)?;
    // The median: the one retry of a drain of few large items is no part of what an item
    // takes.
    let mut more: Vec<f64> = both.iter().map(|(arena, alloc)| alloc - arena).collect();
    more.sort_by(f64::total_cmp);
    let more = more.get(more.len() / 2)?;
    let rounded = |count: f64| (count * 100.0).round() / 100.0;
    Some(Boundary {
        arena: rounded(arena),
        alloc: rounded(arena + more),
    })
}

impl Boundary {
    fn values(&self) -> String {
        let [arena, alloc] = [self.arena, self.alloc].map(format::significant);
        format!("{arena} against {alloc}")
    }

    /// `0 against 1 allocation`.
    fn sentence(&self, noun: &str) -> String {
        let end = if self.alloc == 1.0 { "" } else { "s" };
        format!("{} {noun}{end}", self.values())
    }

    fn tone(&self) -> Tone {
        match self.arena.total_cmp(&self.alloc) {
            std::cmp::Ordering::Less => Tone::For,
            std::cmp::Ordering::Equal => Tone::Same,
            std::cmp::Ordering::Greater => Tone::Against,
        }
    }
}

fn instruction_ratio(v: &Versus) -> Option<f64> {
    let (arena, alloc) = (instructions(v.candidate)?, instructions(v.baseline)?);
    (alloc > 0.0).then(|| arena / alloc)
}

/// Instructions of each payload, the worst first.
fn instruction_cards(pairs: &[Versus]) -> Vec<Figure> {
    let mut by_payload: BTreeMap<&str, Vec<(f64, &Versus)>> = BTreeMap::new();
    for v in pairs
        .iter()
        .filter(|v| v.candidate.params.decode != "borrowed")
    {
        if let Some(ratio) = instruction_ratio(v) {
            let payload = v.candidate.params.payload.as_str();
            by_payload.entry(payload).or_default().push((ratio, v));
        }
    }
    let mut cards: Vec<(f64, Figure)> = Vec::new();
    for (payload, mut ratios) in by_payload {
        ratios.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (most, worst) = ratios[0];
        let least = ratios[ratios.len() - 1].0;
        let both = |case| instructions(case).map_or(String::new(), format::significant);
        let size = format::bytes(worst.candidate.params.item_bytes);
        cards.push((
            most,
            Figure {
                label: format!("{payload}: instructions"),
                value: format!("{} of alloc's", range(least, most)),
                notes: vec![format!(
                    "{} against {} at {size}, exact",
                    both(worst.candidate),
                    both(worst.baseline)
                )],
                tone: match (least < 1.0, most > 1.0) {
                    (true, true) => Tone::Mixed,
                    (true, false) => Tone::For,
                    (false, true) => Tone::Against,
                    (false, false) => Tone::Same,
                },
                case: worst.candidate.id.clone(),
            },
        ));
    }
    cards.sort_by(|a, b| b.0.total_cmp(&a.0));
    cards.into_iter().map(|(_, card)| card).collect()
}

/// Only of the smallest size of a payload, or the list would repeat the table.
fn allocation_sentence(v: &Versus) -> Option<String> {
    let (arena, alloc) = (counts(v.candidate)?, counts(v.baseline)?);
    let params = &v.candidate.params;
    let smallest = params.item_bytes <= 64 && params.decode != "borrowed";
    let both = |pick: Pick| {
        let write =
            |count: Option<f64>| count.map_or("not counted".to_owned(), format::significant);
        format!("{} against {}", write(pick(arena)), write(pick(alloc)))
    };
    smallest.then(|| {
        format!(
            "{}, decoding included: allocations {}; bytes allocated {}; boundary calls {}",
            crate::model::index::words(v.candidate),
            both(|c| c.allocations_per_item),
            both(|c| c.allocated_bytes_per_item),
            both(|c| c.boundary_calls_per_item),
        )
    })
}
