//! Where the pair under test lies.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bench_host::loader::LoadError;
use bench_host::pair::Pair;
use sha2::{Digest, Sha256};

/// The two files of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFiles {
    /// The plugin side.
    pub guest: PathBuf,
    /// The driving side.
    pub host: PathBuf,
}

/// No pair was found.
#[derive(Debug, thiserror::Error)]
#[error("no pair ({}) in {}; build it with `cargo build --release`, or name its folder with --pair", names.join(" and "), looked.join(" or "))]
pub struct NoPair {
    names: [String; 2],
    looked: Vec<String>,
}

impl PairFiles {
    /// The pair in `folder`, whether it is there or not.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        let file = |name: &str| folder.join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"));
        Self {
            guest: file("bench_guest"),
            host: file("bench_host"),
        }
    }

    /// The pair in `folder`, or without one the pair that cargo built with this
    /// executable: beside it, or in `deps` below (where cargo leaves the
    /// libraries that a package depends on).
    ///
    /// # Errors
    /// When there is none.
    pub fn find(folder: Option<&Path>) -> Result<Self, NoPair> {
        let folders = match folder {
            Some(folder) => vec![folder.to_owned(), folder.join("deps")],
            None => beside_executable(),
        };
        let found = folders
            .iter()
            .map(|folder| Self::in_folder(folder))
            .find(Self::exist);
        found.ok_or_else(|| NoPair {
            names: ["bench_guest", "bench_host"]
                .map(|name| format!("{DLL_PREFIX}{name}{DLL_SUFFIX}")),
            looked: folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect(),
        })
    }

    /// Whether both files are there.
    #[must_use]
    pub fn exist(&self) -> bool {
        self.guest.is_file() && self.host.is_file()
    }

    /// Loads both files.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn load(&self) -> Result<Pair, LoadError> {
        Pair::load(&self.guest, &self.host)
    }

    /// SHA-256 of guest and host, hexadecimal.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn sha256(&self) -> io::Result<[String; 2]> {
        Ok([sha256(&self.guest)?, sha256(&self.host)?])
    }
}

/// Folders in which cargo may have left the pair of the running executable.
fn beside_executable() -> Vec<PathBuf> {
    let executable = std::env::current_exe()
        .and_then(fs::canonicalize)
        .unwrap_or_default();
    let folder = executable.parent().unwrap_or(Path::new(".")).to_owned();
    vec![folder.join("deps"), folder]
}

fn sha256(path: &Path) -> io::Result<String> {
    let digest = Sha256::digest(fs::read(path)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
