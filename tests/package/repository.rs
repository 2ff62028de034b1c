//! A repository of somebody else, with one package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use assert_cmd::Command;

/// A scratch repository whose default branch is `master`.
pub struct Repository {
    folder: tempfile::TempDir,
    name: &'static str,
    /// The package's folder within the repository.
    project: PathBuf,
}

impl Repository {
    /// A repository with an empty package of this name in a folder of it.
    pub fn new(name: &'static str, project: &str) -> Self {
        let repository = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            name,
            project: project.into(),
        };
        fs::create_dir_all(repository.root()).expect("it can be made");
        repository.git(&["init", "--quiet", "--initial-branch", "master"]);
        repository.depends_on("paired-bench");
        repository.write(".gitignore", "target\nCargo.lock\n");
        repository.write("src/lib.rs", "");
        repository
    }

    /// Writes the manifest, with one of this project's crates as the only dependency.
    fn depends_on(&self, dependency: &str) {
        let workbench = env!("CARGO_MANIFEST_DIR");
        let name = self.name;
        self.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n\
                 [dependencies]\n{dependency} = {{ path = \"{workbench}/{dependency}\" }}\n"
            ),
        );
    }

    /// Makes the package a list of these functions.
    pub fn functions(&self, functions: &[(&str, &str)]) {
        let list: String = functions
            .iter()
            .map(|(name, make)| format!("    {name} => {make},\n"))
            .collect();
        self.write(
            "src/lib.rs",
            &format!("use std::hint::black_box;\npaired_bench::bench! {{\n{list}}}\n"),
        );
    }

    /// Makes the package a guest, exported by this line.
    pub fn guest(&self, export: &str) {
        self.depends_on("bench-protocol");
        let stream = |name: &str, power: u32| {
            format!(
                "fn {name}(_: bench_protocol::spec::StreamConfig) \
                 -> impl Iterator<Item = u64> + Send + 'static {{\n    \
                 (0..1000_u64).map(|k| k.pow({power}))\n}}\n"
            )
        };
        let text = format!("{}{}{export}\n", stream("squares", 2), stream("cubes", 3));
        self.write("src/lib.rs", &text);
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.directory().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// The work tree's folder.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// The package's folder.
    pub fn directory(&self) -> PathBuf {
        self.root().join(&self.project)
    }

    /// A path outside the repository.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn git(&self, arguments: &[&str]) {
        let settings = [
            "user.name=someone",
            "user.email=someone@localhost",
            "commit.gpgsign=false",
            "core.hooksPath=/dev/null",
        ];
        let output = process::Command::new("git")
            .current_dir(self.root())
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    /// The program, in the package's folder, with a cache of its own.
    pub fn arena_bench(&self, arguments: &[&str]) -> Command {
        self.arena_bench_in(&self.directory(), arguments)
    }

    pub fn arena_bench_in(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command =
            Command::cargo_bin("arena-bench").expect("the binary is built with the tests");
        command
            .current_dir(folder)
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .env_remove("CARGO_TARGET_DIR")
            .args(arguments);
        command
    }
}
