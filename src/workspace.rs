//! The sources of this workbench, and those of another commit of it, built as pairs.
//!
//! A base is built from a checkout of its own, outside the user's: in the cache folder,
//! keyed by the user's checkout, so that cargo finds neither the candidate's
//! `Cargo.toml` nor its configuration. It borrows the objects of the user's repository
//! and leaves no trace there.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use paired::layouts::{self, LayoutError, Objects, Source};
use paired::{digest, paths};

use crate::allocator::{Allocator, Allocators};
use crate::caches::{self, Cache};
use crate::git::{self, GitError};
use crate::pair::{Layouts, PairFiles};
use bench_record::{lock, output};

/// Why the sources of a commit could not be had or built.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    #[error("no sources of arena-bench here or above; run it inside a clone of the repository")]
    NoSources,
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("{reference:?} names no commit of this repository: {output}{}", if *shallow { SHALLOW } else { "" })]
    UnknownRef {
        reference: String,
        output: String,
        shallow: bool,
    },
    #[error("{reference} has no {file}: there is no pair to build; choose a commit that has one")]
    NoProject { reference: String, file: String },
    #[error(
        "the pair that was built of {reference} does not bear its commit {commit}: nothing is compared with it; remove {} and try again",
        folder.display()
    )]
    AnotherCommit {
        reference: String,
        commit: String,
        folder: PathBuf,
    },
    #[error("{}: {source}; XDG_CACHE_HOME chooses another folder for builds", path.display())]
    Cache { path: PathBuf, source: io::Error },
    #[error("{} is not empty and was not made by arena-bench; XDG_CACHE_HOME chooses another folder for builds", path.display())]
    Foreign { path: PathBuf },
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

const SHALLOW: &str =
    "\nThis clone is shallow: `git fetch --unshallow` gets the rest of its history.";

/// A file without which there is no pair to build.
const PROJECT: [&str; 3] = [
    "Cargo.toml",
    "bench-guest/Cargo.toml",
    "bench-host/Cargo.toml",
];

/// Where builds of the sources here are in the cache, and those of a commit beside its checkout.
const HERE: &str = "head";
const BUILD: &str = "build";

/// What hears of links: how many are done, and of how many.
pub type Heard<'a> = &'a mut dyn FnMut(usize, usize);

/// The root of the sources: the first folder from here upwards that holds the pair's,
/// or else the one that this executable was built from.
pub fn root() -> Result<PathBuf, WorkspaceError> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).to_owned();
    let here = std::env::current_dir().unwrap_or_default();
    let is_root = |folder: &PathBuf| folder.join("bench-guest/Cargo.toml").is_file();
    here.ancestors()
        .map(Path::to_owned)
        .chain([built_from])
        .find(is_root)
        .ok_or(WorkspaceError::NoSources)
}

pub fn target(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.and_then(|target| std::path::absolute(target).ok());
    target.unwrap_or_else(|| root.join("target"))
}

/// Where builds of the checkout at `root` go: a folder in the user's cache for each
/// checkout, by its path.
pub fn scratch(root: &Path) -> Result<PathBuf, WorkspaceError> {
    let path = fs::canonicalize(root).map_err(cache(root))?;
    let digest = digest::sha256(path.as_os_str().as_encoded_bytes());
    let folder = cache_folder().join("arena-bench").join(&digest[..12]);
    match caches::claim(&folder, &path).map_err(cache(&folder))? {
        true => Ok(folder),
        false => Err(WorkspaceError::Foreign { path: folder }),
    }
}

fn cache_folder() -> PathBuf {
    let absolute = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
}

fn cache(path: &Path) -> impl Fn(io::Error) -> WorkspaceError + use<> {
    let path = path.to_owned();
    move |source| WorkspaceError::Cache {
        path: path.clone(),
        source,
    }
}

/// Builds the pair of the sources as they are, uncommitted changes included, and links
/// it once for each seed.
pub fn build_here(root: &Path, seeds: &[u64], heard: Heard<'_>) -> Result<Layouts, WorkspaceError> {
    build_here_with(root, Allocators::default(), seeds, heard)
}

/// [`build_here`], with these allocators.
pub fn build_here_with(
    root: &Path,
    allocators: Allocators,
    seeds: &[u64],
    heard: Heard<'_>,
) -> Result<Layouts, WorkspaceError> {
    build(root, &cache_of(root)?, allocators, seeds, heard)
}

/// Compiles a package of the sources in `root` with an allocator. Each allocator has a cache folder of
/// its own, beside `cache`.
pub(crate) fn compile(
    root: &Path,
    cache: &Cache,
    package: &str,
    allocator: Allocator,
) -> Result<Objects, WorkspaceError> {
    let cache = match allocator.feature() {
        Some(feature) => cache.beside(feature),
        None => cache.clone(),
    };
    let folder = &cache.folder;
    let mut source = Source::new(root, package, folder).map_err(self::cache(folder))?;
    source.like = cache.like;
    source.features = allocator.feature().into_iter().map(Into::into).collect();
    // The pair's build scripts ask git, of the checkout that they are in.
    let local = git::local_variables().iter().map(Into::into);
    source.without_env.extend(local);
    Ok(layouts::compile(&source)?)
}

/// Builds the pair of the sources in `root`, with a cache folder of its own.
pub fn build(
    root: &Path,
    cache: &Cache,
    allocators: Allocators,
    seeds: &[u64],
    heard: Heard<'_>,
) -> Result<Layouts, WorkspaceError> {
    // Both before anything is linked: a host that does not build is known at once.
    let guest = compile(root, cache, "bench-guest", allocators.guest)?;
    let host = compile(root, cache, "bench-host", allocators.host)?;
    let all = 2 * seeds.len();
    let guest = guest.link(seeds, &mut |done, _| heard(done, all))?;
    let host = host.link(seeds, &mut |done, of| heard(of + done, all))?;
    let mut layouts = Layouts::new(guest, host);
    let place = match allocators.are_usual() {
        true => "pair".to_owned(),
        // No blanks: the folder is passed on in variables of the environment.
        false => format!("pair-{}", allocators.to_string().replace([',', ' '], "-")),
    };
    layouts.plain = together(&layouts.plain, &cache.folder.join(place))?;
    Ok(layouts)
}

/// Both files of a pair in one folder, where the targets of `cargo bench` look for them.
/// A file that changed is a new one, since a process may have the old one loaded.
fn together(pair: &PairFiles, folder: &Path) -> Result<PairFiles, WorkspaceError> {
    let placed = PairFiles::in_folder(folder);
    fs::create_dir_all(folder).map_err(cache(folder))?;
    for (from, to) in [(&pair.guest, &placed.guest), (&pair.host, &placed.host)] {
        let bytes = fs::read(from).map_err(self::cache(from))?;
        if fs::read(to).ok().as_ref() != Some(&bytes) {
            output::replace(to, &bytes).map_err(self::cache(to))?;
        }
    }
    Ok(placed)
}

/// Builds the pair of a commit, by its full hash, as [`resolve`] gives it.
pub fn build_at(
    root: &Path,
    commit: &Commit,
    place: Place,
    allocators: Allocators,
    seeds: &[u64],
    heard: Heard<'_>,
) -> Result<Layouts, WorkspaceError> {
    let base = sources_at(root, commit, place)?;
    let layouts = build(&base.sources, &base.cache, allocators, seeds, heard)?;
    let bears = layouts.is_of(&commit.hash);
    let folder = &base.cache.folder;
    if !bears.map_err(cache(folder))? {
        return Err(WorkspaceError::AnotherCommit {
            reference: commit.reference.clone(),
            commit: commit.hash.clone(),
            folder: paths::folder(folder).to_owned(),
        });
    }
    Ok(layouts)
}

/// The sources of a commit, and where builds of them go.
#[derive(Debug, Clone)]
pub struct Base {
    /// The folder that `root` is in the checkout of that commit; it may have no such folder.
    pub sources: PathBuf,
    /// For builds of it.
    pub cache: Cache,
}

/// Which checkout of another commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The one that is compared with.
    Base,
    /// Another one, so that the build of the first stays: a step of a search.
    Step,
}

/// Checks out a commit of the repository that `root` is in.
pub fn sources_at(root: &Path, commit: &Commit, place: Place) -> Result<Base, WorkspaceError> {
    let scratch = scratch(root)?;
    hold(&scratch)?;
    let [here, base, step] = [HERE, "base", "step"].map(|name| scratch.join(name));
    let (folder, other) = match place {
        Place::Base => (base, step),
        Place::Step => (step, base),
    };
    fs::create_dir_all(&folder).map_err(cache(&folder))?;
    let tree = folder.join("tree");
    if check_out(root, commit, &tree).is_err() {
        // What an interrupted run left behind; the folder is ours, by its marker.
        if tree.exists() {
            fs::remove_dir_all(&tree).map_err(cache(&tree))?;
        }
        check_out(root, commit, &tree)?;
    }
    Ok(Base {
        sources: tree.join(&commit.prefix),
        cache: Cache {
            folder: folder.join(BUILD),
            like: vec![here, other.join(BUILD)],
        },
    })
}

/// Where builds of the sources in `root` go, kept from other commands while this process
/// lives.
pub fn cache_of(root: &Path) -> Result<Cache, WorkspaceError> {
    let scratch = scratch(root)?;
    hold(&scratch)?;
    Ok(scratch.join(HERE).into())
}

/// Makes `tree` a checkout of the commit: a repository of its own, which borrows the
/// objects of the user's.
fn check_out(root: &Path, commit: &Commit, tree: &Path) -> Result<(), WorkspaceError> {
    let ask = |what: &[&str]| git::run(root, what);
    let objects = ask(&[
        "rev-parse",
        "--path-format=absolute",
        "--git-path",
        "objects",
    ])?;
    if !tree.join(".git").is_dir() {
        fs::create_dir_all(tree).map_err(cache(tree))?;
        let format = ask(&["rev-parse", "--show-object-format"])?;
        let format = format!("--object-format={format}");
        git::run(tree, &["init", "--quiet", "--template=", &format])?;
    }
    let info = tree.join(".git/objects/info");
    let alternates = info.join("alternates");
    fs::create_dir_all(&info).map_err(cache(&info))?;
    fs::write(&alternates, format!("{objects}\n")).map_err(cache(&alternates))?;
    let hash = commit.hash.as_str();
    git::run(tree, &["checkout", "--quiet", "--force", "--detach", hash])?;
    git::run(tree, &["clean", "--quiet", "-ffdx"])?;
    Ok(())
}

/// Keeps other commands from the builds in `scratch` for as long as this process lives:
/// its measuring processes copy the libraries from there, and another command's build
/// would put other code in their place. Waits where another command is at work; the
/// two would have disturbed each other's times as well. On a file system without locks,
/// nothing is kept from anybody.
fn hold(scratch: &Path) -> Result<(), WorkspaceError> {
    static HELD: Mutex<BTreeMap<PathBuf, File>> = Mutex::new(BTreeMap::new());
    let mut held = HELD.lock().expect("no holder panics");
    if held.contains_key(scratch) {
        return Ok(());
    }
    let path = scratch.join(caches::LOCK);
    let file = File::create(&path).map_err(cache(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            notice!(
                "arena-bench: waiting for another command that measures in {}",
                scratch.display()
            );
            file.lock().map_err(cache(&path))?;
        }
        Err(TryLockError::Error(error)) if lock::is_unsupported(&error) => return Ok(()),
        Err(TryLockError::Error(error)) => return Err(cache(&path)(error)),
    }
    held.insert(scratch.to_owned(), file);
    Ok(())
}

/// A commit of the checkout's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// As the user named it.
    pub reference: String,
    pub hash: String,
    /// The project's folder within the repository; empty at its top.
    prefix: PathBuf,
}

/// The commit that `reference` names, which has a pair, before anything is built.
pub fn resolve(root: &Path, reference: &str) -> Result<Commit, WorkspaceError> {
    let found = commit(root, reference)?;
    for name in PROJECT {
        let file = found.prefix.join(name);
        let object = format!("{}:{}", found.hash, file.display());
        if git::run(root, &["cat-file", "-e", &object]).is_err() {
            return Err(WorkspaceError::NoProject {
                reference: reference.to_owned(),
                file: file.display().to_string(),
            });
        }
    }
    Ok(found)
}

/// The commit that `reference` names, whatever is in it.
pub fn commit(root: &Path, reference: &str) -> Result<Commit, WorkspaceError> {
    let prefix = git::run(root, &["rev-parse", "--show-prefix"])?;
    let commit = format!("{reference}^{{commit}}");
    let found = git::run(
        root,
        &["rev-parse", "--verify", "--end-of-options", &commit],
    );
    let hash = found.map_err(|error| match error {
        GitError::Refused { output, .. } => WorkspaceError::UnknownRef {
            reference: reference.to_owned(),
            output,
            shallow: git::run(root, &["rev-parse", "--is-shallow-repository"])
                .is_ok_and(|answer| answer == "true"),
        },
        missing => missing.into(),
    })?;
    Ok(Commit {
        reference: reference.to_owned(),
        hash,
        prefix: prefix.into(),
    })
}

/// A file of the project as it is in a commit; `None` where the commit has none.
pub fn file_at(root: &Path, commit: &Commit, name: &str) -> Option<String> {
    let object = format!("{}:{}", commit.hash, commit.prefix.join(name).display());
    git::run(root, &["show", &object]).ok()
}

/// Whether the project's sources differ from those of a commit; unknown counts as yes.
pub fn differs_from(root: &Path, commit: &Commit) -> bool {
    let same = ["diff", "--quiet", "--no-ext-diff", &commit.hash, "--", "."];
    git::run(root, &same).is_err()
}
