//! Temporary folders of this program, and the removal of those that killed processes left.
//!
//! Beside each folder is a marker: a file that says which folder is ours. It is there before
//! its folder and goes after it, so a process that is killed at any moment leaves either
//! nothing or a marker. Its process holds a lock on it, so a marker that can be locked has no
//! owner any more. Names and process numbers prove nothing: a user may call a folder what
//! they like, and in another PID namespace a living process has no number.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};

/// What the marker's name has after the folder's.
const MARKER: &str = ".paired-owner";
/// What it holds, before the name of the product and of the folder.
const PROOF: &str = "Made by the crate `paired`; it and its folder may be removed when no process has locked it. For ";

/// A temporary folder; it is gone when dropped.
#[derive(Debug)]
pub struct Temporary {
    folder: PathBuf,
    marker: PathBuf,
    /// Holds the lock; none once the folder has been left to others.
    lock: Option<File>,
}

impl Temporary {
    /// Makes a folder in `parent` for a product.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(product: &str, parent: &Path) -> io::Result<Self> {
        let name = format!("{product}-{:016x}", rand::random::<u64>());
        let proof = proof(product, &name);
        let folder = parent.join(&name);
        let marker = parent.join(name + MARKER);
        let lock = nameless(parent, &proof)
            .and_then(|file| put(&file, &marker).map(|()| file))
            .or_else(|_| named(&marker, &proof))?;
        if let Err(error) = DirBuilder::new().mode(0o700).create(&folder) {
            let _ = fs::remove_file(marker);
            return Err(error);
        }
        Ok(Self {
            folder,
            marker,
            lock: Some(lock),
        })
    }

    /// Leaves it as a process does that is killed: for tests of what comes after that.
    pub fn forsake(mut self) {
        self.lock = None;
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.lock.is_some() {
            remove(&self.folder, &self.marker);
        }
    }
}

/// A file without a name that holds the proof and is locked: nobody ever sees a marker
/// without its lock or with half of its text.
fn nameless(parent: &Path, proof: &str) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = openat(CWD, parent, flags, Mode::from_raw_mode(0o600))?;
    locked(file.into(), proof)
}

/// Locks a file and writes the proof into it.
fn locked(mut file: File, proof: &str) -> io::Result<File> {
    // Where a file system has no locks, its folders are not removed by others either.
    let _ = file.lock();
    file.write_all(proof.as_bytes())?;
    Ok(file)
}

/// Gives it a name, in the way that needs no privilege (open(2), `O_TMPFILE`).
fn put(file: &File, marker: &Path) -> io::Result<()> {
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, own, CWD, marker, AtFlags::SYMLINK_FOLLOW)?)
}

/// The same where the file system knows no nameless files. A process that is killed right
/// here leaves an empty file, which nobody removes: it proves nothing.
fn named(marker: &Path, proof: &str) -> io::Result<File> {
    locked(File::create_new(marker)?, proof)
}

/// Removes a folder and, when it is gone, its marker.
fn remove(folder: &Path, marker: &Path) {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {}
        _ => {
            let _ = fs::remove_file(marker);
        }
    }
}

/// Removes the folders in `parent` that this product made and that have no owner any more.
pub fn sweep(product: &str, parent: &Path) {
    let prefix = format!("{product}-");
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let folder = name.to_str().and_then(|name| name.strip_suffix(MARKER));
        let Some(folder) = folder.filter(|name| name.starts_with(&prefix)) else {
            continue;
        };
        if let Some(_lock) = abandoned(&entry.path(), &proof(product, folder)) {
            remove(&parent.join(folder), &entry.path());
        }
    }
}

/// The lock of a marker that holds this proof, if nobody else has it.
fn abandoned(marker: &Path, proof: &str) -> Option<File> {
    let found = fs::symlink_metadata(marker).ok()?;
    let is_candidate = found.is_file() && found.len() == proof.len() as u64;
    let mut file = File::open(marker).ok().filter(|_| is_candidate)?;
    let mut text = String::new();
    (&mut file)
        .take(found.len())
        .read_to_string(&mut text)
        .ok()?;
    file.try_lock().ok().filter(|()| text == proof)?;
    // Another sweep, or the owner itself, may have removed it in between.
    let here = fs::symlink_metadata(marker).ok()?;
    let opened = file.metadata().ok()?;
    ((here.dev(), here.ino()) == (opened.dev(), opened.ino())).then_some(file)
}

fn proof(product: &str, folder: &str) -> String {
    format!("{PROOF}{product}: {folder}\n")
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use super::*;

    fn is_empty(folder: &Path) -> bool {
        fs::read_dir(folder).expect("a folder").next().is_none()
    }

    #[test]
    fn only_a_folder_with_our_marker_and_no_owner_is_removed() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let living = Temporary::new("bench", parent.path()).expect("it can be made");
        let dead = Temporary::new("bench", parent.path()).expect("it can be made");
        let gone = [dead.path().to_owned(), dead.marker.clone()];
        dead.forsake();
        let users = ["bench-20241126-results", "bench-4194305-x", "bench-"];
        for name in users {
            fs::create_dir(parent.path().join(name)).expect("it can be made");
            fs::write(parent.path().join(name).join("f"), "mine").expect("written");
        }
        // Of another folder, of nobody, and a link to one of ours.
        for (folder, text) in [
            ("bench-notes", proof("bench", "bench-other")),
            ("bench-empty", String::new()),
        ] {
            let marker = parent.path().join(format!("{folder}{MARKER}"));
            fs::create_dir(parent.path().join(folder)).expect("it can be made");
            fs::write(marker, text).expect("written");
        }
        let link = parent.path().join(format!("bench-notes-2{MARKER}"));
        std::os::unix::fs::symlink(&living.marker, &link).expect("linked");
        sweep("bench", parent.path());
        assert!(living.path().exists() && gone.iter().all(|path| !path.exists()));
        let left = ["bench-notes", "bench-empty"].map(|name| parent.path().join(name));
        assert!(link.is_symlink() && left.iter().all(|path| path.exists()));
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

    #[test]
    fn a_folder_that_is_given_back_leaves_nothing() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let made = Temporary::new("bench", parent.path()).expect("it can be made");
        fs::create_dir_all(made.path().join("a/b")).expect("made");
        drop(made);
        assert!(is_empty(parent.path()));
    }

    /// The marker outlives its folder: half of a folder is still known for ours.
    #[test]
    fn what_a_killed_removal_left_is_removed_by_the_next_sweep() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        for (folder, keeps_file) in [(true, true), (true, false), (false, false)] {
            let left = Temporary::new("bench", parent.path()).expect("it can be made");
            if keeps_file {
                fs::write(left.path().join("guest.so"), "half").expect("written");
            }
            if !folder {
                fs::remove_dir(left.path()).expect("removed");
            }
            left.forsake();
            sweep("bench", parent.path());
            assert!(is_empty(parent.path()), "{folder} {keeps_file}");
        }
    }

    /// A process that makes folders and gives them back, killed again and again.
    #[test]
    fn a_kill_at_any_moment_leaves_nothing_that_the_next_sweep_does_not_remove() {
        const PARENT: &str = "PAIRED_TEMPORARY_PARENT";
        if let Some(parent) = std::env::var_os(PARENT) {
            loop {
                let made = Temporary::new("bench", Path::new(&parent)).expect("it can be made");
                for name in ["a", "b", "c"] {
                    fs::write(made.path().join(name), name).expect("written");
                }
            }
        }
        let parent = tempfile::tempdir().expect("a temporary folder");
        if nameless(parent.path(), "").is_err() {
            println!("skipped: the file system knows no nameless files");
            return;
        }
        let name = "temporary::tests::a_kill_at_any_moment_leaves_nothing_that_the_next_sweep_does_not_remove";
        for round in 0..100 {
            let mut child = Command::new(std::env::current_exe().expect("a test has a file"))
                .args(["--exact", name])
                .env(PARENT, parent.path())
                .stdout(Stdio::null())
                .spawn()
                .expect("it starts");
            let start = Instant::now();
            while is_empty(parent.path()) && start.elapsed() < Duration::from_secs(60) {
                sleep(Duration::from_micros(50));
            }
            sleep(Duration::from_micros(rand::random_range(0..1000)));
            child.kill().expect("killed");
            child.wait().expect("ended");
            sweep("bench", parent.path());
            let left: Vec<_> = fs::read_dir(parent.path()).expect("a folder").collect();
            assert!(left.is_empty(), "round {round}: {left:?}");
        }
    }
}
