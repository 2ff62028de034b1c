//! Compares two shared libraries that have nothing to do with this project: both run a
//! chain of n multiplications, one of them with a rotation more in each link.
//!
//! `cargo run -p paired --example two_libraries`

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libloading::os::unix::{Library, Symbol};
use paired::child::{self, Drive};
use paired::job::ArmJob;
use paired::process::Processes;
use paired::result::Comparison;
use paired::runner::{Arm, Runner, Settings};
use paired::stats::{Confidence, Delta};
use serde_json::json;

/// What each library exports.
type Work = unsafe extern "C" fn(u64) -> u64;

/// A chain of multiplications, each waiting for the one before.
const PLAIN: &str = "pub extern \"C\" fn work(n: u64) -> u64 {
    (0..n).fold(1, |x: u64, i| (x ^ i).wrapping_mul(0x5851_f42d_4c95_7f2d))
}";
/// The same with a rotation more in the chain.
const LONGER: &str = "pub extern \"C\" fn work(n: u64) -> u64 {
    (0..n).fold(1, |x: u64, i| (x ^ i).wrapping_mul(0x5851_f42d_4c95_7f2d).rotate_left(5))
}";

/// A library in a measuring process. One item is one multiplication.
struct Loaded {
    work: Symbol<Work>,
}

impl Drive for Loaded {
    fn drain(&mut self, items: u64) -> Result<()> {
        // SAFETY: both libraries export `work` with this signature; see their sources.
        black_box(unsafe { (self.work)(items) });
        Ok(())
    }
}

/// Opens an arm in a measuring process, which learns files and workload but no name.
fn open(arm: &ArmJob) -> Result<Box<dyn Drive>> {
    let file = arm.libraries.first().context("an arm without a library")?;
    // SAFETY: the library has no initialisers.
    let library = unsafe { Library::new(file) }?;
    // SAFETY: it exports `work` with this signature; see its source.
    let work = unsafe { library.get(b"work") }?;
    // Never unloaded: what it holds outlives any `dlclose`.
    std::mem::forget(library);
    Ok(Box::new(Loaded { work }))
}

fn main() -> Result<ExitCode> {
    // Measuring processes are this executable again.
    if let Some(status) = child::serve(&mut open) {
        return Ok(status);
    }
    let folder = tempfile::tempdir()?;
    let plain = build(folder.path(), "plain", PLAIN)?;
    let longer = build(folder.path(), "longer", LONGER)?;
    let comparison = compare(plain, longer)?;
    println!("{}", sentence(&comparison));
    Ok(ExitCode::SUCCESS)
}

/// Compiles a library of one file.
fn build(folder: &Path, name: &str, source: &str) -> Result<PathBuf> {
    let (file, library) = (folder.join(name).with_extension("rs"), folder.join(name));
    fs::write(&file, format!("#[unsafe(no_mangle)]\n{source}\n"))?;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc)
        .args(["--edition", "2024", "--crate-type", "cdylib", "-O", "-o"])
        .arg(&library)
        .arg(&file)
        .status()
        .context("starting rustc")?;
    ensure!(status.success(), "{name} does not compile");
    Ok(library)
}

/// Compares two libraries, each as one link layout.
fn compare(baseline: PathBuf, candidate: PathBuf) -> Result<Comparison> {
    let mut processes = Processes::new("two-libraries", Duration::from_secs(10))?;
    let settings = Settings::new(
        Delta::new(0.01)?,
        Confidence::new(0.99)?,
        Duration::from_secs(2),
    );
    let mut runner = Runner::builder(&mut processes).settings(settings).build();
    let arms = [
        Arm::new("plain", json!(null), vec![vec![baseline]]),
        Arm::new("longer", json!(null), vec![vec![candidate]]),
    ];
    let mut comparisons = runner.compare(&arms, &[(0, 1)])?;
    comparisons.pop().context("one comparison was asked for")
}

fn sentence(found: &Comparison) -> String {
    let percent = |ratio: f64| 100.0 * (ratio - 1.0);
    let open = found.not_excluded().map(|open| format!(" ({open})"));
    format!(
        "{} against {}: {}, {:+.1}% [{:+.1}%, {:+.1}%], {} processes{}\n{}",
        found.candidate,
        found.baseline,
        found.verdict.name(),
        percent(found.ratio),
        percent(found.low),
        percent(found.high),
        found.processes,
        open.unwrap_or_default(),
        found.why,
    )
}
