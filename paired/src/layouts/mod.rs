//! Link layouts: the same objects, linked many times, with the functions in another
//! order and at other addresses each time.
//!
//! Where the linker puts a function moves a benchmark by several percent, for reasons
//! that have nothing to do with the code (Curtsinger & Berger, "Stabilizer", ASPLOS
//! 2013). A claim about code must hold over many layouts, so each process of a
//! comparison uses another one.
//!
//! # How a layout is made
//!
//! [`compile`] runs cargo once. The running executable takes part in that build as
//! rustc's wrapper and as its linker ([`serve`]): it calls the linker that was
//! configured, with its arguments, and keeps the command line and the files that were
//! linked. [`Objects::link`] then repeats that link as often as there are seeds, two
//! links at a time, and nothing is compiled again.
//!
//! The sections are ordered by a hash of the seed and the symbol's name
//! (`--symbol-ordering-file`), so two builds that use the same seed have what they
//! share in the same order: what did not change keeps its neighbours. Hashes that the
//! compiler puts into names are left out. In addition the linker inserts random padding
//! between sections (`--randomize-section-padding`). Functions are never aligned: with
//! an alignment each loop has one fixed place for ever, and a comparison of two builds
//! then compares two placements instead of two programs.
//!
//! LLVM's lld has both options. With a linker that lacks them there is one layout, and
//! [`Build::why_single`] says why, in the linker's own words.
//!
//! # The cache
//!
//! [`Source::cache`] is a folder of this module's own: cargo's target folder, the
//! captured link, and the layouts, which are kept until the objects change. Layouts of
//! one package take at most [`CACHE_BYTES`]; beyond that the oldest are removed. A
//! folder that does not carry this module's marker is never written to.

mod cargo;
mod kept;
mod link;
mod order;
mod relink;
mod sources;
mod wrapper;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use cargo::Source;
pub use kept::{Kept, KeptError, load, replaceable, save};
pub use link::Compiled;
pub use wrapper::serve;

use link::Link;

/// Bytes that the layouts of one package may take in the cache. Layouts of the running
/// process are never removed, even beyond this.
pub const CACHE_BYTES: u64 = 1 << 30;

/// Marks a folder as a cache of this module.
const MARKER: &str = ".paired-layouts";
/// What the marker contains; another version of the format is built anew.
const FORMAT: &str = "paired/layouts/1\n";

/// Why layouts could not be built.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A file could not be written or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The cache's folder belongs to somebody else.
    #[error(
        "{} is not empty and was not made by this tool: remove it, or choose another cache folder",
        path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// Cargo could not be started.
    #[error("cannot start cargo: {0}; install Rust (https://rustup.rs), or add cargo to PATH")]
    NoCargo(io::Error),
    /// The package does not build.
    #[error("{package} does not build in {}:\n{output}", workspace.display())]
    Build {
        /// The package.
        package: String,
        /// The workspace it is in.
        workspace: PathBuf,
        /// What cargo and the compiler said.
        output: String,
    },
    /// The package builds, but makes no shared library.
    #[error("{package} in {} makes no cdylib: add crate-type = [\"cdylib\"] to its [lib]", workspace.display())]
    NoLibrary {
        /// The package.
        package: String,
        /// The workspace it is in.
        workspace: PathBuf,
    },
    /// The link was not seen.
    #[error(
        "the link of {package} was not captured: {} must call `paired::layouts::serve` first thing in `main`",
        executable.display()
    )]
    NotCaptured {
        /// The package.
        package: String,
        /// The executable that should have served as the linker.
        executable: PathBuf,
    },
    /// The usual link worked, and a later one did not.
    #[error("linking a layout with {program} failed: {output}")]
    Link {
        /// The linker.
        program: String,
        /// What it said.
        output: String,
    },
    /// The disk is full.
    #[error(
        "{}: the link layouts need {needed} bytes and {free} are free: make room, or ask for fewer layouts",
        path.display()
    )]
    NoSpace {
        /// The folder of the layouts.
        path: PathBuf,
        /// Bytes that the missing layouts take.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
}

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
            plain: self.plain.clone(),
            layouts: vec![self.plain.clone()],
            seeds: Vec::new(),
            why_single: Some(why),
            why_unpadded: None,
            compiled: self.compiled.clone(),
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
    let marker = folder.join(MARKER);
    let found = fs::read_to_string(&marker).ok();
    if found.as_deref() == Some(FORMAT) {
        return Ok(());
    }
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

fn make(folder: &Path) -> Result<(), LayoutError> {
    fs::create_dir_all(folder).map_err(at(folder))
}

/// Puts a copy of a file where another may be: as a new file, since a process may have
/// the old one loaded, and writing into that would kill it. An equal one is left alone.
fn place(from: &Path, to: &Path) -> Result<(), LayoutError> {
    let bytes = fs::read(from).map_err(at(from))?;
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    write_whole(to, &bytes)
}

/// Writes a file that is either whole or absent.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LayoutError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(at(folder))?;
    io::Write::write_all(&mut file, bytes).map_err(at(path))?;
    let persisted = file.persist(path);
    persisted.map_err(|error| at(path)(error.error))?;
    Ok(())
}

fn at(path: &Path) -> impl Fn(io::Error) -> LayoutError + use<> {
    let path = path.to_owned();
    move |source| LayoutError::Io {
        path: path.clone(),
        source,
    }
}

/// A digest in hexadecimal.
fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of some bytes, hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
