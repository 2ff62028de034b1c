//! Why a report could not be put together.

use crate::plots::PlotError;

/// A report could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A plot failed.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The data of the page could not be written as JSON.
    #[error("the page's data cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
