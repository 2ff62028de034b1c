//! Tables and paragraphs on a terminal: they know its width, drop columns that do not fit,
//! break long cells over lines, and colour verdicts where a person is looking.

use std::io::IsTerminal;

use unicode_width::UnicodeWidthStr;

use crate::markdown;
use crate::tone::Tone;

const GAP: usize = 2;
/// The narrowest a cell that breaks over lines becomes.
const NARROWEST: usize = 14;
/// The narrowest it becomes as long as a column can be dropped instead.
const COMFORTABLE: usize = 30;

/// What is written to: how wide it is, and whether it shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Columns; none where lines may be of any length, as in a file.
    pub width: Option<usize>,
    /// Whether escape sequences for colours are understood and wanted.
    pub colour: bool,
}

impl Screen {
    /// Standard output. `COLUMNS` names the width, else the terminal does; what is no
    /// terminal gets lines of any length. Colours go to a terminal only, and nowhere where
    /// `NO_COLOR` is set (<https://no-color.org>).
    pub fn stdout() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let columns = std::env::var("COLUMNS").ok();
        let columns = columns.and_then(|columns| columns.parse().ok());
        let terminal = std::io::stdout().is_terminal();
        let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            width: columns
                .filter(|width| *width > 0)
                .or_else(|| terminal.then(measured).flatten()),
            colour: terminal && !dumb && !set("NO_COLOR"),
        }
    }

    /// Lines of any length without colours, for a file.
    pub fn file() -> Self {
        Self {
            width: None,
            colour: false,
        }
    }

    fn painted(self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Against => "31",
            Tone::For => "32",
            Tone::Mixed | Tone::Unclear => "33",
            Tone::Missing => "2",
            Tone::Same | Tone::Plain => return text.to_owned(),
        };
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// A paragraph whose lines after the first are indented.
    pub fn paragraph(self, first: &str, text: &str, indent: usize) -> String {
        let width = self.width.unwrap_or(usize::MAX);
        let room = width.saturating_sub(indent).max(NARROWEST);
        let lines = broken(&printable(text), room);
        let start = format!(
            "{first}{}",
            " ".repeat(indent.saturating_sub(first.width()))
        );
        let rest = " ".repeat(indent);
        let lines: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("{}{line}", if at == 0 { &start } else { &rest }))
            .collect();
        lines.join("\n")
    }
}

#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// A column: its head, where its text stands, and when it may go.
#[derive(Debug, Clone)]
pub struct Column {
    head: &'static str,
    right: bool,
    breaks: bool,
    /// 0 stays; of the others the highest goes first.
    drop: u8,
}

impl Column {
    /// Text, left.
    pub const fn text(head: &'static str) -> Self {
        Self {
            head,
            right: false,
            breaks: false,
            drop: 0,
        }
    }

    /// Numbers, right.
    pub const fn number(head: &'static str) -> Self {
        let text = Self::text(head);
        Self {
            right: true,
            ..text
        }
    }

    /// Its cells may be broken over lines.
    pub const fn breaking(self) -> Self {
        Self {
            breaks: true,
            ..self
        }
    }

    /// It goes where the table is too wide; the highest number first.
    pub const fn drops(self, rank: u8) -> Self {
        Self { drop: rank, ..self }
    }
}

/// A cell: text and which way it goes.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// Text in the colour of a tone.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: printable(&text.into()),
            tone,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// Text without what would move the cursor or end the line.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}

impl Table {
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut cells: Vec<Cell> = cells.into_iter().collect();
        cells.resize_with(self.columns.len(), Cell::default);
        self.rows.push(cells);
    }

    /// Adds a row of texts, of which the one at `place` has the colour of a tone.
    pub fn toned_row<const N: usize>(&mut self, cells: [String; N], place: usize, tone: Tone) {
        let mut cells = cells.map(Cell::from);
        cells[place].tone = tone;
        self.row(cells);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The same table for a pull request, with all of its columns.
    pub fn markdown(&self) -> String {
        let heads = self
            .columns
            .iter()
            .map(|column| (column.head, column.right));
        let texts = |row: &Vec<Cell>| row.iter().map(|cell| cell.text.clone()).collect();
        markdown::table(&heads.collect::<Vec<_>>(), self.rows.iter().map(texts))
    }

    /// The lines, without an end of line after the last. Columns that are empty in every
    /// row are left out, and so are those that do not fit.
    pub fn show(&self, screen: Screen) -> String {
        let used = |&at: &usize| self.rows.iter().any(|row| !row[at].text.is_empty());
        let mut kept: Vec<usize> = (0..self.columns.len()).filter(used).collect();
        let mut widths: Vec<usize> = kept.iter().map(|&at| self.natural(at)).collect();
        let room = screen.width.unwrap_or(usize::MAX);
        while !self.narrowed(&kept, &mut widths.clone(), room, COMFORTABLE) {
            let droppable = kept.iter().enumerate();
            let last = droppable
                .filter(|(_, at)| self.columns[**at].drop > 0)
                .max_by_key(|(_, at)| self.columns[**at].drop)
                .map(|(place, _)| place);
            let Some(place) = last else { break };
            kept.remove(place);
            widths.remove(place);
        }
        self.narrowed(&kept, &mut widths, room, NARROWEST);
        let mut lines = Vec::new();
        let heads = kept.iter().map(|&at| Cell::from(self.columns[at].head));
        self.lines(
            &mut lines,
            &kept,
            &widths,
            &heads.collect::<Vec<_>>(),
            screen,
        );
        let rules = widths.iter().map(|width| "─".repeat(*width));
        lines.push(rules.collect::<Vec<_>>().join(&" ".repeat(GAP)));
        for row in &self.rows {
            let cells: Vec<Cell> = kept.iter().map(|&at| row[at].clone()).collect();
            self.lines(&mut lines, &kept, &widths, &cells, screen);
        }
        lines.join("\n")
    }

    /// The width that a column would like to have.
    fn natural(&self, at: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[at].text.width());
        cells.fold(self.columns[at].head.width(), usize::max)
    }

    /// Makes breaking columns narrower, but none than `least`, the widest first, till the
    /// table fits; whether it does then.
    fn narrowed(&self, kept: &[usize], widths: &mut [usize], room: usize, least: usize) -> bool {
        let gaps = GAP * widths.len().saturating_sub(1);
        loop {
            if widths.iter().sum::<usize>() + gaps <= room {
                return true;
            }
            let least = |at: usize| least.max(self.columns[at].head.width());
            let breaking = kept.iter().enumerate();
            let widest = breaking
                .filter(|(place, at)| self.columns[**at].breaks && widths[*place] > least(**at))
                .max_by_key(|(place, _)| widths[*place])
                .map(|(place, _)| place);
            match widest {
                Some(place) => widths[place] -= 1,
                None => return false,
            }
        }
    }

    fn lines(
        &self,
        lines: &mut Vec<String>,
        kept: &[usize],
        widths: &[usize],
        cells: &[Cell],
        screen: Screen,
    ) {
        let parts: Vec<Vec<String>> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| broken(&cell.text, *width))
            .collect();
        let height = parts.iter().map(Vec::len).max().unwrap_or(1);
        for number in 0..height {
            let mut line = String::new();
            for (place, part) in parts.iter().enumerate() {
                let text = part.get(number).map_or("", String::as_str);
                let space = " ".repeat(widths[place].saturating_sub(text.width()));
                let shown = screen.painted(text, cells[place].tone);
                let column = &self.columns[kept[place]];
                if place > 0 {
                    line.push_str(&" ".repeat(GAP));
                }
                match column.right {
                    true => line.extend([space, shown]),
                    false => line.extend([shown, space]),
                }
            }
            lines.push(line.trim_end().to_owned());
        }
    }
}

/// Text in lines of at most `width`, broken at spaces, else after a slash or hyphen, else
/// anywhere.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in pieces(text) {
        let glued = line.width() + word.trim_end().width();
        if glued > width && !line.is_empty() {
            lines.push(line.trim_end().to_owned());
            line = String::new();
        }
        let mut rest = word;
        while rest.trim_end().width() > width.max(1) {
            let end = rest
                .char_indices()
                .nth(width.max(1))
                .map_or(rest.len(), |(at, _)| at);
            lines.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        line.push_str(rest);
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// Parts of a text after which a line may end.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(width: usize, colour: bool) -> Screen {
        Screen {
            width: Some(width),
            colour,
        }
    }

    fn table() -> Table {
        let mut table = Table::new([
            Column::text("case").breaking(),
            Column::text("verdict"),
            Column::number("ratio"),
            Column::number("instructions").drops(1),
            Column::text("notes").breaking().drops(2),
        ]);
        for (case, verdict, ratio, tone) in [
            (
                "drain/u64/arena",
                "faster",
                "0.348 [0.346 to 0.353]",
                Tone::For,
            ),
            (
                "growth/heavy-tail/arena/pages-one-and-a-half/from-4KiB",
                "slower",
                "1.060 [1.051 to 1.071]",
                Tone::Against,
            ),
        ] {
            table.row([
                case.into(),
                Cell::toned(verdict, tone),
                ratio.into(),
                "1,839 → 3,072".into(),
                "fewer instructions take more time".into(),
            ]);
        }
        table
    }

    #[test]
    fn at_eighty_columns_cells_break_and_the_header_never() {
        insta::assert_snapshot!(table().show(screen(80, false)));
    }

    #[test]
    fn at_120_columns_more_of_the_table_is_shown() {
        insta::assert_snapshot!(table().show(screen(120, false)));
    }

    #[test]
    fn no_line_is_wider_than_the_screen() {
        for width in 48..200 {
            let text = table().show(screen(width, false));
            assert!(
                text.lines().all(|line| line.width() <= width),
                "{width}\n{text}"
            );
            assert!(text.contains("verdict"), "{width}\n{text}");
        }
    }

    #[test]
    fn in_a_file_a_row_is_one_line_and_has_every_column() {
        let text = table().show(Screen::file());
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.contains("notes"), "{text}");
    }

    #[test]
    fn a_verdict_is_coloured_only_where_colours_are_wanted() {
        let told = table().show(screen(80, true));
        assert!(told.contains("\u{1b}[32mfaster\u{1b}[0m"), "{told}");
        assert!(told.contains("\u{1b}[31mslower\u{1b}[0m"), "{told}");
        assert!(!table().show(screen(80, false)).contains('\u{1b}'));
    }

    #[test]
    fn what_would_move_the_cursor_is_blank() {
        let mut table = Table::new([Column::text("case")]);
        table.row(["a\u{1b}[2Jb\nc".into()]);
        let text = table.show(Screen::file());
        assert!(text.ends_with("a [2Jb c"), "{text:?}");
    }

    #[test]
    fn a_paragraph_hangs_below_its_number() {
        let text = screen(30, false).paragraph("1.", "one two three four five six seven", 4);
        assert_eq!(text, "1.  one two three four five\n    six seven");
    }
}
