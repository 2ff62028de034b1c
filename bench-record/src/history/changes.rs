//! The commits of a history that changed something.
//!
//! Three kinds of evidence, never mixed: an exact count that differs by more than
//! its limit is a change; a ratio changed where E-divisive finds a lasting shift; and the
//! newest runs, too few for that, are *unconfirmed* when they lie outside what
//! the case did in its own past.

mod exact;
mod ratios;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::change::{Change, Options};
use super::changepoint::MIN_SEGMENT;
use super::store::History;

/// What a history says of its commits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// Changes, the newest first; of one entry regressions first, by size.
    pub changes: Vec<Change>,
    /// Shifts of a ratio with no machine and method on both sides of it: whether commit
    /// or machine did it is unknown, so they are no changes.
    pub machine_shifts: Vec<Change>,
    /// Cases that the newest commit lacks.
    pub missing: Vec<Missing>,
}

/// A case that the commit before the newest has, and the newest has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub case: String,
    /// The newest entry; index into [`History::entries`].
    pub entry: u32,
    /// The last entry that has the case.
    pub previous: u32,
    /// Why it failed; `None` where the record says nothing of it.
    pub failure: Option<String>,
}

impl Findings {
    /// What was not searched, or could not be told, a sentence each: silence is not
    /// to be taken for health.
    pub fn gaps(&self, history: &History) -> Vec<String> {
        let untrusted = history.entries.iter().filter(|e| !e.trusted).count();
        let ratios = history.series.iter().filter(|s| !s.metric.is_exact());
        let short = ratios.clone().filter(|series| {
            let groups = series.by_group();
            groups.values().all(|own| own.len() < 2 * MIN_SEGMENT)
        });
        let (ratios, short) = (ratios.count(), short.count());
        let mut gaps = Vec::new();
        if untrusted > 0 {
            gaps.push(format!(
                "{untrusted} entries have no A/A check that held: their wall clock is left out"
            ));
        }
        if short > 0 {
            gaps.push(format!(
                "{short} of {ratios} ratios have fewer than {} runs on any one machine: too few \
                 for a lasting shift to be seen",
                2 * MIN_SEGMENT
            ));
        }
        if !self.machine_shifts.is_empty() {
            gaps.push(format!(
                "{} shifts of a ratio came with a new machine or a new method of measuring and are \
                 no changes: measure an older commit the new way to tell the two apart",
                self.machine_shifts.len()
            ));
        }
        let two_methods = history.series.iter().filter(|series| {
            let mut methods = series.points.iter().map(|point| point.method);
            let first = methods.next();
            methods.any(|method| Some(method) != first)
        });
        let two_methods = two_methods.count();
        if two_methods > 0 {
            gaps.push(format!(
                "{two_methods} ratios were measured by two methods: the values of the one are \
                 never compared with those of the other"
            ));
        }
        let damaged = history.damaged.iter();
        gaps.extend(damaged.map(|entry| format!("left out: {}", entry.why)));
        gaps
    }
}

impl History {
    /// The changes of all series.
    pub fn findings(&self, options: &Options) -> Findings {
        let mut findings = Findings::default();
        for series in &self.series {
            if series.metric.is_exact() {
                findings
                    .changes
                    .extend(exact::changes(series, &options.limits));
            } else {
                findings.changes.extend(ratios::changes(series, options));
                let shifts = ratios::machine_shifts(series, options);
                findings.machine_shifts.extend(shifts);
            }
        }
        for change in &mut findings.changes {
            let commit = &self.entries[change.entry as usize].environment.commit;
            change.hold_against(&options.accepted, commit);
        }
        findings.missing = self.missing();
        for list in [&mut findings.changes, &mut findings.machine_shifts] {
            list.sort_by(|a, b| {
                let size = |c: &Change| c.relative().map_or(f64::INFINITY, f64::abs);
                (b.entry.cmp(&a.entry))
                    .then(b.is_regression().cmp(&a.is_regression()))
                    .then(size(b).total_cmp(&size(a)))
                    .then_with(|| a.case.cmp(&b.case))
            });
        }
        findings
    }

    /// What the newest commit lacks of the commit before it.
    fn missing(&self) -> Vec<Missing> {
        let newest = self.newest(1);
        let before = self.newest(2);
        let Some(&entry) = newest.last() else {
            return Vec::new();
        };
        let of = |places: &BTreeSet<u32>| -> BTreeSet<&String> {
            let entries = places.iter().map(|&at| &self.entries[at as usize]);
            entries.flat_map(|entry| &entry.cases).collect()
        };
        let failures = || {
            let entries = newest.iter().map(|&at| &self.entries[at as usize]);
            entries.flat_map(|entry| &entry.failures)
        };
        let before: BTreeSet<u32> = before.difference(&newest).copied().collect();
        let has = of(&newest);
        let mut missing: Vec<Missing> = Vec::new();
        for case in of(&before) {
            let failure = failures().find(|failure| failure.id == *case);
            if has.contains(case) && failure.is_none() {
                continue;
            }
            let last = before
                .iter()
                .rev()
                .find(|&&at| self.entries[at as usize].cases.contains(case));
            missing.push(Missing {
                case: case.clone(),
                entry,
                previous: last.copied().unwrap_or(entry),
                failure: failure.map(|failure| failure.why.clone()),
            });
        }
        missing
    }
}
