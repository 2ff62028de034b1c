//! The child that runs the code of somebody's library: it lists the cases, and does the tasks
//! that are not timed against another build.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use bench_host::functions::{Functions, Opened};
use bench_protocol::spec::Observe;
use paired::worker;
use serde::{Deserialize, Serialize};

use super::framework::{Calling, Case, Framework, Listed, target};
use crate::events::{self, Events};
use crate::guest::measure::{self, Verified};

/// The first argument of such a child.
pub const ARGUMENT: &str = "--subject-child";

/// A function whose work grows with its units takes this long at some number of them.
const ENOUGH: Duration = Duration::from_millis(1);
/// Four times the units take so many times as long, at least.
const LONGER: f64 = 1.5;
/// Units that are tried at most.
const UNITS: u64 = 1 << 34;
/// Items of a stream that are verified and counted at most.
pub const ITEMS: u64 = 2048;
/// Seconds that a verification drains a stream at most.
const SECONDS: f64 = 20.0;

/// What a child is to do with a library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    #[serde(with = "paired::paths")]
    pub library: PathBuf,
    pub task: Task,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// Name the cases.
    List(Calling),
    /// Run a case and see that it is one that can be measured.
    Verify(Case),
    /// Do so many items of a case, for a tool that counts: one to warm it up, then
    /// `lengths[which]`. Both lengths are given, so that the two jobs are equally long.
    Run {
        case: Case,
        lengths: [u64; 2],
        which: u8,
    },
    /// Count what the system and the processor count of a case, of which at most so many items
    /// are there.
    Observe { case: Case, most: u64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Listed(Listed),
    /// What a stream consists of.
    Stream(Verified),
    /// A function's work grows with its units.
    Function,
    Ran,
    Observed(Events),
    /// It cannot be loaded or opened.
    Unusable(String),
    /// It does not do what a case must do.
    Wrong(String),
}

/// Does the tasks of this process, if it was started for them, with the streams of this
/// framework.
pub fn serve(framework: &dyn Framework) -> Option<ExitCode> {
    worker::serve(ARGUMENT, &mut |Job { library, task }| match task {
        Task::List(calling) => framework
            .list(&library, &calling)
            .map_or_else(unusable, Answer::Listed),
        Task::Verify(case) => verify(framework, &library, &case),
        Task::Run {
            case,
            lengths,
            which,
        } => {
            let items = lengths[usize::from(which != 0)];
            let ran = run(framework, &library, &case, items);
            ran.map_or_else(wrong, |()| Answer::Ran)
        }
        Task::Observe { case, most } => {
            let observed = observe(framework, &library, &case, most);
            observed.map_or_else(wrong, Answer::Observed)
        }
    })
}

fn unusable(error: anyhow::Error) -> Answer {
    Answer::Unusable(format!("{error:#}"))
}

fn wrong(error: anyhow::Error) -> Answer {
    Answer::Wrong(format!("{error:#}"))
}

/// Opens a function of a library.
fn function(library: &Path, name: &str) -> Result<Opened> {
    Ok(Functions::load(library)?.open(name)?)
}

fn verify(framework: &dyn Framework, library: &Path, case: &Case) -> Answer {
    match case {
        Case::Function(name) => match function(library, name).map(grows) {
            Ok(Ok(())) => Answer::Function,
            Ok(Err(why)) => Answer::Wrong(why),
            Err(error) => wrong(error),
        },
        Case::Stream { request, .. } => {
            let guest = match framework.load(&target(library, request)) {
                Ok(guest) => guest,
                Err(error) => return unusable(error),
            };
            let task = measure::Task::Verify {
                items: ITEMS,
                seconds: SECONDS,
            };
            match measure::run(guest.as_ref(), task) {
                measure::Answer::Verified(verified) if verified.items == 0 => {
                    Answer::Wrong("the stream has no items".to_owned())
                }
                measure::Answer::Verified(verified) => Answer::Stream(verified),
                measure::Answer::Refused(why) | measure::Answer::Failed(why) => Answer::Wrong(why),
                answer => Answer::Wrong(format!("it answered {answer:?}, which was not asked")),
            }
        }
    }
}

/// Whether a function's work grows with its units: from so many on that the clock sees them,
/// four times as many take longer.
fn grows(mut opened: Opened) -> Result<(), String> {
    let mut best_of = |runs: u32, units: u64| -> Result<Duration, String> {
        let mut best = Duration::MAX;
        for _ in 0..runs {
            let start = Instant::now();
            let done = opened.run(units);
            best = best.min(start.elapsed());
            done.map_err(|error| error.to_string())?;
        }
        Ok(best)
    };
    let mut units = 1;
    while units < UNITS {
        let few = best_of(1, units)?;
        if few >= ENOUGH {
            // Once more: the machine may have been slow, not the function.
            let few = few.min(best_of(2, units)?);
            if few >= ENOUGH {
                if best_of(2, 4 * units)?.as_secs_f64() >= LONGER * few.as_secs_f64() {
                    return Ok(());
                }
                break;
            }
        }
        units *= 2;
    }
    Err(
        "its work does not grow with n, or the compiler removed it: do the work n times, and \
         give its results to std::hint::black_box"
            .to_owned(),
    )
}

/// Of a stream, its second half is counted; of a function, as many units as the clock sees, after
/// as many that warm it up.
fn observe(framework: &dyn Framework, library: &Path, case: &Case, most: u64) -> Result<Events> {
    let function = |name: &str| -> Result<Events> {
        let mut opened = self::function(library, name)?;
        let mut units = 1;
        let mut done = Duration::ZERO;
        while done < ENOUGH && units < UNITS {
            units *= 2;
            let start = Instant::now();
            opened.run(units)?;
            done = start.elapsed();
        }
        events::per_item(units, || Ok(opened.run(units)?))
    };
    let stream = |request| -> Result<Events> {
        let guest = framework.load(&target(library, request))?;
        let mut stream = guest.open(Observe::Time)?;
        let warm = most / 2;
        stream.drain(warm)?;
        events::per_item(most - warm, || Ok(stream.drain(most - warm)?))
    };
    match case {
        Case::Function(name) => function(name),
        Case::Stream { request, .. } => stream(request),
    }
}

fn run(framework: &dyn Framework, library: &Path, case: &Case, items: u64) -> Result<()> {
    match case {
        Case::Function(name) => {
            let mut opened = function(library, name)?;
            opened.run(1)?;
            Ok(opened.run(items)?)
        }
        Case::Stream { request, .. } => {
            let guest = framework.load(&target(library, request))?;
            Ok(guest.open(Observe::Time)?.drain(items)?)
        }
    }
}
