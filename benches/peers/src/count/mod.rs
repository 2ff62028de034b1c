//! Exact counts of a peer: instructions and allocations per item, of every
//! thread and process that takes part.
//!
//! Callgrind counts the instructions and DHAT the allocations, as for the workbench's
//! own cases. (DHAT tells a time in instructions as well, but it puts an allocator and
//! copy routines of its own in the place of the program's, and counts none of theirs.)
//! A count is the slope between two lengths, so that all that is done once cancels. Of an arm
//! on one thread, either tool counts two drains of one warm stream in one process. Of an arm with
//! a producer aside, it counts all that two processes do, each with a stream of its own length.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use arena_bench::counts::allocated::Allocations;
use arena_bench::counts::{TUNABLES, WITHOUT_INLINED};
use bench_protocol::spec::ENDLESS;
use bench_record::wire::Counts;
use tempfile::TempDir;

use crate::peer::BATCH;
use crate::pull::Stream;
use crate::work::Work;

/// The first argument of a process that is counted.
const ARGUMENT: &str = "--count";
/// The function whose calls are counted, of an arm on one thread.
const COUNTED: &str = "drain_counted";
/// Has callgrind count that function and what it calls, on its own thread.
const DRAIN: &str = "--toggle-collect=*drain_counted*";
/// Has callgrind write what it counted of each drain into a file of its own.
const DUMP: &str = "--dump-after=*peers::count::dump_after*";
/// The function around the last of its calls.
const LAST: &str = "drain_last";
/// Has `strip` keep the names of these functions.
const KEEP: [&str; 3] = [
    "--keep-symbol=*drain_counted*",
    "--keep-symbol=*drain_last*",
    "--keep-symbol=*dump_after*",
];

/// Drains what this process was started to drain, if it was.
pub fn serve() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let drained = arguments
        .next()
        .context("no arm")
        .and_then(|arm| {
            Ok(serde_json::from_str::<(Work, Vec<PathBuf>, Vec<u64>)>(
                &arm,
            )?)
        })
        .and_then(|(arm, libraries, lengths)| drain_all(arm, &libraries, &lengths));
    Some(match drained {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

/// Drains so many items after so many, of one stream where it goes on, as it does when it is timed.
fn drain_all(arm: Work, libraries: &[PathBuf], lengths: &[u64]) -> Result<()> {
    let whole = match (arm.runs_aside(), lengths) {
        (true, &[items]) => items,
        (true, _) => bail!("a producer that runs aside ends with its stream"),
        _ => ENDLESS,
    };
    let mut stream = arm.open(libraries, whole)?;
    // The first drain warms the stream, where another follows.
    let (warm, counted) = lengths.split_at(usize::from(lengths.len() > 1));
    for &items in warm {
        stream.drain(items).context("warming")?;
    }
    let Some((&last, others)) = counted.split_last() else {
        return Ok(());
    };
    for &items in others {
        dump_after(stream.as_mut(), items)?;
    }
    drain_last(stream.as_mut(), last)
}

/// By this DHAT's file tells the last drain from the one before.
#[inline(never)]
fn drain_last(stream: &mut dyn Stream, items: u64) -> Result<()> {
    black_box(dump_after(stream, items))
}

/// Callgrind writes a profile when this ends. (It heeds one option for a function.)
#[inline(never)]
fn dump_after(stream: &mut dyn Stream, items: u64) -> Result<()> {
    drain_counted(stream, items).context("draining")
}

/// What is counted of an arm on one thread: both tools know the function by its name. It
/// allocates a block, by which DHAT's file shows that it saw the function, and something follows
/// the drain: a jump to it would leave no frame.
#[inline(never)]
fn drain_counted(stream: &mut dyn Stream, items: u64) -> Result<()> {
    drop(black_box(Box::new(0_u8)));
    black_box(stream.drain(items))
}

/// What is drained under valgrind: an arm, with its libraries.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The executable that drains it when it is told to: one of this crate.
    pub executable: &'a Path,
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

impl Subject<'_> {
    /// Drains so many items after so many, and does nothing else, under valgrind with `options`.
    ///
    /// # Errors
    /// When valgrind is missing, or it or the drain fails.
    pub fn drain(&self, options: &[&str], lengths: &[u64]) -> Result<()> {
        let job = serde_json::to_string(&(self.work, self.libraries, lengths))?;
        let done = Command::new("valgrind")
            .args(options)
            .arg(self.executable)
            .args([ARGUMENT, &job])
            .env("GLIBC_TUNABLES", TUNABLES)
            .stdin(Stdio::null())
            .output()
            .context("starting valgrind")?;
        ensure!(
            done.status.success(),
            "{}: {}: {}",
            self.work.id(),
            done.status,
            String::from_utf8_lossy(&done.stderr)
        );
        Ok(())
    }

    /// Counts it.
    ///
    /// # Errors
    /// When valgrind is missing or counts nothing.
    pub fn count(&self) -> Result<Counts> {
        let instructions = if self.work.runs_aside() {
            CALLGRIND.slope(self)?[0]
        } else {
            self.instructions_of_the_drain()?
        };
        ensure!(
            instructions > 1.0,
            "{instructions} instructions per item: nothing was counted"
        );
        let [blocks, bytes] = if self.work.runs_aside() {
            DHAT.slope(self)?
        } else {
            self.allocations_of_the_drain()?
        };
        Ok(Counts {
            instructions_per_item: Some(instructions),
            allocations_per_item: Some(blocks),
            allocated_bytes_per_item: Some(bytes),
            ..Counts::default()
        })
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
        self.drain(&[&always, options].concat(), &[few, few, many])?;
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

    /// Instructions per item of an arm on one thread.
    fn instructions_of_the_drain(&self) -> Result<f64> {
        let drains = self.drains(&["--dump-line=no", WITHOUT_INLINED, "--log-file=/dev/null"])?;
        let [[few], [many]] = [instructions(&drains.few)?, instructions(&drains.many)?];
        Ok((many as f64 - few as f64) / drains.more as f64)
    }

    /// Blocks and bytes per item of an arm on one thread.
    fn allocations_of_the_drain(&self) -> Result<[f64; 2]> {
        let [few, many] = lengths(&self.work, DHAT.bytes);
        let folder = TempDir::new()?;
        let file = folder.path().join("allocations");
        let output = format!("{}={}", DHAT.output, file.display());
        // Stacks that reach down to the counted function.
        let deep = ["--tool=dhat", "--num-callers=100", WITHOUT_INLINED];
        let options = [&deep[..], &["--log-file=/dev/null", &output]].concat();
        self.drain(&options, &[few, few, many])?;
        let file = Allocations::parse(&fs::read_to_string(file)?).map_err(anyhow::Error::msg)?;
        // What was allocated before and is made larger here counts there: the stream is warm, so
        // that nothing is.
        let [both, long] = [COUNTED, LAST].map(|function| file.below(function));
        let short = both.checked_sub(long).unwrap_or_default();
        ensure!(short.blocks > 0, "DHAT did not see the drains");
        let slope = |long: u64, short: u64| (long as f64 - short as f64) / (many - few) as f64;
        Ok([
            slope(long.blocks, short.blocks),
            slope(long.bytes, short.bytes),
        ])
    }
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
        subject.drain(&options, &[items])?;
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

/// A copy of an executable for valgrind, which reads all names and all that is there for debuggers
/// at every start, whether anybody asks for it or not. The function that is counted keeps its name.
#[derive(Debug)]
pub struct Lean {
    executable: PathBuf,
    /// Removed with it.
    _folder: TempDir,
}

impl Lean {
    /// Copies an executable without what is there for debuggers and without names; without
    /// `strip`, as it is.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn of(executable: &Path) -> Result<Self> {
        let folder = TempDir::new()?;
        let copy = folder.path().join("peers");
        let stripped = Command::new("strip")
            .args(["--strip-all", "--wildcard"])
            .args(KEEP)
            .arg("-o")
            .arg(&copy)
            .arg(executable)
            .output();
        if !stripped.is_ok_and(|output| output.status.success()) {
            fs::copy(executable, &copy)?;
        }
        Ok(Self {
            executable: copy,
            _folder: folder,
        })
    }

    /// The copy.
    pub fn path(&self) -> &Path {
        &self.executable
    }
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
