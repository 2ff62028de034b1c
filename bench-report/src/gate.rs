//! The gate's words and tables, for a terminal and for Markdown.

use bench_record::gate::{Change, Inconclusive, Judgement, number};
use comfy_table::{Table, presets};

use crate::markdown::escape;

/// One sentence over all.
#[must_use]
pub fn headline(verdict: &Judgement) -> String {
    let (regressions, others): (Vec<_>, Vec<_>) =
        verdict.changes.iter().partition(|change| change.regression);
    format!(
        "{} regressions and {} other changes in {} cases and {} ratios ({} same, {} \
         inconclusive): {} against {}",
        regressions.len(),
        others.len(),
        verdict.cases,
        verdict.ratios,
        verdict.same,
        verdict.inconclusive.len(),
        verdict.candidate,
        verdict.baseline
    )
}

/// What changed and what is inconclusive, a line each; nothing when there is neither.
#[must_use]
pub fn table(verdict: &Judgement) -> String {
    if verdict.changes.is_empty() && verdict.inconclusive.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(["case", "what", "baseline", "record", "change", "verdict"]);
    for change in &verdict.changes {
        table.add_row(cells(change).map(|cell| escape(&cell)));
    }
    for row in &verdict.inconclusive {
        table.add_row(open_cells(row).map(|cell| escape(&cell)));
    }
    table.to_string()
}

/// All of it for a pull request.
#[must_use]
pub fn markdown(verdict: &Judgement) -> String {
    let mut parts = vec![format!(
        "### arena-bench gate: {}",
        escape(&headline(verdict))
    )];
    if !table(verdict).is_empty() {
        parts.push(table(verdict));
    }
    parts.extend(verdict.notices.iter().map(|notice| escape(notice)));
    parts.join("\n\n") + "\n"
}

fn open_cells(row: &Inconclusive) -> [String; 6] {
    let percent = |share: f64| format!("{:+.2}%", 100.0 * share);
    [
        format!("{} / {}", row.case, row.baseline_case),
        "time ratio".to_owned(),
        number(row.before),
        number(row.after),
        percent(row.after / row.before - 1.0),
        format!(
            "inconclusive: a slowdown up to {} and a speed-up up to {} are not excluded",
            percent(row.most),
            percent(row.least)
        ),
    ]
}

fn cells(change: &Change) -> [String; 6] {
    let value = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let moved = match (change.before, change.after) {
        (Some(before), Some(after)) if before != 0.0 => {
            format!("{:+.2}%", 100.0 * (after / before - 1.0))
        }
        _ => String::new(),
    };
    let case = match &change.baseline_case {
        Some(baseline) => format!("{} / {baseline}", change.case),
        None => change.case.clone(),
    };
    let verdict = match (change.regression, change.why.is_empty()) {
        (true, _) => format!("regression: {}", change.why),
        (false, true) => "changed".to_owned(),
        (false, false) => format!("changed: {}", change.why),
    };
    [
        case,
        change.what.label().to_owned(),
        value(change.before),
        value(change.after),
        moved,
        verdict,
    ]
}
