//! The static plots: what a README shows, and what a reader without scripts sees.
//!
//! Drawn from the model's panels by plotters as SVG; the PNG is that SVG, rasterised.
//! Knows nothing of records, and decides nothing that the model has not decided.

mod compact;
mod forest;
mod panel;
mod png;
mod scale;
mod style;
mod ticks;
mod waterfall;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea, SVGBackend, WHITE};

use bench_record::ladder::Breakdown;
use bench_record::wire::Environment;
use waterfall::Waterfall;

use super::model::{Measure, Panel, Section, Table, View};

/// A plot could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    #[error("there is nothing to draw in the plot {name}: what it shows was not measured")]
    Nothing { name: String },
    #[error("the plot {name} could not be drawn: {why}")]
    Draw { name: String, why: String },
    #[error("the plot {name} could not be rasterised: {why}")]
    Raster { name: String, why: String },
}

/// What plotters says where it cannot write the SVG.
type Refused = DrawingAreaErrorKind<std::io::Error>;

/// The SVG of a picture of this size; `ground` where it brings its own.
fn drawn(
    name: &str,
    size: (u32, u32),
    ground: bool,
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Refused>,
) -> Result<String, PlotError> {
    let refused = |error: Refused| PlotError::Draw {
        name: name.to_owned(),
        why: error.to_string(),
    };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        if ground {
            root.fill(&WHITE).map_err(refused)?;
        }
        draw(&root).map_err(refused)?;
        root.present().map_err(refused)?;
    }
    Ok(svg)
}

/// Ground, text, axes and grid, and what they become for readers who prefer dark pages.
const DARK: [(&str, &str); 4] = [
    ("#FFFFFF", "#16181b"),
    ("#222222", "#e7e5e0"),
    ("#5C5C5C", "#a4a8ae"),
    ("#E2E2E2", "#34383e"),
];

#[derive(Debug)]
pub struct Figure {
    /// File name without extension.
    pub name: String,
    /// What it shows, for readers who do not see it.
    pub alt: String,
    pub svg: String,
}

impl Figure {
    /// The picture as a file: it follows the reader's choice of light or dark.
    pub fn document(&self) -> String {
        let rules: String = DARK
            .iter()
            .map(|(light, dark)| {
                format!("[fill=\"{light}\"]{{fill:{dark}}}[stroke=\"{light}\"]{{stroke:{dark}}}")
            })
            .collect();
        let style = format!("<style>@media (prefers-color-scheme:dark){{{rules}}}</style>");
        let (head, rest) = self.svg.split_once('>').unwrap_or((&self.svg, ""));
        format!("{head}>\n{style}{rest}")
    }

    /// The same picture for a page that brings its own fonts and colours: without its
    /// ground, and smaller.
    pub fn inline(&self) -> String {
        let ground = self.svg.lines().filter(|line| {
            !(line.starts_with("<rect x=\"0\" y=\"0\"") && line.contains("#FFFFFF"))
        });
        compact::compact(&ground.collect::<Vec<_>>().join("\n"))
    }

    /// The same picture as a PNG at twice the size.
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        png::rasterise(&self.svg).map_err(|why| PlotError::Raster {
            name: self.name.clone(),
            why,
        })
    }
}

/// One panel as a small SVG without background or fonts, to stand in a page that brings
/// its own.
pub fn inline(panel: &Panel) -> Result<String, PlotError> {
    let svg = drawn(&panel.id, panel::SIZE, false, |root| {
        panel::draw(root, panel)
    })?;
    Ok(compact::compact(&svg))
}

/// The plots of a record as files: charts of one kind together, at most two abreast,
/// and every arena / alloc ratio on one page.
pub fn figures(view: &View) -> Result<Vec<Figure>, PlotError> {
    let mut figures = Vec::new();
    if let Some(table) = view.tables.iter().find(|table| table.id == "ratios") {
        figures.push(ratios(table)?);
    }
    for (section, name, what) in [
        (
            Section::ItemSize,
            "item-size",
            "Cost per item against item size",
        ),
        (Section::Ratio, "ratio", "Arena / alloc against item size"),
        (Section::Growth, "growth", "Cost against memory held"),
    ] {
        for (measure, unit) in [
            (Measure::Wall, "wall"),
            (Measure::Instructions, "instructions"),
        ] {
            let panels: Vec<_> = view
                .panels
                .iter()
                .filter(|panel| panel.section == section && panel.measure == measure)
                .collect();
            if !panels.is_empty() {
                let (name, what) = (format!("{name}-{unit}"), format!("{what}, {unit}"));
                figures.push(sheet(&name, &what, &panels)?);
            }
        }
    }
    Ok(figures)
}

/// Charts of one kind on one sheet, at most two abreast; `what` they show is told to
/// readers who do not see it.
pub fn sheet(name: &str, what: &str, panels: &[&Panel]) -> Result<Figure, PlotError> {
    if panels.is_empty() {
        return Err(PlotError::Nothing {
            name: name.to_owned(),
        });
    }
    let columns = panels.len().min(2);
    let rows = panels.len().div_ceil(columns);
    let size = (panel::SIZE.0 * columns as u32, panel::SIZE.1 * rows as u32);
    let svg = drawn(name, size, true, |root| {
        let areas = root.split_evenly((rows, columns));
        let mut areas = areas.iter().zip(panels);
        areas.try_for_each(|(area, panel)| panel::draw(area, panel))
    })?;
    let titles: Vec<_> = panels.iter().map(|panel| panel.title.as_str()).collect();
    Ok(Figure {
        name: name.to_owned(),
        alt: format!("{what}: {}", titles.join("; ")),
        svg,
    })
}

/// The waterfalls of all payloads whose steps were measured, one below the other.
pub fn waterfalls(found: &[Breakdown], environment: &Environment) -> Result<Figure, PlotError> {
    let name = "ladder";
    let all: Vec<Waterfall> = found
        .iter()
        .filter_map(|one| Waterfall::new(one, environment))
        .collect();
    if all.is_empty() {
        return Err(PlotError::Nothing {
            name: name.to_owned(),
        });
    }
    let height = all.iter().map(Waterfall::height).sum();
    let svg = drawn(name, (waterfall::WIDTH, height), true, |root| {
        let mut rest = root.clone();
        for one in &all {
            let (area, below) = rest.split_vertically(one.height());
            one.draw(&area)?;
            rest = below;
        }
        Ok(())
    })?;
    let titles: Vec<_> = all.iter().map(Waterfall::title).collect();
    Ok(Figure {
        name: name.to_owned(),
        alt: titles.join("; "),
        svg,
    })
}

/// Every arena / alloc ratio with its interval on one axis.
pub fn ratios(table: &Table) -> Result<Figure, PlotError> {
    let name = "ratios";
    let size = forest::size(table);
    Ok(Figure {
        name: name.to_owned(),
        alt: table.caption.to_owned(),
        svg: drawn(name, size, true, |root| forest::draw(root, table))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::model::{Source, view};

    fn a_view() -> View {
        view(&Source {
            name: "run".to_owned(),
            record: fixture::record("c0ffee", 1.0),
        })
    }

    #[test]
    fn every_kind_of_chart_becomes_a_file() {
        let figures = figures(&a_view()).expect("the fixture can be drawn");
        let names: Vec<_> = figures.iter().map(|figure| figure.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "ratios",
                "item-size-wall",
                "item-size-instructions",
                "ratio-wall",
                "ratio-instructions",
                "growth-wall",
                "growth-instructions",
            ]
        );
        assert!(
            figures
                .iter()
                .all(|figure| figure.svg.trim_end().ends_with("</svg>"))
        );
    }

    /// GitHub shows a plot at 830 pixels.
    #[test]
    fn text_is_legible_where_plots_are_shown_and_the_headline_is_in_them() {
        let view = a_view();
        let figures = figures(&view).expect("the fixture can be drawn");
        let ladder = waterfalls(&view.ladder, &view.machine).expect("it has one");
        for figure in figures.iter().chain([&ladder]) {
            let number = |after: &str, text: &str| -> Vec<f64> {
                text.split(after)
                    .skip(1)
                    .map(|rest| rest.split('"').next().expect("a quote"))
                    .map(|number| number.parse().expect("a number"))
                    .collect()
            };
            let width = number(" width=\"", &figure.svg)[0];
            let scale = (830.0 / width).min(1.0);
            for size in number("font-size=\"", &figure.svg) {
                assert!(size * scale >= 11.0, "{}: {size} of {width}", figure.name);
            }
        }
        for name in ["ratios", "ratio-wall", "item-size-wall"] {
            let figure = figures.iter().find(|figure| figure.name == name);
            let svg = &figure.expect("it is drawn").svg;
            assert!(svg.contains("u64"), "{name}");
        }
    }

    #[test]
    fn a_plot_file_follows_the_reader_s_choice_of_light_or_dark_and_a_page_s_own_does_not() {
        let figure = figures(&a_view()).expect("it can be drawn").swap_remove(0);
        assert!(figure.document().contains("prefers-color-scheme:dark"));
        assert!(!figure.inline().contains("<style"));
        assert!(figure.png().is_ok_and(|png| png.starts_with(b"\x89PNG")));
    }

    #[test]
    fn a_sheet_without_a_chart_is_refused() {
        let refused = sheet("growth", "nothing", &[]).map(|figure| figure.svg);
        assert!(matches!(refused, Err(PlotError::Nothing { name }) if name == "growth"));
    }

    #[test]
    fn a_name_with_markup_is_text_in_a_plot() {
        let mut panel = a_view().panels.swap_remove(0);
        panel.title = "<script>alert(1)</script>".to_owned();
        panel.series[0].name = "\"><img src=x>".to_owned();
        let svg = inline(&panel).expect("any text can be drawn");
        assert!(!svg.contains("<script") && !svg.contains("<img"), "{svg}");
    }

    #[test]
    fn a_chart_of_a_single_point_can_be_drawn() {
        let mut panel = a_view().panels.swap_remove(0);
        for series in &mut panel.series {
            series.points.truncate(1);
        }
        assert!(inline(&panel).is_ok());
    }

    #[test]
    fn a_png_shows_ink_and_text_without_fonts_of_the_machine() {
        let with_text = Figure {
            name: "text".to_owned(),
            alt: String::new(),
            svg: "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'>\
                  <text x='2' y='15' font-family='sans-serif'>ab</text></svg>"
                .to_owned(),
        };
        let without = Figure {
            svg: with_text.svg.replace("ab", ""),
            name: String::new(),
            alt: String::new(),
        };
        let (with, without) = (
            with_text.png().expect("it is SVG"),
            without.png().expect("too"),
        );
        assert_eq!(&with[1..4], b"PNG");
        assert_ne!(with, without);
    }
}
