//! A repository of somebody else, outside this one, for tests that build its commits.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A scratch repository whose default branch is `master`.
pub struct Scratch {
    folder: tempfile::TempDir,
    /// The project's folder within the repository.
    project: PathBuf,
}

impl Scratch {
    /// An empty repository, for a project in a folder of it.
    pub fn new(project: &str) -> Self {
        let scratch = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            project: project.into(),
        };
        fs::create_dir_all(scratch.root()).expect("it can be made");
        scratch.git(&["init", "--quiet", "--initial-branch", "master"]);
        scratch
    }

    /// The work tree's folder.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// The project's folder.
    pub fn directory(&self) -> PathBuf {
        self.root().join(&self.project)
    }

    /// A path outside the repository.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.directory().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    /// What git says, with settings of nobody's.
    pub fn git(&self, arguments: &[&str]) -> String {
        let settings = [
            "user.name=someone",
            "user.email=someone@localhost",
            "commit.gpgsign=false",
            "core.hooksPath=/dev/null",
        ];
        let output = Command::new("git")
            .current_dir(self.root())
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Commits everything; the commit's hash.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A program in a folder, with a cache of its own.
    pub fn program(&self, program: impl AsRef<Path>, folder: &Path) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(folder)
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env_remove("CARGO_TARGET_DIR");
        command
    }
}
