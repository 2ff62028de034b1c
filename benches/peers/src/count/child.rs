//! What runs under valgrind: a process that drains arms, in functions that the tools know by their
//! names.

use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use bench_protocol::spec::ENDLESS;
use serde::{Deserialize, Serialize};

use crate::pull::Stream;
use crate::work::Work;

/// The first argument of a process that is counted.
pub(super) const ARGUMENT: &str = "--count";
/// The function whose calls are counted, of an arm on one thread.
pub(super) const COUNTED: &str = "drain_counted";
/// The function around the last of its calls.
pub(super) const LAST: &str = "drain_last";
/// The function that is called by itself once for each arm before this one.
pub(super) const DEEPER: &str = "one_arm_deeper";
/// Has callgrind count [`COUNTED`] and what it calls, on its own thread.
pub(super) const DRAIN: &str = "--toggle-collect=*drain_counted*";
/// Has callgrind write what it counted of each drain into a file of its own.
pub(super) const DUMP: &str = "--dump-after=*peers::count::child::dump_after*";

/// What is drained of an arm: so many items after so many.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Drained {
    pub(super) work: Work,
    pub(super) libraries: Vec<PathBuf>,
    pub(super) lengths: Vec<u64>,
}

/// Drains what this process was started to drain, if it was.
pub fn serve() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let arms = arguments.next().context("no arms");
    let drained = arms
        .and_then(|arms| Ok(serde_json::from_str::<Vec<Drained>>(&arms)?))
        .and_then(|arms| {
            let mut arms = arms.iter().enumerate();
            arms.try_for_each(|(before, arm)| one_arm_deeper(before, arm))
        });
    Some(match drained {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

/// Drains an arm below as many frames of this function as there were arms before it, and one: by
/// their number DHAT's file tells the arms of one process apart.
#[inline(never)]
fn one_arm_deeper(before: usize, arm: &Drained) -> Result<()> {
    let drained = match before {
        0 => drain_all(arm).with_context(|| arm.work.id()),
        _ => one_arm_deeper(before - 1, arm),
    };
    black_box(drained)
}

/// Drains so many items after so many, of one stream where it goes on, as it does when it is timed.
fn drain_all(arm: &Drained) -> Result<()> {
    let whole = match (arm.work.runs_aside(), arm.lengths.as_slice()) {
        (true, &[items]) => items,
        (true, _) => bail!("a producer that runs aside ends with its stream"),
        _ => ENDLESS,
    };
    let mut stream = arm.work.open(&arm.libraries, whole)?;
    // The first drain warms the stream, where another follows.
    let (warm, counted) = arm.lengths.split_at(usize::from(arm.lengths.len() > 1));
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
