//! Colours and shapes: Okabe and Ito's palette, which readers with any colour vision can
//! tell apart, and a shape for each colour because colour alone is never enough.

use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::prelude::{
    Color, DrawingArea, DrawingAreaErrorKind, IntoFont, PathElement, Polygon, RGBColor, Text,
    TextStyle, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

const COLOURS: [RGBColor; 9] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x7a, 0x7a, 0x7a),
    RGBColor(0x8b, 0x6b, 0x00),
    RGBColor(0x4b, 0x36, 0x9d),
];

/// Text and axes. The page's style sheet turns these three for a dark background.
pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub const MUTED: RGBColor = RGBColor(0x5c, 0x5c, 0x5c);
pub const GRID: RGBColor = RGBColor(0xe2, 0xe2, 0xe2);

pub fn colour(style: usize) -> RGBColor {
    COLOURS[style % COLOURS.len()]
}

/// Corners of each shape, in radii from its middle.
const SHAPES: [&[(f64, f64)]; 6] = [
    // Circle, as an octagon: at this size the eye sees no corner.
    &[
        (1.0, 0.0),
        (0.7, 0.7),
        (0.0, 1.0),
        (-0.7, 0.7),
        (-1.0, 0.0),
        (-0.7, -0.7),
        (0.0, -1.0),
        (0.7, -0.7),
    ],
    // Square.
    &[(0.9, 0.9), (-0.9, 0.9), (-0.9, -0.9), (0.9, -0.9)],
    // Triangle, point up.
    &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
    // Diamond.
    &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
    // Triangle, point down.
    &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
    // Bar.
    &[(1.4, 0.45), (-1.4, 0.45), (-1.4, -0.45), (1.4, -0.45)],
];

/// By how much plotters makes a font smaller than it is asked for.
const LINE_HEIGHT: f64 = 1.24;

/// Text of a size in pixels, and where its given point lies on it.
pub fn text(
    size: i32,
    colour: RGBColor,
    (horizontal, vertical): (HPos, VPos),
) -> TextStyle<'static> {
    TextStyle {
        // plotters takes a size for the height of a line and writes a smaller one.
        font: ("sans-serif", f64::from(size) * LINE_HEIGHT).into_font(),
        color: colour.to_backend_color(),
        pos: Pos::new(horizontal, vertical),
    }
}

/// Whether something could be drawn.
pub type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Writes a text of a size and a colour beside a pixel.
pub fn write<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    written: &str,
    place: (i32, i32),
    (size, colour): (i32, RGBColor),
    side: HPos,
) -> Drawn<DB> {
    let style = text(size, colour, (side, VPos::Center));
    area.draw(&Text::new(written.to_owned(), place, style))
}

/// Draws a style's shape around a pixel, filled or hollow.
pub fn marker<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    style: usize,
    (x, y): (i32, i32),
    hollow: bool,
) -> Drawn<DB> {
    const RADIUS: f64 = 4.0;
    let corners: Vec<_> = SHAPES[style % SHAPES.len()]
        .iter()
        .map(|(dx, dy)| [dx, dy].map(|it| (it * RADIUS).round() as i32))
        .map(|[dx, dy]| (x + dx, y + dy))
        .collect();
    if !hollow {
        return area.draw(&Polygon::new(corners, colour(style).filled()));
    }
    area.draw(&Polygon::new(corners.clone(), WHITE.filled()))?;
    let outline: Vec<_> = corners.iter().chain(corners.first()).copied().collect();
    area.draw(&PathElement::new(outline, colour(style).stroke_width(2)))
}
