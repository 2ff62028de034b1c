//! Every arena / alloc ratio on one page: a row each, estimate and interval on a common
//! axis, losses on top.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{BoldPoints, Ranged};
use plotters::prelude::{Color, DrawingArea, DrawingBackend, PathElement, Rectangle};
use plotters::style::text_anchor::HPos;

use super::scale::Scale;
use super::style::{self, Drawn, GRID, INK, MUTED, write};
use crate::format::{self, Unit};
use crate::model::{Axis, Drawing, Forest, Row, Table};
use bench_record::wire::Verdict;

/// Pixels: GitHub shows a plot at this width.
const WIDTH: u32 = 830;
const ROW: i32 = 18;
/// Room above each payload's rows.
const GROUP: i32 = 10;
const TOP: i32 = 58;
const LEFT: i32 = 220;
const RIGHT: i32 = 650;

/// Pixels that the table takes.
pub fn size(table: &Table) -> (u32, u32) {
    let rows = grouped(table);
    let height = rows.last().map_or(TOP, |(_, _, y)| y + ROW / 2) + 34;
    (WIDTH, height as u32)
}

/// The rows with a ratio by payload and size, each at its height; payloads in order of their
/// worst ratio, so that losses are on top.
fn grouped(table: &Table) -> Vec<(&Row, Forest, i32)> {
    let mut groups: Vec<(String, Vec<(&Row, Forest)>)> = Vec::new();
    for row in &table.rows {
        let Some(forest) = forest_of(row) else {
            continue;
        };
        let name = row.cells.first().map_or("", |cell| cell.text.as_str());
        match groups.iter_mut().find(|(known, _)| known == name) {
            Some((_, rows)) => rows.push((row, forest)),
            None => groups.push((name.to_owned(), vec![(row, forest)])),
        }
    }
    let bytes = |row: &Row| row.cells.get(1).and_then(|cell| cell.value).unwrap_or(0.0);
    let mut y = TOP;
    let mut placed = Vec::new();
    for (_, mut rows) in groups {
        rows.sort_by(|a, b| bytes(a.0).total_cmp(&bytes(b.0)));
        for (row, forest) in rows {
            placed.push((row, forest, y + ROW / 2));
            y += ROW;
        }
        y += GROUP;
    }
    placed
}

/// Colour and shape of a verdict: those of the series in the other charts, so that
/// "faster" has the arena's colour and "slower" alloc's.
fn style_of(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Faster => 0,
        Verdict::Slower => 1,
        Verdict::Same => 6,
        Verdict::Inconclusive => 3,
    }
}

/// Draws the ratio column of a table of comparisons.
pub fn draw<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, table: &Table) -> Drawn<DB> {
    let rows = grouped(table);
    let ends = rows
        .iter()
        .flat_map(|(_, f, _)| [f.low, f.high, 1.0 - f.delta, 1.0 + f.delta]);
    let axis = Axis::new("", Unit::Ratio);
    let scale = Scale::new(&axis, ends.chain([1.0]), 0.04);
    let at = |ratio: f64| scale.map(&ratio, (LEFT, RIGHT));
    let bottom = rows.last().map_or(TOP, |(_, _, y)| y + ROW / 2);
    write(area, table.caption, (12, 18), (15, INK), HPos::Left)?;
    let delta = rows.iter().map(|(_, f, _)| f.delta).fold(0.0, f64::max);
    let band = [(at(1.0 - delta), TOP - 8), (at(1.0 + delta), bottom)];
    area.draw(&Rectangle::new(band, MUTED.mix(0.16).filled()))?;
    for tick in scale.key_points(BoldPoints(20)) {
        let x = at(tick);
        let line = if (tick - 1.0).abs() < 1e-9 {
            MUTED
        } else {
            GRID
        };
        area.draw(&PathElement::new(vec![(x, TOP - 8), (x, bottom)], line))?;
        let label = format::tick(Unit::Ratio, tick);
        write(area, &label, (x, bottom + 12), (12, MUTED), HPos::Center)?;
    }
    let sides = [
        (at(1.0) - 8, HPos::Right, "← arena faster"),
        (at(1.0) + 8, HPos::Left, "slower →"),
    ];
    for (x, anchor, word) in sides {
        write(area, word, (x, TOP - 18), (12, INK), anchor)?;
    }
    for (row, forest, y) in &rows {
        let y = *y;
        write(area, &name(row), (LEFT - 14, y), (12, INK), HPos::Right)?;
        let style = row.verdict.map_or(6, style_of);
        let ends = vec![(at(forest.low), y), (at(forest.high), y)];
        let line = style::colour(style).stroke_width(2);
        area.draw(&PathElement::new(ends, line))?;
        style::marker(area, style, (at(forest.ratio), y), forest.hollow)?;
        let said = match forest.hollow {
            true => "page faults",
            false => row.verdict.map_or("", Verdict::name),
        };
        let figure = format!("{}  {said}", format::ratio(forest.ratio));
        write(area, &figure, (RIGHT + 14, y), (12, INK), HPos::Left)?;
    }
    Ok(())
}

/// The ratio that a row draws.
fn forest_of(row: &Row) -> Option<Forest> {
    row.cells.iter().find_map(|cell| match cell.drawing {
        Some(Drawing::Forest(forest)) => Some(forest),
        _ => None,
    })
}

/// The first two cells: item and size.
fn name(row: &Row) -> String {
    let cells = row.cells.iter().take(2).map(|cell| cell.text.as_str());
    cells.collect::<Vec<_>>().join(", ")
}
