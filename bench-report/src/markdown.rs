//! The summary for a pull request or a README.

use std::fmt::Write as _;

use super::model::{Table, Tone, View};
use super::plots::Figure;

/// So many rows of ratios; the page has them all.
const RATIO_ROWS: usize = 40;

/// Text that stays text: no markup, no table cell, no mention.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// Text as a cell of a Markdown table shows it: text, never markup.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
        .replace('\n', " ")
}

/// The sign beside a verdict; the words say the same.
pub fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Against => "▲",
        Tone::Mixed => "◆",
        Tone::For => "▼",
        Tone::Same => "=",
        Tone::Unclear => "?",
        Tone::Plain => "•",
        Tone::Missing => "○",
    }
}

/// The summary of all records, one after the other.
#[must_use]
pub fn summary(views: &[View], figures: &[Figure]) -> String {
    let mut out = String::new();
    for view in views {
        record(&mut out, view).expect("writing to a string cannot fail");
    }
    if !figures.is_empty() {
        out.push_str("## Plots\n\n");
        for figure in figures {
            let line = format!("![{}]({}.svg)\n\n", text(&figure.alt), figure.name);
            out.push_str(&line);
        }
    }
    out
}

fn record(out: &mut String, view: &View) -> std::fmt::Result {
    writeln!(out, "# arena-bench: {}\n", text(&view.name))?;
    if view.trusted == Some(false) {
        writeln!(
            out,
            "**Untrusted: this run failed its own A/A. See question 6.**\n"
        )?;
    }
    for answer in &view.answers {
        writeln!(
            out,
            "**{}. {}** {} {}",
            answer.number,
            text(answer.question),
            sign(answer.tone),
            text(&answer.verdict)
        )?;
        writeln!(out, "{}\n", text(&answer.finding))?;
        for figure in &answer.figures {
            writeln!(
                out,
                "- {} {}: **{}** ({})",
                sign(figure.tone),
                text(&figure.label),
                text(&figure.value),
                text(&figure.interval)
            )?;
        }
        writeln!(out, "\n`{}`\n", answer.command)?;
    }
    if let Some(ratios) = view.tables.iter().find(|table| table.id == "ratios") {
        table(out, ratios, RATIO_ROWS)?;
    }
    let environment: Vec<_> = view
        .environment
        .iter()
        .map(|(name, value)| format!("{} {}", text(name), text(value)))
        .collect();
    writeln!(
        out,
        "<details><summary>Environment</summary>\n\n{}\n\n</details>\n",
        environment.join("; ")
    )
}

fn table(out: &mut String, table: &Table, most: usize) -> std::fmt::Result {
    writeln!(out, "<details><summary>{}</summary>\n", text(table.caption))?;
    writeln!(out, "| {} |", table.columns.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(table.columns.len()))?;
    for row in table.rows.iter().take(most) {
        let cells: Vec<_> = row.cells.iter().map(|cell| text(&cell.text)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    if table.rows.len() > most {
        writeln!(out, "\n{} more on the page.", table.rows.len() - most)?;
    }
    writeln!(out, "\n</details>\n")
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

    #[test]
    fn markup_and_mentions_in_names_are_text() {
        let told = text("<b>@all</b> | `x` [a](b)\n# c");
        assert_eq!(
            told,
            "&lt;b&gt;&#64;all&lt;/b&gt; \\| \\`x\\` \\[a\\](b) \\# c"
        );
    }
}
