//! A repository of somebody else, with one package.

use std::ops::Deref;
use std::path::Path;

use assert_cmd::Command;

use crate::scratch::Scratch;

/// A repository with one package.
pub struct Repository {
    scratch: Scratch,
    name: &'static str,
}

impl Deref for Repository {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.scratch
    }
}

impl Repository {
    /// A repository with an empty package of this name in a folder of it.
    pub fn new(name: &'static str, project: &str) -> Self {
        let repository = Self {
            scratch: Scratch::new(project),
            name,
        };
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

    /// The program, in the package's folder, with a cache of its own.
    pub fn arena_bench(&self, arguments: &[&str]) -> Command {
        self.arena_bench_in(&self.directory(), arguments)
    }

    pub fn arena_bench_in(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_arena-bench"), folder);
        command.args(arguments);
        command.into()
    }
}
