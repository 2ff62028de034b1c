//! The guests' findings as a table, and what they say against a kept build.

use std::path::Path;

use bench_report::terminal::{Cell, Column, Screen, Table};

use super::report::Report;
use super::saved::Findings;

/// The name of a guest's file.
pub fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    paired::visible::visible(&name.to_string_lossy())
}

/// Everything that is printed of guests.
pub fn text(reports: &[Report], kept: Option<&Findings>, screen: Screen) -> String {
    let mut table = Table::new([
        Column::text("guest").breaking(),
        Column::number("items"),
        Column::text("ended"),
        Column::number("bytes").drops(3),
        Column::text("digest").drops(4),
        Column::number("ns/item"),
        Column::number("low"),
        Column::number("high"),
        Column::number("instructions/item").drops(1),
        Column::number("retries").drops(2),
        Column::number("capacity").drops(5),
    ]);
    let found = reports
        .iter()
        .filter_map(|report| Some((file_name(&report.guest), report.findings.as_ref()?)));
    let kept = kept.map(|kept| ("kept".to_owned(), kept));
    for (name, findings) in kept.into_iter().chain(found) {
        table.row(row(name, findings).map(Cell::from));
    }
    let mut lines = Vec::new();
    if !table.is_empty() {
        lines.push(table.show(screen));
    }
    for report in reports {
        let worse = |regression: &String| format!("worse: {regression}");
        lines.extend(report.regressions.iter().map(worse));
        lines.extend(compared(report));
    }
    lines.join("\n")
}

fn row(name: String, findings: &Findings) -> [String; 11] {
    let verified = &findings.verified;
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |it| format!("{it:.1}"));
    let ns = |place: usize| number(findings.ns_per_item.map(|ns| ns[place]));
    [
        name,
        verified.items.to_string(),
        if verified.ended { "yes" } else { "cut" }.to_owned(),
        verified.bytes.to_string(),
        verified.digest.clone(),
        ns(0),
        ns(1),
        ns(2),
        number(findings.instructions_per_item),
        verified.retries.to_string(),
        verified.peak_capacity.to_string(),
    ]
}

fn compared(report: &Report) -> Option<String> {
    let (comparison, check) = report.comparison.as_ref().zip(report.self_check.as_ref())?;
    let why = match comparison.why.as_str() {
        "" => String::new(),
        why => format!(" ({why})"),
    };
    let trusted = match check.trusted {
        true => "trusted",
        false => "NOT TRUSTED",
    };
    Some(format!(
        "now / kept: {:.4} [{:.4}, {:.4}] at {:.1}%: {}{why}\n\
         A/A, copies of both builds: {:.4} [{:.4}, {:.4}], {trusted}: {}",
        comparison.ratio,
        comparison.low,
        comparison.high,
        100.0 * comparison.confidence,
        comparison.verdict.name(),
        check.ratio,
        check.low,
        check.high,
        check.why,
    ))
}
