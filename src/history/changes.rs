//! The commits of a history that changed something.
//!
//! Three kinds of evidence, never mixed: an exact count that differs is a
//! change; a ratio changed where E-divisive finds a lasting shift; and the
//! newest runs, too few for that, are *unconfirmed* when they lie outside what
//! the case did in its own past.

use std::collections::{BTreeMap, BTreeSet};

use super::changepoint::{ChangePoint, MIN_SEGMENT, change_points};
use super::series::{Metric, Point, Series};
use super::store::History;
use super::threshold::{median, relative_threshold};

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
    /// [`relative_threshold`]), where its past is long enough to say.
    pub threshold: Option<f64>,
}

/// Why something is called a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Evidence {
    /// Exact counts differ.
    Exact,
    /// A lasting shift.
    Shift {
        /// See [`ChangePoint::p_value`].
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
                findings.changes.extend(exact_changes(series));
            } else {
                for change in ratio_changes(series, options) {
                    if self.is_new_machine(series, &change, options.window) {
                        findings.machine_shifts.push(change);
                    } else {
                        findings.changes.push(change);
                    }
                }
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

    /// Whether no machine has runs both in the window before the change and in
    /// the one after it.
    fn is_new_machine(&self, series: &Series, change: &Change, near: usize) -> bool {
        let machine = |point: &Point| self.entries[point.entry as usize].environment.machine();
        let (before, after): (Vec<_>, Vec<_>) =
            series.points.iter().partition(|p| p.entry < change.entry);
        let before: BTreeSet<_> = before
            .iter()
            .rev()
            .take(near)
            .copied()
            .map(machine)
            .collect();
        !after
            .iter()
            .take(near)
            .any(|p| before.contains(&machine(p)))
    }
}

/// Every difference between a point and the one before it of the same group.
fn exact_changes(series: &Series) -> Vec<Change> {
    let mut last: BTreeMap<u32, &Point> = BTreeMap::new();
    let mut changes: Vec<Change> = Vec::new();
    for point in &series.points {
        let Some(previous) = last.insert(point.group, point) else {
            continue;
        };
        let difference = point.value - previous.value;
        // Machines that take turns each come upon the same change: it is told
        // once, by whichever sees it first.
        let is_known = || {
            let mut meanwhile = changes
                .iter()
                .rev()
                .take_while(|c| c.entry > previous.entry);
            meanwhile.any(|known| same(known.after - known.before, difference))
        };
        if difference != 0.0 && !is_known() {
            changes.push(Change {
                case: series.case.clone(),
                baseline: None,
                metric: series.metric,
                entry: point.entry,
                previous: previous.entry,
                before: previous.value,
                after: point.value,
                evidence: Evidence::Exact,
                threshold: None,
            });
        }
    }
    changes
}

/// Equal but for what a subtraction of rounded decimals leaves over.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Lasting shifts of a ratio, and what is unconfirmed at its end.
fn ratio_changes(series: &Series, options: &Options) -> Vec<Change> {
    let points = &series.points;
    // In logarithms a halving and a doubling are one size.
    let logs: Vec<f64> = points.iter().map(|point| point.value.ln()).collect();
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let magnitude = options.magnitude.ln_1p();
    let shifts = change_points(&logs, options.window, options.significance, magnitude);
    let change = |shift: &ChangePoint, evidence| Change {
        case: series.case.clone(),
        baseline: series.baseline.clone(),
        metric: series.metric,
        entry: points[shift.index].entry,
        previous: points[shift.index - 1].entry,
        before: shift.before.exp(),
        after: shift.after.exp(),
        evidence,
        threshold: relative_threshold(&values[..shift.index]),
    };
    let mut changes: Vec<_> = shifts
        .iter()
        .map(|shift| {
            let p_value = shift.p_value;
            change(shift, Evidence::Shift { p_value })
        })
        .collect();
    let start = shifts.last().map_or(0, |shift| shift.index);
    if let Some(newest) = newest_outliers(&logs, &values, start, magnitude) {
        changes.push(change(&newest, Evidence::Unconfirmed));
    }
    changes
}

/// The newest one or two values, where all of them lie outside the case's own
/// past on the same side; `start` is where the present stretch begins.
fn newest_outliers(
    logs: &[f64],
    values: &[f64],
    start: usize,
    magnitude: f64,
) -> Option<ChangePoint> {
    (1..MIN_SEGMENT).rev().find_map(|newest| {
        let index = logs.len().checked_sub(newest)?;
        let threshold = relative_threshold(&values[..index])?.ln_1p().max(magnitude);
        let stretch = logs.get(start..index)?;
        if stretch.len() < MIN_SEGMENT {
            return None;
        }
        let before = median(stretch)?;
        let newest = &logs[index..];
        let is_out = newest.iter().all(|log| *log - before > threshold)
            || newest.iter().all(|log| before - *log > threshold);
        is_out.then(|| ChangePoint {
            index,
            before,
            after: newest.iter().sum::<f64>() / newest.len() as f64,
            p_value: f64::NAN,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::series::Builder;
    use crate::history::store::Entry;
    use crate::record::synthetic::{Machine, Shift, Synthetic};

    fn history(plan: &Synthetic) -> History {
        let mut series = Builder::default();
        let mut entries = Vec::new();
        for record in plan.records() {
            series.push(entries.len() as u32, &record, true);
            entries.push(Entry {
                path: format!("{}.json", entries.len()).into(),
                environment: record.environment,
                trusted: true,
            });
        }
        History {
            entries,
            series: series.finish(),
        }
    }

    fn findings(plan: &Synthetic) -> Findings {
        history(plan).findings(&Options::default())
    }

    fn machine(cpu: &str, slowness: f64, instructions: f64) -> Machine {
        Machine {
            cpu: cpu.to_owned(),
            slowness,
            instructions,
        }
    }

    const SLOWER: Shift = Shift {
        commit: 60,
        pair: 1,
        time: 1.05,
        instructions: 0.0,
    };
    const MORE_WORK: Shift = Shift {
        commit: 70,
        pair: 0,
        time: 1.0,
        instructions: 2.0,
    };

    fn hundred() -> Synthetic {
        Synthetic {
            pairs: 3,
            commits: 100,
            ..Synthetic::default()
        }
    }

    #[test]
    fn real_changes_are_found_at_their_commit_and_nothing_else_is() {
        let found = findings(&Synthetic {
            shifts: vec![SLOWER, MORE_WORK],
            ..hundred()
        });
        let [work, time] = found.changes.as_slice() else {
            panic!("two changes: {found:#?}");
        };
        assert_eq!((work.entry, work.previous), (70, 69));
        assert_eq!(work.metric, Metric::Count("instructions_per_item"));
        assert_eq!((work.before, work.after), (70.0, 72.0));
        assert_eq!(work.evidence, Evidence::Exact);
        assert_eq!((time.entry, time.previous), (60, 59));
        assert_eq!(time.case, "drain/case-001/arena");
        assert_eq!(time.baseline.as_deref(), Some("drain/case-001/alloc"));
        let size = time.relative().expect("a ratio is never zero");
        assert!((size - 0.05).abs() < 0.002, "{size}");
        assert!(work.is_regression() && time.is_regression());
        assert!(size > time.threshold.expect("a long past"));
    }

    #[test]
    fn a_faster_commit_is_a_change_and_no_regression() {
        let shift = Shift {
            time: 0.9,
            ..SLOWER
        };
        let found = findings(&Synthetic {
            shifts: vec![shift],
            ..hundred()
        });
        assert_eq!(found.changes.len(), 1);
        assert!(!found.changes[0].is_regression());
    }

    #[test]
    fn a_change_of_machine_is_no_change_point() {
        // Half as fast, with another libc's counts: taking turns, and for good.
        let (a, b) = (machine("A", 1.0, 0.0), machine("B", 2.0, 11.0));
        let turns = Synthetic {
            machines: vec![a.clone(), b.clone()],
            ..hundred()
        };
        assert_eq!(findings(&turns), Findings::default());
        let mut for_good = vec![a; 50];
        for_good.extend(vec![b; 50]);
        let moved = Synthetic {
            machines: for_good,
            ..hundred()
        };
        assert_eq!(findings(&moved), Findings::default());
    }

    #[test]
    fn a_shift_that_comes_with_a_new_machine_is_told_apart() {
        let mut machines = vec![machine("A", 1.0, 0.0); 60];
        machines.extend(vec![machine("B", 1.0, 0.0); 40]);
        let found = findings(&Synthetic {
            machines,
            shifts: vec![SLOWER],
            ..hundred()
        });
        assert_eq!(found.changes, []);
        assert_eq!(found.machine_shifts.len(), 1);
    }

    #[test]
    fn machines_that_take_turns_tell_of_a_change_once() {
        let found = findings(&Synthetic {
            machines: vec![machine("A", 1.0, 0.0), machine("B", 1.5, 7.0)],
            shifts: vec![SLOWER, MORE_WORK],
            ..hundred()
        });
        let entries: Vec<_> = found
            .changes
            .iter()
            .map(|c| (c.entry, c.previous))
            .collect();
        assert_eq!(entries, [(70, 68), (60, 59)]);
    }

    #[test]
    fn the_newest_runs_are_unconfirmed_until_there_are_three() {
        let evidence_after = |runs: usize| {
            let found = findings(&Synthetic {
                commits: 60 + runs,
                shifts: vec![SLOWER],
                ..hundred()
            });
            found.changes.first().map(|change| {
                assert_eq!(change.entry, 60);
                (change.evidence, change.is_regression())
            })
        };
        assert_eq!(evidence_after(0), None);
        assert_eq!(evidence_after(1), Some((Evidence::Unconfirmed, false)));
        assert_eq!(evidence_after(2), Some((Evidence::Unconfirmed, false)));
        let third = evidence_after(3).expect("found");
        assert!(matches!(third, (Evidence::Shift { .. }, true)));
    }

    #[test]
    fn allocations_that_appear_have_no_relative_size() {
        let mut plan = history(&hundred());
        let series = plan
            .series
            .iter_mut()
            .find(|s| s.metric == Metric::Count("allocations_per_item"))
            .expect("allocations are counted");
        for point in &mut series.points[40..] {
            point.value += 1.0;
        }
        series
            .points
            .iter_mut()
            .take(40)
            .for_each(|p| p.value = 0.0);
        let found = plan.findings(&Options::default());
        assert_eq!(found.changes.len(), 1);
        assert_eq!(found.changes[0].relative(), None);
        assert!(found.changes[0].is_regression());
    }
}
