//! The commits of a history that changed something.
//!
//! Three kinds of evidence, never mixed: an exact count that differs is a
//! change; a ratio changed where E-divisive finds a lasting shift; and the
//! newest runs, too few for that, are *unconfirmed* when they lie outside what
//! the case did in its own past.

mod exact;
mod ratios;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::changepoint::MIN_SEGMENT;
use super::series::{Metric, Point, Series};
use super::store::History;

/// What counts as a change of a ratio. Exact counts need no options.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Runs that are looked at together, 6 or more. A larger window sees
    /// smaller shifts, a smaller one shifts that follow each other closely.
    pub window: usize,
    /// Largest p-value of a change point, above 0 and below 1.
    pub significance: f64,
    /// Smallest relative change reported, 0 or more; 0.01 is one percent.
    pub magnitude: f64,
}

impl Default for Options {
    /// Window and significance as in Hunter (Fleming et al., 2023); the
    /// magnitude is the smallest change that matters elsewhere in this tool.
    fn default() -> Self {
        Self {
            window: 50,
            significance: 0.001,
            magnitude: 0.01,
        }
    }
}

/// What a history says of its commits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// Changes, the newest first; of one entry regressions first, by size.
    pub changes: Vec<Change>,
    /// Shifts of a ratio with no machine on both sides of it: whether commit or
    /// machine did it cannot be told, so they are no changes.
    pub machine_shifts: Vec<Change>,
}

impl Findings {
    /// What was not searched, or could not be told, a sentence each: silence is not
    /// to be taken for health.
    #[must_use]
    pub fn gaps(&self, history: &History) -> Vec<String> {
        let untrusted = history.entries.iter().filter(|e| !e.trusted).count();
        let ratios = history.series.iter().filter(|s| !s.metric.is_exact());
        let short = ratios.clone().filter(|series| {
            by_group(series)
                .values()
                .all(|own| own.len() < 2 * MIN_SEGMENT)
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
                "{} shifts of a ratio came with a new machine and are no changes: measure an \
                 older commit on the new machine to tell the two apart",
                self.machine_shifts.len()
            ));
        }
        gaps
    }
}

/// One metric of one case that is not what it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Case id.
    pub case: String,
    /// The reference arm's case id, for a ratio.
    pub baseline: Option<String>,
    /// What changed.
    pub metric: Metric,
    /// First entry that has the change; index into [`History::entries`].
    pub entry: u32,
    /// Last entry before it that was compared: what changed it lies after this
    /// one's commit, up to `entry`'s.
    pub previous: u32,
    /// The value before: a count, or the geometric mean of the stretch.
    pub before: f64,
    /// The value after.
    pub after: f64,
    /// Why it is called a change.
    pub evidence: Evidence,
    /// What the case moves by when nothing happens (see
    /// [`relative_threshold`](super::threshold::relative_threshold)), where its past is long enough to say.
    pub threshold: Option<f64>,
}

/// Why something is called a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Evidence {
    /// Exact counts differ.
    Exact,
    /// A lasting shift.
    Shift {
        /// See [`ChangePoint::p_value`](super::changepoint::ChangePoint::p_value).
        p_value: f64,
    },
    /// The newest one or two runs lie outside the case's own past; a third will
    /// tell.
    Unconfirmed,
}

impl Change {
    /// after / before − 1; `None` where there was nothing before.
    #[must_use]
    pub fn relative(&self) -> Option<f64> {
        (self.before != 0.0).then(|| self.after / self.before - 1.0)
    }

    /// Whether it became worse, and not just perhaps.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.after > self.before && self.evidence != Evidence::Unconfirmed
    }
}

impl History {
    /// The changes of all series.
    #[must_use]
    pub fn findings(&self, options: &Options) -> Findings {
        let mut findings = Findings::default();
        for series in &self.series {
            if series.metric.is_exact() {
                findings.changes.extend(exact::changes(series));
            } else {
                findings.changes.extend(ratios::changes(series, options));
                let shifts = ratios::machine_shifts(series, options);
                findings.machine_shifts.extend(shifts);
            }
        }
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
}

/// The points of each group, in order. Points of differing groups are never compared.
fn by_group(series: &Series) -> BTreeMap<u32, Vec<Point>> {
    let mut groups: BTreeMap<u32, Vec<Point>> = BTreeMap::new();
    for point in &series.points {
        groups.entry(point.group).or_default().push(*point);
    }
    groups
}
