//! Exact counts of a peer: instructions and allocations per item, of every
//! thread and process that takes part.
//!
//! Callgrind counts the instructions and DHAT the allocations, as for the workbench's
//! own cases. (DHAT tells a time in instructions as well, but it puts an allocator and
//! copy routines of its own in the place of the program's, and counts none of theirs.)
//! A count is the slope between two lengths, so that all that is done once cancels. Of an arm
//! on one thread, either tool counts two drains of one warm stream in one process, DHAT those of
//! several arms: what others did to the allocator before changes instructions, no allocation. Of
//! an arm with a producer aside, it counts all that two processes do, each with a stream of its own
//! length.

mod child;
mod lean;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use arena_bench::counts::allocated::{Allocated, Allocations};
use arena_bench::counts::{TUNABLES, WITHOUT_INLINED};
use bench_record::wire::Counts;
use tempfile::TempDir;

use self::child::{ARGUMENT, COUNTED, DEEPER, DRAIN, DUMP, Drained, LAST};
use crate::peer::BATCH;
use crate::work::Work;

pub use self::child::serve;
pub use self::lean::Executables;

/// What is drained under valgrind: an arm, with its libraries.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What drains it when it is told to.
    pub executables: &'a Executables,
    /// What is drained.
    pub work: Work,
    /// Its libraries.
    pub libraries: &'a [PathBuf],
}

/// Callgrind's profiles of two drains of one stream.
pub struct Drains {
    /// Of the shorter one.
    pub few: String,
    /// Of the longer one.
    pub many: String,
    /// Items that the longer one has more.
    pub more: u64,
}

/// Heap blocks and bytes per item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerItem {
    /// Blocks.
    pub blocks: f64,
    /// Their bytes.
    pub bytes: f64,
}

impl Subject<'_> {
    /// Counts it.
    ///
    /// # Errors
    /// When valgrind is missing or counts nothing.
    pub fn count(&self) -> Result<Counts> {
        let allocations = self.allocations()?;
        Ok(Counts {
            instructions_per_item: Some(self.instructions()?),
            allocations_per_item: Some(allocations.blocks),
            allocated_bytes_per_item: Some(allocations.bytes),
            ..Counts::default()
        })
    }

    /// Instructions per item.
    ///
    /// # Errors
    /// When valgrind is missing or counts nothing.
    pub fn instructions(&self) -> Result<f64> {
        let found = if self.work.runs_aside() {
            CALLGRIND.slope(self)?[0]
        } else {
            let drains =
                self.drains(&["--dump-line=no", WITHOUT_INLINED, "--log-file=/dev/null"])?;
            let [[few], [many]] = [instructions(&drains.few)?, instructions(&drains.many)?];
            (many as f64 - few as f64) / drains.more as f64
        };
        ensure!(
            found > 1.0,
            "{found} instructions per item: nothing was counted"
        );
        Ok(found)
    }

    /// What it allocates for an item.
    ///
    /// # Errors
    /// When valgrind is missing or counts nothing.
    pub fn allocations(&self) -> Result<PerItem> {
        if self.work.runs_aside() {
            let [blocks, bytes] = DHAT.slope(self)?;
            return Ok(PerItem { blocks, bytes });
        }
        let mut found = allocations_together(&[*self])?;
        found.pop().context("no arm")
    }

    /// Profiles of drains of an arm on one thread, with `options` for callgrind. Both are of one
    /// process, since callgrind takes longer to start than to count them.
    ///
    /// # Errors
    /// When valgrind is missing, or it or a drain fails.
    pub fn drains(&self, options: &[&str]) -> Result<Drains> {
        let [few, many] = lengths(&self.work, CALLGRIND.bytes);
        let folder = TempDir::new()?;
        let profile = folder.path().join("profile");
        let output = format!("{}={}", CALLGRIND.output, profile.display());
        let always = ["--tool=callgrind", DRAIN, DUMP, &output];
        let options = [&always, options].concat();
        drain(
            &self.executables.without_frames,
            &options,
            &[self.drained(&[few, few, many])],
        )?;
        let of_drain = |number: &str| {
            let file = profile.with_extension(number);
            let text = fs::read(&file).with_context(|| format!("callgrind's file {number}"))?;
            anyhow::Ok(String::from_utf8_lossy(&text).into_owned())
        };
        Ok(Drains {
            few: of_drain("1")?,
            many: of_drain("2")?,
            more: many - few,
        })
    }

    fn drained(&self, lengths: &[u64]) -> Drained {
        Drained {
            work: self.work,
            libraries: self.libraries.to_vec(),
            lengths: lengths.to_vec(),
        }
    }
}

/// What arms on one thread allocate for an item, each. One process drains all of them, since DHAT
/// takes longer to start than to count: where one fails, all do.
///
/// # Errors
/// When valgrind is missing, or it or a drain fails, or it saw no drain.
pub fn allocations_together(subjects: &[Subject<'_>]) -> Result<Vec<PerItem>> {
    let Some(first) = subjects.first() else {
        return Ok(Vec::new());
    };
    let folder = TempDir::new()?;
    let file = folder.path().join("allocations");
    let output = format!("{}={}", DHAT.output, file.display());
    // Stacks that reach down to the function of the arm.
    let deep = ["--tool=dhat", "--num-callers=200", WITHOUT_INLINED];
    let options = [&deep[..], &["--log-file=/dev/null", &output]].concat();
    let lengths_of = |subject: &Subject<'_>| lengths(&subject.work, DHAT.bytes);
    let drained = subjects.iter().map(|subject| {
        let [few, many] = lengths_of(subject);
        subject.drained(&[few, few, many])
    });
    drain(
        &first.executables.with_frames,
        &options,
        &drained.collect::<Vec<_>>(),
    )?;
    let file = Allocations::parse(&fs::read_to_string(file)?).map_err(anyhow::Error::msg)?;
    // What was allocated before and is made larger here counts there: the stream is warm, so that
    // nothing is.
    let [both, long] = [COUNTED, LAST].map(|function| file.below_each(function, DEEPER));
    let per_item = |(before, subject)| {
        let of_arm = |found: &BTreeMap<usize, Allocated>| {
            found.get(&(before + 1)).copied().unwrap_or_default()
        };
        let (both, long) = (of_arm(&both), of_arm(&long));
        let short = both.checked_sub(long).unwrap_or_default();
        ensure!(short.blocks > 0, "DHAT did not see the drains");
        let [few, many] = lengths_of(subject);
        let slope = |long: u64, short: u64| (long as f64 - short as f64) / (many - few) as f64;
        Ok(PerItem {
            blocks: slope(long.blocks, short.blocks),
            bytes: slope(long.bytes, short.bytes),
        })
    };
    subjects.iter().enumerate().map(per_item).collect()
}

/// Drains arms one after another and does nothing else, under valgrind with `options`.
fn drain(executable: &Path, options: &[&str], arms: &[Drained]) -> Result<()> {
    let done = Command::new("valgrind")
        .args(options)
        .arg(executable)
        .args([ARGUMENT, &serde_json::to_string(arms)?])
        .env("GLIBC_TUNABLES", TUNABLES)
        .stdin(Stdio::null())
        .output()
        .context("starting valgrind")?;
    ensure!(
        done.status.success(),
        "{}: {}",
        done.status,
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

/// A tool of valgrind's that counts `N` things of a process.
struct Tool<const N: usize> {
    options: &'static [&'static str],
    /// The option for the file that each process leaves.
    output: &'static str,
    /// Content bytes of the longer of the two streams, about.
    bytes: u64,
    /// The counts in such a file.
    read: fn(&str) -> Result<[u64; N]>,
}

const CALLGRIND: Tool<1> = Tool {
    options: &["--tool=callgrind", "--dump-line=no", "--trace-children=yes"],
    output: "--callgrind-out-file",
    bytes: 1 << 19,
    read: instructions,
};

const DHAT: Tool<2> = Tool {
    options: &["--tool=dhat", "--num-callers=1", "--trace-children=yes"],
    output: "--dhat-out-file",
    // An item allocates what the one before has allocated.
    bytes: 0,
    read: allocations,
};

impl<const N: usize> Tool<N> {
    /// Counts per item.
    fn slope(&self, subject: &Subject<'_>) -> Result<[f64; N]> {
        let [few, many] = lengths(&subject.work, self.bytes);
        let (short, long) = (self.total(subject, few)?, self.total(subject, many)?);
        // Threads that meet allocate now and then: with none per item, the slope may
        // come out a hair below zero.
        let slope = |of: usize| (long[of] as f64 - short[of] as f64) / (many - few) as f64;
        Ok(std::array::from_fn(|of| slope(of).max(0.0)))
    }

    /// Counts of all processes of a stream.
    fn total(&self, subject: &Subject<'_>, items: u64) -> Result<[u64; N]> {
        let folder = TempDir::new()?;
        let output = format!("{}={}/%p", self.output, folder.path().display());
        let quiet = [WITHOUT_INLINED, "--log-file=/dev/null", &output];
        let options = [self.options, &quiet].concat();
        drain(
            &subject.executables.without_frames,
            &options,
            &[subject.drained(&[items])],
        )?;
        fs::read_dir(folder.path())?.try_fold([0; N], |sum, file| {
            let found = (self.read)(&fs::read_to_string(file?.path())?)?;
            Ok(std::array::from_fn(|of| sum[of] + found[of]))
        })
    }
}

/// Items of the two drains: whole rounds of contents and whole batches, so that the slope is
/// exact.
fn lengths(work: &Work, bytes: u64) -> [u64; 2] {
    let step = work.repeat();
    let fitting = bytes / u64::from(work.bytes());
    let many = fitting.clamp(2 * step, 4 * BATCH) / step * step;
    [many / (2 * step) * step, many]
}

/// What callgrind's file says at its end: the instructions of all threads.
fn instructions(file: &str) -> Result<[u64; 1]> {
    let total = file
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals:"))
        .context("callgrind's file has no totals")?;
    Ok([total.trim().parse().context("callgrind's totals")?])
}

/// Blocks and bytes of all points of allocation in DHAT's file.
fn allocations(file: &str) -> Result<[u64; 2]> {
    let found = Allocations::parse(file).map_err(anyhow::Error::msg)?.all();
    Ok([found.blocks, found.bytes])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::{Arm, Peer, REPEAT};
    use bench_protocol::payload::PayloadKind;

    #[test]
    fn lengths_differ_by_whole_rounds_of_contents_and_whole_batches() {
        for (peer, step) in [(Peer::Arena, REPEAT), (Peer::Arrow1024, BATCH)] {
            for size in [8, 256, 4096, 1 << 20] {
                for bytes in [0, 1 << 19] {
                    let work = Arm::new(peer, PayloadKind::Blob, size).into();
                    let [few, many] = lengths(&work, bytes);
                    assert!(0 < few && few < many);
                    assert_eq!((few % step, many % step), (0, 0), "{size} B");
                }
            }
        }
    }

    #[test]
    fn callgrinds_total_is_that_of_the_whole_file() {
        let file = "events: Ir\nsummary: 7\n\nfn=main\n0 5\n0 2\n\ntotals: 7\n";
        assert_eq!(instructions(file).ok(), Some([7]));
        assert!(instructions("events: Ir\n").is_err());
    }
}
