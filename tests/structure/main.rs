//! The structure of the workspace: which crate depends on which, that no source files import
//! each other in a circle, how long a file may be, and that every crate says what it is for.

mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Lines of production code that a file may have.
const LINES: usize = 400;

/// The crates of the workspace that each of its crates may depend on. `arena-bench` names
/// the guests and the laboratory's host so that cargo builds them.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("paired", &[]),
    ("paired-bench", &[]),
    ("bench-record", &["paired"]),
    ("bench-report", &["bench-record", "paired"]),
    ("bench-protocol", &[]),
    ("bench-allocator", &[]),
    ("bench-guest", &["bench-allocator", "bench-protocol"]),
    (
        "bench-host",
        &["bench-allocator", "bench-protocol", "paired-bench"],
    ),
    ("bench-lab-guest", &["bench-allocator", "bench-protocol"]),
    (
        "bench-lab-host",
        &["bench-allocator", "bench-host", "bench-protocol"],
    ),
    (
        "arena-bench",
        &[
            "bench-guest",
            "bench-host",
            "bench-lab-guest",
            "bench-lab-host",
            "bench-protocol",
            "bench-record",
            "bench-report",
            "paired",
            "paired-bench",
        ],
    ),
    ("my-benches", &["paired-bench"]),
    ("my-guest", &["bench-protocol"]),
    ("torture", &["bench-protocol"]),
    ("unruly-guest", &["bench-protocol"]),
];

/// Crates from elsewhere that would let a crate do what is another's work.
const MAY_NOT_DEPEND_ON: &[(&str, &[&str])] = &[
    ("paired", &["clap", "plotters"]),
    ("bench-record", &["clap", "plotters", "libloading"]),
    ("bench-report", &["clap", "libloading"]),
    ("bench-protocol", &["libloading"]),
];

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The packages of a workspace, as `cargo metadata` describes them.
fn packages(manifest: &str) -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .arg("--manifest-path")
        .arg(top().join(manifest))
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {said}");
    let mut metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    match metadata["packages"].take() {
        Value::Array(packages) => packages,
        other => panic!("packages are a list, not {other}"),
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("`{field}` is a text in {value}"))
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field]
        .as_array()
        .unwrap_or_else(|| panic!("`{field}` is a list in {value}"))
}

fn is_kind(target: &Value, kind: &str) -> bool {
    list(target, "kind").iter().any(|it| it == kind)
}

/// The targets of both workspaces, this one's and the peers', without build scripts and tests.
fn targets() -> Vec<Value> {
    let packages = [packages("Cargo.toml"), packages("benches/peers/Cargo.toml")].concat();
    let targets = packages.iter().flat_map(|package| list(package, "targets"));
    targets
        .filter(|target| !is_kind(target, "custom-build") && !is_kind(target, "test"))
        .cloned()
        .collect()
}

/// The names of the crates that a package needs to be built, without those of its tests.
fn dependencies(package: &Value) -> BTreeSet<&str> {
    let of_build = list(package, "dependencies")
        .iter()
        .filter(|it| it["kind"] != "dev");
    of_build.map(|it| text(it, "name")).collect()
}

/// Fails with the files that break a rule, each with how it does.
fn assert_none(found: &BTreeMap<String, String>, rule: &str) {
    let lines = found
        .iter()
        .map(|(file, how)| format!("\n  {file} ({how})"));
    assert!(found.is_empty(), "{rule}:{}", lines.collect::<String>());
}

/// The path as it is reported: from the top of the workspace, with slashes.
fn name(path: &Path) -> String {
    let below = path.strip_prefix(top()).unwrap_or(path);
    below.to_string_lossy().replace('\\', "/")
}

#[test]
fn no_source_files_import_each_other() {
    let mut found = BTreeMap::new();
    for target in targets() {
        let sources = sources::of_target(Path::new(text(&target, "src_path")));
        for (file, imports) in sources::circles(&sources) {
            let imports: Vec<String> = imports.into_iter().map(name).collect();
            found.insert(name(file), format!("imports {}", imports.join(", ")));
        }
    }
    assert_none(&found, "source files must not import each other");
}

#[test]
fn no_file_has_more_than_400_lines_of_production_code() {
    let mut found = BTreeMap::new();
    for target in targets() {
        for (file, source) in sources::of_target(Path::new(text(&target, "src_path"))) {
            let lines = source.production_lines();
            if lines > LINES {
                found.insert(name(&file), format!("{lines} lines"));
            }
        }
    }
    assert_none(&found, "a file has at most 400 lines of production code");
}

#[test]
fn every_target_opens_by_saying_what_it_is_for() {
    for target in targets() {
        let path = text(&target, "src_path");
        let source = std::fs::read_to_string(path).expect("the file that cargo names exists");
        assert!(
            source.starts_with("//! "),
            "{path} does not open with `//! ` and its purpose"
        );
    }
}

#[test]
fn crates_depend_in_one_direction() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_DEPEND_ON.iter().copied().collect();
    for package in packages("Cargo.toml") {
        let name = text(&package, "name");
        let known = allowed.get(name);
        let may = known.unwrap_or_else(|| panic!("say in MAY_DEPEND_ON what {name} depends on"));
        let found = dependencies(&package)
            .into_iter()
            .filter(|it| allowed.contains_key(it));
        assert_eq!(found.collect::<Vec<_>>(), *may, "dependencies of {name}");
        for (_, not) in MAY_NOT_DEPEND_ON.iter().filter(|(of, _)| *of == name) {
            let found: Vec<_> = not
                .iter()
                .filter(|it| dependencies(&package).contains(*it))
                .collect();
            assert!(found.is_empty(), "{name} must not know {found:?}");
        }
    }
}

#[test]
fn nothing_can_link_the_guest() {
    let packages = packages("Cargo.toml");
    let guest = packages
        .iter()
        .find(|it| it["name"] == "bench-guest")
        .expect("there is a guest");
    let targets = list(guest, "targets")
        .iter()
        .filter(|it| !is_kind(it, "custom-build"));
    for target in targets {
        assert_eq!(
            list(target, "crate_types"),
            ["cdylib"],
            "crate types of the guest"
        );
    }
}

#[test]
fn a_circle_through_super_a_macro_and_a_third_file_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    };
    let root = write(
        "lib.rs",
        "mod a; mod b; mod c; mod lone; pub use lone::Lone;",
    );
    let a = write("a.rs", "mod inner; pub struct A(inner::Inner);");
    let inner = write("a/inner.rs", "use super::super::b; pub struct Inner(b::B);");
    let b = write(
        "b.rs",
        "pub struct B; fn b() { println!(\"{}\", crate::c::C); }",
    );
    let c = write("c.rs", "use crate::a::A; pub const C: u8 = 0;");
    let lone = "use crate::c; #[cfg(test)] mod tests { use crate::Lone; } pub struct Lone;";
    write("lone.rs", lone);
    let sources = sources::of_target(&root);
    let circles = sources::circles(&sources);
    let expected = [
        (a.as_path(), vec![inner.as_path()]),
        (&inner, vec![&b]),
        (&b, vec![&c]),
        (&c, vec![&a]),
    ];
    assert_eq!(circles, BTreeMap::from(expected));
}

#[test]
fn lines_of_tests_are_not_counted() {
    let text = "//! A file.\n\n#[cfg(test)]\nuse a::B;\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    fn g() {}\n}\nfn h() {}\n";
    let source = sources::Source {
        text: text.to_owned(),
        imports: BTreeSet::new(),
    };
    assert_eq!(source.production_lines(), 5);
}
