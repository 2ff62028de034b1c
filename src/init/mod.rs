//! What a repository needs to be measured on every change: `bench.toml`, and a workflow that
//! uses this project's action.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use paired::paths;

use crate::git;
use crate::subject::manifest;
use crate::subject::settings::FILE;

/// The packages whose users are measured: who depends on one of them lists cases.
const EXPORTERS: [&str; 2] = ["paired-bench", "bench-protocol"];
/// The framework whose plugins list cases without any of ours.
const FRAMEWORK: &str = "fidius";
/// The workflow, within the repository.
const WORKFLOW: &str = ".github/workflows/arena-bench.yml";

/// The program that measures packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// This one.
    ArenaBench,
    /// That of benches/peers: it contains the framework, and measures what this one does as well.
    Peers,
}

impl Program {
    /// The one that can measure all of these packages.
    #[must_use]
    pub fn of(packages: &[manifest::Package]) -> Self {
        match packages.iter().any(is_framework_plugin) {
            true => Self::Peers,
            false => Self::ArenaBench,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ArenaBench => "arena-bench",
            Self::Peers => "peers",
        }
    }
}

fn is_framework_plugin(package: &manifest::Package) -> bool {
    package.is_plugin() && package.depends_on(FRAMEWORK)
}

/// A file that is to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub path: PathBuf,
    pub text: String,
}

/// What a repository is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The folder of the work tree.
    pub root: PathBuf,
    /// The workspace's folder within it; empty at its top.
    pub prefix: String,
    /// The branch that pull requests go to.
    pub branch: String,
}

impl Repository {
    /// The repository that a workspace is in.
    ///
    /// # Errors
    /// When git knows none.
    pub fn of(workspace: &Path) -> Result<Self, git::GitError> {
        let ask = |what: &[&str]| git::run(workspace, what);
        let root = ask(&["rev-parse", "--show-toplevel"])?;
        let prefix = ask(&["rev-parse", "--show-prefix"])?;
        let branch = ask(&["symbolic-ref", "--short", "refs/remotes/origin/HEAD"])
            .map(|name| name.trim_start_matches("origin/").to_owned())
            .or_else(|_| ask(&["symbolic-ref", "--short", "HEAD"]))
            .unwrap_or_else(|_| "main".to_owned());
        Ok(Self {
            root: root.into(),
            prefix: prefix.trim_end_matches('/').to_owned(),
            branch,
        })
    }
}

/// The packages of a workspace that list cases.
pub fn exporters(packages: Vec<manifest::Package>) -> Vec<manifest::Package> {
    let exports = |package: &manifest::Package| {
        let ours = EXPORTERS.iter().any(|name| package.depends_on(name));
        (package.has_library() && ours) || is_framework_plugin(package)
    };
    packages.into_iter().filter(exports).collect()
}

/// The files for these packages. `action` is the repository of this project, with a
/// reference: `someone/arena-bench@v1`.
pub fn plan(
    workspace: &Path,
    repository: &Repository,
    packages: &[manifest::Package],
    action: &str,
) -> [Planned; 2] {
    [
        Planned {
            path: workspace.join(FILE),
            text: settings(packages),
        },
        Planned {
            path: repository.root.join(WORKFLOW),
            text: workflow(repository, Program::of(packages), action),
        },
    ]
}

fn settings(packages: &[manifest::Package]) -> String {
    let mut text = "# What arena-bench measures in this repository.\n\
                    # The smallest change of time that matters, percent.\n\
                    delta = 1.0\n\
                    # Seconds for a comparison, its two looks together.\n\
                    budget = 2.0\n\
                    # A file of limits for instructions and allocations; without it, half a percent\n\
                    # of the instructions and not one allocation more.\n\
                    # limits = \"bench-limits.json\"\n"
        .to_owned();
    for package in packages {
        let name = &package.name;
        write!(text, "\n[[subject]]\npackage = {name:?}\n").expect("a text takes all");
    }
    text
}

/// A text within single quotes of YAML.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn workflow(repository: &Repository, program: Program, action: &str) -> String {
    let folder = match repository.prefix.as_str() {
        "" => ".",
        prefix => prefix,
    };
    WORKFLOW_TEXT
        .replace("BRANCH", &quoted(&repository.branch))
        .replace("FOLDER", &quoted(folder))
        .replace("PROGRAM", program.name())
        .replace("ACTION", action)
}

const WORKFLOW_TEXT: &str = include_str!("workflow.yml");

/// Writes a file where nothing is. Whether it was written; what is there stays as it is.
///
/// # Errors
/// When it cannot be written.
pub fn write(file: &Planned) -> io::Result<bool> {
    fs::create_dir_all(paths::folder(&file.path))?;
    let opened = fs::File::options()
        .write(true)
        .create_new(true)
        .open(&file.path);
    match opened {
        Ok(mut opened) => opened.write_all(file.text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::settings::Settings;

    /// A package of this workspace, as a stand-in for one elsewhere.
    fn package(name: &str, dependency: &str, kind: &str) -> manifest::Package {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let known = manifest::find(here, "my-guest").expect("it is a member");
        manifest::Package {
            name: name.to_owned(),
            dependencies: vec![dependency.to_owned()],
            kinds: vec![kind.to_owned()],
            ..known
        }
    }

    fn repository() -> Repository {
        Repository {
            root: "/r".into(),
            prefix: "a folder/it's".to_owned(),
            branch: "master".to_owned(),
        }
    }

    #[test]
    fn the_settings_that_are_written_can_be_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let packages = [package("a-b", "paired-bench", "lib")];
        let [settings, _] = plan(folder.path(), &repository(), &packages, "x/y@v1");
        assert!(write(&settings).expect("it is writable"));
        let found = Settings::read(&settings.path).expect("they are right");
        assert_eq!(
            (found.delta, found.subjects[0].package.as_str()),
            (Some(1.0), "a-b")
        );
    }

    #[test]
    fn a_file_that_exists_is_not_changed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join(FILE), "mine").expect("written");
        let [settings, _] = plan(folder.path(), &repository(), &[], "x/y@v1");
        assert!(!write(&settings).expect("it is there"));
        let kept = fs::read_to_string(&settings.path).expect("it is there");
        assert_eq!(kept, "mine");
    }

    #[test]
    fn the_workflow_names_folder_branch_and_action_and_nothing_is_left_open() {
        let [_, workflow] = plan(Path::new("/r/a"), &repository(), &[], "x/y@v1");
        for part in [
            "folder: 'a folder/it''s'",
            "branches: ['master']",
            "uses: x/y@v1",
            "program: arena-bench",
        ] {
            assert!(workflow.text.contains(part), "{part}");
        }
        for left in ["ACTION", "FOLDER", "BRANCH", "PROGRAM"] {
            assert!(!workflow.text.contains(left), "{left}");
        }
    }

    #[test]
    fn a_plugin_of_the_framework_is_measured_by_the_program_that_has_it() {
        let plugin = package("plugin", "fidius", "cdylib");
        let host = package("host", "fidius", "lib");
        let functions = package("functions", "paired-bench", "lib");
        let found = exporters(vec![plugin.clone(), host, functions.clone()]);
        assert_eq!(found, [plugin, functions.clone()]);
        assert_eq!(Program::of(&found), Program::Peers);
        assert_eq!(Program::of(&[functions]), Program::ArenaBench);
        let [_, workflow] = plan(Path::new("/r/a"), &repository(), &found, "x/y@v1");
        assert_eq!(workflow.text.matches("program: peers").count(), 2);
        assert!(workflow.text.contains("peers compare --against"));
    }
}
