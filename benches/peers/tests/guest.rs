//! The `guest` verb from outside: a plugin's streams, and everything that may be
//! wrong with a plugin or with what is asked of it.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::mem::offset_of;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fidius::descriptor::{ABI_VERSION, BufferStrategyKind, PluginDescriptor};

/// A library that cargo built for this test: beside it.
fn library(name: &str) -> PathBuf {
    let executable = std::env::current_exe().expect("a test has a file");
    let folder = executable.parent().expect("a file has a folder");
    folder.join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
}

/// The source of the unruly plugin's interface.
const INTERFACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/unruly-plugin/src/lib.rs");

/// As [`guest`], with that source.
fn unruly(guests: &[&Path], options: &[&str]) -> Output {
    guest(guests, &[options, &["--interface", INTERFACE]].concat())
}

fn guest(guests: &[&Path], options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_peers"))
        .arg("guest")
        .args(guests)
        .args(["--no-counts", "--json", "--seconds", "0.05"])
        .args(options)
        .output()
        .expect("cargo built it")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn reports(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

fn refused(guests: &[&Path], options: &[&str], reason: &str) {
    let output = guest(guests, options);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains(reason), "{}", said(&output));
}

#[test]
fn an_endless_stream_of_the_only_plugin_is_cut_by_items_and_by_seconds() {
    let plugin = library("unruly_plugin");
    let ask = ["--method", "endless", "--args", "[{\"u64\": 7}]"];
    let output = unruly(&[&plugin], &[&ask[..], &["--items", "77"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let by_items = reports(&output)[0]["findings"]["verified"].clone();
    assert_eq!(
        (&by_items["items"], &by_items["bytes"], &by_items["ended"]),
        (&77.into(), &(77 * 8).into(), &false.into())
    );
    // The same arguments in hexadecimal.
    let hex = ["--method", "0", "--args-hex", "07 00000000000000"];
    let output = unruly(&[&plugin], &[&hex[..], &["--items", "77"]].concat());
    let by_hex = &reports(&output)[0]["findings"]["verified"];
    assert_eq!(by_hex["digest"], by_items["digest"]);
    let most = u64::MAX.to_string();
    let output = unruly(&[&plugin], &[&ask[..], &["--items", &most]].concat());
    let items = reports(&output)[0]["findings"]["verified"]["items"].as_u64();
    assert!(items.is_some_and(|items| items > 77 && items < u64::MAX));
}

#[test]
fn a_crash_is_reported_with_its_signal_and_the_next_plugin_is_measured() {
    let (plugin, missing) = (library("unruly_plugin"), Path::new("no/such/file.so"));
    let output = unruly(&[&plugin, &plugin], &["--method", "aborts"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("SIGABRT"), "{}", said(&output));
    assert_eq!(reports(&output).as_array().map(Vec::len), Some(2));
    let ask = [
        "--method",
        "endless",
        "--args",
        "[{\"u64\": 0}]",
        "--items",
        "10",
    ];
    let output = unruly(&[missing, &plugin], &ask);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        reports(&output)[1]["findings"]["verified"]["items"],
        10,
        "{}",
        said(&output)
    );
}

#[test]
fn a_panic_in_the_plugin_is_a_failed_stream() {
    let output = unruly(&[&library("unruly_plugin")], &["--method", "panics"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("panicked"), "{}", said(&output));
}

#[test]
fn what_is_no_plugin_is_refused_with_the_reason() {
    let manifest = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    for (file, reason) in [
        (manifest, "invalid ELF header"),
        (&library("bench_host"), "fidius_get_registry"),
        (Path::new("no/such/file.so"), "not found"),
    ] {
        refused(&[file], &["--method", "u64"], reason);
    }
}

/// A copy of a plugin in which every descriptor was changed.
fn forged(folder: &Path, change: impl Fn(&mut [u8])) -> PathBuf {
    let copy = folder.join("forged.so");
    let mut bytes = fs::read(library("unruly_plugin")).expect("cargo built it");
    // A descriptor begins with its size and the version of its framework.
    let size = size_of::<PluginDescriptor>();
    let begin = [(size as u32).to_le_bytes(), ABI_VERSION.to_le_bytes()].concat();
    let places: Vec<usize> = (0..bytes.len() - size)
        .filter(|&at| bytes[at..].starts_with(&begin))
        .collect();
    assert!(!places.is_empty(), "there is a descriptor");
    for at in places {
        change(&mut bytes[at..at + size]);
    }
    fs::write(&copy, bytes).expect("the folder is writable");
    copy
}

#[test]
fn a_plugin_of_another_version_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let older = (ABI_VERSION - 100).to_le_bytes();
    let other = forged(folder.path(), |descriptor| {
        descriptor[4..8].copy_from_slice(&older);
    });
    let versions = format!("got {}, expected {ABI_VERSION}", ABI_VERSION - 100);
    refused(&[&other], &["--method", "endless"], &versions);
}

#[test]
fn an_arena_interface_has_no_stream_to_drive() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let strategy = offset_of!(PluginDescriptor, buffer_strategy);
    let arena = forged(folder.path(), |descriptor| {
        descriptor[strategy] = BufferStrategyKind::Arena as u8;
    });
    let reason = "`UnrulyStreams::aborts` is unary: it answers once";
    refused(&[&arena], &["--method", "aborts"], reason);
}

#[test]
fn what_there_is_not_is_refused_with_what_there_is() {
    let (unruly, several) = (library("unruly_plugin"), library("fidius_plugin"));
    let all = "OwnedItems";
    refused(&[&several], &["--method", "u64"], all);
    refused(&[&several], &["--method", "u64"], "--plugin");
    let nobody = ["--plugin", "Nobody", "--method", "u64"];
    refused(&[&several], &nobody, all);
    let methods = "there is: endless (server stream), aborts (server stream), panics (server \
                   stream), answer (unary), sums (client stream), doubles (bidirectional)";
    for method in ["nothing", "6"] {
        let ask = ["--method", method, "--interface", INTERFACE];
        refused(&[&unruly], &ask, methods);
    }
}

#[test]
fn a_method_of_another_kind_is_refused_by_name_with_its_kind_and_is_never_called() {
    let unruly = library("unruly_plugin");
    for (method, reason) in [
        ("answer", "`UnrulyStreams::answer`: its kind is unknown"),
        (
            "sums",
            "give the source of the plugin's interface with --interface",
        ),
    ] {
        refused(&[&unruly], &["--method", method], reason);
    }
    for (method, reason) in [
        (
            "answer",
            "`UnrulyStreams::answer` is unary: it answers once",
        ),
        (
            "4",
            "`UnrulyStreams::sums` is client stream: it takes a stream",
        ),
        (
            "doubles",
            "`UnrulyStreams::doubles` is bidirectional: it takes a stream",
        ),
    ] {
        let ask = ["--method", method, "--interface", INTERFACE];
        refused(&[&unruly], &ask, reason);
    }
}

#[test]
fn arguments_that_the_method_does_not_take_are_refused() {
    let unruly = library("unruly_plugin");
    let endless = |options: [&'static str; 2]| ["--method", "endless", options[0], options[1]];
    for (options, reason) in [
        (["--args", "[7"], "no JSON"),
        (["--args-hex", "07"], "cannot decode its arguments"),
        (["--args-hex", "0g"], "not hexadecimal"),
    ] {
        let ask = [&endless(options)[..], &["--interface", INTERFACE]].concat();
        refused(&[&unruly], &ask, reason);
    }
    for (arguments, reason) in [
        ("[5.0]", "5.0 is no u64"),
        ("[{\"u32\": 7}]", "is no u64"),
        ("[1, 2]", "2 arguments, and the method takes 1: (u64)"),
    ] {
        let ask = [
            "--method",
            "endless",
            "--args",
            arguments,
            "--interface",
            INTERFACE,
        ];
        refused(&[&unruly], &ask, reason);
    }
}

#[test]
fn with_the_interfaces_source_a_number_needs_no_type() {
    let ask = [
        "--method",
        "endless",
        "--args",
        "[7]",
        "--interface",
        INTERFACE,
    ];
    let output = guest(
        &[&library("unruly_plugin")],
        &[&ask[..], &["--items", "9"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(reports(&output)[0]["findings"]["verified"]["bytes"], 72);
}

#[test]
fn a_plugin_of_another_interface_hash_or_version_is_refused_with_both() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (hash, version) = (
        offset_of!(PluginDescriptor, interface_hash),
        offset_of!(PluginDescriptor, interface_version),
    );
    let ask = [
        "--method",
        "endless",
        "--args",
        "[7]",
        "--interface",
        INTERFACE,
    ];
    let other = forged(folder.path(), |descriptor| descriptor[hash] ^= 1);
    refused(
        &[&other],
        &ask,
        "is not what the plugin was built from: interface hash",
    );
    let other = forged(folder.path(), |descriptor| descriptor[version] = 9);
    refused(&[&other], &ask, "is version 1, the plugin's is version 9");
}

#[test]
fn the_methods_of_a_plugin_are_listed_with_their_kinds() {
    let methods = |options: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_peers"))
            .arg("methods")
            .arg(library("unruly_plugin"))
            .args(options)
            .output()
            .expect("cargo built it");
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let plain = methods(&[]);
    // A compiler that merges equal functions leaves the kinds of few.
    assert!(plain.contains("0 endless: "), "{plain}");
    assert!(plain.contains("4 sums: unknown"), "{plain}");
    let known = methods(&["--interface", INTERFACE]);
    for line in [
        "0 endless(u64): server stream",
        "3 answer(): unary",
        "4 sums(): client stream",
        "5 doubles(): bidirectional",
    ] {
        assert!(known.contains(line), "{known}");
    }
}

#[test]
fn a_kept_build_is_compared_with_and_the_a_a_comparison_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kept = folder.path().to_str().expect("a path of text");
    let plugin = library("unruly_plugin");
    let ask = [
        "--method",
        "endless",
        "--args",
        "[{\"u64\": 7}]",
        "--items",
        "500",
    ];
    let output = unruly(&[&plugin], &[&ask[..], &["--save", kept]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // Hardly any time: whether it is the same cannot be told, but it is compared.
    let against = ["--against", kept, "--delta", "90"];
    let output = unruly(&[&plugin], &[&ask[..], &against].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report = reports(&output)[0].clone();
    assert_eq!(report["comparison"]["baseline"], "kept");
    // The A/A of the same processes: second copies of both builds against their first.
    let copies = &report["comparison"]["copies"];
    assert!(copies["ratio"].is_f64(), "{copies}");
}
