//! The summary of a record for a pull request or a README, as Markdown.

use std::fmt::Write as _;

use crate::markdown::{code, escape, folded, table};
use crate::model::{Table, View};
use crate::plots::Figure;

/// So many rows of ratios; the page has them all.
const RATIO_ROWS: usize = 40;

/// The summary of all records, one after the other.
pub fn summary(views: &[View], figures: &[Figure]) -> String {
    let mut out = String::new();
    for view in views {
        record(&mut out, view).expect("writing to a string cannot fail");
    }
    if !figures.is_empty() {
        out.push_str("## Plots\n\n");
        for figure in figures {
            let line = format!("![{}]({}.svg)\n\n", escape(&figure.alt), figure.name);
            out.push_str(&line);
        }
    }
    out
}

fn record(out: &mut String, view: &View) -> std::fmt::Result {
    writeln!(out, "# arena-bench: {}\n", escape(&view.name))?;
    if view.trusted == Some(false) {
        writeln!(
            out,
            "**Untrusted: this run failed its own A/A. See question 6.**\n"
        )?;
    }
    writeln!(out, "**{}**\n", escape(&view.lead.answer))?;
    writeln!(out, "{}\n", escape(&view.lead.advice))?;
    for answer in &view.answers {
        writeln!(
            out,
            "**{}. {}** {} {}",
            answer.number,
            escape(answer.question),
            answer.tone.sign(),
            escape(&answer.verdict)
        )?;
        writeln!(out, "{}\n", escape(&answer.finding))?;
        for figure in &answer.figures {
            writeln!(
                out,
                "- {} {}: **{}** ({})",
                figure.tone.sign(),
                escape(&figure.label),
                escape(&figure.value),
                escape(&figure.notes.join("; "))
            )?;
        }
        writeln!(out, "\n{}\n", code(&answer.command))?;
    }
    if let Some(ratios) = view.tables.iter().find(|table| table.id == "ratios") {
        writeln!(out, "{}", folded(ratios.caption, &rows(ratios, RATIO_ROWS)))?;
    }
    let environment: Vec<_> = view
        .environment
        .iter()
        .map(|(name, value)| format!("{} {}", escape(name), escape(value)))
        .collect();
    let environment = environment.join("; ") + "\n";
    writeln!(out, "{}", folded("Environment", &environment))
}

fn rows(whole: &Table, most: usize) -> String {
    let numbers = |at: usize| whole.rows.iter().any(|row| row.cells[at].value.is_some());
    let heads: Vec<_> = whole
        .columns
        .iter()
        .enumerate()
        .map(|(at, head)| (*head, numbers(at)))
        .collect();
    let cells = |row: &crate::model::Row| row.cells.iter().map(|c| c.text.clone()).collect();
    let mut text = table(&heads, whole.rows.iter().take(most).map(cells));
    if whole.rows.len() > most {
        let _ = writeln!(text, "\n{} more on the page.", whole.rows.len() - most);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::model::{Source, view};

    #[test]
    fn the_summary_reads_as_a_comment_on_a_pull_request() {
        let record = fixture::record("c0ffee", 1.0);
        let view = view(&Source {
            name: "run".to_owned(),
            record,
        });
        insta::assert_snapshot!(summary(&[view], &[]));
    }
}
