//! Packages with Fidius plugins from outside: run, compared, judged, kept and shown. Times decide
//! nothing here: what must be found is found by exact counts.

#[path = "../../../tests/workbench/scratch.rs"]
#[allow(dead_code, reason = "the workbench's tests use all of it")]
mod scratch;

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use scratch::Scratch;
use serde_json::Value;

const PEERS: &str = env!("CARGO_BIN_EXE_peers");
/// The source of the unruly plugin's interface.
const INTERFACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/unruly-plugin/src/lib.rs");
/// Of a comparison of counts alone.
const COUNTS: [&str; 6] = ["--counts-only", "--layouts", "2", "--seed", "1", "--json"];

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
}

fn assert_said(output: &Output, words: &[&str]) {
    let text = said(output);
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

/// `run` of the unruly plugin's file, which cargo built beside this test: verified alone.
fn run_unruly(folder: &Path, options: &[&str]) -> Output {
    let executable = std::env::current_exe().expect("a test has a file");
    let beside = executable.parent().expect("a file has a folder");
    let library = beside.join(format!("{DLL_PREFIX}unruly_plugin{DLL_SUFFIX}"));
    Command::new(PEERS)
        .current_dir(folder)
        .args(["run", "--no-times", "--no-counts", "--json", "--library"])
        .arg(library)
        .args(["--output", "record.json"])
        .args(options)
        .output()
        .expect("cargo built it")
}

#[test]
fn methods_of_other_kinds_or_without_their_arguments_are_listed_with_the_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = run_unruly(folder.path(), &["--interface", INTERFACE]);
    assert_said(
        &output,
        &[
            "unruly_plugin/endless is not measured: server stream: it takes (u64); give arguments",
            "unruly_plugin/answer is not measured: unary: it answers once",
            "unruly_plugin/sums is not measured: client stream: it takes a stream",
            "unruly_plugin/doubles is not measured: bidirectional: it takes a stream",
            // What is driven and fails is a finding, and does not end this program.
            "unruly_plugin/aborts: its process ended by SIGABRT",
            "unruly_plugin/panics: after",
        ],
    );
    assert_code(&output, 1);
}

#[test]
fn arguments_on_the_command_line_make_a_method_a_case() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ask = ["--args", "endless=[7]", "--filter", "endless"];
    let output = run_unruly(
        folder.path(),
        &[&ask[..], &["--interface", INTERFACE]].concat(),
    );
    assert_code(&output, 0);
    let record = json(&output);
    assert_eq!(record["cases"][0]["id"], "unruly_plugin/endless");
    assert_eq!(record["cases"][0]["verified"]["items"], 2048);
    assert!(folder.path().join("record.json").is_file());
}

#[test]
fn a_method_of_unknown_arguments_is_not_measured_without_some() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // A compiler that merges equal functions leaves not even its kind.
    let output = run_unruly(folder.path(), &[]);
    assert_said(&output, &["unruly_plugin/endless is not measured: "]);
}

#[test]
fn arguments_that_do_not_fit_or_have_no_method_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (args, reason) in [
        (
            "endless=[5.0]",
            "endless has arguments, but is not measured: server stream: 5.0 is no u64",
        ),
        (
            "sums=[1]",
            "sums has arguments, but is not measured: client stream",
        ),
        ("nothing=[1]", "no such stream; there is aborts, panics"),
        ("endless", "METHOD=JSON"),
    ] {
        let ask = ["--args", args, "--interface", INTERFACE];
        let output = run_unruly(folder.path(), &ask);
        assert_code(&output, 2);
        assert_said(&output, &[reason]);
    }
}

#[test]
fn a_source_of_another_interface_version_is_refused_with_both() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = folder.path().join("other.rs");
    let source = fs::read_to_string(INTERFACE).expect("it is there");
    fs::write(&other, source.replace("version = 1", "version = 9")).expect("written");
    let output = run_unruly(folder.path(), &["--interface", "other.rs"]);
    assert_code(&output, 2);
    assert_said(&output, &["is version 9, the plugin's is version 1"]);
}

#[test]
fn without_a_package_nothing_is_compared() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for ask in [
        &["compare", "--self"][..],
        &["bisect", "--good", "HEAD~1", "--filter", "x"],
    ] {
        let output = Command::new(PEERS)
            .current_dir(folder.path())
            .args(ask)
            .output()
            .expect("cargo built it");
        assert_code(&output, 2);
        assert_said(
            &output,
            &["name a package with --package, or in bench.toml"],
        );
    }
}

/// A repository with a crate that is a Fidius plugin.
struct Repository(Scratch);

/// What each tick is made by.
const PLAIN: &str = "|k| k";
/// The same with one more allocation.
const BOXED: &str = "|k| *std::hint::black_box(Box::new(k))";

impl Repository {
    /// Nothing but a page in its first commit.
    fn new() -> Self {
        let repository = Self(Scratch::new("plugins/the ticker"));
        repository.0.write("README.md", "Soon.\n");
        repository.0.commit("a page");
        repository
    }

    /// The plugin of an interface version, whose ticks are made so, and more source.
    fn plugin(&self, version: u32, tick: &str, more: &str) {
        let manifest = "[package]\nname = \"ticker\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [workspace]\n[lib]\ncrate-type = [\"cdylib\"]\n[features]\nhost = []\n\
             [dependencies]\nfidius = \"=0.5.9\"\nserde = { version = \"1\", features = [\"derive\"] }\n\
             [profile.release]\nopt-level = 0\n";
        self.0.write("Cargo.toml", manifest);
        self.0.write(".gitignore", "target\n");
        // The versions that are tried, and in reach without a network.
        let lock = include_str!("../Cargo.lock");
        self.0.write("Cargo.lock", lock);
        self.0.write(
            "bench.toml",
            "[[subject]]\npackage = \"ticker\"\nargs.names = [600]\n",
        );
        self.0.write(
            "src/lib.rs",
            &format!(
                "use fidius::{{Stream, plugin_impl}};\n\n\
                 #[fidius::plugin_interface(version = {version}, buffer = PluginAllocated)]\n\
                 pub trait Ticker: Send + Sync {{\n    \
                     fn ticks(&self) -> Stream<u64>;\n    \
                     fn names(&self, count: u32) -> Stream<String>;\n    \
                     fn longest(&self, count: u32) -> Stream<String>;\n    \
                     fn answer(&self) -> u64;\n}}\n\n\
                 pub struct Clock;\n\n\
                 #[plugin_impl(Ticker)]\n\
                 impl Ticker for Clock {{\n    \
                     fn ticks(&self) -> Stream<u64> {{\n        \
                         Stream::from_iter((0..1000_u64).map({tick}))\n    }}\n    \
                     fn names(&self, count: u32) -> Stream<String> {{\n        \
                         Stream::from_iter((0..count).map(|k| format!(\"tick {{k}}\")))\n    }}\n    \
                     fn longest(&self, count: u32) -> Stream<String> {{\n        \
                         Stream::from_iter((0..count).map(|k| \"x\".repeat(k as usize)))\n    }}\n    \
                     fn answer(&self) -> u64 {{\n        42\n    }}\n}}\n\n\
                 {more}\nfidius::fidius_plugin_registry!();\n"
            ),
        );
    }

    fn peers(&self, arguments: &[&str]) -> Output {
        let mut command = self.0.program(PEERS, &self.0.directory());
        command
            .env("CARGO_NET_OFFLINE", "true")
            .args(arguments)
            .output()
            .expect("cargo built it")
    }

    /// `compare --counts-only`, which leaves its Markdown beside the repository.
    fn compare(&self, against: &str) -> Output {
        let comment = self.path("comment.md");
        let ask = ["compare", "--package", "ticker", "--against", against];
        self.peers(&[&ask[..], &COUNTS, &["--markdown", &comment]].concat())
    }

    fn path(&self, name: &str) -> String {
        let path: PathBuf = self.0.path(name);
        path.to_str().expect("a path of text").to_owned()
    }
}

fn valgrind() -> bool {
    let there = Command::new("valgrind").arg("--version").output();
    if there.is_err() {
        eprintln!("skipped: valgrind is not installed");
    }
    there.is_ok()
}

/// The framework is compiled once for each repository, so one serves for all.
#[test]
fn a_plugin_package_is_measured_by_its_own_repository() {
    if !valgrind() {
        return;
    }
    let repository = Repository::new();
    repository.plugin(1, PLAIN, "");
    a_base_without_the_package_is_no_failure_but_news(&repository);
    a_run_records_what_is_driven_and_lists_the_rest(&repository);
    the_cases_are_listed_and_verified(&repository);
    repository.0.commit("the plugin");
    an_unrelated_function_is_no_regression(&repository);
    one_more_allocation_an_item_is_a_regression(&repository);
    the_commit_that_brought_it_is_found(&repository);
    another_version_of_the_interface_is_compared_by_its_own_source(&repository);
    the_record_is_judged_kept_and_shown(&repository);
    the_workflow_s_commands_compare_publish_and_alert(&repository);
}

fn a_base_without_the_package_is_no_failure_but_news(repository: &Repository) {
    let output = repository.compare("HEAD");
    assert_code(&output, 0);
    assert_said(&output, &["ticker is new", "nothing is compared"]);
}

fn a_run_records_what_is_driven_and_lists_the_rest(repository: &Repository) {
    let record = repository.path("record.json");
    let output = repository.peers(&["run", "--no-times", "--json", "--output", &record]);
    assert_code(&output, 0);
    assert_said(
        &output,
        &[
            "ticker/longest is not measured: server stream: it takes (u32); give arguments",
            "ticker/answer is not measured: unary: it answers once",
        ],
    );
    let record = json(&output);
    let ids = record["cases"].as_array().expect("a list").iter();
    let ids: Vec<&Value> = ids.map(|case| &case["id"]).collect();
    assert_eq!(ids, ["ticker/ticks", "ticker/names"]);
    let [ticks, names] = [&record["cases"][0], &record["cases"][1]];
    assert_eq!(ticks["verified"]["items"], 1000);
    assert_eq!(ticks["counts"]["allocations_per_item"], 0.0);
    assert_eq!(names["verified"]["items"], 600);
    assert!(names["counts"]["instructions_per_item"].as_f64() > Some(1.0));
}

fn the_cases_are_listed_and_verified(repository: &Repository) {
    let output = repository.peers(&["list", "--json"]);
    assert_code(&output, 0);
    let ids: Value = serde_json::json!([{ "id": "ticker/ticks" }, { "id": "ticker/names" }]);
    assert_eq!(json(&output), ids);
    let missing = "ticker/answer is not measured: unary: it answers once";
    assert_said(&output, &[missing]);
    let ask = ["verify", "--json", "--filter", "names"];
    // What the command line says comes before bench.toml.
    let args = ["--package", "ticker", "--args", "names=[7]"];
    let output = repository.peers(&[&ask[..], &args].concat());
    assert_code(&output, 0);
    let found = json(&output);
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found:#}");
    assert_eq!(found[0]["verified"]["items"], 7, "{found:#}");
}

fn an_unrelated_function_is_no_regression(repository: &Repository) {
    let function = "#[unsafe(no_mangle)]\npub extern \"C\" fn unrelated(of: u64) -> u64 {\n    \
                    of.rotate_left(3) ^ 7919\n}\n";
    repository.plugin(1, PLAIN, function);
    repository.0.commit("an unrelated function");
    let output = repository.compare("HEAD~1");
    assert_code(&output, 0);
    let found = json(&output);
    assert_eq!(found["rows"].as_array().map(Vec::len), Some(2), "{found:#}");
    let markdown = fs::read_to_string(repository.path("comment.md")).expect("it was written");
    assert!(markdown.contains("ticker/ticks"), "{markdown}");
}

fn one_more_allocation_an_item_is_a_regression(repository: &Repository) {
    repository.plugin(1, BOXED, "");
    let output = repository.compare("HEAD");
    assert_code(&output, 1);
    let found = json(&output);
    let row = &found["rows"][0];
    assert_eq!(row["id"], "ticker/ticks");
    assert_eq!(row["baseline_counts"]["allocations_per_item"], 0.0);
    assert_eq!(row["candidate_counts"]["allocations_per_item"], 1.0);
    let why = row["regressions"].to_string();
    assert!(why.contains("allocations per item"), "{why}");
    let markdown = fs::read_to_string(repository.path("comment.md")).expect("it was written");
    assert!(markdown.contains("allocations per item"), "{markdown}");
}

fn the_commit_that_brought_it_is_found(repository: &Repository) {
    let slow = repository.0.commit("one more allocation");
    let ask = ["bisect", "--good", "HEAD~2", "--filter", "/ticks$"];
    let output = repository.peers(&[&ask[..], &["--counts-only", "--json"]].concat());
    assert_code(&output, 0);
    let found = json(&output);
    assert_eq!(found["first_bad"], slow.as_str(), "{found:#}");
    let answers = found["steps"].as_array().expect("a list").iter();
    let answers: Vec<_> = answers.map(|it| [&it["subject"], &it["answer"]]).collect();
    let expected = [
        ["one more allocation", "bad"],
        ["an unrelated function", "good"],
    ];
    assert_eq!(answers, expected);
}

fn another_version_of_the_interface_is_compared_by_its_own_source(repository: &Repository) {
    repository.plugin(2, PLAIN, "");
    let output = repository.compare("HEAD");
    assert_code(&output, 0);
    assert_eq!(json(&output)["rows"][0]["id"], "ticker/ticks");
    // One named source is that of each checkout.
    let ask = ["compare", "--package", "ticker", "--against", "HEAD"];
    let source = ["--interface", "src/lib.rs", "--filter", "names"];
    let output = repository.peers(&[&ask[..], &COUNTS, &source].concat());
    assert_code(&output, 0);
}

fn the_record_is_judged_kept_and_shown(repository: &Repository) {
    let [record, history, site] =
        ["record.json", "history", "site"].map(|name| repository.path(name));
    for (ask, page) in [
        (&["gate", &record, "--baseline", &record][..], None),
        (&["history", "add", &record, "--to", &history], None),
        (&["history", "changes", &history, "--last", "1"], None),
        (
            &["report", "--history", &history, "--out", &site],
            Some(&site),
        ),
        (&["report", &record, "--out", &format!("{site}-2")], None),
    ] {
        let output = repository.peers(ask);
        assert_code(&output, 0);
        if let Some(folder) = page {
            let page = fs::read_to_string(Path::new(folder).join("index.html"));
            assert!(page.expect("a dashboard").contains("ticker/names"));
        }
    }
}

/// What the action runs, times included, whatever they are. A bare repository stands in for the
/// hosting service.
fn the_workflow_s_commands_compare_publish_and_alert(repository: &Repository) {
    let output = repository.peers(&["init", "--action", "someone/arena-bench@v1"]);
    assert_code(&output, 0);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("exists, not changed: "), "{text}");
    assert!(text.contains("1. peers run"), "{text}");
    let workflow = repository
        .0
        .root()
        .join(".github/workflows/arena-bench.yml");
    let workflow = fs::read_to_string(workflow).expect("it was written");
    assert!(workflow.contains("program: peers"), "{workflow}");
    assert!(workflow.contains("'plugins/the ticker'"), "{workflow}");

    repository.plugin(2, PLAIN, "");
    repository.0.commit("measured from now on");
    let origin = repository.path("origin.git");
    repository.0.git(&["init", "--quiet", "--bare", &origin]);
    repository.0.git(&["remote", "add", "origin", &origin]);
    repository.0.git(&["push", "--quiet", "origin", "master"]);
    let [site, compared] = ["published", "compared"].map(|name| repository.path(name));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/ci-package");
    let ci_package = |ask: [&str; 3], code: i32| {
        let [command, at, output] = ask;
        let output = repository
            .0
            .program(script, &repository.0.root())
            .env("CARGO_NET_OFFLINE", "true")
            .env("ARENA_BENCH", PEERS)
            .env("LAYOUTS", "24")
            .env_remove("GITHUB_STEP_SUMMARY")
            .args([command, "plugins/the ticker", at, output])
            .output()
            .expect("bash is installed");
        assert_code(&output, code);
        output
    };
    ci_package(["publish", "bench-history", &site], 0);
    repository.plugin(2, BOXED, "");
    repository.0.commit("one more allocation again");
    ci_package(["compare", "HEAD~1", &compared], 1);
    let comment = fs::read_to_string(Path::new(&compared).join("comment.md"));
    let comment = comment.expect("it was written");
    assert!(comment.contains("allocations per item"), "{comment}");
    let told = ci_package(["publish", "bench-history", &site], 1);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("ticker/ticks"), "{told}");
    let page = fs::read_to_string(Path::new(&site).join("index.html")).expect("a dashboard");
    assert!(page.contains("one more allocation again"));
}
