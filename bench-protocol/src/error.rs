//! The error that a plugin's producer may end a stream with.

use serde::{Deserialize, Serialize};

/// A producer's error, as it crosses the boundary behind
/// [`PLUGIN_ERROR`](crate::status::PLUGIN_ERROR): bincode of this struct.
///
/// The same fields in the same order as Fidius' `PluginError`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct PluginError {
    /// A short, stable code for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// More, as JSON text, or nothing.
    pub details: Option<String>,
}

impl PluginError {
    /// An error of a code and a sentence, without details.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            details: None,
        }
    }
}
