//! Libraries that a library loads from its own folder (`$ORIGIN`): without them a copy of it
//! elsewhere cannot be loaded.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DynamicTag, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, StringTable};

/// A library that is needed cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error(
    "{}: it needs {needed} from {}, outside of its own folder, which cannot be kept; link it so that it is found beside it",
    library.display(),
    found.display()
)]
pub struct DependencyError {
    /// The library.
    library: PathBuf,
    /// What it needs.
    needed: String,
    /// Where that is.
    found: PathBuf,
}

/// What `library` loads relative to its own folder, and what these load in turn: each file,
/// and its place relative to the library. Nothing of a file that is no ELF library.
///
/// # Errors
/// When one of them is not below the library's folder.
pub fn beside(library: &Path) -> Result<Vec<(PathBuf, PathBuf)>, DependencyError> {
    let origin = library.parent().unwrap_or(Path::new(""));
    let mut known = BTreeSet::new();
    let mut open = vec![(library.to_owned(), PathBuf::new())];
    let mut found = Vec::new();
    while let Some((file, below)) = open.pop() {
        let Some((needed, folders)) = fs::read(&file).ok().and_then(|bytes| dynamic(&bytes)) else {
            continue;
        };
        for name in needed {
            let places = folders.iter().map(|folder| below.join(folder).join(&name));
            let Some(place) = places.into_iter().find(|it| origin.join(it).is_file()) else {
                continue;
            };
            let Some(place) = within(&place) else {
                return Err(DependencyError {
                    library: file,
                    needed: name.to_string_lossy().into_owned(),
                    found: origin.join(place),
                });
            };
            if known.insert(place.clone()) {
                let from = origin.join(&place);
                let folder = place.parent().unwrap_or(Path::new("")).to_owned();
                open.push((from.clone(), folder));
                found.push((from, place));
            }
        }
    }
    Ok(found)
}

/// The path without `.` and `..`, if it does not leave the folder.
fn within(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            Component::ParentDir if plain.pop() => {}
            _ => return None,
        }
    }
    Some(plain)
}

/// Names of the libraries that an ELF library needs, and the folders relative to its own
/// that it looks for them in.
fn dynamic(bytes: &[u8]) -> Option<(Vec<PathBuf>, Vec<PathBuf>)> {
    let header = FileHeader64::<Endianness>::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, bytes).ok()?;
    let entries = segments
        .iter()
        .find_map(|segment| segment.dynamic(endian, bytes).ok().flatten())?;
    let value = |tag: DynamicTag| {
        let entry = entries.iter().find(|it| it.tag(endian) == tag)?;
        Some(entry.d_val(endian))
    };
    let address = value(object::elf::DT_STRTAB)?;
    let size = value(object::elf::DT_STRSZ)?;
    let table = segments
        .iter()
        .find_map(|segment| segment.data_range(endian, bytes, address, size).ok()?)?;
    let strings = StringTable::new(table, 0, table.len() as u64);
    let texts = |tag: DynamicTag| -> Vec<&[u8]> {
        let tagged = entries.iter().filter(|it| it.tag(endian) == tag);
        tagged
            .filter_map(|it| strings.get(u32::try_from(it.d_val(endian)).ok()?).ok())
            .collect()
    };
    let path = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
    let needed = texts(DT_NEEDED).into_iter().map(path).collect();
    let searched = [texts(DT_RUNPATH), texts(DT_RPATH)].concat();
    let folders = searched
        .into_iter()
        .flat_map(|list| list.split(|&byte| byte == b':'))
        .filter_map(|folder| {
            let origin = [&b"$ORIGIN"[..], b"${ORIGIN}"];
            let rest = origin.iter().find_map(|it| folder.strip_prefix(*it))?;
            Some(path(rest.strip_prefix(b"/").unwrap_or(rest)))
        })
        .collect();
    Some((needed, folders))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_the_folder_is_told_from_one_that_does_not() {
        assert_eq!(within(Path::new("./sub/../x.so")), Some("x.so".into()));
        assert_eq!(within(Path::new("../lib/x.so")), None);
    }

    #[test]
    fn a_file_that_is_no_library_needs_nothing() {
        let manifest = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        assert_eq!(beside(manifest).expect("nothing is outside"), []);
    }
}
