//! What a resumed run takes over of an interrupted one.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use bench_record::partial::Partial;
use bench_record::wire::Record;

/// The option whose value a resumed run takes over.
pub(super) const SEED: &str = "--seed";

/// The random seed that an interrupted run had.
pub(super) fn seed(earlier: &Partial) -> Option<u64> {
    earlier.asked.get(SEED)?.parse().ok()
}

/// Takes over what an interrupted run of the same pair on the same machine had
/// finished, if it was asked for the same.
pub(super) fn take_over(
    record: &mut Record,
    path: &Path,
    earlier: Option<Partial>,
    asked: &BTreeMap<String, String>,
) -> Result<()> {
    let Some(partial) = earlier else {
        notice!("arena-bench: no unfinished run to resume; starting anew");
        return Ok(());
    };
    partial.refuse_other(path, asked)?;
    let earlier = partial.record;
    let differences = earlier.environment.differences(&record.environment);
    if let Some(difference) = differences.first() {
        bail!(
            "cannot resume {}: {difference}; start anew without --resume",
            path.display()
        );
    }
    record.environment.started = earlier.environment.started;
    record.cases = earlier.cases;
    record.comparisons = earlier.comparisons;
    record.self_check = earlier.self_check;
    Ok(())
}
