//! Files of the cache: whole or absent, and never written into while a process has them
//! loaded.

use std::fs;
use std::io;
use std::path::Path;

use super::error::{LayoutError, at};

/// Makes a folder and those that it is in.
pub(super) fn make(folder: &Path) -> Result<(), LayoutError> {
    fs::create_dir_all(folder).map_err(at(folder))
}

/// Puts a copy of a file where another may be: as a new file, since a process may have
/// the old one loaded, and writing into that would kill it. An equal one is left alone.
pub(super) fn place(from: &Path, to: &Path) -> Result<(), LayoutError> {
    let bytes = fs::read(from).map_err(at(from))?;
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    write_whole(to, &bytes)
}

/// Writes a file that is either whole or absent.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LayoutError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(at(folder))?;
    io::Write::write_all(&mut file, bytes).map_err(at(path))?;
    let persisted = file.persist(path);
    persisted.map_err(|error| at(path)(error.error))?;
    Ok(())
}
