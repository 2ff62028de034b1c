//! A kept build of a foreign guest: the library and what was measured of it, in
//! one folder, so that a later build can be held against it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Target;
use super::measure::Verified;
use bench_record::output;

/// The schema of a kept guest.
const SCHEMA: &str = "arena-bench/guest/1";

/// What was found of one build of a guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The guest's file and what was asked of it.
    pub target: Target,
    /// What its stream consisted of.
    pub verified: Verified,
    /// Nanoseconds per item: estimate, low and high of the median.
    pub ns_per_item: Option<[f64; 3]>,
    /// Instructions per item, guest and host.
    pub instructions_per_item: Option<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    schema: String,
    findings: Findings,
}

/// A build cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// A file cannot be read or written.
    #[error("{}: {error}; --against names a folder that --save has written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The folder holds something else.
    #[error("{}: not the findings of a guest ({why}), expected schema {SCHEMA}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

fn files(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join("guest.json"), folder.join("guest.so"))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> SavedError {
    let path = path.to_owned();
    move |error| SavedError::Io { path, error }
}

/// Keeps the findings and a copy of the library in `folder`.
///
/// # Errors
/// When a file cannot be written.
pub fn save(folder: &Path, findings: &Findings) -> Result<(), SavedError> {
    let (json, library) = files(folder);
    fs::create_dir_all(folder).map_err(at(folder))?;
    let kept = Kept {
        schema: SCHEMA.to_owned(),
        findings: findings.clone(),
    };
    let text = serde_json::to_string_pretty(&kept).expect("findings are plain data");
    for (path, bytes) in [
        (
            &library,
            fs::read(&findings.target.library).map_err(at(&findings.target.library))?,
        ),
        (&json, text.into_bytes()),
    ] {
        output::replace(path, &bytes).map_err(at(path))?;
    }
    Ok(())
}

/// Reads what [`save`] kept; the target names the kept library.
///
/// # Errors
/// When there is nothing, or something else.
pub fn read(folder: &Path) -> Result<Findings, SavedError> {
    let (json, library) = files(folder);
    let text = fs::read(&json).map_err(at(&json))?;
    let foreign = |why: String| SavedError::Foreign {
        path: json.clone(),
        why,
    };
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| foreign(error.to_string()))?;
    if kept.schema != SCHEMA {
        return Err(foreign(format!("its schema is {}", kept.schema)));
    }
    fs::metadata(&library).map_err(at(&library))?;
    let mut findings = kept.findings;
    findings.target.library = library;
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(library: PathBuf) -> Findings {
        Findings {
            target: Target {
                host: "host.so".into(),
                library,
                memory_limit: 1,
                request: serde_json::json!({"method": "tick"}),
            },
            verified: Verified {
                items: 3,
                bytes: 24,
                digest: "00".to_owned(),
                ended: true,
                retries: 0,
                peak_capacity: 64,
            },
            ns_per_item: Some([1.0, 0.5, 2.0]),
            instructions_per_item: None,
        }
    }

    #[test]
    fn a_kept_build_is_read_back_with_its_own_copy_of_the_library() {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("built.so");
        fs::write(&built, "first").unwrap();
        let kept = folder.path().join("kept");
        save(&kept, &findings(built.clone())).unwrap();
        fs::write(&built, "second").unwrap();
        let read = read(&kept).unwrap();
        assert_eq!(fs::read_to_string(&read.target.library).unwrap(), "first");
        assert_eq!(read.verified, findings(built).verified);
    }

    #[test]
    fn a_folder_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(SavedError::Io { .. })));
        fs::write(folder.path().join("guest.json"), "{}").unwrap();
        assert!(matches!(
            read(folder.path()),
            Err(SavedError::Foreign { .. })
        ));
    }
}
