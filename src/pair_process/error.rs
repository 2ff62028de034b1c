//! What can go wrong with a pair in a child.

use paired::worker::ChildError;

/// Why a pair has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// It cannot be loaded: nothing is known of it.
    #[error("{0}")]
    Unusable(String),
    /// A stream is not what it must be.
    #[error("{0}")]
    Wrong(String),
    /// Its process crashed, left, hung or answered nonsense.
    #[error("{what}: the pair's process {source}")]
    Process {
        /// Id of the case, or what else was being done.
        what: String,
        /// What happened.
        source: ChildError,
    },
}

impl PairError {
    /// Whether the pair is at fault, rather than what surrounds it.
    #[must_use]
    pub fn is_a_finding(&self) -> bool {
        match self {
            Self::Unusable(_) => false,
            Self::Wrong(_) => true,
            Self::Process { source, .. } => !matches!(source, ChildError::Start { .. }),
        }
    }
}
