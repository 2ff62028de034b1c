//! Guests that do whatever a guest can do: each gets its typed error, nothing else is lost,
//! and nothing of them outlives the program.
//!
//! The guest is `guest.c`, built by the C compiler of this machine; without one these tests
//! say so and pass.

mod answers;
mod ends;
mod messages;
mod namespaces;
mod surroundings;

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use bench_protocol::api::{ABI_VERSION, GUEST_MAGIC, LAYOUT};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_arena-bench");

/// Where the guest is, and the pair that it is one half of.
static GUEST: LazyLock<Option<TempDir>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    if !compile(&folder.path().join(file("bench_guest")), &[]) {
        return None;
    }
    fs::copy(
        library("bench_host"),
        folder.path().join(file("bench_host")),
    )
    .expect("copied");
    Some(folder)
});

/// Compiles the guest; whether there is a compiler.
fn compile(library: &Path, options: &[&str]) -> bool {
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/workbench/hostile/guest.c"
    );
    let compiled = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-w", source])
        .arg(format!("-DMAGIC={GUEST_MAGIC}ull"))
        .arg(format!("-DVERSION={ABI_VERSION}"))
        .arg(format!("-DLAYOUT={LAYOUT}ull"))
        .args(options)
        .arg("-o")
        .arg(library)
        .status();
    match compiled {
        Err(error) => {
            println!("skipped: no C compiler ({error})");
            false
        }
        Ok(status) => {
            assert!(status.success(), "the guest does not compile");
            true
        }
    }
}

fn file(name: &str) -> String {
    format!("{DLL_PREFIX}{name}{DLL_SUFFIX}")
}

/// A library that cargo built with these tests.
fn library(name: &str) -> PathBuf {
    let executable = std::env::current_exe().expect("a test has a file");
    executable
        .parent()
        .expect("a file has a folder")
        .join(file(name))
}

/// Runs the program against the guest in a mode.
fn program(mode: &str, arguments: &[&str]) -> Option<Output> {
    let pair = GUEST.as_ref()?.path();
    let mut command = Command::new(PROGRAM);
    command.env("HOSTILE", mode).args(arguments);
    command.arg("--pair").arg(pair);
    Some(command.output().expect("it starts"))
}

/// Runs `guest` on the guest in a mode.
fn guest(mode: &str, arguments: &[&str]) -> Option<Output> {
    let guest = GUEST.as_ref()?.path().join(file("bench_guest"));
    let guest = guest.to_str().expect("text");
    let usual = [
        "guest",
        guest,
        "--no-counts",
        "--json",
        "--items",
        "200",
        "--seconds",
        "0.05",
    ];
    program(mode, &[&usual[..], arguments].concat())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
