//! Exact counts of an arm: a child drains it under callgrind, which writes what it counted at the
//! end of every drain.
//!
//! A count per item is a slope, as in [`crate::counts`]: (long - short) / (difference of the
//! lengths), under the same tunables and from the same function on. There, a case takes
//! a process under each of two tools; here one tells everything, of hundreds of arms. The number
//! of allocations is that of the calls of the allocator's functions.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use paired::worker::Launch;
use tempfile::TempDir;

use super::arm::LabArm;
use super::build::Built;
use super::child::{ARGUMENT, Task};
use super::dump::{self, Totals};
use super::process::{Child, LabError};
use crate::counts::{TUNABLES, WITHOUT_INLINED, stripped, valgrind};

/// The function at whose end callgrind writes a profile, with whatever the compiler appends to its
/// name. A profile also has what happened since the last one: between two drains of one stream
/// nothing, which the slope would not cancel.
const COUNTED: &str = "bench_host::pair::Session::drain*";
/// Content bytes between the two lengths.
const BYTES: u64 = 1 << 20;
/// Items between the two lengths: a size table has as many entries.
const LOOP: u64 = 256;
/// Drains before the counted ones, of as many items as a call has: the buffer has grown, and the
/// allocator's free lists have settled.
const WARM: u64 = 8;

fn no_result(why: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("the count brought no result: {why}")
}

/// What is counted of an arm.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counted {
    /// Instructions of an item, both sides.
    pub instructions: f64,
    /// Allocations of an item, both sides.
    pub allocations: f64,
    /// Instructions until a stream's first item is there, both sides.
    pub first_item_instructions: f64,
}

/// The lengths of the drains: warm, short, long. All are whole calls, and have as many items of each
/// size.
fn lengths(arm: &LabArm) -> [u64; 3] {
    let call = u64::from(arm.unit());
    let more = (BYTES / u64::from(arm.item.mean_bytes())).clamp(1, LOOP);
    [call * WARM, call, call + more.next_multiple_of(call)]
}

/// Counts arms in children of an executable without line tables.
#[derive(Debug)]
pub struct Counter {
    folder: TempDir,
    /// `None` where there is no `strip`: the running executable then.
    executable: Option<PathBuf>,
}

impl Counter {
    /// Makes the executable.
    ///
    /// # Errors
    /// When there is no temporary folder.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir().map_err(no_result)?;
        let executable = folder.path().join(crate::PRODUCT);
        let own = std::env::current_exe();
        let there = own.is_ok_and(|own| stripped::copy(&own, &executable));
        Ok(Self {
            folder,
            executable: there.then_some(executable),
        })
    }
}

/// Counts an arm, in a process of its own: what others left on the heap would move its blocks, and
/// a copy takes more or fewer instructions by where they are.
///
/// # Errors
/// When there is no valgrind, the child fails, or its profiles are not what they should be.
pub fn measure(counter: &Counter, built: &Built, arm: &LabArm) -> Result<Counted> {
    let folder = tempfile::tempdir_in(counter.folder.path()).map_err(no_result)?;
    let mut launch = launch(folder.path())?;
    if let Some(executable) = &counter.executable {
        launch.executable.clone_from(executable);
    }
    let mut child = Child::launched(built, launch, false);
    let [warm, short, long] = lengths(arm);
    child.ask(arm, Task::Drain(vec![warm, short, long]))?;
    child.ask(arm, Task::Firsts(2))?;
    let dumps = dump::take(folder.path()).map_err(no_result)?;
    child.finish()?;
    let [_, short, long, _, _, _, first] = dumps.as_slice() else {
        let found = dumps.len();
        return Err(no_result(format!("callgrind saw {found} drains and not 7")));
    };
    per_item(lengths(arm), short, long, first)
}

/// The slope between the two lengths.
fn per_item(
    [_, few, many]: [u64; 3],
    short: &Totals,
    long: &Totals,
    first: &Totals,
) -> Result<Counted> {
    let items = (many - few) as f64;
    let slope = |of: fn(&Totals) -> u64| (of(long) as f64 - of(short) as f64) / items;
    let instructions = slope(|it| it.instructions);
    if instructions < 1.0 {
        let why = "instructions per item: callgrind did not see the drain";
        return Err(no_result(format!("{instructions} {why}")));
    }
    Ok(Counted {
        instructions,
        allocations: slope(|it| it.allocations),
        first_item_instructions: first.instructions as f64,
    })
}

/// A child under callgrind.
fn launch(folder: &Path) -> Result<Launch, LabError> {
    let mut launch = Launch::new(ARGUMENT)?;
    let mut wrapper: Vec<String> = Vec::new();
    if valgrind::can_fix_addresses() {
        wrapper.extend(["setarch", std::env::consts::ARCH, "-R"].map(str::to_owned));
    }
    let options = ["valgrind", "--quiet", "--tool=callgrind", WITHOUT_INLINED];
    wrapper.extend(options.map(str::to_owned));
    wrapper.extend([
        format!("--dump-after={COUNTED}"),
        "--dump-line=no".to_owned(),
        format!("--callgrind-out-file={}", folder.join("out").display()),
    ]);
    launch.wrapper = wrapper.into_iter().map(Into::into).collect();
    launch.environment = vec![("GLIBC_TUNABLES".into(), TUNABLES.into())];
    Ok(launch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocator::Allocator;
    use crate::lab::catalog::sets;

    #[test]
    fn every_length_is_of_whole_calls() {
        for set in sets(&[Allocator::Mimalloc]) {
            for arm in &set.arms {
                let call = u64::from(arm.items_per_call());
                let period = u64::from(arm.item.period());
                let [warm, short, long] = lengths(arm);
                assert!(
                    [warm, short, long]
                        .iter()
                        .all(|items| items % call == 0 && items % period == 0),
                    "{arm}"
                );
                assert!(long > short, "{arm}");
                let bytes = (warm + short + long) * u64::from(arm.item.bytes);
                assert!(bytes <= 64 << 20, "{arm}");
            }
        }
    }

    #[test]
    fn a_count_is_the_slope_between_the_lengths() {
        let totals = |instructions, allocations| Totals {
            instructions,
            allocations,
        };
        let (short, long) = (totals(500, 4), totals(500 + 80 * 256, 4 + 2 * 256));
        let counted = per_item([8, 1, 257], &short, &long, &totals(900, 3)).expect("a count");
        assert_eq!((counted.instructions, counted.allocations), (80.0, 2.0));
        assert_eq!(counted.first_item_instructions, 900.0);
        assert!(per_item([8, 1, 257], &short, &short, &short).is_err());
    }
}
