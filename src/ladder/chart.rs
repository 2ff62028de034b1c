//! The waterfall: each payload's steps as bars, every one starting where the one
//! below ends.
//!
//! Colours are of Okabe and Ito's palette, which readers with any colour vision
//! tell apart; every bar bears its name and its number besides.

use bench_protocol::step::Step;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::display;
use bench_record::ladder::{Breakdown, Part, StepCost};
use bench_record::wire::Environment;

const WIDTH: i32 = 960;
/// Where bars begin: names stand left of it.
const LEFT: i32 = 330;
/// Where the longest bar ends: its number stands right of it.
const RIGHT: i32 = WIDTH - 120;
const ROW: i32 = 22;
const HEAD: i32 = 44;
const FOOT: i32 = 26;
/// Height of a line below the bars.
const NOTE: i32 = 16;

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const MUTED: RGBColor = RGBColor(0x5c, 0x5c, 0x5c);

/// No waterfall can be drawn.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// There is nothing to draw.
    #[error("no payload has the times of its steps: there is no waterfall to draw")]
    Empty,
    /// The picture failed.
    #[error("drawing the waterfall: {0}")]
    Drawing(String),
}

/// One bar, from and to in nanoseconds per item.
struct Bar<'a> {
    name: &'a str,
    from: f64,
    to: f64,
    /// Interval of the upper end; none for sums.
    ends: Option<(f64, f64)>,
    colour: RGBColor,
}

fn colour(part: Part) -> RGBColor {
    match part {
        Part::Item => RGBColor(0x7a, 0x7a, 0x7a),
        Part::Boundary => RGBColor(0x00, 0x72, 0xb2),
        Part::Codec => RGBColor(0xe6, 0x9f, 0x00),
        Part::Alloc => RGBColor(0xd5, 0x5e, 0x00),
        Part::Hop => RGBColor(0xcc, 0x79, 0xa7),
    }
}

/// The bars of a payload: the way up to arena, arena itself, the way on to alloc,
/// alloc itself. `None` when one of them was not measured.
fn bars(found: &Breakdown) -> Option<Vec<Bar<'_>>> {
    let iterator = found.step(Step::Iterator.name())?;
    let mut height = iterator.ns_per_item?;
    let mut bars = vec![Bar {
        name: &iterator.adds,
        from: 0.0,
        to: height,
        ends: None,
        colour: colour(iterator.part),
    }];
    for (from, to, name) in [
        (Step::Iterator, Step::Arena, "= arena"),
        (Step::Arena, Step::Alloc, "= alloc"),
    ] {
        let way: Vec<&StepCost> = found.way(from.name(), to.name());
        if way.is_empty() {
            return None;
        }
        for step in way {
            let cost = step.step_ns.as_ref()?;
            bars.push(Bar {
                name: &step.adds,
                from: height,
                to: height + cost.estimate,
                ends: Some((height + cost.low, height + cost.high)),
                colour: colour(step.part),
            });
            height += cost.estimate;
        }
        // The whole as it was measured: where the steps do not add up, it shows.
        bars.push(Bar {
            name,
            from: 0.0,
            to: found.step(to.name())?.ns_per_item?,
            ends: None,
            colour: INK,
        });
    }
    Some(bars)
}

/// The waterfall of all payloads that were measured, as SVG, with what the
/// `environment` warns of.
///
/// # Errors
/// When there is none of them, or the picture fails.
pub fn svg(found: &[Breakdown], environment: &Environment) -> Result<String, ChartError> {
    let panel_of = |found| {
        Some(Panel {
            found,
            bars: bars(found)?,
            notes: display::copies(found, environment).map_or(Vec::new(), Vec::from),
        })
    };
    let panels: Vec<Panel> = found.iter().filter_map(panel_of).collect();
    if panels.is_empty() {
        return Err(ChartError::Empty);
    }
    let height: i32 = panels.iter().map(Panel::height).sum();
    let mut picture = String::new();
    {
        let root = SVGBackend::with_string(&mut picture, (WIDTH as u32, height as u32))
            .into_drawing_area();
        let failed = |error: &dyn std::fmt::Display| ChartError::Drawing(error.to_string());
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        let mut top = 0;
        for panel in &panels {
            panel.draw(&root, top).map_err(|error| failed(&error))?;
            top += panel.height();
        }
        root.present().map_err(|error| failed(&error))?;
    }
    Ok(picture)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// One payload's picture.
struct Panel<'a> {
    found: &'a Breakdown,
    bars: Vec<Bar<'a>>,
    /// Lines below the bars.
    notes: Vec<String>,
}

impl Panel<'_> {
    fn height(&self) -> i32 {
        HEAD + FOOT + ROW * self.bars.len() as i32 + NOTE * self.notes.len() as i32
    }

    fn title(&self) -> String {
        let unstable = match self.found.unstable() {
            Some(_) => " (unstable: a copy of the arena was not the same)",
            None => "",
        };
        let item = &self.found.item;
        format!("{item}: nanoseconds per item, step by step{unstable}")
    }

    /// Draws it from `top` on.
    fn draw(&self, area: &Area<'_>, top: i32) -> Drawn {
        // The same work in process.
        let floor = self
            .found
            .step(Step::Codec.name())
            .and_then(|it| it.ns_per_item);
        let ends = self.bars.iter().map(|bar| bar.ends.map_or(bar.to, |e| e.1));
        let most = ends.chain(floor).fold(f64::MIN_POSITIVE, f64::max);
        let x = |ns: f64| LEFT + (ns / most * f64::from(RIGHT - LEFT)).round() as i32;
        let first = top + HEAD;
        let last = first + ROW * self.bars.len() as i32;
        write(area, &self.title(), (12, top + 14), 16, INK, HPos::Left)?;
        area.draw(&PathElement::new([(LEFT, first), (LEFT, last)], MUTED))?;
        if let Some(floor) = floor {
            mark_floor(area, (x(floor), first, last), floor)?;
        }
        for (row, bar) in self.bars.iter().enumerate() {
            draw_bar(area, bar, first + ROW * row as i32, x)?;
        }
        for (line, note) in self.notes.iter().enumerate() {
            let place = (12, last + FOOT - 6 + NOTE * line as i32);
            write(area, note, place, 12, MUTED, HPos::Left)?;
        }
        Ok(())
    }
}

/// A dashed line with its words below, from one height to another.
fn mark_floor(area: &Area<'_>, (place, first, last): (i32, i32, i32), floor: f64) -> Drawn {
    for dash in (first..last).step_by(8) {
        let ends = [(place, dash), (place, (dash + 4).min(last))];
        area.draw(&PathElement::new(ends, MUTED))?;
    }
    let text = format!("same items and codec in process: {}", display::ns(floor));
    let side = if place > (LEFT + RIGHT) / 2 {
        HPos::Right
    } else {
        HPos::Left
    };
    write(area, &text, (place, last + 4), 12, MUTED, side)
}

/// A bar with its name and its number, from `up` on.
fn draw_bar(area: &Area<'_>, bar: &Bar<'_>, up: i32, x: impl Fn(f64) -> i32) -> Drawn {
    let down = up + ROW;
    let middle = (up + down) / 2;
    write(area, bar.name, (LEFT - 8, middle - 7), 13, INK, HPos::Right)?;
    // A step that costs nothing is a line, never invisible.
    let (from, to) = (x(bar.from.min(bar.to)), x(bar.from.max(bar.to)));
    let corners = [(from, up + 4), (to.max(from + 1), down - 4)];
    area.draw(&Rectangle::new(corners, bar.colour.filled()))?;
    let mut right = to;
    if let Some((low, high)) = bar.ends {
        let whisker = [(x(low), middle), (x(high), middle)];
        area.draw(&PathElement::new(whisker, INK))?;
        right = right.max(x(high));
    }
    let (sign, cost) = match bar.ends {
        Some(_) => ("+", bar.to - bar.from),
        None => ("", bar.to),
    };
    let sign = if cost >= 0.0 { sign } else { "" };
    let number = format!("{sign}{} ns", display::ns(cost));
    write(area, &number, (right + 6, middle - 7), 13, INK, HPos::Left)
}

fn write(
    area: &Area<'_>,
    text: &str,
    place: (i32, i32),
    size: i32,
    colour: RGBColor,
    side: HPos,
) -> Drawn {
    let style = TextStyle {
        font: ("sans-serif", size).into_font(),
        color: colour.to_backend_color(),
        pos: Pos::new(side, VPos::Top),
    };
    area.draw(&Text::new(text.to_owned(), place, style))
}
