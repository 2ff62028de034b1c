//! The right to write one file, or into one folder: two runs never mix.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::output;

/// What a lock file holds; a file that holds anything else is not ours.
const MARKER: &str = "arena-bench lock: a run writes the file beside this one\n";

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another run writes to {}; wait for it, or give another name with --output", .0.display())]
    Taken(PathBuf),
    #[error("{} was not made by this tool, and a run needs that name: move it away", .0.display())]
    Foreign(PathBuf),
    #[error("cannot lock {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// The right to write one file; its own file is gone when it is given back.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the right to write `output`. Where the file system has no locks,
    /// nobody is kept out.
    pub fn take(output: &Path) -> Result<Self, LockError> {
        let path = output::beside(output, "lock");
        let at = |source| LockError::Io {
            path: path.clone(),
            source,
        };
        loop {
            match output::create_new(&path, MARKER.as_bytes()) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(at(error)),
                _ => {}
            }
            let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
                // Given back by its owner in between.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                opened => opened.map_err(at)?,
            };
            let mut text = Vec::new();
            let longest = MARKER.len() as u64 + 1;
            (&mut file)
                .take(longest)
                .read_to_end(&mut text)
                .map_err(at)?;
            if text != MARKER.as_bytes() {
                return Err(LockError::Foreign(path));
            }
            match try_lock(&file) {
                Ok(()) if is_at(&file, &path) => return Ok(Self { path, _file: file }),
                // The file that its owner has just removed.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(LockError::Taken(output.to_owned())),
                Err(TryLockError::Error(error)) => return Err(at(error)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Waits until no other process of this tool writes into `folder`, and keeps the
/// others waiting as long as the returned file is open. Leaves no file behind.
pub fn folder(folder: &Path) -> io::Result<File> {
    let opened = File::open(folder)?;
    match opened.lock() {
        Err(error) if !is_unsupported(&error) => Err(error),
        _ => Ok(opened),
    }
}

fn try_lock(file: &File) -> Result<(), TryLockError> {
    match file.try_lock() {
        Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(()),
        other => other,
    }
}

/// Whether a lock failed because the file system has none, as network file systems often
/// do, and not because something is wrong.
pub fn is_unsupported(error: &io::Error) -> bool {
    /// Of Linux: a network file system without its lock service.
    const ENOLCK: i32 = 37;
    [ErrorKind::Unsupported, ErrorKind::InvalidInput].contains(&error.kind())
        || error.raw_os_error() == Some(ENOLCK)
}

/// Whether an open file is the one that stands at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    let known = |found: io::Result<fs::Metadata>| found.map(|it| (it.dev(), it.ino())).ok();
    known(file.metadata()) == known(fs::metadata(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_kept_out_until_the_first_gives_the_lock_back() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let output = dir.path().join("run.json");
        let first = Lock::take(&output).expect("free");
        let refused = Lock::take(&output).expect_err("taken");
        assert!(matches!(refused, LockError::Taken(_)), "{refused}");
        drop(first);
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 0);
        // What a killed run leaves is taken over.
        fs::write(output::beside(&output, "lock"), MARKER).expect("written");
        Lock::take(&output).expect("nobody holds it");
    }

    #[test]
    fn a_file_that_is_not_ours_is_neither_taken_over_nor_removed() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let output = dir.path().join("Cargo.json");
        fs::write(dir.path().join("Cargo.lock"), "theirs").expect("written");
        drop(Lock::take(&output).expect("another name"));
        let path = output::beside(&output, "lock");
        for text in [
            "",
            "theirs",
            "arena-bench lock: but longer and theirs ..............",
        ] {
            fs::write(&path, text).expect("written");
            let refused = Lock::take(&output).expect_err("theirs");
            assert!(matches!(refused, LockError::Foreign(_)), "{refused}");
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
        let theirs = fs::read_to_string(dir.path().join("Cargo.lock"));
        assert_eq!(theirs.expect("there"), "theirs");
    }
}
