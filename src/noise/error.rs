//! Why the noise of a machine could not be told.

use paired::runner::MeasureError;
use paired::stats::StatsError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum NoiseError {
    #[error(transparent)]
    ArmSet(#[from] MeasureError),
    #[error(transparent)]
    Stats(#[from] StatsError),
}
