//! Bases: `build-pair --at` and `compare --against` in other people's repositories. The
//! project is two small libraries that bear the name of their version and their commit.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process;

use crate::scratch::Scratch;
use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;

/// The real build script of guest and host.
const BUILD_SCRIPT: &str = include_str!("../../bench-protocol/build_support.rs");

/// A repository with a project in it.
struct Repository(Scratch);

impl Deref for Repository {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.0
    }
}

impl Repository {
    /// A repository with the versions `one` and `two` of the project, in two commits.
    fn new(project: &str) -> Self {
        let repository = Self(Scratch::new(project));
        let workspace =
            "[workspace]\nmembers = [\"bench-guest\", \"bench-host\"]\nresolver = \"3\"\n";
        repository.write("Cargo.toml", workspace);
        repository.write(".gitignore", "target\nCargo.lock\n");
        for name in ["bench-guest", "bench-host"] {
            let manifest = format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\"]\n"
            );
            repository.write(&format!("{name}/Cargo.toml"), &manifest);
            repository.write(&format!("{name}/build.rs"), BUILD_SCRIPT);
        }
        repository.version("one");
        repository.commit();
        repository.version("two");
        repository.commit();
        repository
    }

    fn version(&self, version: &str) {
        for name in ["bench-guest", "bench-host"] {
            let source = format!(
                "#[unsafe(no_mangle)]\npub static VERSION: &str = \"version {version}\";\n\
                 #[unsafe(no_mangle)]\npub static COMMIT: &str = env!(\"BENCH_COMMIT\");\n\
                 #[cfg(special)]\n#[unsafe(no_mangle)]\npub static FLAGS: &str = \"special flags\";\n"
            );
            self.write(&format!("{name}/src/lib.rs"), &source);
        }
    }

    fn commit(&self) -> String {
        self.0.commit("a version")
    }

    /// The program, in the project's folder.
    fn arena_bench(&self, verb: &str) -> Command {
        let program = env!("CARGO_BIN_EXE_arena-bench");
        let mut command = self.program(program, &self.directory());
        command.arg(verb);
        command.into()
    }

    /// The libraries are no pair: it ends there, after what is tested here.
    fn compare_with_the_one_before(&self) -> Assert {
        let mut command = self.arena_bench("compare");
        command.args(["--against", "HEAD~1", "--quick", "--no-counts"]);
        command.args(["--layouts", "1"]).assert().code(2)
    }

    fn output(&self) -> PathBuf {
        self.path("output")
    }

    /// `build-pair`, of a reference or of the sources here.
    fn build_pair(&self, at: Option<&str>) -> Command {
        let mut command = self.arena_bench("build-pair");
        command
            .args(["--layouts", "2", "--output"])
            .arg(self.output());
        command.args(at.map(|at| format!("--at={at}")));
        command
    }

    /// Whether guest, host and the layouts of both have all of these texts and none of
    /// those.
    fn made_has(&self, texts: &[&str], none_of: &[&str]) {
        let mut libraries = Vec::new();
        libraries_in(&self.output(), &mut libraries);
        assert_eq!(libraries.len(), 6, "{libraries:?}");
        for library in libraries {
            let bytes = fs::read(&library).expect("it is there");
            let has = |text: &&str| {
                let mut windows = bytes.windows(text.len());
                windows.any(|window| window == text.as_bytes())
            };
            let missing: Vec<_> = texts.iter().filter(|text| !has(text)).collect();
            let wrong: Vec<_> = none_of.iter().filter(|text| has(text)).collect();
            let name = library.display();
            assert!(missing.is_empty(), "{name} lacks {missing:?}");
            assert!(wrong.is_empty(), "{name} has {wrong:?}");
        }
    }
}

fn libraries_in(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            libraries_in(&path, found);
        } else if path.extension().is_some_and(|it| it == "so") {
            found.push(path);
        }
    }
}

#[test]
fn a_base_in_a_subdirectory_of_a_monorepo_is_the_base() {
    let repository = Repository::new("tools/bench");
    let outer = repository.root().join(".cargo/config.toml");
    fs::create_dir_all(outer.parent().expect("a folder")).expect("it can be made");
    // Of the candidate's checkout alone.
    fs::write(outer, "[build]\nrustflags = [\"--cfg=special\"]\n").expect("it can be written");
    repository.build_pair(Some("HEAD~1")).assert().success();
    let base = repository.git(&["rev-parse", "HEAD~1"]);
    let others = ["version two", "special flags"];
    repository.made_has(&["version one", &base], &others);
    repository.build_pair(None).assert().success();
    let head = repository.git(&["rev-parse", "HEAD"]);
    repository.made_has(&["version two", &head, "special flags"], &["version one"]);
}

#[test]
fn a_base_without_the_project_is_refused_before_anything_is_built() {
    let repository = Repository::new("tools/bench");
    let main = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["checkout", "--quiet", "--orphan", "elsewhere"]);
    repository.git(&["rm", "-r", "--quiet", "--cached", "."]);
    repository.git(&["commit", "--quiet", "--allow-empty", "--message", "empty"]);
    repository.git(&["update-ref", "refs/heads/empty", "HEAD"]);
    repository.git(&["checkout", "--quiet", "--force", "--detach", &main]);
    let words = || contains("empty has no tools/bench/Cargo.toml").and(contains("choose a commit"));
    repository
        .build_pair(Some("empty"))
        .assert()
        .code(2)
        .stderr(words());
    let mut compare = repository.arena_bench("compare");
    compare.args(["--against", "empty", "--quick"]);
    compare
        .assert()
        .code(2)
        .stderr(words().and(contains("building").not()));
}

#[test]
fn a_base_that_does_not_bear_its_commit_is_refused() {
    let repository = Repository::new("");
    for name in ["bench-guest", "bench-host"] {
        let source = "#[unsafe(no_mangle)]\npub static VERSION: &str = \"of no commit\";\n";
        repository.write(&format!("{name}/src/lib.rs"), source);
    }
    let commit = repository.commit();
    let said = repository.build_pair(Some("HEAD")).assert().code(2);
    said.stderr(contains("does not bear its commit").and(contains(commit)));
    assert!(!repository.output().exists(), "nothing is kept of it");
}

#[test]
fn each_side_is_built_with_its_own_configuration_and_the_differences_are_said() {
    let repository = Repository::new("");
    let host = process::Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("there is a rustc");
    let host = String::from_utf8(host.stdout).expect("text");
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("a host");
    let config = format!("[build]\ntarget = \"{host}\"\nrustflags = [\"--cfg=special\"]\n");
    repository.write(".cargo/config.toml", &config);
    let special = repository.commit();
    repository.git(&["rm", "--quiet", ".cargo/config.toml"]);
    repository.version("three");
    repository.commit();
    let mut build = repository.build_pair(Some("HEAD~1"));
    build
        .env("RUSTUP_TOOLCHAIN", "no-such-toolchain")
        .env("CARGO", "/no/such/cargo");
    build.assert().success();
    repository.made_has(&["version two", "special flags", &special], &["three"]);
    let said = repository.compare_with_the_one_before();
    said.stderr(contains("compiled differently").and(contains("--cfg special, candidate none")));
}

#[test]
fn a_callers_git_variables_hooks_and_signatures_change_nothing() {
    let (repository, other) = (Repository::new("sub"), Repository::new(""));
    let index = fs::read(repository.root().join(".git/index")).expect("there is an index");
    let hook = repository.root().join(".git/hooks/post-checkout");
    fs::create_dir_all(hook.parent().expect("a folder")).expect("it can be made");
    fs::write(&hook, "#!/bin/sh\nexit 3\n").expect("it can be written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&hook, executable).expect("it is ours");
    for (name, value) in [
        ("log.showSignature", "true"),
        ("commit.gpgSign", "true"),
        ("core.hooksPath", ".git/hooks"),
    ] {
        repository.git(&["config", name, value]);
    }
    repository
        .build_pair(Some("HEAD~1"))
        .env("GIT_DIR", other.root().join(".git"))
        .env("GIT_WORK_TREE", other.root())
        .env("GIT_INDEX_FILE", repository.root().join(".git/index"))
        .assert()
        .success();
    let base = repository.git(&["rev-parse", "HEAD~1"]);
    repository.made_has(&["version one", &base], &["version two"]);
    let now = fs::read(repository.root().join(".git/index")).expect("there is an index");
    assert!(now == index, "the user's index was rewritten");
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    assert_eq!(repository.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn checkouts_that_share_a_target_folder_do_not_get_each_others_pair() {
    let (one, other) = (Repository::new(""), Repository::new(""));
    let shared = one.path("shared");
    // Edited before the first was built.
    other.version("edited");
    for (repository, version) in [(&one, "version two"), (&other, "version edited")] {
        let mut build = repository.build_pair(None);
        build.env("CARGO_TARGET_DIR", &shared);
        build.env("XDG_CACHE_HOME", one.path("cache"));
        build.assert().success();
        repository.made_has(&[version], &[]);
    }
    let mut build = one.build_pair(Some("HEAD~1"));
    build
        .env("CARGO_TARGET_DIR", "relative/target")
        .assert()
        .success();
    one.made_has(&["version one"], &["version two"]);
    assert!(!one.directory().join("relative").exists());
}

#[test]
fn what_an_interrupted_command_left_behind_stops_nothing() {
    let repository = Repository::new("");
    repository.build_pair(Some("HEAD~1")).assert().success();
    let builds = repository.path("cache/arena-bench");
    let builds = fs::read_dir(builds)
        .expect("it was made")
        .next()
        .expect("one checkout");
    let base = builds.expect("it can be read").path().join("base");
    for (name, text) in [
        ("tree/.git/HEAD", "half"),
        ("tree/.git/index", "half"),
        ("tree/.git/index.lock", ""),
        (
            "tree/bench-guest/src/lib.rs",
            "compile_error!(\"changed\");",
        ),
        ("tree/bench-guest/left.rs", ""),
    ] {
        fs::write(base.join(name), text).expect("it can be written");
        repository.build_pair(Some("HEAD~1")).assert().success();
        repository.made_has(&["version one"], &["version two"]);
    }
    repository.build_pair(Some("HEAD")).assert().success();
    repository.made_has(&["version two"], &["version one"]);
}

#[test]
fn a_repository_that_git_refuses_is_said_in_its_words_and_the_commit_comes_back() {
    let repository = Repository::new("");
    let refused = ("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let words = contains("dubious ownership").and(contains("safe.directory"));
    let mut build = repository.build_pair(Some("HEAD"));
    build
        .env(refused.0, refused.1)
        .assert()
        .code(2)
        .stderr(words);
    let zeros = "0".repeat(40);
    let head = repository.git(&["rev-parse", "HEAD"]);
    let mut build = repository.build_pair(None);
    build.env(refused.0, refused.1).assert().success();
    repository.made_has(&[&zeros], &[&head]);
    repository.build_pair(None).assert().success();
    repository.made_has(&[&head], &[&zeros]);
}

#[test]
fn an_unknown_commit_of_a_shallow_clone_names_the_remedy() {
    let repository = Repository::new("");
    let url = format!("file://{}", repository.root().display());
    let clone = repository.path("clone");
    let path = clone.display().to_string();
    repository.git(&["clone", "--quiet", "--depth", "1", &url, &path]);
    let mut build = repository.build_pair(Some("HEAD~1"));
    let words = contains("names no commit").and(contains("git fetch --unshallow"));
    build.current_dir(&clone).assert().code(2).stderr(words);
}

#[test]
fn nothing_of_a_folder_that_build_pair_did_not_make_is_touched() {
    let repository = Repository::new("");
    let mine = repository.output().join("layouts/mine.txt");
    fs::create_dir_all(mine.parent().expect("a folder")).expect("it can be made");
    fs::write(&mine, "mine").expect("it can be written");
    let words = contains("mine.txt").and(contains("choose another folder"));
    let said = repository.build_pair(None).assert().code(2).stderr(words);
    said.stderr(contains("building").not());
    assert_eq!(fs::read_to_string(&mine).expect("it is there"), "mine");
}

#[test]
fn the_same_seed_links_the_same_layouts_and_without_one_they_are_others() {
    let repository = Repository::new("");
    let layouts = |seed: Option<&str>| {
        let mut build = repository.build_pair(None);
        build
            .args(seed.map(|seed| format!("--seed={seed}")))
            .assert()
            .success();
        fs::read_to_string(repository.output().join("layouts.json")).expect("it was made")
    };
    assert_eq!(layouts(Some("7")), layouts(Some("7")));
    assert_ne!(layouts(None), layouts(None));
}

#[test]
fn two_commits_of_the_same_code_are_said_to_be_the_same() {
    let repository = Repository::new("");
    let compare = || repository.compare_with_the_one_before();
    let words = "both sides are the same machine code";
    compare().stderr(contains(words).not());
    repository.write("bench-guest/notes.txt", "nothing that is compiled");
    repository.commit();
    compare().stderr(contains(words));
}

#[test]
fn a_commit_that_does_not_build_is_skipped_by_bisect() {
    let repository = Repository::new("");
    repository.write(
        "bench-guest/src/lib.rs",
        "compile_error!(\"out of order\");\n",
    );
    repository.commit();
    let compare = |more: &[&str]| {
        let mut command = repository.arena_bench("compare");
        command
            .args(["--against", "HEAD~1", "--quick"])
            .args(more)
            .assert()
    };
    let words = || contains("bench-guest does not build").and(contains("out of order"));
    compare(&[]).code(2).stderr(words());
    compare(&["--bisect"])
        .code(125)
        .stderr(words().and(contains("skip")));
}

#[test]
fn counts_that_cannot_be_had_are_an_error_before_anything_is_built() {
    let repository = Repository::new("");
    let git = process::Command::new("sh")
        .args(["-c", "command -v git"])
        .output();
    let git = String::from_utf8(git.expect("there is a shell").stdout).expect("a path");
    let path = repository.path("bin");
    fs::create_dir_all(&path).expect("it can be made");
    std::os::unix::fs::symlink(git.trim(), path.join("git")).expect("it can be linked");
    let mut compare = repository.arena_bench("compare");
    compare
        .args(["--against", "HEAD~1", "--quick", "--counts-only"])
        .env("PATH", &path);
    let words = contains("valgrind").and(contains("building").not());
    compare.assert().code(2).stderr(words);
}
