//! Files that are either whole or absent.
//!
//! A reader never sees half a file, and a writer that dies leaves the old one
//! as it was. Knows nothing of what the bytes mean.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Writes `bytes` to `path` and replaces what stood there.
///
/// # Errors
/// Whatever the file system says; `path` is then as it was before.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    staged(path, bytes)?.persist(path).map_err(|e| e.error)?;
    sync_folder(path)
}

/// Writes `bytes` to `path`, which must not exist.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where `path` exists, also when another
/// process won the race; else whatever the file system says.
pub fn create_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    staged(path, bytes)?
        .persist_noclobber(path)
        .map_err(|e| e.error)?;
    sync_folder(path)
}

/// The bytes in a temporary file beside `path`: a rename is atomic only within
/// one file system.
fn staged(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    // A dot in front: readers of the folder pass it by.
    let mut file = Builder::new()
        .prefix(".arena-bench-")
        .suffix(".tmp")
        .permissions(public())
        .tempfile_in(folder(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// A temporary file is private by default; a result is for everyone whom the
/// user's umask admits.
fn public() -> Permissions {
    PermissionsExt::from_mode(0o666)
}

/// Makes the rename itself survive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_new_never_replaces() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a");
        create_new(&path, b"first")?;
        let again = create_new(&path, b"second").map_err(|e| e.kind());
        assert_eq!(again, Err(io::ErrorKind::AlreadyExists));
        assert_eq!(std::fs::read(&path)?, b"first");
        replace(&path, b"third")?;
        assert_eq!(std::fs::read(&path)?, b"third");
        assert_eq!(std::fs::read_dir(dir.path())?.count(), 1, "no left-overs");
        Ok(())
    }
}
