//! Counting many cases: the target as child processes, a few at a time.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;

use super::allocated::Allocated;
use super::functions;
use super::plan::Subject;
use super::stripped;
use super::summary::{self, FEW, MANY};
use super::valgrind::{self, NoValgrind};
use crate::allocator::Allocators;
use crate::harness::{self, Profile};
use crate::printing::last_lines;
use crate::workspace;
use bench_record::wire::Counts;

/// Environment variable that tells the target its case, by id.
pub const CASE: &str = "ARENA_BENCH_CASE";

/// What `GLIBC_TUNABLES` is set to while anything is counted.
///
/// Above the first two thresholds glibc copies and fills with `rep movsb` and
/// `rep stosb`, which count about one instruction per byte; above the third it
/// copies past the cache. Where they lie depends on the processor and its cache:
/// here they are out of reach.
pub const TUNABLES: &str = "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:\
                            glibc.cpu.x86_rep_stosb_threshold=0x7fffffff:\
                            glibc.cpu.x86_non_temporal_threshold=0x7fffffff";

/// Lines of a failed child's words that are passed on.
const LAST_LINES: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum CountsError {
    #[error(transparent)]
    NoValgrind(#[from] NoValgrind),
    #[error(transparent)]
    Harness(#[from] anyhow::Error),
}

/// One case could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    #[error("cannot be counted: {0}")]
    Start(#[from] io::Error),
    #[error("the count failed: {words}")]
    Failed { words: String },
    #[error("the count brought no result: {why}")]
    NoResult { why: String },
    #[error(
        "callgrind counted {found} instructions per item where {least} are the least: it did not see the drain"
    )]
    TooLow { found: f64, least: f64 },
}

#[derive(Debug, Clone)]
pub struct Options {
    /// The target, as [`build`] gives it.
    pub executable: PathBuf,
    /// Folder of the pair; without one, the pair beside the target.
    pub pair: Option<PathBuf>,
    /// What the pair allocates by. DHAT sees the allocations of the system's allocator alone:
    /// with another one in either library, none are counted.
    pub allocators: Allocators,
}

/// Whether anything can be counted here; nothing is built.
pub fn available() -> Result<(), CountsError> {
    valgrind::version()?;
    Ok(())
}

/// Builds the target; where its executable lies.
///
/// # Errors
/// When there is no valgrind (nothing is built then), or it does not build.
pub fn build(profile: Profile) -> Result<PathBuf, CountsError> {
    valgrind::version()?;
    Ok(stripped::beside(harness::build("instructions", profile)?))
}

/// Counts `cases`, several at a time, and hands each result to `finished` as it
/// comes. Of the counts, only those by callgrind and DHAT are set.
pub fn measure<S: Subject>(
    cases: &[S],
    options: &Options,
    finished: &mut dyn FnMut(&S, Result<Counts, CountError>),
) -> Result<(), CountsError> {
    valgrind::version()?;
    let fixed = valgrind::can_fix_addresses();
    // The largest first: they take longest, and none should be left for the end.
    let mut order: Vec<&S> = cases.iter().collect();
    order.sort_by_key(|case| std::cmp::Reverse(case.item_bytes()));
    let count = |case| count(case, options, fixed);
    side_by_side(order, usize::MAX, &count, finished);
    Ok(())
}

/// Does jobs, as many at a time as there are cores and `most` allows, and hands each result to
/// `finished` as it comes. What is counted does not care who else runs.
pub fn side_by_side<'a, T: Sync, R: Send>(
    jobs: Vec<&'a T>,
    most: usize,
    work: &(impl Fn(&'a T) -> R + Sync),
    finished: &mut dyn FnMut(&T, R),
) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let queue = Mutex::new(jobs.into_iter());
    let next = || queue.lock().expect("no holder panics").next();
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..cores.min(most) {
            let sender = sender.clone();
            scope.spawn(move || {
                while let Some(job) = next() {
                    // The receiver is there until all senders are gone.
                    let _ = sender.send((job, work(job)));
                }
            });
        }
        drop(sender);
        for (job, result) in results {
            finished(job, result);
        }
    });
}

/// Runs the target on a case; what it found is below `folder`.
fn start(
    case: &impl Subject,
    options: &Options,
    fixed: bool,
    folder: &Path,
) -> Result<(), CountError> {
    let mut command = Command::new(&options.executable);
    command
        .args(["--bench", "--save-summary=json", "--nosummary=true"])
        .arg(format!("--home={}", absolute(folder)?.display()))
        .env(CASE, case.id())
        .env("GLIBC_TUNABLES", TUNABLES)
        .stdin(Stdio::null());
    if !fixed {
        command.env("IAI_CALLGRIND_ALLOW_ASLR", "yes");
    }
    if let Some(pair) = &options.pair {
        command.env(harness::PAIR, absolute(pair)?);
    }
    // The runner asks cargo for the target's package, which the caller's folder may not have.
    if let Ok(root) = workspace::root() {
        command.current_dir(root);
    }
    let output = command.output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let words = match valgrind::unknown_instruction(&text) {
            Some(cause) => cause.to_owned(),
            None => format!("{}: {}", output.status, last_lines(&text, LAST_LINES)),
        };
        return Err(CountError::Failed { words });
    }
    Ok(())
}

fn count(case: &impl Subject, options: &Options, fixed: bool) -> Result<Counts, CountError> {
    let folder = tempfile::tempdir()?;
    start(case, options, fixed, folder.path())?;
    let no_result = |why| CountError::NoResult { why };
    let instructions = summary::instructions(folder.path()).map_err(no_result)?;
    let allocated = summary::allocated(folder.path()).map_err(no_result)?;
    let counts = per_item(case, instructions, allocated)?;
    Ok(match options.allocators.are_usual() {
        true => counts,
        // Nobody saw the allocations.
        false => Counts {
            allocations_per_item: None,
            allocated_bytes_per_item: None,
            ..counts
        },
    })
}

/// Instructions of each function per item, without those of the functions that it calls.
pub type PerItem = BTreeMap<String, f64>;

/// Counts one case function by function.
///
/// # Errors
/// When it cannot be counted.
pub fn by_function(case: &impl Subject, options: &Options) -> Result<PerItem, CountError> {
    let folder = tempfile::tempdir()?;
    let fixed = valgrind::can_fix_addresses();
    start(case, options, fixed, folder.path())?;
    let of =
        |part| functions::read(folder.path(), part).map_err(|why| CountError::NoResult { why });
    let (few, many) = (of(FEW)?, of(MANY)?);
    let items = case.lengths().items as f64;
    let per_item = |(name, &long): (&String, &u64)| {
        let short = few.get(name).copied().unwrap_or_default();
        (name.clone(), (long as f64 - short as f64) / items)
    };
    Ok(many.iter().map(per_item).collect())
}

/// The slope between callgrind's two drains, and what an item allocates.
fn per_item(
    case: &impl Subject,
    instructions: [u64; 2],
    allocated: Allocated,
) -> Result<Counts, CountError> {
    let items = case.lengths().items as f64;
    // Exact: counts are far below 2^53.
    let [few, many] = instructions.map(|it| it as f64);
    let (found, least) = ((many - few) / items, case.least_instructions());
    if found < least {
        return Err(CountError::TooLow { found, least });
    }
    Ok(Counts {
        instructions_per_item: Some(found),
        allocations_per_item: Some(allocated.blocks as f64 / items),
        allocated_bytes_per_item: Some(allocated.bytes as f64 / items),
        ..Counts::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use bench_protocol::payload::PayloadKind;
    use bench_protocol::spec::Protocol;

    #[test]
    fn a_count_per_item_is_the_slope_between_the_drains() {
        let case = Case::drain(PayloadKind::Blob, 4096, Protocol::Alloc);
        let n = case.lengths().items;
        let allocated = Allocated {
            blocks: 2 * n,
            bytes: 8192 * n,
        };
        let counts = per_item(&case, [80, 80 + 400 * n], allocated).unwrap();
        assert_eq!(counts.instructions_per_item, Some(400.0));
        assert_eq!(counts.allocations_per_item, Some(2.0));
        assert_eq!(counts.allocated_bytes_per_item, Some(8192.0));
    }

    #[test]
    fn a_count_that_no_item_can_be_had_for_fails_its_case() {
        let case = Case::drain(PayloadKind::Blob, 4096, Protocol::Arena);
        let zero = per_item(&case, [0, 0], Allocated::default()).unwrap_err();
        assert!(matches!(zero, CountError::TooLow { found: 0.0, .. }));
        let n = case.lengths().items;
        let low = per_item(&case, [9, 9 + 30 * n], Allocated::default());
        assert!(matches!(low, Err(CountError::TooLow { .. })));
    }
}
