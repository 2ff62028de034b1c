//! The waterfall: each payload's steps as bars, every one starting where the one below
//! ends. Every bar has its name and its number besides its colour.

use bench_record::ladder::{Breakdown, Part};
use bench_record::wire::Environment;
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend, PathElement, RGBColor, Rectangle};
use plotters::style::Color;
use plotters::style::text_anchor::HPos;

use super::style::{self, Drawn, INK, MUTED, write};
use crate::format;
use crate::ladder::{copies, ns, step};

/// Pixels: GitHub shows a plot at this width.
pub const WIDTH: u32 = 830;
/// Where bars begin: names stand left of it.
const LEFT: i32 = 300;
/// Where the longest bar ends: its number stands right of it.
const RIGHT: i32 = WIDTH as i32 - 90;
const ROW: i32 = 22;
const HEAD: i32 = 40;
const FOOT: i32 = 28;
/// Height of a line below the bars.
const NOTE: i32 = 17;

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
    style::colour(match part {
        Part::Item => 6,
        Part::Boundary => 0,
        Part::Codec => 4,
        Part::Alloc => 1,
        Part::Hop => 3,
    })
}

/// The bars of a payload: the way up to arena, arena itself, the way on to alloc, alloc
/// itself. `None` when one of them was not measured.
fn bars(found: &Breakdown) -> Option<Vec<Bar<'_>>> {
    let iterator = found.step(step::ITERATOR)?;
    let mut height = iterator.ns_per_item?;
    let mut bars = vec![Bar {
        name: &iterator.adds,
        from: 0.0,
        to: height,
        ends: None,
        colour: colour(iterator.part),
    }];
    for (from, to, name) in [
        (step::ITERATOR, step::ARENA, "= arena"),
        (step::ARENA, step::ALLOC, "= alloc"),
    ] {
        let way = found.way(from, to);
        if way.is_empty() {
            return None;
        }
        for one in way {
            let cost = one.step_ns.as_ref()?;
            bars.push(Bar {
                name: &one.adds,
                from: height,
                to: height + cost.estimate,
                ends: Some((height + cost.low, height + cost.high)),
                colour: colour(one.part),
            });
            height += cost.estimate;
        }
        // The whole as it was measured: where the steps do not add up, it shows.
        bars.push(Bar {
            name,
            from: 0.0,
            to: ns(found, to)?,
            ends: None,
            colour: INK,
        });
    }
    Some(bars)
}

pub struct Waterfall<'a> {
    found: &'a Breakdown,
    bars: Vec<Bar<'a>>,
    notes: Vec<String>,
}

impl<'a> Waterfall<'a> {
    /// The waterfall of a payload whose steps were all measured.
    pub fn new(found: &'a Breakdown, environment: &Environment) -> Option<Self> {
        Some(Self {
            found,
            bars: bars(found)?,
            notes: copies(found, environment).map_or(Vec::new(), Vec::from),
        })
    }

    /// Pixels that it takes from top to bottom.
    pub fn height(&self) -> u32 {
        (HEAD + FOOT + ROW * self.bars.len() as i32 + NOTE * self.notes.len() as i32) as u32
    }

    pub fn title(&self) -> String {
        let unstable = match self.found.unstable() {
            Some(_) => " (unstable: a copy of the arena differed)",
            None => "",
        };
        format!("{}: time per item, step by step{unstable}", self.found.item)
    }

    /// Draws it at the top of an area.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        // The same work in process.
        let floor = ns(self.found, step::CODEC);
        let ends = self.bars.iter().map(|bar| bar.ends.map_or(bar.to, |e| e.1));
        let most = ends.chain(floor).fold(f64::MIN_POSITIVE, f64::max);
        let x = |ns: f64| LEFT + (ns / most * f64::from(RIGHT - LEFT)).round() as i32;
        let last = HEAD + ROW * self.bars.len() as i32;
        write(area, &self.title(), (12, 16), (15, INK), HPos::Left)?;
        area.draw(&PathElement::new([(LEFT, HEAD), (LEFT, last)], MUTED))?;
        if let Some(floor) = floor {
            mark_floor(area, x(floor), last, floor)?;
        }
        for (row, bar) in self.bars.iter().enumerate() {
            draw_bar(area, bar, HEAD + ROW * row as i32, x)?;
        }
        for (line, note) in self.notes.iter().enumerate() {
            let place = (12, last + FOOT + NOTE * line as i32);
            write(area, note, place, (12, MUTED), HPos::Left)?;
        }
        Ok(())
    }
}

/// A dashed line with its words below.
fn mark_floor<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    place: i32,
    last: i32,
    floor: f64,
) -> Drawn<DB> {
    for dash in (HEAD..last).step_by(8) {
        let ends = [(place, dash), (place, (dash + 4).min(last))];
        area.draw(&PathElement::new(ends, MUTED))?;
    }
    let text = format!(
        "the floor, same items and codec in process: {}",
        format::ns(floor)
    );
    let side = match place > (LEFT + RIGHT) / 2 {
        true => HPos::Right,
        false => HPos::Left,
    };
    write(area, &text, (place, last + 12), (12, MUTED), side)
}

/// A bar with its name and its number, from `up` on.
fn draw_bar<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    bar: &Bar<'_>,
    up: i32,
    x: impl Fn(f64) -> i32,
) -> Drawn<DB> {
    let down = up + ROW;
    let middle = i32::midpoint(up, down);
    write(area, bar.name, (LEFT - 8, middle), (13, INK), HPos::Right)?;
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
    let number = match bar.ends {
        Some(_) => format::signed_ns(bar.to - bar.from),
        None => format::ns(bar.to),
    };
    write(area, &number, (right + 6, middle), (13, INK), HPos::Left)
}
