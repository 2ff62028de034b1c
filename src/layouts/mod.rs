//! Link layouts: the same objects, linked several times with their functions in
//! another order.
//!
//! Where the linker puts a function moves a benchmark by several percent, for
//! reasons that have nothing to do with the code (Curtsinger & Berger,
//! "Stabilizer", ASPLOS 2013). A claim about code holds over many layouts.
//!
//! Each crate is compiled once; the linker that rustc is given
//! (`link.sh`) then links it as often as there are seeds. Cargo decides whether
//! anything must be done at all.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::pair::PairFiles;
use bench_record::atomic;

const LINKER: &str = include_str!("link.sh");

/// Layouts of the first look. With twelve, the interval of a single comparison at its
/// last look leaves out one outlier on each side; where many comparisons share the error,
/// it is the whole range of the layouts, or wider (see [`paired::stats::levels`]).
pub const FIRST: u32 = 12;
/// Layouts of the second look: others, so that a chance suspicion does not meet
/// the same chance again.
pub const SECOND: u32 = 12;

/// Why layouts could not be built.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A file could not be written or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Cargo could not be started.
    #[error("cannot start cargo: {0}; it is needed to link the pair in several layouts")]
    NoCargo(std::io::Error),
    /// The pair does not build.
    #[error("{package} does not build in {}:\n{output}", workspace.display())]
    Build {
        /// The package that does not.
        package: &'static str,
        /// The workspace it is in.
        workspace: PathBuf,
        /// What the compiler said.
        output: String,
    },
}

/// A pair in all its layouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layouts {
    /// As cargo links it.
    pub plain: PairFiles,
    /// Shuffled, for the first look; the plain one alone where the linker cannot
    /// shuffle.
    pub first: Vec<PairFiles>,
    /// Shuffled otherwise, for the second look; empty where the linker cannot.
    pub second: Vec<PairFiles>,
}

impl Layouts {
    /// A pair that exists in one layout only.
    #[must_use]
    pub fn single(plain: PairFiles) -> Self {
        Self {
            first: vec![plain.clone()],
            second: Vec::new(),
            plain,
        }
    }

    /// Whether the linker could shuffle.
    #[must_use]
    pub fn shuffled(&self) -> bool {
        !self.second.is_empty()
    }

    /// The layouts that [`build`] or [`Layouts::save`] left in `folder`; one
    /// layout when there is but the pair.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        let plain = PairFiles::in_folder(folder);
        let shuffled = |seeds: std::ops::Range<u32>| -> Vec<PairFiles> {
            let seed =
                |seed: u32| PairFiles::in_folder(&folder.join("layouts").join(seed.to_string()));
            seeds.map(seed).filter(PairFiles::exist).collect()
        };
        let (first, second) = (shuffled(0..FIRST), shuffled(FIRST..FIRST + SECOND));
        if first.is_empty() || second.is_empty() {
            return Self::single(plain);
        }
        Self {
            plain,
            first,
            second,
        }
    }

    /// Copies the pair and its layouts into `folder`, for a later comparison.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn save(&self, folder: &Path) -> Result<(), LayoutError> {
        copy_pair(&self.plain, folder)?;
        // Layouts of another pair that was kept here would pass for this one's.
        let layouts = folder.join("layouts");
        if layouts.exists() {
            fs::remove_dir_all(&layouts).map_err(at(&layouts))?;
        }
        let shuffled = self
            .first
            .iter()
            .chain(&self.second)
            .filter(|_| self.shuffled());
        for (seed, pair) in shuffled.enumerate() {
            copy_pair(pair, &layouts.join(seed.to_string()))?;
        }
        Ok(())
    }
}

fn copy_pair(pair: &PairFiles, folder: &Path) -> Result<(), LayoutError> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let target = PairFiles::in_folder(folder);
    for (from, to) in [(&pair.guest, &target.guest), (&pair.host, &target.host)] {
        place(from, to)?;
    }
    Ok(())
}

/// Compiles the pair of a workspace and links it in every layout. What is up to
/// date is left alone.
///
/// `target` is a cargo target folder for this purpose alone; the pair lies in
/// `target/pair` afterwards.
///
/// # Errors
/// When cargo is missing or the pair does not build.
pub fn build(workspace: &Path, target: &Path) -> Result<Layouts, LayoutError> {
    let folder = target.join("pair");
    let linker = write_linker(target)?;
    for (package, name) in [("bench-guest", "bench_guest"), ("bench-host", "bench_host")] {
        let file = format!("{DLL_PREFIX}{name}{DLL_SUFFIX}");
        cargo(workspace, target, package, &linker, &folder.join("layouts"))?;
        let built = target.join("release/deps").join(&file);
        place(&built, &folder.join(&file))?;
    }
    Ok(Layouts::in_folder(&folder))
}

/// Puts a library where another may stand: as a new file, since a run beside this one
/// may have the old one loaded, and writing into that would kill it.
fn place(library: &Path, path: &Path) -> Result<(), LayoutError> {
    let bytes = fs::read(library).map_err(at(library))?;
    atomic::replace(path, &bytes).map_err(at(path))
}

/// Compiles and links one package; the linker script does the shuffled links.
fn cargo(
    workspace: &Path,
    target: &Path,
    package: &'static str,
    linker: &Path,
    layouts: &Path,
) -> Result<(), LayoutError> {
    let seeds: Vec<String> = (0..FIRST + SECOND).map(|seed| seed.to_string()).collect();
    fs::create_dir_all(layouts).map_err(at(layouts))?;
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace)
        .args([
            "rustc",
            "--quiet",
            "--release",
            "--lib",
            "--crate-type",
            "cdylib",
        ])
        .args(["--package", package, "--target-dir"])
        .arg(target)
        .args(["--", "-C", "strip=debuginfo", "-C"])
        .arg(format!("linker={}", linker.display()))
        .env("ARENA_BENCH_LAYOUTS", layouts)
        .env("ARENA_BENCH_SEEDS", seeds.join(" "))
        .output()
        .map_err(LayoutError::NoCargo)?;
    if output.status.success() {
        return Ok(());
    }
    Err(LayoutError::Build {
        package,
        workspace: workspace.to_owned(),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The linker script, under a name that changes with its contents and with the
/// number of layouts: cargo links again when the name is another.
fn write_linker(target: &Path) -> Result<PathBuf, LayoutError> {
    let digest = Sha256::digest(format!("{FIRST} {SECOND} {LINKER}"));
    let name: String = digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = target.join(format!("link-{name}.sh"));
    fs::create_dir_all(target).map_err(at(target))?;
    if !path.exists() {
        fs::write(&path, LINKER).map_err(at(&path))?;
    }
    make_executable(&path)?;
    Ok(path)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<(), LayoutError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> LayoutError + use<> {
    let path = path.to_owned();
    move |source| LayoutError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;

    use super::*;

    #[test]
    fn a_library_that_is_in_use_stays_as_it_was_when_another_takes_its_place() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (new, path) = (folder.path().join("new.so"), folder.path().join("pair.so"));
        fs::write(&path, "the old one").expect("written");
        fs::write(&new, "the new one").expect("written");
        let mut in_use = File::open(&path).expect("it is there");
        place(&new, &path).expect("both are readable");
        let mut seen = String::new();
        in_use.read_to_string(&mut seen).expect("it can be read");
        assert_eq!(seen, "the old one");
        assert_eq!(fs::read_to_string(&path).expect("read"), "the new one");
    }
}
