//! The folders of the user's cache that hold builds, one for each checkout: how each says
//! whose it is, and how those of removed checkouts go.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What says that a folder of the cache is ours.
const MARKER: &str = ".arena-bench-builds";
const BEFORE: &str = "Builds of ";
const AFTER: &str = "; may be removed.\n";
/// Locked while a command works in a folder.
pub const LOCK: &str = "lock";

/// Where a checkout is built.
#[derive(Debug, Clone)]
pub struct Cache {
    pub folder: PathBuf,
    /// Those of other checkouts, with whose dependencies a new one begins.
    pub like: Vec<PathBuf>,
}

impl From<PathBuf> for Cache {
    fn from(folder: PathBuf) -> Self {
        let like = Vec::new();
        Self { folder, like }
    }
}

impl Cache {
    /// One beside it that begins with a copy of what it has compiled.
    pub fn after(&self, what: &str) -> Self {
        Self {
            like: vec![self.folder.clone()],
            ..self.beside(what)
        }
    }

    /// One beside it, for builds with something else.
    pub fn beside(&self, what: &str) -> Self {
        let beside = |folder: &PathBuf| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            folder.with_file_name(format!("{name}-{what}"))
        };
        Self {
            folder: beside(&self.folder),
            like: self.like.iter().map(beside).collect(),
        }
    }
}

/// Makes a folder that holds the builds of `checkout`, unless there is one, and removes those of
/// checkouts that are gone. `false` where the folder has something in it and is not ours.
///
/// # Errors
/// When it cannot be made or read.
pub fn claim(folder: &Path, checkout: &Path) -> io::Result<bool> {
    fs::create_dir_all(folder)?;
    let marker = folder.join(MARKER);
    if marker.exists() {
        return Ok(true);
    }
    if fs::read_dir(folder)?.next().is_some() {
        return Ok(false);
    }
    fs::write(&marker, format!("{BEFORE}{}{AFTER}", checkout.display()))?;
    if let Some(caches) = folder.parent() {
        remove_orphans(caches);
    }
    Ok(true)
}

/// Removes the builds of checkouts that are gone. What cannot be removed now is left for the
/// next time: nothing but space is lost.
fn remove_orphans(caches: &Path) {
    let folders = fs::read_dir(caches).into_iter().flatten().flatten();
    for folder in folders.map(|entry| entry.path()) {
        let gone = checkout_of(&folder).is_some_and(|checkout| !checkout.exists());
        // A command that still works there holds it, and the lock ends with this function.
        let free = gone.then(|| File::create(folder.join(LOCK)));
        if let Some(Ok(lock)) = free
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// The checkout whose builds a folder holds; none where the folder is not ours, or the path is no
/// text, which the marker does not keep.
fn checkout_of(folder: &Path) -> Option<PathBuf> {
    let about = fs::read_to_string(folder.join(MARKER)).ok()?;
    let path = about.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    (!path.contains('\u{fffd}')).then(|| path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_of_a_removed_checkout_go_when_another_is_claimed() {
        let caches = tempfile::tempdir().expect("a folder");
        let checkout = tempfile::tempdir().expect("a folder");
        let [old, held, foreign, new] =
            ["old", "held", "foreign", "new"].map(|name| caches.path().join(name));
        let gone = checkout.path().join("gone");
        for folder in [&old, &held] {
            fs::create_dir_all(&gone).expect("a checkout");
            assert!(claim(folder, &gone).expect("it can be made"));
            fs::write(folder.join("build"), "").expect("a build");
        }
        fs::create_dir_all(&foreign).expect("a folder");
        fs::write(foreign.join("file"), "").expect("a file");
        fs::remove_dir_all(&gone).expect("it is removed");
        let lock = File::create(held.join(LOCK)).expect("a lock");
        lock.try_lock().expect("nobody else has it");

        assert!(!claim(&foreign, checkout.path()).expect("it can be read"));
        assert!(claim(&new, checkout.path()).expect("it can be made"));
        assert!(!old.exists(), "its checkout is gone");
        assert!(held.join("build").exists(), "a command works there");
        assert!(foreign.join("file").exists(), "it is not ours");
        drop(lock);
        assert!(claim(&new, checkout.path()).expect("it is there"));
        assert!(held.exists(), "only a new folder looks for others");
    }
}
