//! Libraries with their layouts in a folder that the user named: written once, checked
//! when it is read, and never mixed with files of somebody else.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::build::Build;
use super::error::{LayoutError, at};
use super::files::make;
use super::link::Compiled;
use crate::digest::sha256;
use crate::paths;

/// The list of what is in the folder; it also marks the folder as ours.
const LIST: &str = "layouts.json";
/// The folder of the layouts.
const LAYOUTS: &str = "layouts";
/// The format of the list.
const FORMAT: &str = "paired/kept-layouts/1";

/// Why a folder cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// A file cannot be written or read.
    #[error(transparent)]
    File(#[from] LayoutError),
    /// Writing would replace somebody else's file.
    #[error("{} was not made by this tool, and nothing of it is replaced: choose another folder, or move it away", path.display())]
    Foreign {
        /// The file that is not ours.
        path: PathBuf,
    },
    /// The folder has no layouts in this format.
    #[error("{}: {why}; build the folder again", path.display())]
    Unusable {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// A library of a kept folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Library {
    /// File name.
    file: String,
    /// SHA-256 of the file as cargo linked it.
    sha256: String,
    /// The layouts: seed and SHA-256, in order.
    layouts: Vec<(u64, String)>,
    why_single: Option<String>,
    why_unpadded: Option<String>,
    compiled: Compiled,
}

/// What a kept folder has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    format: String,
    /// What was built, in the words of who built it.
    pub about: String,
    libraries: Vec<Library>,
}

/// Writes the builds to `folder`: the plain libraries, their layouts and a list. An
/// earlier folder of the same kind is replaced, at once and as a whole; files that are
/// not in its list are not touched, and are an error.
///
/// # Errors
/// When something else is there, or a file cannot be written.
pub fn save(folder: &Path, about: &str, builds: &[&Build]) -> Result<(), KeptError> {
    replaceable(folder)?;
    let parent = paths::folder(folder);
    make(parent)?;
    let aside = tempfile::Builder::new()
        .prefix(".layouts-")
        .tempdir_in(parent)
        .map_err(at(parent))?;
    let new = aside.path().join("new");
    let mut kept = Kept {
        format: FORMAT.to_owned(),
        about: about.to_owned(),
        libraries: Vec::new(),
    };
    for build in builds {
        kept.libraries.push(write(build, &new)?);
    }
    let list = serde_json::to_vec_pretty(&kept).expect("texts and numbers make JSON");
    fs::write(new.join(LIST), list).map_err(at(&new.join(LIST)))?;
    if folder.exists() {
        fs::rename(folder, aside.path().join("old")).map_err(at(folder))?;
    }
    Ok(fs::rename(&new, folder).map_err(at(folder))?)
}

fn write(build: &Build, folder: &Path) -> Result<Library, KeptError> {
    let name = build.plain.file_name().unwrap_or_default();
    let file = name.to_string_lossy().into_owned();
    let sha256 = copy(&build.plain, &folder.join(&file))?;
    let mut layouts = Vec::new();
    for (&seed, layout) in build.seeds.iter().zip(&build.layouts) {
        let to = layout_file(folder, seed, &file);
        layouts.push((seed, copy(layout, &to)?));
    }
    Ok(Library {
        file,
        sha256,
        layouts,
        why_single: build.why_single.clone(),
        why_unpadded: build.why_unpadded.clone(),
        compiled: build.compiled.clone(),
    })
}

fn layout_file(folder: &Path, seed: u64, file: &str) -> PathBuf {
    folder.join(LAYOUTS).join(seed.to_string()).join(file)
}

/// Copies a file; its digest.
fn copy(from: &Path, to: &Path) -> Result<String, KeptError> {
    let bytes = fs::read(from).map_err(at(from))?;
    make(paths::folder(to))?;
    fs::write(to, &bytes).map_err(at(to))?;
    Ok(sha256(&bytes))
}

/// Makes sure that [`save`] may write to `folder`: that there is none, or that
/// everything in it is of a list of ours.
///
/// # Errors
/// When something else is there.
pub fn replaceable(folder: &Path) -> Result<(), KeptError> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(());
    }
    collect(folder, &mut found)?;
    let ours = list(folder).unwrap_or(None).map(|kept| kept.files(folder));
    let ours = ours.unwrap_or_default();
    match found.into_iter().find(|path| !ours.contains(path)) {
        Some(path) => Err(KeptError::Foreign { path }),
        None => Ok(()),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), KeptError> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let kind = entry.file_type().map_err(at(&entry.path()))?;
        if kind.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

impl Kept {
    /// Every file of the folder.
    fn files(&self, folder: &Path) -> BTreeSet<PathBuf> {
        let of = |library: &Library| {
            let layouts = library.layouts.iter();
            let layouts = layouts.map(|(seed, _)| layout_file(folder, *seed, &library.file));
            let plain = folder.join(&library.file);
            layouts.chain([plain]).collect::<Vec<_>>()
        };
        let files = self.libraries.iter().flat_map(of);
        files.chain([folder.join(LIST)]).collect()
    }

    /// The library of this file name.
    ///
    /// # Errors
    /// When the folder has none, or one of its files is missing or another one.
    pub fn library(&self, folder: &Path, file: &str) -> Result<Build, KeptError> {
        let found = self.libraries.iter().find(|library| library.file == file);
        let library = found.ok_or_else(|| KeptError::Unusable {
            path: folder.to_owned(),
            why: format!("its {LIST} does not list {file}"),
        })?;
        let plain = folder.join(file);
        verify(&plain, &library.sha256)?;
        let mut layouts = Vec::new();
        for (seed, digest) in &library.layouts {
            let path = layout_file(folder, *seed, file);
            verify(&path, digest)?;
            layouts.push(path);
        }
        if layouts.is_empty() {
            layouts.push(plain.clone());
        }
        Ok(Build {
            plain,
            layouts,
            seeds: library.layouts.iter().map(|(seed, _)| *seed).collect(),
            why_single: library.why_single.clone(),
            why_unpadded: library.why_unpadded.clone(),
            compiled: library.compiled.clone(),
        })
    }
}

fn verify(path: &Path, digest: &str) -> Result<(), KeptError> {
    let unusable = |why: &str| KeptError::Unusable {
        path: path.to_owned(),
        why: why.to_owned(),
    };
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => unusable("this file is missing"),
        _ => at(path)(error).into(),
    })?;
    if sha256(&bytes) != digest {
        return Err(unusable("this is not the file that was kept here"));
    }
    Ok(())
}

/// The list of a kept folder; nothing where the folder has neither a list nor layouts,
/// such as a folder that cargo built into.
///
/// # Errors
/// When the list cannot be used, or layouts are there without one.
pub fn load(folder: &Path) -> Result<Option<Kept>, KeptError> {
    let kept = list(folder)?;
    if kept.is_none() && folder.join(LAYOUTS).is_dir() {
        return Err(KeptError::Unusable {
            path: folder.to_owned(),
            why: format!("it has layouts but no {LIST}: an older version made it"),
        });
    }
    Ok(kept)
}

fn list(folder: &Path) -> Result<Option<Kept>, KeptError> {
    let path = folder.join(LIST);
    let json = match fs::read(&path) {
        Ok(json) => json,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(&path)(error).into()),
    };
    let unusable = |why: String| KeptError::Unusable {
        path: path.clone(),
        why,
    };
    let kept: Kept = serde_json::from_slice(&json)
        .map_err(|error| unusable(format!("this is no list of layouts ({error})")))?;
    if kept.format != FORMAT {
        let why = format!(
            "its format is {:?}, and {FORMAT:?} is read here",
            kept.format
        );
        return Err(unusable(why));
    }
    Ok(Some(kept))
}
