//! Exact counts of a peer: instructions and allocations per item, of every
//! thread and process that takes part.
//!
//! DHAT counts both at once. A count is the slope between two stream lengths of
//! a process that does nothing else, so that all that is done once cancels.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use arena_bench::counts::TUNABLES;
use arena_bench::record::wire::Counts;
use serde::Deserialize;

use crate::peer::{Arm, BATCH, Peer};

/// The first argument of a process that is counted.
const ARGUMENT: &str = "--count";
/// Bytes that the longer of the two streams has, about.
const BYTES: u64 = 1 << 19;
/// The lengths are multiples of so many items, of Arrow's batches of as many as a
/// batch has.
const STEP: u64 = 128;

/// Drains what this process was started to drain, if it was.
#[must_use]
pub fn serve() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let drained = arguments
        .next()
        .context("no arm")
        .and_then(|arm| Ok(serde_json::from_str::<(Arm, Vec<PathBuf>, u64)>(&arm)?))
        .and_then(|(arm, libraries, items)| arm.open(&libraries, items)?.drain(items));
    Some(match drained {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

/// The command line of a process that drains `items` items of an arm and does
/// nothing else.
///
/// # Errors
/// Never: an arm is plain data.
pub fn arguments(arm: &Arm, libraries: &[PathBuf], items: u64) -> Result<[String; 2]> {
    let job = serde_json::to_string(&(arm, libraries, items))?;
    Ok([ARGUMENT.to_owned(), job])
}

/// What a process and its children ran to.
#[derive(Debug, Default, Clone, Copy)]
struct Totals {
    instructions: u64,
    blocks: u64,
    bytes: u64,
}

/// Counts an arm.
///
/// # Errors
/// When valgrind is missing or counts nothing.
pub fn count(arm: &Arm, libraries: &[PathBuf]) -> Result<Counts> {
    let step = match arm.peer {
        Peer::Arrow1024 => BATCH,
        _ => STEP,
    };
    let fitting = BYTES / u64::from(arm.bytes);
    let many = fitting.clamp(2 * step, 4 * BATCH) / step * step;
    let few = many / (2 * step) * step;
    let (short, long) = (totals(arm, libraries, few)?, totals(arm, libraries, many)?);
    // Threads that meet allocate now and then: with none per item, the slope may
    // come out a hair below zero.
    let slope = |of: fn(&Totals) -> u64| {
        ((of(&long) as f64 - of(&short) as f64) / (many - few) as f64).max(0.0)
    };
    let instructions = slope(|totals| totals.instructions);
    ensure!(
        instructions > 1.0,
        "{instructions} instructions per item: nothing was counted"
    );
    Ok(Counts {
        instructions_per_item: Some(instructions),
        allocations_per_item: Some(slope(|totals| totals.blocks)),
        allocated_bytes_per_item: Some(slope(|totals| totals.bytes)),
        ..Counts::default()
    })
}

fn totals(arm: &Arm, libraries: &[PathBuf], items: u64) -> Result<Totals> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("%p.json");
    let status = Command::new("valgrind")
        .args([
            "--tool=dhat",
            "--trace-children=yes",
            // Nobody looks at names, and reading them takes most of the start.
            "--num-callers=1",
            "--read-inline-info=no",
            "--log-file=/dev/null",
        ])
        .arg(format!("--dhat-out-file={}", output.display()))
        .arg(std::env::current_exe()?)
        .args(arguments(arm, libraries, items)?)
        .env("GLIBC_TUNABLES", TUNABLES)
        .stdin(Stdio::null())
        .output()
        .context("starting valgrind")?;
    let said = String::from_utf8_lossy(&status.stderr);
    ensure!(
        status.status.success(),
        "{}: {}: {said}",
        arm.id(),
        status.status
    );
    fs::read_dir(folder.path())?.try_fold(Totals::default(), |sum, file| {
        let one = read(&file?.path())?;
        Ok(Totals {
            instructions: sum.instructions + one.instructions,
            blocks: sum.blocks + one.blocks,
            bytes: sum.bytes + one.bytes,
        })
    })
}

fn read(path: &Path) -> Result<Totals> {
    /// What is read of DHAT's file: the time at the end, in instructions, and
    /// the points of allocation.
    #[derive(Deserialize)]
    struct File {
        te: u64,
        pps: Vec<Point>,
    }
    #[derive(Deserialize)]
    struct Point {
        tb: u64,
        tbk: u64,
    }
    let file: File = serde_json::from_slice(&fs::read(path)?).context("reading DHAT's file")?;
    Ok(Totals {
        instructions: file.te,
        blocks: file.pps.iter().map(|point| point.tbk).sum(),
        bytes: file.pps.iter().map(|point| point.tb).sum(),
    })
}
