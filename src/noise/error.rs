//! Why the noise of a machine could not be told.

use paired::runner::MeasureError;
use paired::stats::StatsError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum NoiseError {
    /// A measuring process failed.
    #[error(transparent)]
    ArmSet(#[from] MeasureError),
    /// The samples have no statistic.
    #[error(transparent)]
    Stats(#[from] StatsError),
}
