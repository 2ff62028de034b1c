//! The laboratory's part of the page: the blocks of the advice as HTML.

use super::document::text;
use crate::lab::{Block, Span, spans};

/// The heading of the section.
pub const HEADING: &str = "Which protocol should a framework use?";

/// The section of a record; empty where it has no laboratory.
pub fn section(prefix: &str, blocks: &[Block]) -> String {
    if blocks.is_empty() {
        return String::new();
    }
    let body: String = blocks.iter().map(block).collect();
    format!("<section id=\"{prefix}-laboratory\"><h2>{HEADING}</h2>\n{body}</section>\n")
}

fn prose(raw: &str) -> String {
    let span = |span| match span {
        Span::Text(raw) => text(raw),
        Span::Code(raw) => format!("<code>{}</code>", text(raw)),
    };
    spans(raw).map(span).collect()
}

fn block(block: &Block) -> String {
    match block {
        // The section has the page's second level.
        Block::Heading(level, raw) => {
            let level = (level + 1).clamp(3, 6);
            format!("<h{level}>{}</h{level}>\n", prose(raw))
        }
        Block::Paragraph(raw) => format!("<p>{}</p>\n", prose(raw)),
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|raw| format!("<li>{}</li>", prose(raw)))
                .collect();
            format!("<ul>{items}</ul>\n")
        }
        Block::Table(heads, rows) => table(heads, rows),
        Block::Code(raw) => format!("<pre><code>{}</code></pre>\n", text(raw.trim())),
    }
}

fn table(heads: &[(&str, bool)], rows: &[Vec<String>]) -> String {
    let class = |at: usize| match heads.get(at) {
        Some((_, true)) => " class=\"number\"",
        _ => "",
    };
    let head: String = heads
        .iter()
        .enumerate()
        .map(|(at, (head, _))| format!("<th scope=\"col\"{}>{}</th>", class(at), prose(head)))
        .collect();
    let row = |row: &Vec<String>| {
        let cells: String = row
            .iter()
            .enumerate()
            .map(|(at, cell)| format!("<td{}>{}</td>", class(at), prose(cell)))
            .collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>{head}</tr></thead>\n\
         <tbody>{rows}</tbody></table></div>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_says_cannot_become_markup() {
        let blocks = [
            Block::Heading(2, "A <b>".to_owned()),
            Block::Paragraph("`a<b` & c".to_owned()),
            Block::Table(vec![("x", true)], vec![vec!["<i>".to_owned()]]),
        ];
        let told = section("r0", &blocks);
        assert!(told.contains("<h3>A &lt;b&gt;</h3>"), "{told}");
        assert!(told.contains("<code>a&lt;b</code> &amp; c"), "{told}");
        assert!(
            told.contains("<td class=\"number\">&lt;i&gt;</td>"),
            "{told}"
        );
        assert_eq!(section("r0", &[]), "");
    }
}
