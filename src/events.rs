//! What the system and the processor count while code of this process runs, beside its time:
//! page faults, and the processor's own counters where the machine offers them, which virtual
//! machines and containers seldom do.

use std::collections::BTreeMap;
use std::fs;

use perf_event::events::{Cache, CacheOp, CacheResult, Event, Hardware, WhichCache};
use perf_event::{Builder, Counter};
use serde::{Deserialize, Serialize};

/// What was counted, per item.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Events {
    /// Minor page faults; nothing where the system does not tell.
    pub page_faults: Option<f64>,
    /// What the processor counted of this process, the kernel left out, by name.
    pub counters: BTreeMap<String, f64>,
}

/// The counters that are asked for.
fn wanted() -> [(&'static str, Event); 6] {
    let misses = |which| Cache {
        which,
        operation: CacheOp::READ,
        result: CacheResult::MISS,
    };
    [
        ("Cycles", Hardware::CPU_CYCLES.into()),
        (
            "Instructions that were carried out",
            Hardware::INSTRUCTIONS.into(),
        ),
        ("Mispredicted branches", Hardware::BRANCH_MISSES.into()),
        (
            "Misses of the first data cache",
            misses(WhichCache::L1D).into(),
        ),
        ("Misses of the last cache", Hardware::CACHE_MISSES.into()),
        (
            "Misses of the instructions' TLB",
            misses(WhichCache::ITLB).into(),
        ),
    ]
}

/// Counts what happens while `work` does so many items.
///
/// # Errors
/// When `work` fails.
pub fn per_item<E>(items: u64, work: impl FnOnce() -> Result<(), E>) -> Result<Events, E> {
    let offered = |(name, event)| Some((name, Builder::new().kind(event).build().ok()?));
    let counters = wanted().into_iter().filter_map(offered);
    let mut counters: Vec<(&str, Counter)> = counters.collect();
    let before = page_faults();
    for (_, counter) in &mut counters {
        // One that cannot be started has counted nothing, and is left out below.
        let _ = counter.enable();
    }
    work()?;
    let counted = counters.into_iter().filter_map(|(name, mut counter)| {
        counter.disable().ok()?;
        let found = counter.read_count_and_time().ok()?;
        let scaled = scaled(found.count, found.time_enabled, found.time_running)?;
        Some((name.to_owned(), scaled / items as f64))
    });
    let faults = page_faults()
        .zip(before)
        .map(|(after, before)| after - before);
    Ok(Events {
        counters: counted.collect(),
        page_faults: faults.map(|faults| faults as f64 / items as f64),
    })
}

/// A count for the whole time that a counter was wanted, of the part for which the processor had
/// one free (perf_event_open(2), `time_running`); nothing where it never had.
fn scaled(count: u64, enabled: u64, running: u64) -> Option<f64> {
    (running > 0).then(|| count as f64 * (enabled as f64 / running as f64))
}

/// Minor page faults of this process so far (proc_pid_stat(5), `minflt`).
fn page_faults() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in brackets, may contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(7)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::hint::black_box;

    use super::*;

    #[test]
    fn memory_that_is_touched_for_the_first_time_is_counted() {
        let found = per_item(2, || {
            black_box(vec![1_u8; 64 << 20]);
            Ok::<(), Infallible>(())
        });
        let Ok(found) = found;
        match found.page_faults {
            Some(faults) => assert!(faults > 0.0, "{faults}"),
            None => notice!("skipped: the system does not tell"),
        }
    }

    #[test]
    fn the_processors_counters_grow_with_the_work_where_there_are_any() {
        let cycles = |rounds: u64| {
            let work = || {
                black_box((0..rounds).fold(0_u64, |sum, k| black_box(sum + k)));
                Ok::<(), Infallible>(())
            };
            let Ok(found) = per_item(1, work);
            found.counters.get("Cycles").copied()
        };
        match (cycles(100_000), cycles(10_000_000)) {
            (Some(few), Some(many)) => assert!(many > 2.0 * few, "{few} {many}"),
            _ => notice!("skipped: this machine offers no counters"),
        }
    }

    #[test]
    fn a_counter_that_had_to_share_is_scaled_up_and_one_that_never_ran_is_none() {
        assert_eq!(scaled(300, 10, 10), Some(300.0));
        assert_eq!(scaled(300, 10, 5), Some(600.0));
        assert_eq!(scaled(0, 10, 0), None);
    }
}
