//! Whether two records may be compared at all.

use crate::Difference;
use crate::wire::COPY_ROUTINES;
use crate::wire::{Environment, Record};

/// Two records whose counts do not mean the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("counts of the baseline and of the record cannot be compared, they differ in {}; \
         take both under the same conditions and accept a new baseline with `gate --accept`, or use \
         `arena-bench compare --against <commit>`, which builds and counts both on this machine and \
         needs no such agreement",
        .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
pub struct Disagreement(
    /// In what they differ: the baseline's value and the record's.
    pub Vec<Difference>,
);

/// Whether both were counted alike: one toolchain, one C library with the same
/// tunables and copy routines, one valgrind.
///
/// The copy routines are those that glibc picks under valgrind. A record that
/// does not name them is taken by its CPU model instead.
pub fn of_counts(baseline: &Environment, record: &Environment) -> Result<(), Disagreement> {
    let both = [baseline, record];
    let named = both
        .iter()
        .all(|it| it.observed.contains_key(COPY_ROUTINES));
    let [before, now] = both.map(|environment| fields(environment, named));
    let differences = Difference::between(before, now);
    match differences.is_empty() {
        true => Ok(()),
        false => Err(Disagreement(differences)),
    }
}

fn fields(environment: &Environment, by_routines: bool) -> Vec<(&'static str, String)> {
    let routines = environment.observed.get(COPY_ROUTINES);
    let replaced = |(field, value): (&'static str, &str)| match routines {
        Some(routines) if field == "cpu" && by_routines => (COPY_ROUTINES, routines.clone()),
        _ => (field, value.to_owned()),
    };
    let machine = environment.machine().into_iter().map(replaced);
    let toolchain = environment.toolchain().into_iter();
    toolchain
        .map(|(field, value)| (field, value.to_owned()))
        .chain(machine)
        .collect()
}

/// Why the ratios of two records cannot be held against each other; `None` when
/// they can. A ratio belongs to a machine, and only a run whose A/A comparison
/// held vouches for its own.
pub fn of_wall_clock(baseline: &Record, record: &Record) -> Option<String> {
    let machines = [&baseline.environment, &record.environment].map(Environment::clock_machine);
    for ((field, left), (_, right)) in machines[0].into_iter().zip(machines[1]) {
        if left != right {
            return Some(format!(
                "the machines differ, {field}: {left:?} and {right:?}"
            ));
        }
    }
    for (name, of) in [("baseline", baseline), ("record", record)] {
        match &of.self_check {
            None => return Some(format!("the {name} has no A/A comparison")),
            Some(check) if !check.trusted => {
                return Some(format!("the {name} is not trusted: {}", check.why));
            }
            Some(_) => {}
        }
    }
    None
}
