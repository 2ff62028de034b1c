//! The result for people: one Markdown table.

use super::{Report, Row};

/// The report as Markdown.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let environment = &report.environment;
    let mut text = format!(
        "Made by `{}` on {} ({} cores, kernel {}), {}, {}; beside it: {}.\n\n",
        environment.command,
        environment.cpu,
        environment.cores,
        environment.kernel,
        environment.rustc,
        environment.started.get(..10).unwrap_or_default(),
        report.load,
    );
    text.push_str(
        "| experiment | case | truth | δ | n | slower | faster | same | inconclusive | excl. 0 | estimates: lowest, median, highest | s each | required |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in &report.rows {
        text.push_str(&line(row));
    }
    text
}

fn line(row: &Row) -> String {
    let delta = row
        .delta_percent
        .map_or_else(|| "–".to_owned(), |delta| format!("{delta}%"));
    let required = match (row.required.is_empty(), row.reached) {
        (true, _) => "–".to_owned(),
        (false, true) => format!("{}: reached", row.required),
        (false, false) => format!("**{}: NOT reached**", row.required),
    };
    format!(
        "| {} | `{}` | {:+.1}% | {delta} | {} | {} | {} | {} | {} | {} | {:+.2}%, {:+.3}%, {:+.2}% | {:.2} | {required} |\n",
        row.experiment,
        row.case,
        row.truth_percent,
        row.comparisons,
        row.slower,
        row.faster,
        row.same,
        row.inconclusive,
        row.exclude_zero,
        row.lowest_percent,
        row.median_percent,
        row.highest_percent,
        row.seconds,
    )
}
