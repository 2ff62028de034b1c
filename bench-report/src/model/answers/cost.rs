//! Questions 1 and 3: arena against alloc, in time and in exact counts.

use std::collections::{BTreeMap, BTreeSet};

use super::{both_ends, command, overall, ratio_figure, tally, verdict_word};
use crate::format;
use crate::model::index::{Index, UNEXPLAINED, Versus, counts, instructions, variant, words};
use crate::model::{Answer, Figure, Tone};
use bench_record::CaseId;
use bench_record::wire::Verdict;

/// Question 1.
pub fn arena_or_alloc(index: &Index) -> Answer {
    let question = "Does the arena beat alloc + free_buffer, by how much, and where not?";
    let command = command::run(&index.record.environment, "^drain/");
    let mut all = index.arena_against_alloc();
    if all.is_empty() {
        return Answer::missing(1, question, command);
    }
    all.sort_by(|a, b| b.comparison.ratio.total_cmp(&a.comparison.ratio));
    let comparisons = all.iter().map(|v| v.comparison);
    let tone = overall(comparisons.clone());
    let tally = tally(comparisons.clone());
    let losses: Vec<_> = all
        .iter()
        .filter(|v| v.comparison.verdict == Verdict::Slower)
        .collect();
    let mut finding = match tone {
        Tone::Against | Tone::Mixed => {
            let names: Vec<_> = losses.iter().take(4).map(|v| words(v.candidate)).collect();
            let more = losses.len().saturating_sub(names.len());
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!(
                "Not everywhere: the arena is slower at {}{rest}.",
                names.join("; ")
            )
        }
        Tone::For => "Yes: no comparison shows it slower.".to_owned(),
        Tone::Same => "No difference that matters, at any size measured.".to_owned(),
        _ => "Not shown: no comparison could be decided.".to_owned(),
    };
    finding.push_str(&format!(
        " Of {}, arena against alloc: {tally}.",
        format::plural(all.len(), "paired comparison")
    ));
    if index
        .record
        .self_check
        .as_ref()
        .is_some_and(|check| !check.trusted)
    {
        finding.push_str(" The run failed its own A/A: do not rely on these verdicts.");
    }
    if let Some(caution) = index.record.environment.caution() {
        finding.push_str(&format!(" Mind: {caution}."));
    }
    let mut lines: BTreeMap<String, Vec<Versus>> = BTreeMap::new();
    for versus in &all {
        lines
            .entry(variant(versus.candidate))
            .or_default()
            .push(*versus);
    }
    let mut details: Vec<String> = lines.into_values().map(along_sizes).collect();
    let (unexplained, explained): (Vec<Versus>, Vec<Versus>) =
        all.iter().partition(|versus| versus.is_unexplained());
    if !unexplained.is_empty() {
        finding.push_str(&of_the_system(&unexplained));
        details.push(format!(
            "The same where the heap is kept: {}",
            command::run_with_heap_kept(&filter_of(&unexplained))
        ));
    }
    let figures = both_ends(&explained)
        .iter()
        .map(|v| ratio_figure(words(v.candidate), v.comparison))
        .collect();
    Answer {
        number: 1,
        question,
        tone,
        verdict: tally,
        finding,
        figures,
        details,
        command,
    }
}

/// What is to be said of comparisons whose time is not that of their instructions.
fn of_the_system(unexplained: &[Versus]) -> String {
    let names: Vec<_> = unexplained.iter().map(|v| words(v.candidate)).collect();
    format!(
        " At {} times and instructions part by more than a factor of {UNEXPLAINED}: no code of \
         either protocol took that time, but most often the page faults of malloc's large blocks. \
         No figure below is of these.",
        names.join("; ")
    )
}

/// A filter for their cases. Ids are text that a reader may paste into a shell: only those
/// with nothing special in them are in it.
fn filter_of(pairs: &[Versus]) -> String {
    let plain = |item: &&str| item.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let items: BTreeSet<&str> = pairs
        .iter()
        .filter_map(|versus| CaseId::of(&versus.candidate.id).item)
        .filter(plain)
        .collect();
    let items: Vec<_> = items.into_iter().collect();
    format!("^drain/({})/", items.join("|"))
}

/// Where, along the measured sizes of one payload, the verdict changes: a sentence.
fn along_sizes(mut line: Vec<Versus>) -> String {
    line.sort_by_key(|v| v.candidate.params.item_bytes);
    let mut spans: Vec<(&str, u64, u64)> = Vec::new();
    for versus in &line {
        let word = verdict_word(versus.comparison.verdict);
        let size = versus.candidate.params.item_bytes;
        match spans.last_mut() {
            Some(span) if span.0 == word => span.2 = size,
            _ => spans.push((word, size, size)),
        }
    }
    let spans: Vec<_> = spans
        .into_iter()
        .map(
            |(word, from, to)| match (format::bytes(from), format::bytes(to)) {
                (from, to) if from == to => format!("{word} at {from}"),
                (from, to) => format!("{word} from {from} to {to}"),
            },
        )
        .collect();
    let name = line.first().map_or(String::new(), |v| variant(v.candidate));
    format!("{name}: {}", spans.join("; "))
}

/// Question 3.
pub fn counts_per_item(index: &Index) -> Answer {
    let question = "How many allocations, bytes, boundary calls and instructions per item?";
    let command = command::run(&index.record.environment, "^drain/");
    let pairs: Vec<_> = index
        .arena_against_alloc()
        .into_iter()
        .filter_map(|v| Some((v, instructions(v.candidate)?, instructions(v.baseline)?)))
        .filter(|(_, _, alloc)| *alloc > 0.0)
        .collect();
    if pairs.is_empty() {
        return without_instructions(index, question, command);
    }
    let mut sorted = pairs.clone();
    sorted.sort_by(|a, b| (b.1 / b.2).total_cmp(&(a.1 / a.2)));
    let (more, fewer) = (
        pairs
            .iter()
            .filter(|(_, arena, alloc)| arena > alloc)
            .count(),
        pairs
            .iter()
            .filter(|(_, arena, alloc)| arena < alloc)
            .count(),
    );
    let tone = match (more > 0, fewer > 0) {
        (true, true) => Tone::Mixed,
        (true, false) => Tone::Against,
        (false, true) => Tone::For,
        (false, false) => Tone::Same,
    };
    let finding = format!(
        "The arena runs more instructions than alloc in {more} and fewer in {fewer} of {}. \
         Counts are exact: they have no interval.",
        format::plural(pairs.len(), "pair")
    );
    let figures = both_ends(&sorted)
        .iter()
        .map(|(v, arena, alloc)| Figure {
            label: words(v.candidate),
            value: format!("{} instructions", format::change_in_count(arena / alloc)),
            interval: format!(
                "{} against {} per item, exact",
                format::significant(*arena),
                format::significant(*alloc)
            ),
            tone: match arena.total_cmp(alloc) {
                std::cmp::Ordering::Less => Tone::For,
                std::cmp::Ordering::Equal => Tone::Same,
                std::cmp::Ordering::Greater => Tone::Against,
            },
            case: v.candidate.id.clone(),
        })
        .collect();
    let details = pairs
        .iter()
        .filter_map(|(v, _, _)| allocation_sentence(v))
        .collect();
    let verdict = format!("{more} more, {fewer} fewer");
    Answer {
        number: 3,
        question,
        tone,
        verdict,
        finding,
        figures,
        details,
        command,
    }
}

/// What the hosts counted themselves, where valgrind did not count.
fn without_instructions(index: &Index, question: &'static str, command: String) -> Answer {
    let pairs = index.arena_against_alloc();
    let details: Vec<_> = pairs.iter().filter_map(allocation_sentence).collect();
    let missing = Answer::missing(3, question, command);
    if details.is_empty() {
        return missing;
    }
    Answer {
        tone: Tone::Plain,
        verdict: "in part".to_owned(),
        finding: "Instructions were not counted in this run: that takes valgrind. What was \
                  counted is exact."
            .to_owned(),
        details,
        ..missing
    }
}

/// Only of the smallest size of a payload, or the list would repeat the table.
fn allocation_sentence(v: &Versus) -> Option<String> {
    let (arena, alloc) = (counts(v.candidate)?, counts(v.baseline)?);
    let smallest = v.candidate.params.item_bytes <= 64 && v.candidate.params.decode != "borrowed";
    let both = |arena: Option<f64>, alloc: Option<f64>| {
        let write =
            |value: Option<f64>| value.map_or("not counted".to_owned(), format::significant);
        format!("{} against {}", write(arena), write(alloc))
    };
    smallest.then(|| {
        format!(
            "{}, arena against alloc: allocations {}; bytes allocated {}; boundary calls {}",
            words(v.candidate),
            both(arena.allocations_per_item, alloc.allocations_per_item),
            both(
                arena.allocated_bytes_per_item,
                alloc.allocated_bytes_per_item
            ),
            both(arena.boundary_calls_per_item, alloc.boundary_calls_per_item),
        )
    })
}
