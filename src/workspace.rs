//! The sources of this workbench, and those of another commit of it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::layouts::{self, LayoutError, Layouts};

/// Why the sources of a commit could not be had or built.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// There are no sources.
    #[error("no sources of arena-bench here or above; run it inside a clone of the repository")]
    NoSources,
    /// Git could not be started.
    #[error(
        "cannot start git: {0}; install it (apt-get install git), or compare with --baseline-pair DIR"
    )]
    NoGit(std::io::Error),
    /// The reference names no commit.
    #[error("{reference:?} names no commit of this repository: {output}")]
    UnknownRef {
        /// The reference.
        reference: String,
        /// What git said.
        output: String,
    },
    /// Git failed.
    #[error("git {what} failed: {output}")]
    Git {
        /// What it was asked for.
        what: &'static str,
        /// What it said.
        output: String,
    },
    /// The pair does not build.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

/// The root of the sources: the first folder from here upwards that holds the pair's,
/// or else the one that this executable was built from.
///
/// # Errors
/// When there is none.
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

/// Cargo's target folder.
#[must_use]
pub fn target(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| root.join("target"))
}

/// Where builds of this tool's own go.
#[must_use]
pub fn scratch(root: &Path) -> PathBuf {
    target(root).join("arena-bench")
}

/// Builds the pair of the sources as they are, uncommitted changes included.
///
/// # Errors
/// When it does not build.
pub fn build_here(root: &Path) -> Result<Layouts, WorkspaceError> {
    hold(&scratch(root))?;
    Ok(layouts::build(root, &scratch(root).join("head"))?)
}

/// Builds the pair of another commit, in a worktree of its own that is gone
/// afterwards; the user's checkout is not touched. Gives the full commit hash as
/// well.
///
/// # Errors
/// When there is no git, the reference names no commit, or the commit does not
/// build.
pub fn build_at(root: &Path, reference: &str) -> Result<(Layouts, String), WorkspaceError> {
    let commit = resolve(root, reference)?;
    hold(&scratch(root))?;
    let folder = scratch(root).join("base");
    let tree = folder.join("worktree");
    // One that an interrupted run left behind.
    let _ = remove_worktree(root, &tree);
    fs::create_dir_all(&folder).map_err(|source| LayoutError::Io {
        path: folder.clone(),
        source,
    })?;
    let path = tree.display().to_string();
    git(
        root,
        "worktree add",
        &["worktree", "add", "--force", "--detach", &path, &commit],
    )?;
    let built = layouts::build(&tree, &folder);
    let removed = remove_worktree(root, &tree);
    let layouts = built?;
    removed?;
    Ok((layouts, commit))
}

/// Keeps other commands from the builds in `scratch` for as long as this process lives:
/// its measuring processes copy the libraries from there, and another command's build
/// would put other code in their place. Waits where another command is at work; the
/// two would have disturbed each other's times as well.
fn hold(scratch: &Path) -> Result<(), LayoutError> {
    static HELD: OnceLock<File> = OnceLock::new();
    if HELD.get().is_some() {
        return Ok(());
    }
    let path = scratch.join("lock");
    let at = |source| LayoutError::Io {
        path: path.clone(),
        source,
    };
    fs::create_dir_all(scratch).map_err(at)?;
    let file = File::create(&path).map_err(at)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!(
                "arena-bench: waiting for another command that measures in {}",
                scratch.display()
            );
            file.lock().map_err(at)?;
        }
        Err(TryLockError::Error(error)) => return Err(at(error)),
    }
    // Another thread of this process may have been faster; one lock is enough.
    let _ = HELD.set(file);
    Ok(())
}

/// The full hash of the commit that `reference` names.
///
/// # Errors
/// When there is no git or it names none.
pub fn resolve(root: &Path, reference: &str) -> Result<String, WorkspaceError> {
    let commit = format!("{reference}^{{commit}}");
    match git(
        root,
        "rev-parse",
        &["rev-parse", "--verify", "--end-of-options", &commit],
    ) {
        Err(WorkspaceError::Git { output, .. }) => Err(WorkspaceError::UnknownRef {
            reference: reference.to_owned(),
            output,
        }),
        other => other,
    }
}

fn remove_worktree(root: &Path, tree: &Path) -> Result<String, WorkspaceError> {
    let path = tree.display().to_string();
    git(
        root,
        "worktree remove",
        &["worktree", "remove", "--force", &path],
    )
}

fn git(root: &Path, what: &'static str, arguments: &[&str]) -> Result<String, WorkspaceError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .output()
        .map_err(WorkspaceError::NoGit)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(WorkspaceError::Git { what, output })
}
