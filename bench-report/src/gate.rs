//! The gate's words and tables, for a terminal and for Markdown.

use bench_record::gate::{Change, Verdict, number};
use comfy_table::{Table, presets};

use crate::markdown::escape;

/// One sentence over all.
#[must_use]
pub fn headline(verdict: &Verdict) -> String {
    let (regressions, others): (Vec<_>, Vec<_>) =
        verdict.changes.iter().partition(|change| change.regression);
    format!(
        "{} regressions and {} other changes in {} cases and {} ratios: {} against {}",
        regressions.len(),
        others.len(),
        verdict.cases,
        verdict.ratios,
        verdict.candidate,
        verdict.baseline
    )
}

/// What changed, a line each; nothing when nothing did.
#[must_use]
pub fn table(verdict: &Verdict) -> String {
    if verdict.changes.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(["case", "what", "baseline", "record", "change", "verdict"]);
    for change in &verdict.changes {
        table.add_row(cells(change).map(|cell| escape(&cell)));
    }
    table.to_string()
}

/// All of it for a pull request.
#[must_use]
pub fn markdown(verdict: &Verdict) -> String {
    let mut parts = vec![format!(
        "### arena-bench gate: {}",
        escape(&headline(verdict))
    )];
    if !verdict.changes.is_empty() {
        parts.push(table(verdict));
    }
    parts.extend(verdict.notices.iter().map(|notice| escape(notice)));
    parts.join("\n\n") + "\n"
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
        change.what.replace('_', " "),
        value(change.before),
        value(change.after),
        moved,
        verdict,
    ]
}
