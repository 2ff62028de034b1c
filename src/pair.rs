//! Where the pair under test is, in all its link layouts.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bench_host::loader::LoadError;
use bench_host::pair::Pair;
use object::{Object, ObjectSection, SectionFlags};
use paired::digest;
use paired::layouts::{self, Build, Compiled, KeptError};
use serde::{Deserialize, Serialize};

/// The two files of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairFiles {
    /// The plugin side.
    #[serde(with = "paired::paths")]
    pub guest: PathBuf,
    /// The driving side.
    #[serde(with = "paired::paths")]
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
    pub fn in_folder(folder: &Path) -> Self {
        let [guest, host] = file_names();
        Self {
            guest: folder.join(guest),
            host: folder.join(host),
        }
    }

    /// The pair in `folder`, or without one the pair that cargo built with this
    /// executable: beside it, or in `deps` below (where cargo leaves the
    /// libraries that a package depends on).
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
            names: file_names(),
            looked: folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect(),
        })
    }

    /// Whether both files are there.
    pub fn exist(&self) -> bool {
        self.guest.is_file() && self.host.is_file()
    }

    pub fn load(&self) -> Result<Pair, LoadError> {
        Pair::load(&self.guest, &self.host)
    }

    /// SHA-256 of guest and host, hexadecimal.
    pub fn sha256(&self) -> io::Result<[String; 2]> {
        Ok([sha256(&self.guest)?, sha256(&self.host)?])
    }
}

/// The file names of guest and host.
fn file_names() -> [String; 2] {
    ["bench_guest", "bench_host"].map(|name| format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
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
    Ok(digest::sha256(&fs::read(path)?))
}

/// A pair in all its link layouts. Guest and host are linked independently: any layout
/// of the one goes with any of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layouts {
    /// As cargo links it.
    pub plain: PairFiles,
    pub guest: Build,
    pub host: Build,
}

impl Layouts {
    pub fn new(guest: Build, host: Build) -> Self {
        let plain = PairFiles {
            guest: guest.plain.clone(),
            host: host.plain.clone(),
        };
        Self { plain, guest, host }
    }

    /// A pair that exists in one layout only.
    pub fn single(plain: PairFiles) -> Self {
        let [guest, host] = [plain.guest, plain.host]
            .map(|plain| Build::single(plain, "the folder has the pair alone".to_owned()));
        Self::new(guest, host)
    }

    /// The pair that [`Layouts::save`] kept in `folder`, or one in a single layout
    /// that cargo left there.
    ///
    /// # Errors
    /// When there is no pair, or it is not as it was kept.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let unusable = |error: KeptError| {
            let said = format!("{error} (arena-bench build-pair --output DIR)");
            anyhow::Error::new(error).context(said)
        };
        if let Some(kept) = layouts::load(folder).map_err(unusable)? {
            let library = |file: &str| kept.library(folder, file).map_err(unusable);
            let [guest, host] = file_names();
            return Ok(Self::new(library(&guest)?, library(&host)?));
        }
        Ok(Self::single(PairFiles::find(Some(folder))?))
    }

    /// Keeps the pair and its layouts in `folder`, for a later comparison.
    pub fn save(&self, folder: &Path, about: &str) -> Result<(), KeptError> {
        layouts::save(folder, about, &[&self.guest, &self.host])
    }

    /// The layouts of guest and host, in this order.
    pub fn libraries(&self) -> [&[PathBuf]; 2] {
        [&self.guest.layouts, &self.host.layouts]
    }

    /// Whether there are several.
    pub fn shuffled(&self) -> bool {
        self.why_single().is_none()
    }

    /// Why there is one layout only, for people.
    pub fn why_single(&self) -> Option<&str> {
        let why = self.guest.why_single.as_ref();
        why.or(self.host.why_single.as_ref()).map(String::as_str)
    }

    /// Whether both files bear the commit that they were built from.
    pub fn is_of(&self, commit: &str) -> io::Result<bool> {
        let bears = |path: &Path| -> io::Result<bool> {
            let bytes = fs::read(path)?;
            let mut windows = bytes.windows(commit.len());
            Ok(windows.any(|window| window == commit.as_bytes()))
        };
        Ok(bears(&self.plain.guest)? && bears(&self.plain.host)?)
    }

    /// A digest of both files without the commit that they bear: pairs with the same are the
    /// same machine code.
    pub fn code(&self, commit: &str) -> io::Result<String> {
        let guest = without(fs::read(&self.plain.guest)?, commit);
        let host = without(fs::read(&self.plain.host)?, commit);
        Ok(digest::sha256(&[guest, host].concat()))
    }

    /// Whether two pairs are the same bytes, but for the commits that they bear.
    pub fn is_same_code(&self, commit: &str, other: &Self, others: &str) -> io::Result<bool> {
        Ok(self.code(commit)? == other.code(others)?)
    }
}

/// What of a library is loaded, with zeros in the place of its commit, and of the linker's
/// hash of all of it, which the commit changes.
pub(crate) fn without(mut bytes: Vec<u8>, commit: &str) -> Vec<u8> {
    let linkers_hash = object::File::parse(&*bytes)
        .ok()
        .and_then(|file| file.build_id().ok().flatten().map(<[u8]>::to_vec));
    for text in [Some(commit.as_bytes().to_vec()), linkers_hash] {
        let text = text.unwrap_or_default();
        let mut at = 0;
        while !text.is_empty()
            && let Some(found) = bytes[at..]
                .windows(text.len())
                .position(|window| window == text)
        {
            at += found;
            bytes[at..at + text.len()].fill(b'0');
        }
    }
    loaded(bytes)
}

/// The sections that are loaded. What else is in the file, such as the names of symbols, may
/// differ between two builds of the same code: the compiler puts a hash of a whole part of the
/// crate, its commit included, into some.
fn loaded(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(file) = object::File::parse(&*bytes) else {
        return bytes;
    };
    let is_loaded = |flags| match flags {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.contains(object::elf::SHF_ALLOC),
        _ => true,
    };
    let mut loaded = Vec::new();
    for section in file.sections().filter(|it| is_loaded(it.flags())) {
        loaded.extend(section.address().to_le_bytes());
        loaded.extend(section.size().to_le_bytes());
        // A section without bytes in the file has none here.
        loaded.extend(section.data().unwrap_or_default());
    }
    loaded
}

/// In what the compilers of two builds differ, in words: the compiler itself, and flags
/// that only one of them was given.
pub fn compiled_differently(baseline: &Compiled, candidate: &Compiled) -> Vec<String> {
    // Of a pair that cargo left in a folder, neither is known.
    if baseline.compiler.is_empty() || candidate.compiler.is_empty() {
        return Vec::new();
    }
    let only = |of: &Compiled, other: &Compiled| {
        let flags = of.flags.iter().filter(|flag| !other.flags.contains(flag));
        flags.map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let compilers = [&baseline.compiler, &candidate.compiler].map(String::clone);
    let flags = [only(baseline, candidate), only(candidate, baseline)];
    let both = [("compiler", compilers), ("flags of one side alone", flags)];
    let differ = both.into_iter().filter(|(_, [a, b])| a != b);
    differ
        .map(|(what, sides)| {
            let or_none = |text: String| match text.is_empty() {
                true => "none".to_owned(),
                false => text,
            };
            let [baseline, candidate] = sides.map(or_none);
            format!("{what}: baseline {baseline}, candidate {candidate}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layouts(folder: &Path, guest: &str, host: &str) -> Layouts {
        fs::create_dir_all(folder).expect("the folder is writable");
        let files = PairFiles::in_folder(folder);
        fs::write(&files.guest, guest).expect("the folder is writable");
        fs::write(&files.host, host).expect("the folder is writable");
        Layouts::single(files)
    }

    #[test]
    fn a_pair_is_of_the_commit_that_both_files_bear() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pair = layouts(folder.path(), "xx abc1 x", "abc1");
        assert!(pair.is_of("abc1").expect("both are there"));
        assert!(!pair.is_of("abc2").expect("both are there"));
        let mixed = layouts(folder.path(), "xx abc1 x", "abc2");
        assert!(!mixed.is_of("abc1").expect("both are there"));
    }

    #[test]
    fn builds_of_two_commits_are_the_same_code_when_only_the_commit_differs() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let one = layouts(&folder.path().join("1"), "code abc1, abc1", "host abc1");
        let same = layouts(&folder.path().join("2"), "code abc2, abc2", "host abc2");
        let other = layouts(&folder.path().join("3"), "cold abc3, abc3", "host abc3");
        assert!(one.is_same_code("abc1", &same, "abc2").expect("read"));
        assert!(!one.is_same_code("abc1", &other, "abc3").expect("read"));
    }

    #[test]
    fn names_of_symbols_are_no_code() {
        let guest = PairFiles::find(None)
            .expect("cargo builds the pair with the tests")
            .guest;
        let bytes = fs::read(guest).expect("it is there");
        let changed = |section: &str| {
            let file = object::File::parse(&*bytes).expect("a library");
            let found = file.section_by_name(section).and_then(|it| it.file_range());
            let (start, length) = found.expect("it has the section");
            let mut bytes = bytes.clone();
            bytes[(start + length / 2) as usize] ^= 1;
            without(bytes, "no such commit")
        };
        let code = without(bytes.clone(), "no such commit");
        assert!(changed(".strtab") == code && changed(".text") != code);
    }

    #[test]
    fn compilers_and_flags_that_differ_are_named_for_both_sides() {
        let compiled = |compiler: &str, flags: &[&str]| Compiled {
            compiler: compiler.to_owned(),
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
        };
        let one = compiled("rustc 1.89.0", &["-Copt-level=3", "-Ctarget-cpu=native"]);
        let other = compiled("rustc 1.95.0", &["-Copt-level=3"]);
        assert_eq!(compiled_differently(&one, &one), Vec::<String>::new());
        assert_eq!(
            compiled_differently(&one, &other),
            [
                "compiler: baseline rustc 1.89.0, candidate rustc 1.95.0",
                "flags of one side alone: baseline -Ctarget-cpu=native, candidate none"
            ]
        );
        assert!(compiled_differently(&one, &Compiled::default()).is_empty());
    }
}
