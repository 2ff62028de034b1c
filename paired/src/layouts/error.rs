//! What can go wrong between a package and its layouts.

use std::io;
use std::path::{Path, PathBuf};

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

/// The error of a file or folder.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> LayoutError + use<> {
    let path = path.to_owned();
    move |source| LayoutError::Io {
        path: path.clone(),
        source,
    }
}
