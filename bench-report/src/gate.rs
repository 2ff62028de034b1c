//! The gate's sentence and tables, for a terminal and for Markdown.

use bench_record::gate::{Change, Inconclusive, Judgement, number};

use crate::format::{optional, plural, signed_percent};
use crate::markdown;
use crate::terminal::{Column, Screen, Table};
use crate::tone::Tone;

/// One sentence over all.
pub fn headline(verdict: &Judgement) -> String {
    let regressions = verdict.changes.iter().filter(|c| c.alarms()).count();
    let accepted = verdict.changes.iter().filter(|c| c.accepted.is_some());
    let accepted = accepted.count();
    let others = verdict.changes.len() - regressions - accepted;
    let accepted = match accepted {
        0 => String::new(),
        some => format!(" ({some} more accepted)"),
    };
    format!(
        "{}{accepted} and {} in {} and {} ({} same, {} inconclusive): {} against {}",
        plural(regressions, "regression"),
        plural(others, "other change"),
        plural(verdict.cases, "case"),
        plural(verdict.ratios, "ratio"),
        verdict.same,
        verdict.inconclusive.len(),
        verdict.candidate,
        verdict.baseline
    )
}

/// What changed and what is inconclusive, for a terminal; nothing when there is neither.
pub fn table(verdict: &Judgement, screen: Screen) -> String {
    let table = table_of(verdict);
    match table.is_empty() {
        true => String::new(),
        false => table.show(screen),
    }
}

fn table_of(verdict: &Judgement) -> Table {
    let mut table = Table::new([
        Column::text("case").breaking(),
        Column::text("verdict"),
        Column::number("change"),
        Column::text("what"),
        Column::number("baseline").drops(1),
        Column::number("record").drops(2),
        Column::text("why").breaking(),
    ]);
    for change in &verdict.changes {
        let tone = match change.alarms() {
            true => Tone::Against,
            false => Tone::Plain,
        };
        table.toned_row(changed(change), 1, tone);
    }
    for row in &verdict.inconclusive {
        table.toned_row(open_cells(row), 1, Tone::Unclear);
    }
    table
}

/// All of it for a pull request.
pub fn markdown(verdict: &Judgement) -> String {
    let mut parts = vec![format!(
        "### arena-bench gate: {}",
        markdown::escape(&headline(verdict))
    )];
    let table = table_of(verdict);
    if !table.is_empty() {
        parts.push(table.markdown());
    }
    let notices = verdict.notices.iter();
    parts.extend(notices.map(|notice| markdown::escape(notice)));
    parts.join("\n\n") + "\n"
}

fn changed(change: &Change) -> [String; 7] {
    let moved = match (change.before, change.after) {
        (Some(before), Some(after)) if before != 0.0 => signed_percent(after / before),
        _ => String::new(),
    };
    let case = match &change.baseline_case {
        Some(baseline) => format!("{} / {baseline}", change.case),
        None => change.case.clone(),
    };
    let word = match (change.alarms(), &change.accepted) {
        (true, _) => "regression",
        (false, Some(_)) => "accepted",
        (false, None) => "changed",
    };
    let why = change.accepted.as_ref().unwrap_or(&change.why);
    [
        case,
        word.to_owned(),
        moved,
        change.what.label().to_owned(),
        optional(change.before, number),
        optional(change.after, number),
        why.clone(),
    ]
}

fn open_cells(row: &Inconclusive) -> [String; 7] {
    [
        format!("{} / {}", row.case, row.baseline_case),
        "inconclusive".to_owned(),
        signed_percent(row.after / row.before),
        "time ratio".to_owned(),
        number(row.before),
        number(row.after),
        format!(
            "not excluded: {} to {}",
            signed_percent(1.0 + row.least),
            signed_percent(1.0 + row.most)
        ),
    ]
}
