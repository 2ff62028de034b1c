//! Why a report could not be put together.

use crate::plots::PlotError;

/// A report could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Plot(#[from] PlotError),
    #[error("the page's data cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
