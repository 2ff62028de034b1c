//! A document as blocks, so that the Markdown file and the page have the same words.

use crate::markdown;

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading; 1 is the title.
    Heading(u8, String),
    /// Prose; what stands between backticks is code.
    Paragraph(String),
    /// A list of prose.
    List(Vec<String>),
    /// Heads, each with whether its column has numbers, and rows of prose.
    Table(Vec<(&'static str, bool)>, Vec<Vec<String>>),
    /// Code, as it is.
    Code(&'static str),
}

/// A piece of prose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span<'a> {
    /// Words.
    Text(&'a str),
    /// Code.
    Code(&'a str),
}

/// A paragraph of words that are known.
pub(super) fn paragraph(prose: &str) -> Block {
    Block::Paragraph(prose.to_owned())
}

/// Prose in pieces: what stands between backticks is code.
pub fn spans(prose: &str) -> impl Iterator<Item = Span<'_>> {
    let pieces = prose.split('`').enumerate();
    pieces.map(|(at, piece)| match at % 2 {
        0 => Span::Text(piece),
        _ => Span::Code(piece),
    })
}

/// Text of a record within prose.
pub(super) fn plain(text: &str) -> String {
    text.replace('`', "'")
}

fn prose(text: &str) -> String {
    let piece = |span| match span {
        Span::Text(text) => markdown::escape(text),
        Span::Code(code) => markdown::code(code),
    };
    spans(text).map(piece).collect()
}

/// The blocks as Markdown.
pub(super) fn markdown(blocks: &[Block]) -> String {
    let block = |block: &Block| match block {
        Block::Heading(level, text) => {
            format!("{} {}\n", "#".repeat(usize::from(*level)), prose(text))
        }
        Block::Paragraph(text) => format!("{}\n", prose(text)),
        Block::List(items) => items
            .iter()
            .map(|item| format!("- {}\n", prose(item)))
            .collect(),
        Block::Table(heads, rows) => markdown::table_of(heads, rows.iter().cloned(), prose),
        Block::Code(code) => format!("```rust\n{}\n```\n", code.trim()),
    };
    blocks.iter().map(block).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_stays_text_and_code_stays_code() {
        let blocks = [
            Block::Heading(2, "A <b>".to_owned()),
            Block::Paragraph("call `next` | once".to_owned()),
            Block::Table(vec![("x", true)], vec![vec!["1".to_owned()]]),
        ];
        let expected = "## A &lt;b&gt;\n\ncall `next` \\| once\n\n| x |\n| ---: |\n| 1 |\n";
        assert_eq!(markdown(&blocks), expected);
    }
}
