//! The two sentences under the title: what was found, and what to do.

use super::stories::{Lead, Story, ends, range, widest};
use super::types::LeadSentences;
use crate::format;
use crate::ladder::{ns, step};
use bench_record::ladder::Breakdown;
use bench_record::wire::{Record, Verdict};

pub fn lead(record: &Record, stories: &[Story]) -> LeadSentences {
    let usual: Vec<&Story> = stories.iter().filter(|story| story.is_usual).collect();
    let told = |answer: &str, advice: &str| LeadSentences {
        answer: answer.to_owned(),
        advice: advice.to_owned(),
    };
    if usual.iter().all(|story| story.line.is_empty()) {
        return told(
            "This record does not compare the arena with alloc.",
            "Run `arena-bench run` to compare them on this machine.",
        );
    }
    let check = record.self_check.as_ref();
    if check.is_some_and(|check| !check.trusted) {
        return told(
            "Not shown: this run failed its own A/A comparison, so its times prove nothing.",
            "Measure again on a quieter machine; question 6 names what disturbed this run.",
        );
    }
    LeadSentences {
        answer: answer(&usual),
        advice: advice(&usual, record),
    }
}

/// Names of the stories of a lead; `with_reach` adds up to which size they hold.
fn names(stories: &[&Story], lead: Lead, with_reach: bool) -> Vec<String> {
    let of = stories.iter().filter(|story| story.lead() == lead);
    of.map(|story| match with_reach {
        true => story.name.clone() + &story.reach(),
        false => story.name.clone(),
    })
    .collect()
}

/// The range of the ratios of a verdict over all stories of a lead.
fn ranges(stories: &[&Story], lead: Lead, verdict: Verdict) -> String {
    let of = stories.iter().filter(|story| story.lead() == lead);
    let found = widest(of.filter_map(|story| story.range(verdict)));
    found.map_or_else(String::new, |(least, most)| range(least, most))
}

fn answer(stories: &[&Story]) -> String {
    let mut parts = Vec::new();
    let listed = |lead| format::listed(&names(stories, lead, false));
    let has = |lead| stories.iter().any(|story| story.lead() == lead);
    if has(Lead::Alloc) {
        let times = ranges(stories, Lead::Alloc, Verdict::Slower);
        parts.push(format!(
            "slower for {} ({times} times alloc's time)",
            listed(Lead::Alloc)
        ));
    }
    if has(Lead::Depends) {
        let name = listed(Lead::Depends);
        parts.push(format!("slower or faster by item size for {name}"));
    }
    if has(Lead::Arena) {
        let times = ranges(stories, Lead::Arena, Verdict::Faster);
        parts.push(format!(
            "faster for {} ({times} of alloc's time)",
            listed(Lead::Arena)
        ));
    }
    if has(Lead::Either) {
        parts.push(format!("as fast as alloc for {}", listed(Lead::Either)));
    }
    if has(Lead::Open) {
        parts.push(format!(
            "not told apart from alloc for {}",
            listed(Lead::Open)
        ));
    }
    format!("The arena is {}.", format::listed(&parts))
}

fn advice(stories: &[&Story], record: &Record) -> String {
    let listed = |lead, with_reach| format::listed(&names(stories, lead, with_reach));
    let has = |lead| stories.iter().any(|story| story.lead() == lead);
    let mut parts = Vec::new();
    if has(Lead::Arena) {
        parts.push(format!("Use the arena for {}.", listed(Lead::Arena, true)));
    }
    if has(Lead::Alloc) {
        let writer = writer(stories, record).map_or_else(String::new, |times| {
            format!(
                ", or the arena with a writer of the guest's own, which takes about {times} of \
                 alloc's time"
            )
        });
        parts.push(format!(
            "Use alloc for {}{writer}.",
            listed(Lead::Alloc, false)
        ));
    }
    for story in stories.iter().filter(|story| story.lead() == Lead::Depends) {
        parts.push(format!("For {}, use {}.", story.name, story.advice()));
    }
    if has(Lead::Either) {
        parts.push(format!(
            "For {}, either will do.",
            listed(Lead::Either, false)
        ));
    }
    if has(Lead::Open) {
        parts.push(format!(
            "Measure {} again with more time (`--budget`).",
            listed(Lead::Open, false)
        ));
    }
    parts.join(" ")
}

/// What the arena with a writer of the guest's own takes of alloc's time, for payloads that
/// are better off with alloc otherwise. Both arms took turns in one set of the ladder.
pub fn writer(stories: &[&Story], record: &Record) -> Option<String> {
    let payloads = record.ladder.iter().flat_map(|ladder| &ladder.payloads);
    let of_lead = |found: &&Breakdown| {
        let payload = found.item.split('-').next();
        let mut stories = stories.iter().filter(|story| story.lead() == Lead::Alloc);
        stories.any(|story| Some(story.payload) == payload)
    };
    let ratios = payloads
        .filter(of_lead)
        .filter_map(|found| Some(ns(found, step::WRITER)? / ns(found, step::ALLOC)?));
    ends(ratios.filter(|ratio| *ratio < 0.95)).map(|(least, most)| range(least, most))
}
