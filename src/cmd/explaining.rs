//! What `compare --explain` adds to a comparison.

use anyhow::Result;

use super::progress::Progress;
use crate::compare::Side;
use crate::counts;
use crate::explain::explain;
use bench_report::compare::Verdict;

/// Cases that are explained: each takes some seconds.
const MOST: usize = 10;

/// Explains the cases that are worse.
pub(super) fn explain_worse(
    baseline: &Side,
    candidate: &Side,
    verdict: &mut Verdict,
) -> Result<()> {
    let worse = verdict.rows.iter_mut().filter(|row| row.is_worse());
    let mut worse: Vec<_> = worse.collect();
    if worse.is_empty() {
        return Ok(());
    }
    let counted = counts::available();
    if let Err(missing) = &counted {
        notice!("arena-bench: {missing}");
    }
    if worse.len() > MOST {
        notice!(
            "arena-bench: the first {MOST} of {} cases are explained",
            worse.len()
        );
        worse.truncate(MOST);
    }
    let progress = Progress::new("explain", worse.len() as u64);
    for row in worse {
        row.explanation = Some(explain(&row.id, [baseline, candidate], counted.is_ok()));
        progress.tick();
    }
    Ok(())
}
