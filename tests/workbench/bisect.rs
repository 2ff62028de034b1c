//! `bisect` from outside: in a scratch repository with the real pair, of which one commit
//! runs more instructions. Exact counts decide; nothing is timed.

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::counts;
use crate::scratch::Scratch;
use arena_bench::harness::Profile;
use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

const SOURCES: &str = env!("CARGO_MANIFEST_DIR");
/// Where alloc's guest gives out an item.
const ITEM: &str = "Some(item) => (status::OK, encode(&item)),";
/// The same with work that the baseline does not do.
const SLOW: &str = "Some(item) => {
                for step in 0..40_u32 {
                    std::hint::black_box(step);
                }
                (status::OK, encode(&item))
            }";

/// What the pair is made of.
const PACKAGES: [&str; 5] = [
    "paired-bench",
    "bench-protocol",
    "bench-allocator",
    "bench-guest",
    "bench-host",
];

/// A repository with the pair's packages.
struct Repository(Scratch);

impl Deref for Repository {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.0
    }
}

impl Repository {
    fn new() -> Self {
        let repository = Self(Scratch::new(""));
        let manifest = fs::read_to_string(Path::new(SOURCES).join("Cargo.toml")).expect("there");
        // Versions and lints are those of the real workspace; unoptimised, it compiles faster.
        let sections = manifest.split("\n[").skip(1);
        let sections = sections.filter(|section| section.starts_with("workspace."));
        // The counting runner asks cargo for this target of this package.
        repository.write("src/lib.rs", "//! Nothing.\n");
        repository.write("benches/instructions.rs", "fn main() {}\n");
        let mut text = format!(
            "[package]\nname = \"arena-bench\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [workspace]\nresolver = \"3\"\nmembers = {PACKAGES:?}\n\n\
             [profile.release]\nopt-level = 0\ndebug = \"line-tables-only\"\n"
        );
        sections.for_each(|section| text.push_str(&format!("[{section}\n")));
        repository.write("Cargo.toml", &text);
        repository.write(".gitignore", "target\n");
        repository.copy("Cargo.lock");
        for package in PACKAGES {
            repository.copy(package);
        }
        repository
    }

    fn copy(&self, name: &str) {
        let from = Path::new(SOURCES).join(name);
        if from.is_dir() {
            for entry in fs::read_dir(&from).expect("a folder") {
                let below = entry.expect("readable").file_name();
                self.copy(&format!("{name}/{}", below.to_str().expect("text")));
            }
        } else {
            let to = self.root().join(name);
            fs::create_dir_all(to.parent().expect("it is in the folder")).expect("made");
            fs::copy(&from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root().join(name)).expect("there");
        assert!(text.contains(from), "{name}: {from}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// A verb that counts, with the target that counts already built.
    fn arena_bench(&self, counter: &Path, verb: &str) -> Command {
        let cargo = self.path("cargo");
        let made = format!(
            r#"{{"reason":"compiler-artifact","target":{{"name":"instructions","kind":["bench"]}},"executable":"{}"}}"#,
            counter.display()
        );
        // The counting runner asks cargo for other things.
        let real = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *--no-run*) echo '{made}' ;; *) exec '{real}' \"$@\" ;; esac\n"
        );
        fs::write(&cargo, script).expect("written");
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("allowed");
        let program = env!("CARGO_BIN_EXE_arena-bench");
        let mut command = self.program(program, &self.root());
        command
            .env("CARGO", cargo)
            .env("CARGO_NET_OFFLINE", "true")
            .args([
                verb,
                "--counts-only",
                "--json",
                "--filter",
                "^drain/u64/alloc$",
            ]);
        command.into()
    }

    fn bisect(&self, counter: &Path, good: &str, bad: &str) -> Command {
        let mut command = self.arena_bench(counter, "bisect");
        command.args(["--good", good, "--bad", bad]);
        command
    }

    /// `compare` of the pair that `bisect` built last with that of a commit.
    fn compare(&self, counter: &Path, base: &str) -> Command {
        let builds = fs::read_dir(self.path("cache/arena-bench")).expect("it has built");
        let mut pairs = builds.map(|entry| entry.expect("readable").path().join("step/build/pair"));
        let mut command = self.arena_bench(counter, "compare");
        command
            .args(["--explain", "--layouts", "1", "--against", base, "--pair"])
            .arg(pairs.next().expect("one checkout"));
        command
    }
}

#[test]
fn a_commit_that_runs_more_instructions_is_found_and_one_that_does_not_build_is_skipped() {
    let Some(counter) = counts::target(Profile::Debug) else {
        return;
    };
    let repository = Repository::new();
    let good = repository.commit("the good one");
    repository.commit("nothing");
    repository.commit("nothing again");
    let function = "\n/// Called by nobody.\n#[unsafe(no_mangle)]\npub extern \"C\" fn unrelated(of: u64) -> u64 {\n    of.rotate_left(3) ^ 7919\n}\n";
    let library = fs::read_to_string(repository.root().join("bench-guest/src/lib.rs"));
    let library = library.expect("there");
    repository.write("bench-guest/src/lib.rs", &format!("{library}{function}"));
    repository.commit("an unrelated function");
    repository.replace("bench-guest/src/alloc.rs", ITEM, SLOW);
    let slow = repository.commit("the slow one");
    repository.write("bench-guest/src/lib.rs", "this is not Rust");
    repository.commit("a broken one");
    repository.write("bench-guest/src/lib.rs", &format!("{library}{function}"));
    repository.commit("a mended one");
    let bad = repository.commit("the bad end");

    let found = repository.bisect(&counter, &good, &bad).assert();
    let output = found.get_output().clone();
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(report["first_bad"], slow.as_str(), "{report:#}");
    assert_eq!(
        report["odds"],
        Value::Null,
        "counts leave nothing to chance"
    );
    let answer = |subject: &str| {
        let steps = report["steps"].as_array().expect("an array");
        let step = steps.iter().find(|step| step["subject"] == subject);
        step.map(|step| (step["answer"].clone(), step["why"].to_string()))
    };
    let (word, why) = answer("the bad end").expect("the ends are compared");
    assert!(word == "bad" && why.contains("instructions"), "{why}");
    let (word, why) = answer("an unrelated function").expect("it is in the middle");
    assert_eq!(word, "good", "{why}");
    let (word, why) = answer("a broken one").expect("it is in the middle of the rest");
    assert!(word == "skip" && why.contains("does not build"), "{why}");
    assert_eq!(answer("the slow one").expect("it is asked last").0, "bad");
    what_changed_is_explained_and_can_be_accepted(&repository, &counter, &good);

    // From the slow one on nothing changed.
    let nothing = repository.bisect(&counter, &slow, &bad).assert().code(2);
    nothing.stderr(contains("is not found to be worse").and(contains("nothing to search")));
}

/// Of the pair of the slow commit, which was built last.
fn what_changed_is_explained_and_can_be_accepted(
    repository: &Repository,
    counter: &Path,
    good: &str,
) {
    let compared = |base: &str, status: i32| -> Value {
        let done = repository.compare(counter, base).assert().code(status);
        serde_json::from_slice(&done.get_output().stdout).expect("JSON")
    };
    let found = compared(good, 1);
    let row = &found["rows"][0];
    assert!(row["regressions"][0].to_string().contains("instructions"));
    let functions = row["explanation"]["functions"].as_array();
    let functions = functions.expect("an array");
    let more = |function: &&Value| {
        let is_new = function["name"]
            .as_str()
            .is_some_and(|it| it.contains("black_box"));
        is_new && function["after"].as_f64() > function["before"].as_f64()
    };
    assert!(functions.iter().any(|it| more(&it)), "{functions:#?}");
    let accept = || {
        let mut command = Command::cargo_bin("arena-bench").expect("it is built");
        command
            .current_dir(repository.root())
            .args(["accept", "drain/u64/*", "--metric", "instructions"])
            .args(["--up-to", "1000", "--reason", "it counts its items"]);
        command.assert().success();
    };
    accept();
    let found = compared(good, 0);
    assert_eq!(found["summary"]["accepted"], 1, "{found:#}");
    assert!(
        found["rows"][0]["accepted"][0]
            .to_string()
            .contains("it counts its items")
    );
    // A base that accepts it already has it: what comes on top of that is a regression.
    let here = repository.git(&["rev-parse", "HEAD"]);
    let file = fs::read(repository.root().join("results/accepted.json")).expect("written");
    repository.git(&["checkout", "--quiet", good]);
    fs::create_dir_all(repository.root().join("results")).expect("made");
    fs::write(repository.root().join("results/accepted.json"), &file).expect("written");
    let base = repository.commit("it is accepted");
    repository.git(&["checkout", "--quiet", &here]);
    fs::create_dir_all(repository.root().join("results")).expect("made");
    fs::write(repository.root().join("results/accepted.json"), file).expect("written");
    let found = compared(&base, 1);
    assert_eq!(found["summary"]["accepted"], 0, "{found:#}");
    fs::remove_dir_all(repository.root().join("results")).expect("removed");
}

#[test]
fn ends_without_a_range_between_them_are_refused_before_anything_is_built() {
    let repository = Repository::new();
    let first = repository.commit("first");
    let second = repository.commit("second");
    let nowhere = Path::new("/no/such/target");
    let same = repository
        .bisect(nowhere, &second, &second)
        .assert()
        .code(2);
    same.stderr(contains("same commit"));
    let swapped = repository.bisect(nowhere, &second, &first).assert().code(2);
    swapped.stderr(contains("does not descend from").and(contains("merge-base")));
    let unknown = repository
        .bisect(nowhere, "no-such", "HEAD")
        .assert()
        .code(2);
    unknown.stderr(contains("names no commit"));
}
