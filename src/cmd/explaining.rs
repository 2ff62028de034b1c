//! What `compare --explain` adds to a comparison.

use anyhow::Result;

use super::progress::Progress;
use crate::case::Case;
use crate::compare::Side;
use crate::counts;
use crate::explain::explain;
use crate::harness::Profile;
use bench_report::compare::Verdict;

/// Cases that are explained: each takes some seconds.
const MOST: usize = 10;

/// Explains the cases that are worse.
pub(super) fn explain_worse(
    baseline: &Side,
    candidate: &Side,
    cases: &[Case],
    verdict: &mut Verdict,
) -> Result<()> {
    let worse = verdict.rows.iter_mut().filter(|row| row.is_worse());
    let mut worse: Vec<_> = worse.collect();
    if worse.is_empty() {
        return Ok(());
    }
    let counter = match counts::available() {
        Ok(()) => Some(counts::build(Profile::Release)?),
        Err(missing) => {
            notice!("arena-bench: {missing}");
            None
        }
    };
    if worse.len() > MOST {
        notice!(
            "arena-bench: the first {MOST} of {} cases are explained",
            worse.len()
        );
        worse.truncate(MOST);
    }
    let progress = Progress::new("explain", worse.len() as u64);
    for row in worse {
        let case = cases.iter().find(|case| case.id() == row.id);
        let sides = [baseline, candidate];
        row.explanation = case.map(|case| explain(case, sides, counter.as_deref()));
        progress.tick();
    }
    Ok(())
}
