//! The plot of growth: cost against memory held, a panel a plan, the dominated
//! ways grey and the front in colour.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::atomic;
use crate::record::growth::{Cell, Plan};

/// Size of a panel, pixels.
const PANEL: (u32, u32) = (460, 300);
const COLUMNS: usize = 3;
/// What is on the front, what is behind it.
const FRONT: RGBColor = RGBColor(0, 114, 178);
const BEHIND: RGBColor = RGBColor(170, 170, 170);

/// A plot that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// There is nothing to draw.
    #[error("no plan to plot")]
    Nothing,
    /// The drawing failed.
    #[error("drawing the plot: {0}")]
    Draw(String),
    /// The file cannot be written.
    #[error("{file}: cannot write the plot")]
    Write {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
}

/// What the cost axis shows: the best measure that two cells of the plan have.
#[derive(Clone, Copy)]
enum Axis {
    Time,
    Instructions,
    Retries,
}

impl Axis {
    fn of(plan: &Plan) -> Self {
        let two = |axis: Self| {
            let has = |cell: &&Cell| axis.cost(plan, cell).is_some();
            plan.cells.iter().filter(has).count() > 1
        };
        [Self::Time, Self::Instructions]
            .into_iter()
            .find(|&axis| two(axis))
            .unwrap_or(Self::Retries)
    }

    fn label(self) -> &'static str {
        match self {
            Self::Time => "time / exact fit",
            Self::Instructions => "instructions per item",
            Self::Retries => "retries per 1000 items",
        }
    }

    /// Estimate, low and high.
    fn cost(self, plan: &Plan, cell: &Cell) -> Option<(f64, f64, f64)> {
        let exact = |cost: f64| (cost, cost, cost);
        match self {
            Self::Time => cell
                .ratio
                .as_ref()
                .map(|ratio| (ratio.estimate, ratio.low, ratio.high)),
            Self::Instructions => cell.instructions_per_item.map(exact),
            Self::Retries => Some(exact(
                1000.0 * cell.retries as f64 / plan.items.max(1) as f64,
            )),
        }
    }
}

/// The plot as SVG.
///
/// # Errors
/// When there is no plan, or the drawing fails.
pub fn svg(plans: &[Plan]) -> Result<String, PlotError> {
    if plans.is_empty() {
        return Err(PlotError::Nothing);
    }
    let columns = plans.len().min(COLUMNS);
    let rows = plans.len().div_ceil(columns);
    let size = (PANEL.0 * columns as u32, PANEL.1 * rows as u32);
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let failed = |error: &dyn std::fmt::Display| PlotError::Draw(error.to_string());
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        for (area, plan) in root.split_evenly((rows, columns)).iter().zip(plans) {
            panel(area, plan).map_err(|error| failed(&error))?;
        }
        root.present().map_err(|error| failed(&error))?;
    }
    Ok(text)
}

/// Writes the plot to a file.
///
/// # Errors
/// As for [`svg`], and when the file cannot be written.
pub fn write(plans: &[Plan], file: &Path) -> Result<(), PlotError> {
    atomic::replace(file, svg(plans)?.as_bytes()).map_err(|source| PlotError::Write {
        file: file.display().to_string(),
        source,
    })
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Failed<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

fn panel<'a>(area: &Area<'a>, plan: &Plan) -> Result<(), Failed<'a>> {
    let axis = Axis::of(plan);
    let mut points: Vec<(&Cell, (f64, f64, f64))> = plan
        .cells
        .iter()
        .filter_map(|cell| Some((cell, axis.cost(plan, cell)?)))
        .collect();
    // The front last, on top of what is behind it.
    points.sort_by_key(|(cell, _)| cell.dominated_by.is_none());
    let held = |cell: &Cell| cell.mean_held.max(1.0);
    let fold = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (left, right) = fold(&mut points.iter().map(|(cell, _)| held(cell)));
    let (_, top) = fold(&mut points.iter().map(|(_, cost)| cost.2));
    let top = if top > 0.0 { top * 1.1 } else { 1.0 };
    let mut chart = ChartBuilder::on(area)
        .caption(&plan.name, ("sans-serif", 16))
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d((left * 0.8..right * 1.25).log_scale(), 0.0..top)?;
    chart
        .configure_mesh()
        .x_desc("memory held, mean bytes")
        .y_desc(axis.label())
        .x_labels(5)
        .y_labels(5)
        .x_label_formatter(&|bytes| format!("{bytes:.0}"))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (cell, (estimate, low, high)) in points {
        let front = cell.dominated_by.is_none();
        let x = held(cell);
        let (style, radius) = if front {
            (FRONT.filled(), 4)
        } else {
            (BEHIND.filled(), 2)
        };
        if high > low {
            let bar = PathElement::new(vec![(x, low), (x, high)], style);
            chart.draw_series([bar])?;
        }
        chart.draw_series([Circle::new((x, estimate), radius, style)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(retries: u64, mean_held: f64, dominated: bool) -> Cell {
        Cell {
            retries,
            mean_held,
            dominated_by: dominated.then(|| "another".to_owned()),
            ..Cell::default()
        }
    }

    #[test]
    fn every_plan_has_a_panel_and_every_cell_a_point() {
        let plan = |name: &str| Plan {
            name: name.to_owned(),
            items: 100,
            cells: vec![
                cell(0, 100.0, false),
                cell(5, 50.0, false),
                cell(9, 200.0, true),
            ],
            ..Plan::default()
        };
        let drawn = svg(&[plan("ramp"), plan("spike")]).unwrap();
        assert_eq!(drawn.matches("<circle").count(), 6);
        assert_eq!(
            drawn.matches("#AAAAAA").count(),
            2,
            "the dominated are grey"
        );
        for text in ["ramp", "spike", "retries per 1000 items"] {
            assert!(drawn.contains(text), "{text}");
        }
    }

    #[test]
    fn a_plan_without_retries_still_draws() {
        let flat = Plan {
            name: "constant".to_owned(),
            items: 100,
            cells: vec![cell(0, 64.0, false)],
            ..Plan::default()
        };
        assert!(svg(&[flat]).unwrap().contains("<circle"));
        assert!(matches!(svg(&[]), Err(PlotError::Nothing)));
    }
}
