//! Why a case got slower between two builds, as far as counting tells: instructions by
//! function, page faults, and the processor's counters where the machine offers them.

use std::collections::BTreeSet;

use bench_report::explain::{Explanation, Function};

use crate::compare::Side;
use crate::counts::PerItem;

/// What a case does on both sides, the baseline first. Without `counted`, instructions are not
/// looked at.
pub fn explain(case: &str, sides: [&Side; 2], counted: bool) -> Explanation {
    let mut found = Explanation::default();
    match counted.then(|| functions(case, sides)) {
        Some(Ok(functions)) => found = found.with_functions(functions),
        Some(Err(error)) => found
            .missing
            .push(format!("Instructions by function: {error}.")),
        None => found
            .missing
            .push("Instructions by function take valgrind.".to_owned()),
    }
    let [before, after] = sides.map(|side| side.subject.events(case));
    match before.and_then(|before| Ok((before, after?))) {
        Ok((before, after)) => {
            let faults = before.page_faults.zip(after.page_faults);
            found.page_faults = faults.map(|(before, after)| [before, after].map(|it| 1000.0 * it));
            let both = |(name, before): (String, f64)| {
                let after = *after.counters.get(&name)?;
                Some((name, [before, after]))
            };
            found.counters = before.counters.into_iter().filter_map(both).collect();
        }
        Err(error) => found.missing.push(format!("Page faults: {error}.")),
    }
    found
}

fn functions(case: &str, sides: [&Side; 2]) -> Result<Vec<Function>, String> {
    let [before, after] = sides.map(|side| side.subject.functions(case));
    let (before, after) = (before?, after?);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let at = |functions: &PerItem, name: &String| functions.get(name).copied().unwrap_or_default();
    Ok(names
        .into_iter()
        .map(|name| Function {
            before: at(&before, name),
            after: at(&after, name),
            name: name.clone(),
        })
        .collect())
}
