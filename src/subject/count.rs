//! Exact counts of a case of somebody's library, by valgrind's tools in a child.
//!
//! A count per item is the slope between two lengths, so that whatever a process costs once
//! cancels. The shorter length has about five million instructions; it is a power of two, so
//! that builds that differ a little are counted over the same items.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bench_record::wire::Counts;
use paired::visible::visible;
use paired::worker::{ChildError, Launch, Worker};

use super::child::{ARGUMENT, Answer, Job, Task};
use super::framework::Case;
use crate::counts::allocated::Allocated;
use crate::counts::functions::{Functions, parse};
use crate::counts::{PerItem, in_child};

/// How much time a child under valgrind gets.
const LIMIT: Duration = Duration::from_secs(300);
/// Instructions that the shorter length aims at.
const AIM: u64 = 5_000_000;
/// Units of the shorter length at most.
const MOST: u64 = 4096;

/// The counts of a case of which at most so many items are there.
///
/// # Errors
/// Why there are none, in words.
pub(super) fn count(library: &Path, case: &Case, most: u64) -> Result<Counts, String> {
    let one = instructions(library, case, [1, 1], 0)?;
    let few = length(one, most);
    let lengths = [few, 2 * few];
    let slope = |short: u64, long: u64| (long as f64 - short as f64) / few as f64;
    let of = |which| instructions(library, case, lengths, which);
    let instructions = slope(of(0)?, of(1)?);
    if instructions < 1.0 {
        return Err("callgrind counted no instruction that grows with the items".to_owned());
    }
    let of = |which| allocated(library, case, lengths, which);
    let (short, long) = (of(0)?, of(1)?);
    Ok(Counts {
        instructions_per_item: Some(instructions),
        allocations_per_item: Some(slope(short.blocks, long.blocks)),
        allocated_bytes_per_item: Some(slope(short.bytes, long.bytes)),
        ..Counts::default()
    })
}

/// Items of the shorter length, where the first takes so many instructions.
fn length(one: u64, most: u64) -> u64 {
    let wanted = (AIM / one.max(1)).clamp(1, MOST).min((most / 2).max(1));
    // The next lower power of two.
    1 << wanted.ilog2()
}

/// Instructions of an item by function; see [`count`].
///
/// # Errors
/// Why they are not known, in words.
pub(super) fn functions(library: &Path, case: &Case, most: u64) -> Result<PerItem, String> {
    let few = length(instructions(library, case, [1, 1], 0)?, most);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let of = |which: u8| -> Result<Functions, String> {
        let profile = folder.path().join(which.to_string());
        callgrind(&profile, library, case, [few, 2 * few], which)?;
        let text = fs::read_to_string(&profile).map_err(|error| error.to_string())?;
        Ok(parse(&text))
    };
    let (short, long) = (of(0)?, of(1)?);
    let per_item = |(name, &many): (&String, &u64)| {
        let before = short.get(name).copied().unwrap_or_default();
        (name.clone(), (many as f64 - before as f64) / few as f64)
    };
    Ok(long.iter().map(per_item).collect())
}

/// What callgrind says; it leaves the profile in a file.
fn callgrind(
    profile: &Path,
    library: &Path,
    case: &Case,
    lengths: [u64; 2],
    which: u8,
) -> Result<String, String> {
    let under = |launch| in_child::callgrind(launch, profile);
    under_valgrind(under, library, case, lengths, which)
}

fn instructions(library: &Path, case: &Case, lengths: [u64; 2], which: u8) -> Result<u64, String> {
    let said = callgrind(Path::new("/dev/null"), library, case, lengths, which)?;
    in_child::collected(&said)
        .ok_or_else(|| "callgrind counted nothing: are this program's symbols stripped?".to_owned())
}

fn allocated(
    library: &Path,
    case: &Case,
    lengths: [u64; 2],
    which: u8,
) -> Result<Allocated, String> {
    let options = [
        "--tool=dhat",
        "--dhat-out-file=/dev/null",
        // Nobody looks at names, and reading them takes most of the start.
        "--num-callers=1",
        "--read-inline-info=no",
    ];
    let under = |launch| in_child::under(launch, &options);
    let said = under_valgrind(under, library, case, lengths, which)?;
    said.lines()
        .filter_map(total)
        .next_back()
        .ok_or_else(|| format!("DHAT gave no total; it said: {said}"))
}

/// `==1== Total:     1,234 bytes in 56 blocks`.
fn total(line: &str) -> Option<Allocated> {
    let (_, rest) = line.split_once("Total:")?;
    let (bytes, rest) = rest.split_once(" bytes in ")?;
    let blocks = rest.strip_suffix(" blocks")?;
    let number = |text: &str| text.trim().replace(',', "").parse().ok();
    Some(Allocated {
        bytes: number(bytes)?,
        blocks: number(blocks)?,
    })
}

/// What valgrind says of a child that runs a case.
fn under_valgrind(
    under: impl FnOnce(Launch) -> Launch,
    library: &Path,
    case: &Case,
    lengths: [u64; 2],
    which: u8,
) -> Result<String, String> {
    let words = |error: ChildError| match in_child::unknown_instruction(&error) {
        Some(cause) => cause.to_owned(),
        None => format!("its process {error}"),
    };
    let launch = under(Launch::new(ARGUMENT).map_err(words)?);
    let job = Job {
        library: library.to_owned(),
        task: Task::Run {
            case: case.clone(),
            lengths,
            which,
        },
    };
    let mut worker = Worker::start(&launch).map_err(words)?;
    let answer = worker.ask(&job, LIMIT).map_err(words)?;
    let said = worker.finish(LIMIT).map_err(words)?;
    match answer {
        Answer::Ran => Ok(said.text()),
        Answer::Unusable(why) | Answer::Wrong(why) => Err(visible(&why)),
        answer => Err(format!("it answered {answer:?}, which was not asked")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_a_power_of_two_that_the_stream_has_twice() {
        assert_eq!(length(1000, u64::MAX), 4096);
        assert_eq!(length(10_000, u64::MAX), 256);
        assert_eq!(length(10_000, 300), 128);
        assert_eq!(length(u64::MAX, u64::MAX), 1);
        assert_eq!(length(0, 1), 1);
        // A little more work is counted over the same items.
        assert_eq!(length(10_200, u64::MAX), length(10_000, u64::MAX));
    }

    #[test]
    fn what_dhat_says_is_read() {
        let line = "==71== Total:     1,234,567 bytes in 1,056 blocks";
        let (bytes, blocks) = (1_234_567, 1_056);
        assert_eq!(total(line), Some(Allocated { bytes, blocks }));
        assert_eq!(total("==71== At t-gmax: 9 bytes in 1 blocks"), None);
    }
}
