//! Every arena / alloc ratio on one page: a row each, estimate and interval on a common
//! axis, losses on top.

use plotters::coord::Shift;
use plotters::prelude::{
    Color, DrawingArea, DrawingAreaErrorKind, DrawingBackend, PathElement, Rectangle, Text,
};
use plotters::style::text_anchor::{HPos, VPos};

use super::style::{self, GRID, INK, MUTED};
use super::ticks;
use crate::model::{Drawing, Forest, Row, Table};
use bench_record::wire::Verdict;

const WIDTH: u32 = 760;
const ROW: i32 = 20;
const TOP: i32 = 58;
const LEFT: i32 = 240;
const RIGHT: i32 = 590;

/// Pixels that the table takes.
pub fn size(table: &Table) -> (u32, u32) {
    (WIDTH, (TOP + ROW * table.rows.len() as i32 + 34) as u32)
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
pub fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    table: &Table,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let rows: Vec<_> = table
        .rows
        .iter()
        .filter_map(|row| Some((row, forest_of(row)?)))
        .collect();
    let ends = rows
        .iter()
        .flat_map(|(_, f)| [f.low, f.high, 1.0 - f.delta, 1.0 + f.delta]);
    let (low, high) = ends.fold((1.0_f64, 1.0_f64), |(a, b), v| (a.min(v), b.max(v)));
    let margin = ((high - low) * 0.04).max(0.005);
    let (low, high) = (low - margin, high + margin);
    let at = |ratio: f64| LEFT + ((ratio - low) / (high - low) * f64::from(RIGHT - LEFT)) as i32;
    let bottom = TOP + ROW * table.rows.len() as i32;
    let text = |size, colour, side| style::text(size, colour, (side, VPos::Center));

    area.draw(&Text::new(
        table.caption,
        (12, 18),
        text(15, INK, HPos::Left),
    ))?;
    let delta = rows.iter().map(|(_, f)| f.delta).fold(0.0, f64::max);
    let band = [(at(1.0 - delta), TOP - 8), (at(1.0 + delta), bottom)];
    area.draw(&Rectangle::new(band, MUTED.mix(0.16).filled()))?;
    for tick in ticks::linear(low, high) {
        let x = at(tick);
        let line = if (tick - 1.0).abs() < 1e-9 {
            MUTED
        } else {
            GRID
        };
        area.draw(&PathElement::new(vec![(x, TOP - 8), (x, bottom)], line))?;
        area.draw(&Text::new(
            format!("{tick:.2}"),
            (x, bottom + 12),
            text(12, MUTED, HPos::Center),
        ))?;
    }
    let sides = [
        (at(1.0) - 8, HPos::Right, "← arena faster"),
        (at(1.0) + 8, HPos::Left, "slower →"),
    ];
    for (x, anchor, word) in sides {
        area.draw(&Text::new(word, (x, TOP - 18), text(12, INK, anchor)))?;
    }
    for (number, (row, forest)) in rows.iter().enumerate() {
        let y = TOP + ROW * number as i32 + ROW / 2;
        area.draw(&Text::new(
            name(row),
            (LEFT - 14, y),
            text(12, INK, HPos::Right),
        ))?;
        let style = row.verdict.map_or(6, style_of);
        let ends = vec![(at(forest.low), y), (at(forest.high), y)];
        area.draw(&PathElement::new(
            ends,
            style::colour(style).stroke_width(2),
        ))?;
        style::marker(area, style, (at(forest.ratio), y))?;
        let verdict = row.verdict.map_or("", crate::model::verdict_word);
        let figure = format!("{:.3}  {verdict}", forest.ratio);
        area.draw(&Text::new(
            figure,
            (RIGHT + 14, y),
            text(12, INK, HPos::Left),
        ))?;
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
    let cells: Vec<_> = row
        .cells
        .iter()
        .take(2)
        .map(|cell| cell.text.as_str())
        .collect();
    cells.join(", ")
}
