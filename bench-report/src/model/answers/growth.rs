//! Question 4: what a retry costs, what growth loses to alloc, what is advised.

use std::collections::BTreeMap;

use super::command;
use super::parts::{FIGURES_PER_SIDE, capital, ratio_figure, tally};
use crate::format;
use crate::growth::{in_words, name};
use crate::model::growth::plans;
use crate::model::index::{Index, family};
use crate::model::stories::{ends, range};
use crate::model::types::{Answer, Figure};
use crate::tone::Tone;
use bench_record::CaseId;
use bench_record::growth::{Plan, Retry};
use bench_record::wire::{Comparison, Verdict};

/// An advised way that saves less than this share of exact fit's time is none to name.
const WORTH_NAMING: f64 = 0.95;

/// Question 4.
pub fn retries_and_growth(index: &Index) -> Answer {
    let question = "What do BUFFER_TOO_SMALL retries cost, and which growth strategy wins?";
    let run = &index.record.environment;
    let growth = index.record.growth.as_ref();
    let timed = growth.and_then(|growth| growth.environment.as_ref());
    let command = command::into_record(run, timed.unwrap_or(run), &["growth", "--time"]);
    let plans = plans(index.record);
    let mut against_alloc = against_alloc(index);
    if plans.is_empty() && against_alloc.is_empty() {
        return Answer::missing(4, question, command);
    }
    against_alloc.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    let winner = winner(plans);
    let retries = index.record.growth.iter().flat_map(|growth| &growth.retry);
    let costs: Vec<_> = retries.filter_map(retry_figure).collect();
    let mut finding = winner
        .as_deref()
        .map_or(String::new(), |winner| format!("{} ", capital(winner)));
    if let Some(cost) = costs.first() {
        finding.push_str(&format!("{} costs {}. ", cost.label, cost.value));
    }
    let slower = against_alloc
        .iter()
        .filter(|c| c.verdict == Verdict::Slower);
    if !against_alloc.is_empty() {
        finding.push_str(&format!(
            "Arenas that grow lose to alloc in {} of {} ({}).",
            slower.clone().count(),
            format::plural(against_alloc.len(), "paired comparison"),
            tally(against_alloc.iter().copied())
        ));
    }
    let slower = slower
        .take(FIGURES_PER_SIDE)
        .map(|c| ratio_figure(format!("{}, against alloc", short(&c.candidate)), c));
    let advised = plans.iter().filter_map(advice_figure);
    let retry = costs
        .first()
        .map(|cost| format!(" One retry: {}.", cost.value));
    let line = winner.clone().unwrap_or_default() + &retry.unwrap_or_default();
    Answer {
        number: 4,
        question,
        tone: Tone::Plain,
        line: line.trim().to_owned(),
        verdict: winner
            .map(|winner| capital(winner.trim_end_matches('.')))
            .unwrap_or_else(|| tally(against_alloc.iter().copied())),
        finding: finding.trim_end().to_owned(),
        figures: costs.iter().cloned().chain(advised).chain(slower).collect(),
        details: plans.iter().flat_map(further_advice).collect(),
        command,
    }
}

/// `exact fit, unless items keep growing (then power of two, 0.77 of exact fit's time).`
fn winner(plans: &[Plan]) -> Option<String> {
    let advised: Vec<(&Plan, &str, Option<f64>)> = plans
        .iter()
        .filter_map(|plan| {
            let advice = plan.advice.first()?;
            let cell = plan.cells.iter().find(|cell| cell.id == advice.id);
            let ratio = cell.and_then(|cell| cell.ratio.as_ref());
            Some((plan, name(&advice.id), ratio.map(|ratio| ratio.estimate)))
        })
        .collect();
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, name, _) in &advised {
        *votes.entry(name).or_default() += 1;
    }
    // On a tie the first by name, so that the words do not depend on chance.
    let most = votes.values().max().copied()?;
    let (best, _) = votes.iter().find(|(_, count)| **count == most)?;
    let mut others: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
    for (plan, name, ratio) in &advised {
        let ratio = ratio.unwrap_or(0.0);
        if name != best && ratio < WORTH_NAMING {
            others
                .entry(name)
                .or_default()
                .push((plan_words(&plan.name), ratio));
        }
    }
    let text = in_words(best);
    let mut exceptions = Vec::new();
    for (name, plans) in &others {
        let mut when: Vec<&str> = plans.iter().map(|(plan, _)| *plan).collect();
        when.dedup();
        let (least, most) = ends(plans.iter().map(|(_, ratio)| *ratio))?;
        let times = match least > 0.0 {
            true => format!(", {} of exact fit's time", range(least, most)),
            false => String::new(),
        };
        let when = format::either(&when);
        exceptions.push(format!("{when} (then {}{times})", in_words(name)));
    }
    Some(match exceptions.is_empty() {
        true => text + ".",
        false => format!("{text}, unless {}.", exceptions.join(", or ")),
    })
}

/// What the items of a standard plan do.
fn plan_words(plan: &str) -> &str {
    match plan {
        "ramp" | "slow-ramp" => "items keep growing",
        "sawtooth" => "sizes rise and fall again",
        "spike" => "one item is far larger",
        "bimodal" => "two sizes alternate",
        "heavy-tail" => "a few items are far larger",
        "uniform" => "sizes are spread evenly",
        "constant" => "all items have one size",
        "recorded" => "sizes are as recorded",
        other => other,
    }
}

/// Comparisons of a growing arena with alloc on the same plan, wherever the record has them.
fn against_alloc<'a>(index: &Index<'a>) -> Vec<&'a Comparison> {
    let of_growth = index
        .record
        .growth
        .iter()
        .flat_map(|growth| &growth.comparisons);
    let is_alloc = |id: &str| CaseId::of(id).arm == Some("alloc");
    index
        .record
        .comparisons
        .iter()
        .chain(of_growth)
        .filter(|c| family(&c.candidate) == "growth" && is_alloc(&c.baseline))
        .collect()
}

fn short(id: &str) -> String {
    let plan = CaseId::of(id).item.unwrap_or(id);
    format!("{plan}: {}", in_words(name(id)))
}

/// Nanoseconds where they were measured, else instructions.
fn retry_figure(retry: &Retry) -> Option<Figure> {
    let exact = retry
        .instructions
        .map(|n| format!("{} instructions, exact", format::significant(n)));
    let (value, ends) = match (&retry.ns, exact) {
        (Some(ns), exact) => {
            let ends = format::interval(ns.low, ns.high, format::ns);
            (format::ns(ns.estimate), [Some(format!("[{ends}]")), exact])
        }
        (None, Some(exact)) => (exact, [None, None]),
        (None, None) => return None,
    };
    let item = format!("item of {}", format::bytes(retry.item_bytes.round() as u64));
    Some(Figure {
        label: format!("One retry with {}", regrow_words(&retry.regrow)),
        value,
        notes: ends.into_iter().flatten().chain([item]).collect(),
        tone: Tone::Plain,
        case: retry.many.clone(),
    })
}

/// What a way to regrow does, in words.
fn regrow_words(regrow: &str) -> String {
    match regrow {
        "resize" => "the buffer resized".to_owned(),
        "fresh" => "a fresh zeroed buffer".to_owned(),
        "uninit" => "a buffer left unzeroed".to_owned(),
        other => other.to_owned(),
    }
}

/// The first advice of a plan: the one that asks least of the host.
fn advice_figure(plan: &Plan) -> Option<Figure> {
    let advice = plan.advice.first()?;
    Some(Figure {
        label: format!("{}, where {}", plan.name, advice.condition),
        value: in_words(name(&advice.id)),
        notes: vec![advice.reason.clone()],
        tone: Tone::Plain,
        case: advice.id.clone(),
    })
}

/// The advice of a plan that asks more.
fn further_advice(plan: &Plan) -> impl Iterator<Item = String> {
    plan.advice.iter().skip(1).map(|advice| {
        let name = in_words(name(&advice.id));
        format!(
            "{}, where {}: {name}; {}",
            plan.name, advice.condition, advice.reason
        )
    })
}
