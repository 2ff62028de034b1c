//! Question 1: arena against alloc, in time.

use std::collections::{BTreeMap, BTreeSet};

use super::command;
use super::parts::{overall, tally};
use crate::format;
use crate::model::index::{Index, UNEXPLAINED, Versus, variant, words};
use crate::model::lead;
use crate::model::stories::{Lead, Story, range, widest};
use crate::model::types::{Answer, Figure};
use crate::tone::Tone;
use bench_record::CaseId;
use bench_record::wire::Verdict;
use paired::result::Method;

/// Question 1.
pub fn arena_or_alloc(index: &Index, stories: &[Story]) -> Answer {
    let question = "Does the arena beat alloc + free_buffer, by how much, and where not?";
    let environment = &index.record.environment;
    let all = index.arena_against_alloc();
    if all.is_empty() {
        let command = command::run_of_missing(environment, "^drain/");
        return Answer::missing(1, question, command);
    }
    let comparisons = all.iter().map(|v| v.comparison);
    let tally = tally(comparisons.clone());
    let mut finding = format!(
        "{}, arena against alloc: {tally}.",
        format::plural(all.len(), "paired comparison")
    );
    let untrusted = index.record.self_check.as_ref();
    if untrusted.is_some_and(|check| !check.trusted) {
        finding.push_str(" The run failed its own A/A: do not rely on these verdicts.");
    }
    let mut details: Vec<String> = not_excluded(&all).into_iter().collect();
    if all
        .iter()
        .any(|v| v.comparison.method == Method::LayoutMedians)
    {
        details.push(
            "This record was made by the old method (medians of a dozen link layouts): the \
             intervals of payloads that depend on the layout are too narrow in it."
                .to_owned(),
        );
    }
    if let Some(caution) = index.record.environment.caution() {
        finding.push_str(&format!(" Mind: {caution}."));
    }
    let unexplained: Vec<Versus> = all.iter().filter(|v| v.is_unexplained()).copied().collect();
    if !unexplained.is_empty() {
        finding.push_str(&of_the_system(&unexplained));
        details.push(format!(
            "The same with the heap kept: {}",
            command::run_with_heap_kept(&filter_of(&unexplained))
        ));
    }
    Answer {
        number: 1,
        question,
        tone: overall(comparisons),
        line: line(index, stories),
        verdict: tally,
        finding,
        figures: stories
            .iter()
            .filter(|s| s.is_usual)
            .map(|story| card(story, stories))
            .collect(),
        details,
        command: command::run(environment, "^drain/"),
    }
}

/// One payload: what to use, and over which sizes by how much.
fn card(story: &Story, all: &[Story]) -> Figure {
    let by = |verdict| {
        story
            .range(verdict)
            .map_or(String::new(), |(a, b)| range(a, b))
    };
    let (value, tone) = match story.lead() {
        Lead::Arena => (
            format!("arena: {} of alloc's time", by(Verdict::Faster)),
            Tone::For,
        ),
        Lead::Alloc => (
            format!(
                "alloc: the arena takes {} times as long",
                by(Verdict::Slower)
            ),
            Tone::Against,
        ),
        Lead::Depends => (story.advice(), Tone::Mixed),
        Lead::Either => ("either: no difference that matters".to_owned(), Tone::Same),
        Lead::Open => ("not decided".to_owned(), Tone::Unclear),
    };
    let spans = |story: &Story| {
        let spans: Vec<_> = story.spans().iter().map(|span| span.sentence()).collect();
        spans.join("; ")
    };
    let variants = all.iter().filter(|other| {
        other.payload == story.payload && other.name != story.name && !other.line.is_empty()
    });
    let variants = variants.map(|other| format!("{}: {}", other.name, spans(other)));
    let mut notes: Vec<String> = [spans(story)].into_iter().chain(variants).collect();
    notes.retain(|note| !note.is_empty());
    Figure {
        label: story.name.clone() + &story.reach(),
        value,
        notes,
        tone,
        case: story
            .line
            .first()
            .map_or_else(String::new, |v| v.candidate.id.clone()),
    }
}

/// The answer for a terminal.
fn line(index: &Index, stories: &[Story]) -> String {
    let usual: Vec<&Story> = stories.iter().filter(|story| story.is_usual).collect();
    let mut parts = Vec::new();
    for (lead, who, verdict) in [
        (Lead::Alloc, "alloc", Verdict::Slower),
        (Lead::Arena, "arena", Verdict::Faster),
    ] {
        let of: Vec<&&Story> = usual.iter().filter(|story| story.lead() == lead).collect();
        let ranges = of.iter().filter_map(|story| story.range(verdict));
        let Some((least, most)) = widest(ranges) else {
            continue;
        };
        let names: Vec<_> = of
            .iter()
            .map(|story| story.name.clone() + &story.reach())
            .collect();
        let times = range(least, most);
        let writer = lead::writer(&usual, index.record).filter(|_| lead == Lead::Alloc);
        let writer = writer.map_or_else(String::new, |times| {
            format!(", unless the guest has its own writer (then arena, about {times})")
        });
        parts.push(match lead {
            Lead::Arena => format!("{}: {who}, {times} of alloc's time", format::listed(&names)),
            _ => format!(
                "{}: {who} (the arena takes {times} times as long){writer}",
                format::listed(&names)
            ),
        });
    }
    for story in usual.iter().filter(|story| story.lead() == Lead::Depends) {
        parts.push(format!("{}: {}", story.name, story.advice()));
    }
    for (lead, said) in [(Lead::Either, "either"), (Lead::Open, "not decided")] {
        let of = usual.iter().filter(|story| story.lead() == lead);
        let names: Vec<_> = of.map(|story| story.name.as_str()).collect();
        if !names.is_empty() {
            parts.push(format!("{}: {said}", format::listed(&names)));
        }
    }
    parts.join(". ") + "."
}

/// What inconclusive comparisons leave open, in a sentence.
fn not_excluded(all: &[Versus]) -> Option<String> {
    let open: Vec<&Versus> = all
        .iter()
        .filter(|v| v.comparison.verdict == Verdict::Inconclusive)
        .collect();
    let told: Vec<_> = open
        .iter()
        .filter_map(|v| Some((v, crate::compare::not_excluded(v.comparison)?)))
        .map(|(v, said)| format!("{} ({said})", words(v.candidate)))
        .collect();
    (!told.is_empty()).then(|| format!("Inconclusive: {}.", told.join("; ")))
}

/// What is to be said of comparisons whose time is not that of their instructions.
fn of_the_system(unexplained: &[Versus]) -> String {
    let mut sizes: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for versus in unexplained {
        let of_variant = sizes.entry(variant(versus.candidate)).or_default();
        of_variant.insert(versus.candidate.params.item_bytes);
    }
    let names = sizes.iter().map(|(variant, sizes)| {
        let sizes: Vec<_> = sizes.iter().map(|&size| format::bytes(size)).collect();
        format!("{variant} of {}", format::listed(&sizes))
    });
    let names: Vec<_> = names.collect();
    format!(
        " At {} times and instructions differ by more than a factor of {UNEXPLAINED}: neither \
         protocol's code took that time, but most often the page faults of malloc's large \
         blocks. The cards leave these sizes out; the charts show them as hollow points.",
        format::listed(&names)
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
