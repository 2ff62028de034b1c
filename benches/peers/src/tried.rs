//! What the programs of `fidius-claims` found, in a file next to the record.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bench_record::output;
use bench_record::wire::Failure;
use serde::{Deserialize, Serialize};

use crate::child;

/// What one of them found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The name of the program.
    pub program: String,
    /// Whether it is as was suspected.
    pub holds: bool,
    /// What was seen.
    pub seen: String,
}

/// Runs all of them, each in a process of its own.
pub fn all(failures: &mut Vec<Failure>) -> Vec<Tried> {
    let mut tried = Vec::new();
    for claim in fidius_claims::ALL {
        match child::try_claim(claim) {
            Ok((holds, seen)) => tried.push(Tried {
                program: claim.program.to_owned(),
                holds,
                seen,
            }),
            Err(error) => failures.push(Failure {
                id: format!("claims/{}", claim.program),
                why: format!("{error:#}"),
            }),
        }
    }
    tried
}

fn beside(record: &Path) -> PathBuf {
    record.with_extension("claims.json")
}

/// Reads what is next to a record; nothing where there is no such file.
///
/// # Errors
/// When there is one, and it is something else.
pub fn load(record: &Path) -> Result<Vec<Tried>> {
    let path = beside(record);
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)
            .with_context(|| format!("{}: not what programs found", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// Writes it next to a record.
///
/// # Errors
/// When the file cannot be written.
pub fn save(record: &Path, tried: &[Tried]) -> Result<()> {
    let path = beside(record);
    let text = serde_json::to_vec_pretty(tried)?;
    output::replace(&path, &text).with_context(|| format!("writing {}", path.display()))
}
