//! The error with which a plugin's producer can end a stream.

use serde::{Deserialize, Serialize};
use wincode::{SchemaRead, SchemaWrite};

/// A producer's error. It crosses the boundary in bincode, together with the status
/// [`PLUGIN_ERROR`](crate::status::PLUGIN_ERROR).
///
/// The same fields in the same order as Fidius' `PluginError`.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, SchemaRead, SchemaWrite,
)]
#[error("{code}: {message}")]
pub struct PluginError {
    /// A short, stable code for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// Further details as JSON text.
    pub details: Option<String>,
}

impl PluginError {
    /// An error without details.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            details: None,
        }
    }
}
