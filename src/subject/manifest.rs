//! Finds a package by its name, as cargo sees it from a folder.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use paired::paths;
use serde::Deserialize;

/// Near names that an unsuccessful search is told.
const NEAREST: usize = 6;

/// A package of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    /// Cargo's id: the name alone may also be that of a dependency.
    pub id: String,
    /// The folder of the workspace's `Cargo.toml`.
    pub workspace: PathBuf,
    /// Names of the packages that it depends on.
    pub dependencies: Vec<String>,
    /// Folders of its sources, and of those of the packages beside it that it depends on.
    pub sources: Vec<PathBuf>,
    /// Kinds of its targets, such as `lib` and `bin`.
    pub(crate) kinds: Vec<String>,
}

/// Why a package cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("cannot start cargo: {0}; install Rust (https://rustup.rs), or add cargo to PATH")]
    NoCargo(io::Error),
    #[error("cargo finds no workspace {place}: {output}", place = place(at))]
    NoWorkspace { at: PathBuf, output: String },
    #[error("no package is called {name} in {}; there is {}", workspace.display(), known.join(", "))]
    NoPackage {
        name: String,
        workspace: PathBuf,
        known: Vec<String>,
    },
    #[error(
        "{name} has no library that a program can load, only {}: measured functions belong in src/lib.rs",
        kinds.join(", ")
    )]
    NoLibrary { name: String, kinds: Vec<String> },
}

fn place(at: &Path) -> String {
    match at.is_dir() {
        true => format!("in {} or above", at.display()),
        false => format!("by {}", at.display()),
    }
}

/// What cargo says of a workspace.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Listed>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    id: String,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// The folder of one that is named by a path.
    path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

/// The packages of the workspace at `at`: a `Cargo.toml`, or a folder in or above which
/// cargo finds one.
///
/// # Errors
/// When cargo cannot be started or finds no workspace.
pub fn packages(at: &Path) -> Result<Vec<Package>, ManifestError> {
    let mut command = Command::new("cargo");
    command
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .stdin(Stdio::null());
    // Cargo sets both for what it runs; the toolchain is the workspace's to choose.
    for name in ["CARGO", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    match at.is_dir() {
        true => command.current_dir(at),
        false => command.arg("--manifest-path").arg(at),
    };
    let output = command.output().map_err(ManifestError::NoCargo)?;
    let unusable = |output: String| ManifestError::NoWorkspace {
        at: at.to_owned(),
        output,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(unusable(said.trim().to_owned()));
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).map_err(|error| unusable(error.to_string()))?;
    let package = |listed: Listed| Package {
        name: listed.name,
        id: listed.id,
        workspace: metadata.workspace_root.clone(),
        sources: [paths::folder(&listed.manifest_path)]
            .into_iter()
            .chain(
                listed
                    .dependencies
                    .iter()
                    .filter_map(|it| it.path.as_deref()),
            )
            .map(|folder| folder.join("src"))
            .collect(),
        dependencies: listed.dependencies.into_iter().map(|it| it.name).collect(),
        kinds: listed.targets.into_iter().flat_map(|it| it.kind).collect(),
    };
    Ok(metadata.packages.into_iter().map(package).collect())
}

/// The package of this name.
///
/// # Errors
/// As for [`packages`], and when there is none, or it has no library.
pub fn find(at: &Path, name: &str) -> Result<Package, ManifestError> {
    let packages = packages(at)?;
    let workspace = packages.first().map(|package| package.workspace.clone());
    let Some(found) = packages.iter().find(|package| package.name == name) else {
        let mut known: Vec<String> = packages.into_iter().map(|package| package.name).collect();
        let near = |known: &String| -strsim::jaro_winkler(name, known);
        known.sort_by(|a, b| near(a).total_cmp(&near(b)));
        known.truncate(NEAREST);
        return Err(ManifestError::NoPackage {
            name: name.to_owned(),
            workspace: workspace.unwrap_or_else(|| at.to_owned()),
            known,
        });
    };
    if !found.has_library() {
        return Err(ManifestError::NoLibrary {
            name: name.to_owned(),
            kinds: found.kinds.clone(),
        });
    }
    Ok(found.clone())
}

impl Package {
    /// Whether it has a library that can be built as a `cdylib`.
    pub fn has_library(&self) -> bool {
        let library = |kind: &String| {
            ["lib", "rlib", "dylib", "cdylib", "staticlib"].contains(&kind.as_str())
        };
        self.kinds.iter().any(library)
    }

    /// Whether what it is built to be is a plugin: a library for a program of any language.
    pub fn is_plugin(&self) -> bool {
        self.kinds.iter().any(|kind| kind == "cdylib")
    }

    /// Whether it depends on the package of this name.
    pub fn depends_on(&self, name: &str) -> bool {
        self.dependencies.iter().any(|it| it == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn a_package_is_found_from_any_folder_of_its_workspace() {
        let found = find(&here().join("bench-report/src"), "my-guest").expect("it is a member");
        assert_eq!(found.workspace, here());
        assert!(
            found
                .dependencies
                .iter()
                .any(|name| name == "bench-protocol")
        );
        let sources = ["examples/my-guest/src", "bench-protocol/src"].map(|it| here().join(it));
        assert!(sources.iter().all(|it| found.sources.contains(it)));
        let by_manifest = find(&here().join("Cargo.toml"), "my-guest").expect("it is a member");
        assert_eq!(by_manifest, found);
    }

    #[test]
    fn a_name_that_is_none_is_told_the_nearest() {
        let refused = find(here(), "my-gest")
            .expect_err("a wrong name")
            .to_string();
        assert!(refused.contains("there is my-guest"), "{refused}");
    }

    #[test]
    fn a_package_without_a_library_and_a_folder_without_a_package_are_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let none = find(folder.path(), "x").expect_err("nothing is there");
        assert!(matches!(none, ManifestError::NoWorkspace { .. }), "{none}");
        let manifest = "[package]\nname = \"only-bin\"\nversion = \"0.1.0\"\n[workspace]\n";
        std::fs::write(folder.path().join("Cargo.toml"), manifest).expect("written");
        std::fs::create_dir(folder.path().join("src")).expect("made");
        std::fs::write(folder.path().join("src/main.rs"), "fn main() {}").expect("written");
        let refused = find(folder.path(), "only-bin").expect_err("a program");
        assert!(refused.to_string().contains("only bin"), "{refused}");
    }
}
