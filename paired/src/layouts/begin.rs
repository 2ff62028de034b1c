//! A new cache begins with what another one has compiled, so that cargo compiles again only
//! what differs.
//!
//! Cargo names what it made of a registry's package by the package, the profile, the flags
//! and the compiler, and not by the folder that it is in: with the same time stamps, a copy is
//! as good as the original. Of local packages no fingerprint is copied, so that cargo compiles
//! them and runs their build scripts: those may look at the checkout.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::cargo::TARGET;
use super::sources;

/// The copy, as long as it is not whole.
const PART: &str = "target.part";
/// What cargo keeps for local packages alone.
const LOCAL: &str = "incremental";
/// By what cargo knows that something is fresh: a folder for each target, NAME-HASH.
const FINGERPRINTS: &str = ".fingerprint";

/// Copies what is compiled in the cache `like` to a cache without a build.
pub(super) fn begin(cache: &Path, like: &Path) -> io::Result<()> {
    let (from, to) = (like.join(TARGET), cache.join(TARGET));
    if to.exists() {
        return Ok(());
    }
    let part = cache.join(PART);
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    let known = sources::known(like);
    let local = known.keys().map(|id| name(id)).collect();
    copy(&from, &part, &local)?;
    fs::rename(part, to)
}

/// The name in cargo's id of a package: `path+file:///folder#name@1.0.0`, or
/// `path+file:///folder/name#1.0.0`.
fn name(id: &str) -> &str {
    let (path, version) = id.rsplit_once('#').unwrap_or((id, ""));
    match version.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next().unwrap_or(path),
    }
}

fn copy(from: &Path, to: &Path, local: &BTreeSet<&str>) -> io::Result<()> {
    let is_local = |folder: &OsStr| {
        let name = folder.to_str().and_then(|it| it.rsplit_once('-'));
        from.ends_with(FINGERPRINTS) && name.is_none_or(|(name, _)| local.contains(name))
    };
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, kind) = (to.join(entry.file_name()), entry.file_type()?);
        if kind.is_dir() {
            let folder = entry.file_name();
            if folder != LOCAL && !is_local(&folder) {
                copy(&entry.path(), &path, local)?;
            }
        } else if kind.is_file() {
            fs::copy(entry.path(), &path)?;
            // Cargo goes by it.
            let modified = entry.metadata()?.modified()?;
            File::options()
                .append(true)
                .open(path)?
                .set_modified(modified)?;
        }
    }
    Ok(())
}
