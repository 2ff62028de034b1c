//! Question 4: what a retry costs, what growth loses to alloc, what is advised.

use super::{FIGURES_PER_SIDE, command, overall, ratio_figure, tally};
use crate::format;
use crate::model::index::{Index, family};
use crate::model::{Answer, Figure, Tone, growth};
use bench_record::CaseId;
use bench_record::growth::{Plan, Retry};
use bench_record::wire::{Comparison, Verdict};

/// Question 4.
pub fn retries_and_growth(index: &Index) -> Answer {
    let question = "What do BUFFER_TOO_SMALL retries cost, and which growth strategy wins?";
    let run = &index.record.environment;
    let growth = index.record.growth.as_ref();
    let timed = growth.and_then(|growth| growth.environment.as_ref());
    let command = command::into_record(run, timed.unwrap_or(run), &["growth", "--time"]);
    let plans = growth::plans(index.record);
    let mut against_alloc = against_alloc(index);
    if plans.is_empty() && against_alloc.is_empty() {
        return Answer::missing(4, question, command);
    }
    against_alloc.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    let lost = against_alloc
        .iter()
        .filter(|c| c.verdict == Verdict::Slower);
    let mut finding = String::new();
    if !against_alloc.is_empty() {
        let (lost, all) = (lost.clone().count(), against_alloc.len());
        let pairs = format::plural(all, "paired comparison");
        finding = format!("Arenas that grow lose to alloc in {lost} of {pairs}. ");
    }
    let retries = index.record.growth.iter().flat_map(|growth| &growth.retry);
    let costs: Vec<_> = retries.filter_map(retry_figure).collect();
    if let Some(cost) = costs.first() {
        finding.push_str(&format!("{} costs {}. ", cost.label, cost.value));
    }
    let advised: Vec<_> = plans.iter().filter_map(advice_figure).collect();
    if !advised.is_empty() {
        finding.push_str("For each plan, what to use when nothing is known of its sizes:");
    }
    let lost = lost
        .take(FIGURES_PER_SIDE)
        .map(|c| ratio_figure(format!("{}, against alloc", short(&c.candidate)), c));
    let (tone, verdict) = match against_alloc.as_slice() {
        [] => (Tone::Plain, format::plural(plans.len(), "size plan")),
        some => (overall(some.iter().copied()), tally(some.iter().copied())),
    };
    Answer {
        number: 4,
        question,
        tone,
        verdict,
        finding: finding.trim_end().to_owned(),
        figures: lost.chain(costs).chain(advised).collect(),
        details: plans.iter().flat_map(further_advice).collect(),
        command,
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
    format!("{plan}: {}", growth::name(id))
}

/// Nanoseconds where they were measured, else instructions.
fn retry_figure(retry: &Retry) -> Option<Figure> {
    let exact = retry
        .instructions
        .map(|n| format!("{} instructions", format::significant(n)));
    let (value, interval) = match (&retry.ns, exact) {
        (Some(ns), exact) => (
            format::ns(ns.estimate),
            format!(
                "[{}]{}",
                format::interval(ns.low, ns.high, format::ns),
                exact.map_or(String::new(), |exact| format!("; {exact}, exact"))
            ),
        ),
        (None, Some(exact)) => (exact, "exact".to_owned()),
        (None, None) => return None,
    };
    Some(Figure {
        label: format!("One retry with {}", regrow_words(&retry.regrow)),
        value,
        interval: format!(
            "{interval}; item of {}",
            format::bytes(retry.item_bytes.round() as u64)
        ),
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
        value: growth::name(&advice.id).to_owned(),
        interval: advice.reason.clone(),
        tone: Tone::Plain,
        case: advice.id.clone(),
    })
}

/// The advice of a plan that asks more.
fn further_advice(plan: &Plan) -> impl Iterator<Item = String> {
    plan.advice.iter().skip(1).map(|advice| {
        let name = growth::name(&advice.id);
        format!(
            "{}, where {}: {name}; {}",
            plan.name, advice.condition, advice.reason
        )
    })
}
