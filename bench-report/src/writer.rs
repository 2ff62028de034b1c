//! The output folder: files appear whole, and nothing is overwritten that this tool did
//! not make.
//!
//! A marker in the folder lists what was written with its SHA-256. Files of that list may
//! be replaced as long as they are unchanged; all others are left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bench_record::{lock, output};
use paired::digest::sha256;

/// The marker's file name.
pub const MARKER: &str = ".arena-bench-report";
const HEAD: &str = "arena-bench/report/1";

#[derive(Debug)]
pub struct File {
    /// Its name in the folder; no path.
    pub name: String,
    pub content: Vec<u8>,
}

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(
        "{} is not empty and was not made by this tool: name another folder with --out, \
         or empty this one", .0.display()
    )]
    Foreign(PathBuf),
    #[error(
        "{} was changed since this tool wrote it: move it away, or name another folder \
         with --out", .0.display()
    )]
    Changed(PathBuf),
    #[error("{} is damaged: remove the folder, or name another with --out", .0.display())]
    Marker(PathBuf),
    #[error("cannot write {}: {source}", .path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// What the marker lists: for each name the digests its file may have.
type Made = BTreeMap<String, BTreeSet<String>>;

/// Writes a report's files into a folder, which is made where it is missing. Files of an
/// earlier report that this one does not have are removed.
///
/// # Errors
/// [`WriteError`]; nothing was overwritten then that this tool did not make.
pub fn write(folder: &Path, files: &[File]) -> Result<(), WriteError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::Io { path, source }
    };
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    // Two reports into one folder take turns: else each finds the other's files
    // changed, and so does every later one.
    let _lock = lock::folder(folder).map_err(io(folder))?;
    output::sweep(folder);
    let before = read_marker(folder)?;
    for (name, digests) in &before {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(content) if digests.contains(&sha256(&content)) => {}
            Ok(_) => return Err(WriteError::Changed(path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(&path)(error)),
        }
    }
    for file in files.iter().filter(|file| !before.contains_key(&file.name)) {
        let path = folder.join(&file.name);
        if path.symlink_metadata().is_ok() {
            return Err(WriteError::Foreign(path));
        }
    }
    let mut after = Made::new();
    for file in files {
        after
            .entry(file.name.clone())
            .or_default()
            .insert(sha256(&file.content));
    }
    // Until every file is in place the marker allows the old and the new, so that a run
    // that dies in between leaves a folder that the next one may replace.
    let mut between = before.clone();
    for (name, digests) in &after {
        between
            .entry(name.clone())
            .or_default()
            .extend(digests.clone());
    }
    replace(folder, MARKER, &marker(&between))?;
    for file in files {
        replace(folder, &file.name, &file.content)?;
    }
    for stale in before.keys().filter(|name| !after.contains_key(*name)) {
        let path = folder.join(stale);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io(&path)(error));
            }
            _ => {}
        }
    }
    replace(folder, MARKER, &marker(&after))
}

fn replace(folder: &Path, name: &str, content: &[u8]) -> Result<(), WriteError> {
    let path = folder.join(name);
    output::replace(&path, content).map_err(|source| WriteError::Io { path, source })
}

fn marker(made: &Made) -> Vec<u8> {
    let lines = made
        .iter()
        .flat_map(|(name, digests)| digests.iter().map(move |d| format!("{d}  {name}\n")));
    format!("{HEAD}\n{}", lines.collect::<String>()).into_bytes()
}

/// What an earlier report wrote; nothing for an empty folder.
fn read_marker(folder: &Path) -> Result<Made, WriteError> {
    let path = folder.join(MARKER);
    let io = |source| WriteError::Io {
        path: folder.to_owned(),
        source,
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return match std::fs::read_dir(folder).map_err(io)?.next() {
                None => Ok(Made::new()),
                Some(_) => Err(WriteError::Foreign(folder.to_owned())),
            };
        }
        Err(_) => return Err(WriteError::Marker(path)),
    };
    let mut lines = text.lines();
    let mut made = Made::new();
    if lines.next() != Some(HEAD) {
        return Err(WriteError::Marker(path));
    }
    for line in lines {
        // A name with a separator could point out of the folder: no report has one.
        let Some((digest, name)) = line
            .split_once("  ")
            .filter(|(_, n)| !n.contains(['/', '\\']))
        else {
            return Err(WriteError::Marker(path));
        };
        made.entry(name.to_owned())
            .or_default()
            .insert(digest.to_owned());
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &str) -> File {
        File {
            name: name.to_owned(),
            content: content.into(),
        }
    }

    #[test]
    fn reports_that_are_written_at_the_same_time_leave_a_folder_for_the_next() {
        let dir = folder();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let path = dir.path();
                scope.spawn(move || {
                    let files: Vec<File> = (0..20)
                        .map(|number| file(&number.to_string(), &format!("{writer} {number}")))
                        .collect();
                    write(path, &files).expect("written");
                });
            }
        });
        write(dir.path(), &[file("a", "last")]).expect("the folder is ours");
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("the system has a place for temporary files")
    }

    fn content(folder: &Path, name: &str) -> Option<String> {
        std::fs::read_to_string(folder.join(name)).ok()
    }

    #[test]
    fn a_second_report_replaces_the_first_and_removes_what_it_lacks() {
        let dir = folder();
        write(dir.path(), &[file("a", "1"), file("b", "1")]).expect("an empty folder");
        write(dir.path(), &[file("a", "2")]).expect("our own folder");
        assert_eq!(content(dir.path(), "a").as_deref(), Some("2"));
        assert_eq!(content(dir.path(), "b"), None);
    }

    #[test]
    fn a_folder_with_foreign_files_is_refused_and_untouched() {
        let dir = folder();
        std::fs::write(dir.path().join("thesis.txt"), "years").expect("writable");
        let error = write(dir.path(), &[file("a", "1")]).expect_err("a foreign folder");
        assert!(matches!(error, WriteError::Foreign(_)), "{error}");
        assert_eq!(content(dir.path(), "a"), None);
    }

    #[test]
    fn a_foreign_file_that_came_later_is_neither_lost_nor_overwritten() {
        let dir = folder();
        write(dir.path(), &[file("a", "1")]).expect("an empty folder");
        std::fs::write(dir.path().join("b"), "mine").expect("writable");
        write(dir.path(), &[file("a", "2")]).expect("b is not in the way");
        let error = write(dir.path(), &[file("b", "1")]).expect_err("b is in the way");
        assert!(matches!(error, WriteError::Foreign(_)), "{error}");
        assert_eq!(content(dir.path(), "b").as_deref(), Some("mine"));
    }

    #[test]
    fn a_file_changed_by_hand_is_not_overwritten() {
        let dir = folder();
        write(dir.path(), &[file("a", "1")]).expect("an empty folder");
        std::fs::write(dir.path().join("a"), "my notes").expect("writable");
        let error = write(dir.path(), &[file("a", "2")]).expect_err("it was changed");
        assert!(matches!(error, WriteError::Changed(_)), "{error}");
        assert_eq!(content(dir.path(), "a").as_deref(), Some("my notes"));
    }

    #[test]
    fn a_marker_that_points_elsewhere_is_refused() {
        let dir = folder();
        let line = format!("{HEAD}\n{}  ../x\n", sha256(b"1"));
        std::fs::write(dir.path().join(MARKER), line).expect("writable");
        let error = write(dir.path(), &[file("a", "1")]).expect_err("a forged marker");
        assert!(matches!(error, WriteError::Marker(_)), "{error}");
    }
}
