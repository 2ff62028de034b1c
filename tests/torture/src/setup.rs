//! What all cases share and none changes: the program, the hostile guest, the records.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use bench_protocol::api::{ABI_VERSION, GUEST_MAGIC, LAYOUT};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The source of the hostile guest, which `tests/workbench/hostile` uses as well.
const GUEST: &str = include_str!("../../workbench/hostile/guest.c");

/// What all cases share.
#[derive(Debug)]
pub struct Setup {
    /// The executable that is attacked.
    pub program: PathBuf,
    /// Folder of a pair that works.
    pub pair: PathBuf,
    /// Folder of a pair with the hostile guest.
    pub hostile_pair: PathBuf,
    /// The hostile guest.
    pub guest: PathBuf,
    /// Every way in which the guest can misbehave.
    pub modes: Vec<String>,
    /// Records that the repository keeps.
    pub records: Vec<PathBuf>,
    /// A record of the working pair here.
    pub record: PathBuf,
    /// Whether a case may have mounts of its own.
    pub mounts: bool,
    _folder: TempDir,
}

impl Setup {
    /// Compiles the guest and looks for everything else.
    ///
    /// # Errors
    /// When something is missing.
    pub fn new(program: &Path) -> Result<Self> {
        let program = fs::canonicalize(program).with_context(|| program.display().to_string())?;
        let folder = tempfile::Builder::new().prefix("torture-").tempdir()?;
        let deps = program.parent().unwrap_or(Path::new("/")).join("deps");
        let [pair, hostile_pair] = ["pair", "hostile"].map(|name| folder.path().join(name));
        let [guest, host] = ["bench_guest", "bench_host"].map(file);
        for to in [&pair, &hostile_pair] {
            fs::create_dir(to)?;
            for name in [&guest, &host] {
                let from = deps.join(name);
                fs::copy(&from, to.join(name)).with_context(|| from.display().to_string())?;
            }
        }
        let guest = hostile_pair.join(guest);
        compile(folder.path(), &guest)?;
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
        let kept = ["baseline", "pinned", "full", "peers"];
        let kept = kept.map(|name| results.join(name).with_extension("json"));
        let record = folder.path().join("record.json");
        let setup = Self {
            modes: modes(),
            records: kept.into_iter().filter(|path| path.exists()).collect(),
            mounts: can_mount(folder.path()),
            program,
            pair,
            hostile_pair,
            guest,
            record,
            _folder: folder,
        };
        ensure!(!setup.records.is_empty(), "no records in results/");
        setup.measure()?;
        Ok(setup)
    }

    /// Makes the record, and sees that the program works where nothing is odd.
    fn measure(&self) -> Result<()> {
        let output = Command::new(&self.program)
            .args(["run", "--filter", "^drain/u64/", "--output"])
            .arg(&self.record)
            .args(["--skip", "paired,criterion,counts", "--pair"])
            .arg(&self.pair)
            .output()
            .with_context(|| self.program.display().to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the program does not work: {said}");
        // As if callgrind had counted: a record without a figure cannot be exported.
        let mut record: Value = serde_json::from_slice(&fs::read(&self.record)?)?;
        for case in record["cases"].as_array_mut().into_iter().flatten() {
            case["counts"]["instructions_per_item"] = json!(70.0);
        }
        fs::write(&self.record, record.to_string())?;
        Ok(())
    }
}

fn file(name: &str) -> String {
    format!("{DLL_PREFIX}{name}{DLL_SUFFIX}")
}

fn compile(folder: &Path, guest: &Path) -> Result<()> {
    let source = folder.join("guest.c");
    fs::write(&source, GUEST)?;
    let status = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-w", "-o"])
        .arg(guest)
        .arg(format!("-DMAGIC={GUEST_MAGIC}ull"))
        .arg(format!("-DVERSION={ABI_VERSION}"))
        .arg(format!("-DLAYOUT={LAYOUT}ull"))
        .arg(&source)
        .status()
        .context("cc, which compiles the hostile guest")?;
    ensure!(status.success(), "the hostile guest does not compile");
    Ok(())
}

/// The modes that the guest's source knows.
fn modes() -> Vec<String> {
    let calls = GUEST.split("mode_is(\"").skip(1);
    let mut modes: Vec<String> = calls
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect();
    modes.sort();
    modes.dedup();
    modes
}

/// Whether a process may mount in a namespace of its own.
fn can_mount(folder: &Path) -> bool {
    let mount = "mount -t tmpfs -o size=64k none \"$1\"";
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", mount, "sh"])
        .arg(folder)
        .output();
    output.is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modes_of_the_guest_are_found_in_its_source() {
        let modes = modes();
        for known in ["exit-0", "kill-parent", "helper", "unload-aborts"] {
            assert!(modes.iter().any(|mode| mode == known), "{known}: {modes:?}");
        }
    }
}
