// Included by the build scripts of guest and host: sets what `build_info!` reads.
//
// The commit is stamped into each cdylib with a fixed length, so that a commit that
// changes no code does not change the layout either.

use std::process::Command;

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What git says of the repository that this package is in, whatever repository the
/// caller works on: a hook runs with GIT_DIR set, for example.
fn git(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    let local = output(Command::new("git").args(["rev-parse", "--local-env-vars"]));
    for name in local.unwrap_or_default().lines() {
        command.env_remove(name);
    }
    output(command.args(arguments))
}

/// The profile's name, from `OUT_DIR`: `<target>/<profile>/build/<package>-<hash>/out`.
fn profile() -> Option<String> {
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR")?);
    Some(out.ancestors().nth(3)?.file_name()?.to_string_lossy().into_owned())
}

/// The flags beside the profile's, the feature that chooses the allocator among them.
fn flags() -> String {
    let encoded = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let allocators = ["mimalloc", "jemalloc"];
    let chosen = allocators.into_iter().find(|name| {
        std::env::var_os(format!("CARGO_FEATURE_{}", name.to_uppercase())).is_some()
    });
    let given = encoded.split('\u{1f}').filter(|flag| !flag.is_empty()).map(str::to_owned);
    let chosen = chosen.map(|name| format!("--cfg=feature=\"{name}\""));
    given.chain(chosen).collect::<Vec<_>>().join(" ")
}

fn main() {
    let commit = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| {
        // Git may be missing, or refuse this repository, today alone: this file is never
        // there, so cargo asks again at the next build.
        let here = std::env::current_dir().unwrap_or_default();
        if here.ancestors().any(|folder| folder.join(".git").exists()) {
            println!("cargo::rerun-if-changed=git-did-not-answer");
        }
        "0".repeat(40)
    });
    let rustc = std::env::var_os("RUSTC")
        .and_then(|rustc| output(Command::new(rustc).arg("--version")))
        .unwrap_or_default();
    println!("cargo::rustc-env=BENCH_COMMIT={commit}");
    println!("cargo::rustc-env=BENCH_RUSTC={rustc}");
    println!("cargo::rustc-env=BENCH_PROFILE={}", profile().unwrap_or_default());
    println!("cargo::rustc-env=BENCH_FLAGS={}", flags());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../bench-protocol/build_support.rs");
    // A checkout changes HEAD; a commit changes its log.
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--path-format=absolute", "--git-path", name]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}
