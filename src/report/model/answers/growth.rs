//! Question 4: retries, growth strategies and the memory they leave held.

use std::collections::BTreeMap;

use super::{FIGURES_PER_SIDE, overall, ratio_figure, tally};
use crate::record::wire::Verdict;
use crate::report::model::index::{Index, Versus, counts};
use crate::report::model::{Answer, Figure, Measure, Tone, format, growth};

/// Question 4.
pub fn retries_and_growth(index: &Index) -> Answer {
    let question = "What do BUFFER_TOO_SMALL retries cost, and which growth strategy wins?";
    let command = "arena-bench run --filter '^growth/'";
    let wall = growth::plans(index, Measure::Wall);
    let exact = growth::plans(index, Measure::Instructions);
    // An estimate of time is not called cheapest: its interval may overlap the next one's.
    let (plans, lowest, write): (_, _, fn(f64) -> String) = match exact.is_empty() {
        true => (wall, "lowest estimate", format::ns),
        false => (exact, "cheapest", |count| {
            format!("{} instructions", format::significant(count))
        }),
    };
    let mut versus: Vec<_> = index
        .comparisons("growth")
        .filter(Versus::is_arena_against_alloc)
        .collect();
    if plans.is_empty() && versus.is_empty() {
        return Answer::missing(4, question, command);
    }
    versus.sort_by(|a, b| b.comparison.ratio.total_cmp(&a.comparison.ratio));
    let losses = versus
        .iter()
        .filter(|v| v.comparison.verdict == Verdict::Slower);
    let lost = losses.clone().count();
    let loss_figures = losses.take(FIGURES_PER_SIDE).map(|v| {
        let p = &v.candidate.params;
        let from = format::bytes(p.initial_capacity);
        ratio_figure(
            format!("{}: {} from {from}, against alloc", p.size_plan, p.growth),
            v.comparison,
        )
    });
    let best_figures = plans.iter().filter_map(|plan| {
        let best = plan.strategies.first()?;
        let retries = counts(best.case).and_then(|c| c.retries);
        Some(Figure {
            label: format!("{}: {lowest} is {}", plan.name, best.name()),
            value: write(best.cost.value),
            interval: format!(
                "{}; holds {} at the end; {} in the drain",
                if best.cost.low == best.cost.high {
                    "exact".to_owned()
                } else {
                    format!(
                        "[{}]",
                        format::interval(best.cost.low, best.cost.high, write)
                    )
                },
                format::bytes(best.held),
                retries.map_or("retries not counted".to_owned(), |n| {
                    format!("{n} {}", if n == 1 { "retry" } else { "retries" })
                }),
            ),
            tone: Tone::Plain,
            case: best.case.id.clone(),
        })
    });
    let mut finding = String::new();
    if !versus.is_empty() {
        let pairs = format::plural(versus.len(), "paired comparison");
        finding = format!("Growing arenas lose to alloc in {lost} of {pairs}. ");
    }
    if !plans.is_empty() {
        finding.push_str(&format!(
            "The {lowest} per plan: {}.",
            format::listed(&winners(&plans))
        ));
    }
    let figures = loss_figures.chain(best_figures).collect();
    let details = plans.iter().map(front_sentence).collect();
    let tone = if versus.is_empty() {
        Tone::Plain
    } else {
        overall(versus.iter().map(|v| v.comparison))
    };
    let verdict = if versus.is_empty() {
        format::plural(plans.len(), "size plan")
    } else {
        tally(versus.iter().map(|v| v.comparison))
    };
    Answer {
        number: 4,
        question,
        tone,
        verdict,
        finding,
        figures,
        details,
        command,
    }
}

/// `exact-fit (3 plans)`, most frequent winner first.
fn winners(plans: &[growth::Plan]) -> Vec<String> {
    let mut wins: BTreeMap<&str, usize> = BTreeMap::new();
    for best in plans.iter().filter_map(|plan| plan.strategies.first()) {
        *wins.entry(&best.case.params.growth).or_default() += 1;
    }
    let mut wins: Vec<_> = wins.into_iter().collect();
    wins.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    wins.into_iter()
        .map(|(name, count)| format!("{name} ({})", format::plural(count, "plan")))
        .collect()
}

fn front_sentence(plan: &growth::Plan) -> String {
    let front: Vec<_> = plan
        .strategies
        .iter()
        .filter(|s| !s.dominated)
        .map(|s| format!("{} holding {}", s.name(), format::bytes(s.held)))
        .collect();
    let dominated = plan.strategies.len() - front.len();
    format!(
        "{}: not dominated are {}; {dominated} dominated",
        plan.name,
        format::listed(&front)
    )
}
