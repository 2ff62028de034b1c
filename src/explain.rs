//! Why a case got slower between two builds, as far as counting tells: instructions by
//! function, and page faults. Hardware counters are left out: containers and virtual
//! machines forbid them, as a rule.

use std::collections::BTreeSet;

use bench_report::explain::{Explanation, Function};

use crate::compare::Side;
use crate::counts::PerItem;

/// What a case does on both sides, the baseline first. Without `counted`, instructions are not
/// looked at.
pub fn explain(case: &str, sides: [&Side; 2], counted: bool) -> Explanation {
    let mut found = Explanation::default();
    let no_functions = match counted.then(|| functions(case, sides)) {
        Some(Ok(functions)) => {
            found = found.with_functions(functions);
            None
        }
        Some(Err(error)) => Some(format!("Instructions by function: {error}.")),
        None => Some("Instructions by function take valgrind.".to_owned()),
    };
    found.missing.extend(no_functions);
    match page_faults(case, sides) {
        Ok(faults) => found.page_faults = faults,
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

/// Page faults per 1,000 items; nothing where the system does not tell.
fn page_faults(case: &str, sides: [&Side; 2]) -> Result<Option<[f64; 2]>, String> {
    let of = |side: &Side| -> Result<Option<f64>, String> {
        let faults = side.subject.page_faults(case)?;
        Ok(faults.map(|per_item| 1000.0 * per_item))
    };
    let (before, after) = (of(sides[0])?, of(sides[1])?);
    Ok(before.zip(after).map(|(before, after)| [before, after]))
}
