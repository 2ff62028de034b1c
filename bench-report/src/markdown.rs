//! Markdown: text that stays text, and tables.

/// Text as text: no markup, no cell of a table, no mention of a person.
pub fn escape(raw: &str) -> String {
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

/// Text within backticks, which nothing in it ends.
pub fn code(raw: &str) -> String {
    format!("`{}`", raw.replace(['`', '\n', '\r'], " "))
}

/// A table of raw text; columns of numbers stand right.
pub fn table(heads: &[(&str, bool)], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    table_of(heads, rows, escape)
}

/// [`table`], of which every cell is written by `write`.
pub(crate) fn table_of(
    heads: &[(&str, bool)],
    rows: impl IntoIterator<Item = Vec<String>>,
    write: fn(&str) -> String,
) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let rule = heads.iter().map(|(_, right)| match right {
        true => "---:".to_owned(),
        false => "---".to_owned(),
    });
    let head = heads.iter().map(|(head, _)| write(head)).collect();
    let written = |row: Vec<String>| row.iter().map(|cell| write(cell)).collect();
    let rows = rows.into_iter().map(|row| line(written(row)));
    line(head) + &line(rule.collect()) + &rows.collect::<String>()
}

/// A part that is folded until a reader opens it.
pub fn folded(summary: &str, body: &str) -> String {
    let summary = escape(summary);
    format!("<details><summary>{summary}</summary>\n\n{body}\n</details>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_mentions_in_names_are_text() {
        let told = escape("<b>@all</b> | `x` [a](b)\n# c");
        assert_eq!(
            told,
            "&lt;b&gt;&#64;all&lt;/b&gt; \\| \\`x\\` \\[a\\](b) \\# c"
        );
    }

    #[test]
    fn a_table_puts_numbers_right_and_keeps_cells_apart() {
        let rows = [vec!["a|b".to_owned(), "1".to_owned()]];
        let text = table(&[("case", false), ("ns", true)], rows);
        assert_eq!(text, "| case | ns |\n| --- | ---: |\n| a\\|b | 1 |\n");
    }

    #[test]
    fn nothing_ends_code_but_its_own_backtick() {
        assert_eq!(code("a `b`\nc"), "`a  b  c`");
    }
}
