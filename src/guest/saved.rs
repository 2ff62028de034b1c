//! A kept build of a foreign guest: the library with what it loads from its own folder, and
//! what was measured of it, in one folder, so that a later build can be held against it.
//!
//! A folder is written whole beside its place and then put there by one rename. It knows
//! the digests of its files, and nothing that it did not make is ever replaced.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, anyhow, bail, ensure};
use bench_record::{input, output};
use paired::dependencies;
use paired::digest::sha256;
use paired::paths;
use paired::temporary::Temporary;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};

use super::Target;
use super::measure::Verified;

/// The schema of a kept guest.
const SCHEMA: &str = "arena-bench/guest/2";
/// The same before digests were kept.
const SCHEMA_1: &str = "arena-bench/guest/1";
/// The findings' file, and the library's.
const FINDINGS: &str = "guest.json";
const LIBRARY: &str = "guest.so";

/// What was found of one build of a guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The guest's file and what was asked of it.
    pub target: Target,
    /// What its stream consisted of.
    pub verified: Verified,
    /// Nanoseconds per item: estimate, low and high of the median.
    pub ns_per_item: Option<[f64; 3]>,
    /// Why there are none, where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_time: Option<String>,
    /// Instructions per item, guest and host.
    pub instructions_per_item: Option<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    schema: String,
    /// SHA-256 of every file but this one, hexadecimal, by its path in the folder.
    #[serde(default)]
    sha256: BTreeMap<String, String>,
    findings: Findings,
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> anyhow::Error {
    move |error| anyhow!("{}: {error}", path.display())
}

/// A file of findings that is none.
fn foreign(path: &Path, why: impl Display) -> anyhow::Error {
    let path = path.display();
    anyhow!("{path}: not the findings of a guest ({why}), expected schema {SCHEMA}")
}

/// Whether `folder` holds a kept build, which saving there would replace.
pub fn holds_a_build(folder: &Path) -> bool {
    parse(folder).is_ok()
}

/// Whether a build can be kept in `folder`: before anything is measured.
pub fn check(folder: &Path) -> Result<()> {
    let found = match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(at(folder))?,
    };
    let not_ours = |path: &Path| {
        let path = path.display();
        anyhow!("{path}: --save did not make this, so it is not replaced; choose another folder")
    };
    ensure!(found.is_dir(), not_ours(folder));
    let present = files(folder, Path::new(""))?;
    let known = match parse(folder) {
        Ok(kept) => kept.sha256,
        Err(_) if present.is_empty() => return Ok(()),
        Err(_) => bail!(not_ours(&folder.join(&present[0]))),
    };
    let is_known = |path: &&PathBuf| {
        [FINDINGS, LIBRARY]
            .iter()
            .any(|name| path.as_path() == Path::new(name))
            || path.to_str().is_some_and(|path| known.contains_key(path))
    };
    match present.iter().find(|path| !is_known(path)) {
        Some(path) => Err(not_ours(&folder.join(path))),
        None => Ok(()),
    }
}

/// The files below a folder, relative to it.
fn files(folder: &Path, below: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let here = folder.join(below);
    for entry in fs::read_dir(&here).map_err(at(&here))? {
        let entry = entry.map_err(at(&here))?;
        let path = below.join(entry.file_name());
        match entry.file_type().map_err(at(&here))?.is_dir() {
            true => found.extend(files(folder, &path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

/// Keeps the findings, the library and what it loads from its own folder in `folder`.
///
/// # Errors
/// When something else is there, or a file cannot be written; what was there stays whole.
pub fn save(folder: &Path, findings: &Findings) -> Result<()> {
    check(folder)?;
    let parent = paths::folder(folder);
    fs::create_dir_all(parent).map_err(at(parent))?;
    output::sweep(parent);
    let aside = Temporary::new(output::ASIDE, parent).map_err(at(parent))?;
    let new = aside.path().join("new");
    fs::create_dir(&new).map_err(at(&new))?;
    let library = &findings.target.library;
    let mut copies = vec![(library.clone(), PathBuf::from(LIBRARY))];
    copies.extend(dependencies::beside(library)?);
    let mut digests = BTreeMap::new();
    for (from, to) in copies {
        let place = new.join(&to);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        let bytes = fs::read(&from).map_err(at(&from))?;
        fs::write(&place, &bytes).map_err(at(&place))?;
        digests.insert(to.to_string_lossy().into_owned(), sha256(&bytes));
    }
    let kept = Kept {
        schema: SCHEMA.to_owned(),
        sha256: digests,
        findings: findings.clone(),
    };
    let text = serde_json::to_string_pretty(&kept).expect("findings are plain data");
    let json = new.join(FINDINGS);
    fs::write(&json, text).map_err(at(&json))?;
    put(&aside, &new, folder)
}

/// Puts a whole folder into its place, in one step; what was there goes with the
/// temporary folder.
fn put(aside: &Temporary, new: &Path, place: &Path) -> Result<()> {
    if !place.exists() {
        return fs::rename(new, place).map_err(at(place));
    }
    let exchanged = renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE);
    if exchanged.is_err() {
        // A file system without that: for a moment the place is empty.
        fs::rename(place, aside.path().join("old")).map_err(at(place))?;
        fs::rename(new, place).map_err(at(place))?;
    }
    Ok(())
}

fn parse(folder: &Path) -> Result<Kept> {
    let path = &folder.join(FINDINGS);
    let missing = |error: io::Error| {
        let path = path.display();
        anyhow!("{path}: {error}; --against takes a folder that --save has written")
    };
    ensure!(
        fs::metadata(path).map_err(missing)?.is_file(),
        foreign(path, "not a file")
    );
    let text = input::read(path, input::SETTINGS).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => foreign(path, error),
        _ => missing(error),
    })?;
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| foreign(path, error))?;
    if ![SCHEMA, SCHEMA_1].contains(&kept.schema.as_str()) {
        bail!(foreign(path, format!("its schema is {}", kept.schema)));
    }
    Ok(kept)
}

/// Reads what [`save`] kept; the target names the kept library.
pub fn read(folder: &Path) -> Result<Findings> {
    let kept = parse(folder)?;
    let library = folder.join(LIBRARY);
    fs::metadata(&library).map_err(at(&library))?;
    for (name, digest_kept) in kept.sha256 {
        let relative = Path::new(&name);
        let within = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !within {
            let why = format!("{name:?} is not in the folder");
            bail!(foreign(&folder.join(FINDINGS), why));
        }
        let path = folder.join(relative);
        let found = sha256(&fs::read(&path).map_err(at(&path))?);
        ensure!(
            found == digest_kept,
            "{}: not the file that was kept: its SHA-256 is {found}, that of the kept one \
             {digest_kept}; keep the build again with --save",
            path.display()
        );
    }
    let mut findings = kept.findings;
    findings.target.library = library;
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(library: PathBuf) -> Findings {
        Findings {
            target: Target {
                host: Some("host.so".into()),
                library,
                memory_limit: 1,
                request: serde_json::json!({"method": "tick"}),
            },
            verified: Verified {
                items: 3,
                bytes: 24,
                digest: "00".to_owned(),
                ended: true,
                retries: 0,
                peak_capacity: 64,
            },
            ns_per_item: Some([1.0, 0.5, 2.0]),
            no_time: None,
            instructions_per_item: None,
        }
    }

    /// A folder, a library in it and the place of the kept build.
    fn scratch() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("built.so");
        fs::write(&built, "first").unwrap();
        let kept = folder.path().join("kept");
        (folder, built, kept)
    }

    #[test]
    fn a_kept_build_is_read_back_with_its_own_copy_of_the_library() {
        let (_folder, built, kept) = scratch();
        save(&kept, &findings(built.clone())).unwrap();
        fs::write(&built, "second").unwrap();
        let found = read(&kept).unwrap();
        assert_eq!(fs::read_to_string(&found.target.library).unwrap(), "first");
        assert_eq!(found.verified, findings(built).verified);
    }

    #[test]
    fn a_later_build_replaces_a_kept_one_as_a_whole_and_leaves_nothing_beside() {
        let (folder, built, kept) = scratch();
        save(&kept, &findings(built.clone())).unwrap();
        fs::write(&built, "second").unwrap();
        save(&kept, &findings(built)).unwrap();
        let found = read(&kept).unwrap();
        assert_eq!(fs::read_to_string(&found.target.library).unwrap(), "second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_that_save_did_not_make_is_never_replaced() {
        for name in [FINDINGS, LIBRARY, "notes.txt"] {
            let (_folder, built, kept) = scratch();
            fs::create_dir(&kept).unwrap();
            fs::write(kept.join(name), "mine").unwrap();
            let refused = save(&kept, &findings(built)).unwrap_err();
            let why = "--save did not make this";
            assert!(refused.to_string().contains(why), "{refused}");
            assert_eq!(fs::read_to_string(kept.join(name)).unwrap(), "mine");
        }
        let (_folder, built, kept) = scratch();
        save(&kept, &findings(built.clone())).unwrap();
        fs::write(kept.join("notes.txt"), "mine").unwrap();
        assert!(save(&kept, &findings(built)).is_err());
        assert_eq!(fs::read_to_string(kept.join("notes.txt")).unwrap(), "mine");
    }

    #[test]
    fn a_swapped_library_is_noticed() {
        let (_folder, built, kept) = scratch();
        save(&kept, &findings(built)).unwrap();
        fs::write(kept.join(LIBRARY), "other").unwrap();
        let swapped = read(&kept).unwrap_err();
        let why = "not the file that was kept";
        assert!(swapped.to_string().contains(why), "{swapped}");
    }

    #[test]
    fn a_folder_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let missing = read(folder.path()).unwrap_err();
        let why = "--against takes a folder";
        assert!(missing.to_string().contains(why), "{missing}");
        fs::write(folder.path().join(FINDINGS), "{}").unwrap();
        let why = "not the findings of a guest";
        let foreign = read(folder.path()).unwrap_err();
        assert!(foreign.to_string().contains(why), "{foreign}");
        fs::write(folder.path().join(FINDINGS), " ".repeat(2 << 20)).unwrap();
        let large = read(folder.path()).unwrap_err();
        assert!(large.to_string().contains(why), "{large}");
        assert!(large.to_string().contains("larger than"), "{large}");
    }

    #[test]
    fn what_a_killed_save_left_goes_with_the_next() {
        let (folder, built, kept) = scratch();
        let left = Temporary::new(output::ASIDE, folder.path()).unwrap();
        let gone = left.path().to_owned();
        left.forsake();
        save(&kept, &findings(built)).unwrap();
        assert!(!gone.exists() && kept.exists());
    }
}
