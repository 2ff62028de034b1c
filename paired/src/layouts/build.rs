//! From a package to its layouts: compiled once, linked once for each seed.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::cargo::{self, Source};
use super::error::{LayoutError, at};
use super::files::{make, place};
use super::link::{Compiled, Link};
use super::{begin, relink, sources};

/// Marks a folder as a cache of this module.
const MARKER: &str = ".paired-layouts";
/// What the marker contains; another version of the format is built anew.
const FORMAT: &str = "paired/layouts/1\n";

/// A library in its link layouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// As cargo links it, with its symbols.
    pub plain: PathBuf,
    /// One file for each seed, without symbols; the plain file alone where the linker
    /// cannot make layouts. Never empty.
    pub layouts: Vec<PathBuf>,
    /// The seeds, in the order of the layouts; empty where the linker cannot.
    pub seeds: Vec<u64>,
    /// Why there is one layout only, for people.
    pub why_single: Option<String>,
    /// Why the layouts differ in order alone, without random padding, for people.
    pub why_unpadded: Option<String>,
    /// What compiled it.
    pub compiled: Compiled,
}

impl Build {
    /// A library in the one layout that there is, and why there is no other.
    pub fn single(plain: PathBuf, why: String) -> Self {
        Self {
            layouts: vec![plain.clone()],
            plain,
            seeds: Vec::new(),
            why_single: Some(why),
            why_unpadded: None,
            compiled: Compiled::default(),
        }
    }
}

/// Compiled objects, and how they are linked.
#[derive(Debug, Clone)]
pub struct Objects {
    /// Folder of this package in the cache.
    folder: PathBuf,
    /// As cargo linked it.
    plain: PathBuf,
    link: Link,
    compiled: Compiled,
}

impl Objects {
    /// The library as cargo links it, with its symbols.
    #[must_use]
    pub fn plain(&self) -> &Path {
        &self.plain
    }

    /// Links the objects once for each seed; what is in the cache is not linked again.
    /// `progress` hears how many of the layouts are there, and of how many.
    ///
    /// # Errors
    /// When a link fails although the usual one works, or a file cannot be written.
    pub fn link(
        &self,
        seeds: &[u64],
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Build, LayoutError> {
        let single = |why: String| Build {
            compiled: self.compiled.clone(),
            ..Build::single(self.plain.clone(), why)
        };
        if seeds.is_empty() {
            return Ok(single("no layouts were asked for".to_owned()));
        }
        let made = relink::relink(&self.link, &self.folder, &self.plain, seeds, progress)?;
        Ok(match made {
            relink::Made::Layouts { files, unpadded } => Build {
                layouts: files,
                seeds: seeds.to_vec(),
                why_single: None,
                why_unpadded: unpadded,
                ..single(String::new())
            },
            relink::Made::Single(why) => single(why),
        })
    }
}

/// Compiles a package, or takes what is in the cache if its sources are unchanged:
/// by cargo's own checks, and by a hash of the sources' contents, since a file may
/// change without a later time stamp.
///
/// # Errors
/// When cargo is missing, the package does not build, or the cache cannot be used.
pub fn compile(source: &Source) -> Result<Objects, LayoutError> {
    own(&source.cache)?;
    let built = |like: &&PathBuf| is_ours(like) && like.join(cargo::TARGET).is_dir();
    if let Some(like) = source.like.iter().find(built) {
        // Without it, all is compiled: nothing but time is lost.
        let _ = begin::begin(&source.cache, like);
    }
    let folder = source.cache.join(&source.package);
    make(&folder)?;
    // Once more where cargo holds something for fresh that is not.
    for _ in 0..2 {
        let built = cargo::build(source, &folder)?;
        let mut stale = sources::stale(&source.cache, &built.library, &built.packages)?;
        let link = Link::read(&folder)?;
        if let (true, Some((link, compiled))) = (stale.is_empty(), &link) {
            let name = built.library.file_name().unwrap_or_default();
            let plain = folder.join("plain").join(name);
            place(&built.library, &plain)?;
            return Ok(Objects {
                folder,
                plain,
                link: link.clone(),
                compiled: compiled.clone(),
            });
        }
        if link.is_none() {
            stale.push(built.id);
        }
        cargo::clean(source, &stale)?;
    }
    Err(LayoutError::NotCaptured {
        package: source.package.clone(),
        executable: source.executable.clone(),
    })
}

/// `count` seeds for the layouts of a run, from the run's own seed.
#[must_use]
pub fn seeds(run: u64, count: u32) -> Vec<u64> {
    let seed = |index: u32| {
        let digest = Sha256::digest(format!("layout {index} of run {run}"));
        let bytes = [digest[0], digest[1], digest[2], digest[3]];
        u64::from(u32::from_le_bytes(bytes))
    };
    (0..count).map(seed).collect()
}

/// Makes `folder` a cache of this module, or makes sure that it is one.
fn own(folder: &Path) -> Result<(), LayoutError> {
    make(folder)?;
    if is_ours(folder) {
        return Ok(());
    }
    let marker = folder.join(MARKER);
    let found = fs::read_to_string(&marker).ok();
    let mut entries = fs::read_dir(folder).map_err(at(folder))?;
    if found.is_some() {
        // Ours, of another format.
        fs::remove_dir_all(folder).map_err(at(folder))?;
        make(folder)?;
    } else if entries.next().is_some() {
        return Err(LayoutError::Foreign {
            path: folder.to_owned(),
        });
    }
    fs::write(&marker, FORMAT).map_err(at(&marker))
}

/// Whether a folder is a cache of this format.
fn is_ours(folder: &Path) -> bool {
    fs::read_to_string(folder.join(MARKER)).is_ok_and(|text| text == FORMAT)
}
