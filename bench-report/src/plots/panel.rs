//! One chart: axes, band, lines with their intervals, points, marks, legend.

use plotters::coord::Shift;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, Color, DashedLineSeries, DrawingArea,
    DrawingAreaErrorKind, DrawingBackend, LineSeries, PathElement, Polygon, Rectangle, Text, WHITE,
};
use plotters::style::text_anchor::{HPos, VPos};

use super::scale::Scale;
use super::style::{self, Drawn, GRID, INK, MUTED};
use crate::model::{Panel, Point, Series};

/// Pixels, width and height.
pub const SIZE: (u32, u32) = (415, 320);

/// The share of the horizontal axis that a tick's label takes.
const TICK_SHARE: f64 = 0.15;
/// What lies left of the axes, and right of them.
const SIDES: (i32, i32) = (68, 14);
const LEGEND_ROW: i32 = 17;
const TOP_LEFT: (HPos, VPos) = (HPos::Left, VPos::Top);

type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Scale, Scale>>;

/// Draws a panel into an area of [`SIZE`].
pub fn draw<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, panel: &Panel) -> Drawn<DB> {
    let points = || panel.series.iter().flat_map(|series| &series.points);
    let band = panel.band.iter().flat_map(|band| [band.low, band.high]);
    let x = Scale::new(&panel.x, points().map(|p| p.x), 0.04).apart(TICK_SHARE);
    let y = Scale::new(
        &panel.y,
        points().flat_map(|p| [p.low, p.high]).chain(band),
        0.06,
    );

    area.draw(&Text::new(
        panel.title.clone(),
        (10, 8),
        style::text(15, INK, TOP_LEFT),
    ))?;
    let rows = legend(area, &panel.series)?;
    let (_, plot) = area.split_vertically(30 + rows * LEGEND_ROW);
    let mut chart = ChartBuilder::on(&plot)
        .margin_left(6)
        .margin_right(SIDES.1)
        .x_label_area_size(40)
        .y_label_area_size(62)
        .build_cartesian_2d(x.clone(), y.clone())?;
    chart
        .configure_mesh()
        .x_desc(panel.x.label)
        .y_desc(panel.y.label)
        .bold_line_style(GRID)
        .light_line_style(GRID.mix(0.0))
        .axis_style(MUTED)
        .label_style(style::text(12, MUTED, TOP_LEFT))
        .axis_desc_style(style::text(12, INK, TOP_LEFT))
        .draw()?;

    if let Some(band) = &panel.band {
        let corners = [(x.low, band.low), (x.high, band.high)];
        chart.draw_series([Rectangle::new(corners, MUTED.mix(0.16).filled())])?;
        let middle = [(x.low, band.middle), (x.high, band.middle)];
        chart.draw_series([PathElement::new(middle, MUTED)])?;
    }
    for series in &panel.series {
        draw_series(&mut chart, series)?;
    }
    for mark in &panel.marks {
        let ends = [(mark.x, y.low), (mark.x, y.high)];
        chart.draw_series(DashedLineSeries::new(ends, 4, 3, MUTED.into()))?;
    }
    for (row, mark) in panel.marks.iter().enumerate() {
        let at = mark.x;
        // Above the middle of the chart the text stands left of its line, where there is room.
        let (px, py) = chart.backend_coord(&(at, y.high));
        let absolute = area.strip_coord_spec();
        let style = style::text(11, INK, TOP_LEFT);
        let (width, height) = absolute.estimate_text_size(&mark.label, &style)?;
        let beside = match x.beyond_middle(at) {
            true => px - 5 - width as i32,
            false => px + 5,
        };
        // A long one may cross its line, but not leave the chart.
        let (start, _) = area.get_base_pixel();
        let last = start + SIZE.0 as i32 - SIDES.1 - width as i32;
        let place = (
            beside.min(last).max(start + SIDES.0),
            py + 3 + 14 * row as i32,
        );
        // On a ground of its own: it may lie across the line of another mark.
        let corners = [place, (place.0 + width as i32, place.1 + height as i32)];
        let ground = corners.map(|corner| relative(&absolute, corner));
        absolute.draw(&Rectangle::new(ground, WHITE.mix(0.85).filled()))?;
        absolute.draw(&Text::new(
            mark.label.clone(),
            relative(&absolute, place),
            style,
        ))?;
    }
    for series in &panel.series {
        for point in &series.points {
            let place = chart.backend_coord(&(point.x, point.y));
            style::marker(area, series.style, relative(area, place), point.hollow)?;
        }
    }
    Ok(())
}

/// A pixel of the whole picture as a pixel of an area within it.
fn relative<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, (x, y): (i32, i32)) -> (i32, i32) {
    let (left, top) = area.get_base_pixel();
    (x - left, y - top)
}

/// One line with its intervals: as a band where the points are joined, as bars where not, and
/// where the line is dashed, whose band would cover that of the first reading. A hollow point
/// is of something else: no line leads to it.
fn draw_series<DB: DrawingBackend>(chart: &mut Chart<DB>, series: &Series) -> Drawn<DB> {
    let colour = style::colour(series.style);
    let has_width = series.points.iter().any(|p| p.low < p.high);
    let at = |p: &Point, value: f64| (p.x, value);
    let solid: Vec<&Point> = series.points.iter().filter(|p| !p.hollow).collect();
    let is_joined = series.line && solid.len() > 1;
    let has_bar = |p: &&Point| p.low < p.high && (p.hollow || !is_joined || series.dashed);
    {
        let bars = series.points.iter().filter(has_bar);
        let bars = bars.map(|p| PathElement::new([at(p, p.low), at(p, p.high)], colour));
        chart.draw_series(bars)?;
    }
    if !is_joined {
        return Ok(());
    }
    if has_width && !series.dashed {
        let upper = solid.iter().map(|p| at(p, p.high));
        let lower = solid.iter().rev().map(|p| at(p, p.low));
        let outline: Vec<_> = upper.chain(lower).collect();
        chart.draw_series([Polygon::new(outline, colour.mix(0.18))])?;
    }
    let line = solid.iter().map(|p| at(p, p.y));
    if series.dashed {
        chart.draw_series(DashedLineSeries::new(line, 6, 4, colour.stroke_width(2)))?;
    } else {
        chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
    }
    Ok(())
}

/// Names with their shapes in rows under the title; returns the number of rows.
fn legend<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    series: &[Series],
) -> Result<i32, DrawingAreaErrorKind<DB::ErrorType>> {
    // Width of a name: 7 pixels a character is what this size takes at most on average.
    let width = |name: &str| 30 + name.chars().count() as i32 * 7;
    let (mut left, mut row) = (12, 0);
    for one in series {
        if left + width(&one.name) > SIZE.0 as i32 {
            (left, row) = (12, row + 1);
        }
        let middle = 36 + row * LEGEND_ROW;
        let colour = style::colour(one.style);
        if one.line {
            let ends = vec![(left, middle), (left + 16, middle)];
            area.draw(&PathElement::new(
                ends,
                colour.stroke_width(if one.dashed { 1 } else { 2 }),
            ))?;
        }
        style::marker(area, one.style, (left + 8, middle), false)?;
        area.draw(&Text::new(
            one.name.clone(),
            (left + 21, middle - 6),
            style::text(12, INK, TOP_LEFT),
        ))?;
        left += width(&one.name);
    }
    Ok(row + 1)
}
