//! Files next to a record: what its page needs and the record has no place for.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use bench_record::output;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A kind of file.
pub struct Kind {
    /// How its name ends, where the record's ends in `json`.
    pub extension: &'static str,
    /// What is in it.
    pub content: &'static str,
}

impl Kind {
    /// Reads what is next to a record; nothing where there is no such file.
    ///
    /// # Errors
    /// When there is one, and it is something else.
    pub fn load<T: DeserializeOwned + Default>(&self, record: &Path) -> Result<T> {
        let path = record.with_extension(self.extension);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{}: not {}", path.display(), self.content)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Writes it next to a record.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, record: &Path, content: &impl Serialize) -> Result<()> {
        let path = record.with_extension(self.extension);
        let text = serde_json::to_vec_pretty(content)?;
        output::replace(&path, &text).with_context(|| format!("writing {}", path.display()))
    }
}
