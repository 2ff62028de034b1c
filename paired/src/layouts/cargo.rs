//! Cargo, as far as one library needs it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::error::{LayoutError, at};
use super::wrapper::{FOLDER, INNER, point};

/// Cargo's target folder in a cache.
pub(super) const TARGET: &str = "target";

/// The name under which cargo finds the wrapper of rustc.
const WRAPPER: &str = "paired-layouts-rustc";

/// A package that makes a cdylib, and how it is built.
#[derive(Debug, Clone)]
pub struct Source {
    /// The folder of the workspace's or the package's `Cargo.toml`. Cargo runs in it,
    /// so its configuration and its `rust-toolchain.toml` apply.
    pub workspace: PathBuf,
    /// Name of the package.
    pub package: String,
    /// Cargo's id of the package, where its name may also be that of a dependency.
    pub id: Option<String>,
    /// A folder for this build alone; see the [module](super).
    pub cache: PathBuf,
    /// Caches of other checkouts of the project. A cache without a build begins with a copy of
    /// the first of these that has one, so that unchanged dependencies are not compiled again.
    pub like: Vec<PathBuf>,
    /// The executable that serves as rustc's wrapper and linker: its `main` calls
    /// [`super::serve`] first.
    pub executable: PathBuf,
    /// Cargo profile.
    pub profile: String,
    /// Cargo features beside the default ones. Builds with other features need a cache of
    /// their own: cargo gives both libraries one file name.
    pub features: Vec<String>,
    /// Variables of the environment that cargo must not see.
    pub without_env: Vec<OsString>,
}

impl Source {
    /// The package in release mode, with the running executable as the linker.
    ///
    /// `CARGO` and `RUSTUP_TOOLCHAIN` are taken from the environment: cargo sets both
    /// for what it runs, and the toolchain is the workspace's to choose.
    ///
    /// # Errors
    /// When the running executable's path is unknown.
    pub fn new(workspace: &Path, package: &str, cache: &Path) -> io::Result<Self> {
        Ok(Self {
            workspace: std::path::absolute(workspace)?,
            package: package.to_owned(),
            id: None,
            cache: std::path::absolute(cache)?,
            like: Vec::new(),
            executable: std::env::current_exe()?,
            profile: "release".to_owned(),
            features: Vec::new(),
            without_env: ["CARGO", "RUSTUP_TOOLCHAIN"].map(OsString::from).to_vec(),
        })
    }
}

/// What cargo made.
pub(super) struct Built {
    /// The library.
    pub(super) library: PathBuf,
    /// Cargo's id of the package.
    pub(super) id: String,
    /// The local packages that it is made of.
    pub(super) packages: Vec<Package>,
}

/// A package that lies in a folder, not in a registry.
pub(super) struct Package {
    /// Cargo's id.
    pub(super) id: String,
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Whether cargo took all of it from an earlier build.
    pub(super) fresh: bool,
}

/// Builds the library; the link is captured in `folder`.
pub(super) fn build(source: &Source, folder: &Path) -> Result<Built, LayoutError> {
    // By a name that the search path leads to: cargo hashes the wrapper as it is given
    // into the names of symbols, which are to be the same in every cache.
    let programs = source.cache.join("bin");
    point(&programs.join(WRAPPER), &source.executable)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(programs).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).map_err(io::Error::other);
    let path = path.map_err(at(&source.cache))?;
    let mut command = cargo(source, "rustc");
    command
        .args([
            "--package",
            source.id.as_ref().unwrap_or(&source.package),
            "--lib",
        ])
        .args(["--crate-type", "cdylib", "--profile", &source.profile])
        .args(source.features.iter().flat_map(|it| ["--features", it]))
        .arg("--message-format=json-render-diagnostics")
        .args(["--", "-C", "strip=debuginfo"])
        .env("RUSTC_WORKSPACE_WRAPPER", WRAPPER)
        .env("PATH", path)
        .env(FOLDER, folder);
    if let Some(inner) = std::env::var_os("RUSTC_WORKSPACE_WRAPPER") {
        command.env(INNER, inner);
    }
    let output = run(source, command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|message: &Value| message["reason"] == "compiler-artifact")
        .collect();
    let (id, library) = messages
        .iter()
        .filter_map(|message| Some((text_of(&message["package_id"])?, cdylib(message)?)))
        .next_back()
        .ok_or_else(|| LayoutError::NoLibrary {
            package: source.package.clone(),
            workspace: source.workspace.clone(),
        })?;
    Ok(Built {
        id,
        library,
        packages: local(&messages),
    })
}

/// The cdylib that a message says was made.
fn cdylib(message: &Value) -> Option<PathBuf> {
    let kinds = message["target"]["kind"].as_array()?;
    let files = message["filenames"].as_array()?;
    let library = |file: &&str| file.ends_with(std::env::consts::DLL_SUFFIX);
    let made = kinds.iter().any(|kind| kind == "cdylib");
    let file = files.iter().filter_map(Value::as_str).find(library)?;
    made.then(|| file.into())
}

fn local(messages: &[Value]) -> Vec<Package> {
    let mut packages: Vec<Package> = Vec::new();
    for message in messages {
        let Some(id) = text_of(&message["package_id"]).filter(|id| id.starts_with("path+file:"))
        else {
            continue;
        };
        let fresh = message["fresh"] == true;
        let manifest = Path::new(message["manifest_path"].as_str().unwrap_or_default());
        match packages.iter_mut().find(|known| known.id == id) {
            Some(known) => known.fresh &= fresh,
            None => packages.push(Package {
                id,
                folder: manifest.parent().unwrap_or(manifest).to_owned(),
                fresh,
            }),
        }
    }
    packages
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Makes cargo forget what it built of these packages.
pub(super) fn clean(source: &Source, ids: &[String]) -> Result<(), LayoutError> {
    let mut command = cargo(source, "clean");
    command.args(["--profile", &source.profile]);
    for id in ids {
        command.args(["--package", id]);
    }
    run(source, command).map(drop)
}

fn cargo(source: &Source, verb: &str) -> Command {
    let mut command = Command::new(program());
    command
        .current_dir(&source.workspace)
        .arg(verb)
        .arg("--manifest-path")
        .arg(source.workspace.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(source.cache.join(TARGET))
        .stdin(Stdio::null());
    for name in &source.without_env {
        command.env_remove(name);
    }
    command
}

/// The cargo of the path, which obeys `rust-toolchain.toml`; where there is none, the
/// one that runs this process.
fn program() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|folder| folder.join("cargo").is_file());
    let running = std::env::var_os("CARGO").filter(|_| !there);
    running.unwrap_or_else(|| OsStr::new("cargo").to_owned())
}

fn run(source: &Source, mut command: Command) -> Result<Output, LayoutError> {
    let output = command.output().map_err(LayoutError::NoCargo)?;
    if output.status.success() {
        return Ok(output);
    }
    Err(LayoutError::Build {
        package: source.package.clone(),
        workspace: source.workspace.clone(),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
