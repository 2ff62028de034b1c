//! Whether a build is of the sources that are there now: by their contents, since cargo
//! looks at times alone, and a checkout that shares a folder with another, or a file
//! that was copied with its time, deceives it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::cargo::Package;
use super::error::LayoutError;
use super::files::write_whole;
use crate::digest::hex;

/// The local packages that a cache has compiled, by their ids, with digests of their sources.
const KNOWN: &str = "sources.json";

/// Those that a cache has compiled.
pub(super) fn known(cache: &Path) -> BTreeMap<String, String> {
    let known = fs::read(cache.join(KNOWN)).unwrap_or_default();
    serde_json::from_slice(&known).unwrap_or_default()
}

/// The packages of `library` that cargo holds for fresh although their sources have
/// changed since they were compiled. Those that it compiled just now are remembered as
/// they are.
pub(super) fn stale(
    cache: &Path,
    library: &Path,
    packages: &[Package],
) -> Result<Vec<String>, LayoutError> {
    let file = cache.join(KNOWN);
    let mut known = known(cache);
    let sources = sources(library);
    let mut stale = Vec::new();
    for package in packages {
        let digest = digest(package, packages, &sources);
        if package.fresh && known.get(&package.id) != Some(&digest) {
            stale.push(package.id.clone());
        } else {
            known.insert(package.id.clone(), digest);
        }
    }
    let json = serde_json::to_vec(&known).expect("texts make JSON");
    write_whole(&file, &json)?;
    Ok(stale)
}

/// The files that a library was made of, as cargo lists them beside it: those of all
/// local packages, and what their build scripts read.
fn sources(library: &Path) -> Vec<PathBuf> {
    let list = fs::read_to_string(library.with_extension("d")).unwrap_or_default();
    let files = list.split_once(": ").map_or("", |(_, files)| files);
    // A blank within a name is escaped.
    let mut sources: Vec<PathBuf> = files
        .replace("\\ ", "\0")
        .split_whitespace()
        .map(|file| file.replace('\0', " ").into())
        .collect();
    sources.sort_unstable();
    sources
}

/// A digest of a package's files and their names.
fn digest(package: &Package, packages: &[Package], sources: &[PathBuf]) -> String {
    let home = |file: &Path| {
        let homes = packages.iter().map(|package| &package.folder);
        homes
            .filter(|folder| file.starts_with(folder))
            .max_by_key(|folder| folder.components().count())
    };
    let manifest = package.folder.join("Cargo.toml");
    let ours = sources
        .iter()
        .filter(|file| home(file) == Some(&package.folder));
    let mut digest = Sha256::new();
    for file in ours.chain([&manifest]) {
        // One that is gone differs from every one that was there.
        let bytes = fs::read(file).unwrap_or_default();
        digest.update(file.as_os_str().as_encoded_bytes());
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    }
    hex(&digest.finalize())
}
