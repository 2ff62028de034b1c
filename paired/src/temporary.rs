//! Temporary folders of this program, and the removal of those that killed processes left.
//!
//! A folder is ours if it holds our marker file. The marker is locked as long as its
//! process lives, so a folder whose marker can be locked has no owner any more. Names and
//! process numbers prove nothing: a user may call a folder what they like, and in another
//! PID namespace a living process has no number.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use tempfile::TempDir;

/// Name of the marker in such a folder.
const MARKER: &str = ".paired-temporary";
/// What it holds, before the name of the product.
const PROOF: &str =
    "Made by the crate `paired`; may be removed when no process has locked this file. For ";

/// A temporary folder; it is gone when dropped.
#[derive(Debug)]
pub struct Temporary {
    folder: TempDir,
    /// Holds the lock.
    _marker: File,
}

impl Temporary {
    /// Makes a folder in `parent` for a product.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(product: &str, parent: &Path) -> io::Result<Self> {
        let prefix = format!("{product}-");
        let folder = tempfile::Builder::new()
            .prefix(&prefix)
            .tempdir_in(parent)?;
        // Locked under another name, so that a marker is never seen without its lock.
        let unlocked = folder.path().join(".new");
        let mut marker = File::create_new(&unlocked)?;
        // Where a file system has no locks, its folders are not removed by others either.
        let _ = marker.lock();
        marker.write_all(proof(product).as_bytes())?;
        fs::rename(&unlocked, folder.path().join(MARKER))?;
        Ok(Self {
            folder,
            _marker: marker,
        })
    }

    /// Leaves it as a process does that is killed: for tests of what comes after that.
    pub fn forsake(self) {
        let _ = self.folder.keep();
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders in `parent` that this product made and that have no owner any more.
pub fn sweep(product: &str, parent: &Path) {
    let prefix = format!("{product}-");
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_candidate = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(prefix.as_bytes())
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_candidate && let Some(_lock) = abandoned(product, &entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The lock of a folder that this product made, if nobody else has it.
fn abandoned(product: &str, folder: &Path) -> Option<File> {
    let path = folder.join(MARKER);
    let is_file = fs::symlink_metadata(&path).is_ok_and(|it| it.is_file());
    let is_ours = is_file && fs::read(&path).is_ok_and(|text| text == proof(product).as_bytes());
    let marker = File::open(path).ok().filter(|_| is_ours)?;
    marker.try_lock().ok()?;
    Some(marker)
}

fn proof(product: &str) -> String {
    format!("{PROOF}{product}.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_with_our_marker_and_no_owner_is_removed() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let living = Temporary::new("bench", parent.path()).expect("it can be made");
        let dead = Temporary::new("bench", parent.path()).expect("it can be made");
        let gone = dead.path().to_owned();
        dead.forsake();
        let users = ["bench-20241126-results", "bench-4194305-x", "bench-"];
        for name in users {
            fs::create_dir(parent.path().join(name)).expect("it can be made");
            fs::write(parent.path().join(name).join("f"), "mine").expect("written");
        }
        let lookalike = parent.path().join("bench-notes");
        fs::create_dir(&lookalike).expect("it can be made");
        fs::write(lookalike.join(MARKER), "my own notes").expect("written");
        sweep("bench", parent.path());
        assert!(living.path().exists() && !gone.exists());
        assert!(lookalike.exists());
        for name in users {
            assert!(parent.path().join(name).join("f").exists(), "{name}");
        }
    }

    #[test]
    fn another_product_s_folder_is_left() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let other = Temporary::new("bench-other", parent.path()).expect("it can be made");
        let path = other.path().to_owned();
        other.forsake();
        sweep("bench", parent.path());
        assert!(path.exists());
    }
}
