//! What can go wrong with a pair in a child.

use paired::worker::ChildError;

/// Why a pair has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    #[error("{0}")]
    Unusable(String),
    #[error("{0}")]
    Wrong(String),
    #[error("{what}: the pair's process {source}")]
    Process { what: String, source: ChildError },
}

impl PairError {
    /// Whether the pair is at fault, rather than what surrounds it.
    pub fn is_a_finding(&self) -> bool {
        match self {
            Self::Unusable(_) => false,
            Self::Wrong(_) => true,
            Self::Process { source, .. } => !matches!(source, ChildError::Start { .. }),
        }
    }
}
