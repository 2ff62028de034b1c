//! Reports: from records to one page, its plots and a Markdown summary.
//!
//! [`model`] computes and words every number; the rest gives it form. Nothing
//! here measures or judges.

#![forbid(unsafe_code)]
// Used by this workspace alone: an item has a comment where its name does not say it all.
#![allow(missing_docs)]

pub mod compare;
pub mod dashboard;
mod error;
pub mod explain;
pub mod format;
pub mod gate;
pub mod growth;
pub mod history;
pub mod html;
pub mod lab;
pub mod ladder;
pub mod markdown;
pub mod model;
pub mod packages;
pub mod plots;
pub mod run;
mod summary;
pub mod terminal;
mod tone;
pub mod writer;

pub use error::ReportError;
pub use tone::Tone;

use bench_record::growth::Plan;
use bench_record::history::{History, Options};
use bench_record::ladder::Breakdown;
use bench_record::wire::Environment;
use dashboard::Dashboard;
use model::{Source, View, view};
use plots::{Figure, PlotError};
use writer::File;

/// All files of a report over one or more records; the plots are the last record's.
pub fn files(sources: &[Source]) -> Result<Vec<File>, ReportError> {
    let views: Vec<View> = sources.iter().map(view).collect();
    let figures = match views.last() {
        Some(last) => plots::figures(last)?,
        None => Vec::new(),
    };
    let mut files = vec![
        file("index.html", html::report(&views)?.into_bytes()),
        file(
            "summary.md",
            summary::summary(&views, &figures).into_bytes(),
        ),
    ];
    let newest = sources.iter().rev();
    if let Some(lab) = newest.filter_map(|it| lab::of_record(&it.record)).next() {
        files.push(file("advice.md", lab::advice(&lab).into_bytes()));
    }
    for figure in figures {
        files.push(file(&format!("{}.png", figure.name), figure.png()?));
        files.push(file(
            &format!("{}.svg", figure.name),
            figure.document().into_bytes(),
        ));
    }
    Ok(files)
}

/// The plot of growth alone: a chart a size plan, by time where that was measured.
pub fn growth_plot(plans: &[Plan]) -> Result<Figure, PlotError> {
    let panels = model::growth_panels(plans);
    plots::sheet(
        "growth",
        "Cost against memory held",
        &panels.iter().collect::<Vec<_>>(),
    )
}

/// The waterfall of every payload whose steps were all measured.
pub fn ladder_plot(found: &[Breakdown], environment: &Environment) -> Result<Figure, PlotError> {
    plots::waterfalls(found, environment)
}

/// All files of a dashboard over a history. `repository` is the address of the web pages of
/// its commits, where the records do not name it.
pub fn dashboard_files(
    history: &History,
    options: &Options,
    repository: Option<&str>,
) -> Result<Vec<File>, ReportError> {
    let dashboard = Dashboard::new(history, options).of_repository(repository);
    Ok(vec![file(
        "index.html",
        html::dashboard(&dashboard)?.into_bytes(),
    )])
}

fn file(name: &str, content: Vec<u8>) -> File {
    File {
        name: name.to_owned(),
        content,
    }
}

#[cfg(test)]
#[path = "../../tests/workbench/report/fixture.rs"]
mod fixture;
