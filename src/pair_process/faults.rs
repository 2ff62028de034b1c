//! Page faults of a drain: memory that the system hands out anew, which no count of
//! instructions sees.

use std::fs;

use bench_host::channels::OpenError;
use bench_host::pair::Pair;
use bench_protocol::spec::ENDLESS;

use crate::case::Case;

/// Content bytes of the drain, and its items at most.
const BYTES: u64 = 8 << 20;
const ITEMS: u64 = 5_000;

/// Page faults of this process per item, in a stream that is warm; `None` where the system
/// does not tell.
pub(super) fn per_item(pair: &Pair, case: &Case) -> Result<Option<f64>, OpenError> {
    let items = case.items_for(BYTES, ITEMS);
    let mut session = case.open(pair, &case.session(ENDLESS))?;
    session.drain(items)?;
    let before = so_far();
    session.drain(items)?;
    let faults = so_far().zip(before).map(|(after, before)| after - before);
    Ok(faults.map(|faults| faults as f64 / items as f64))
}

/// Minor page faults of this process so far (proc_pid_stat(5), `minflt`).
fn so_far() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in brackets, may contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(7)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_touched_for_the_first_time_is_counted() {
        let Some(before) = so_far() else {
            notice!("skipped: the system does not tell");
            return;
        };
        let fresh = std::hint::black_box(vec![1_u8; 64 << 20]);
        let more = so_far().expect("it told before") - before;
        assert!(more > 0 && !fresh.is_empty(), "{more}");
    }
}
