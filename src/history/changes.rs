//! The commits of a history that changed something.
//!
//! Three kinds of evidence, never mixed: an exact count that differs is a
//! change; a ratio changed where E-divisive finds a lasting shift; and the
//! newest runs, too few for that, are *unconfirmed* when they lie outside what
//! the case did in its own past.

use std::collections::BTreeMap;

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
                findings.changes.extend(ratio_changes(series, options));
                let shifts = machine_shifts(series, options);
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

/// What changed a ratio, machine by machine: how two protocols compare is partly the
/// machine, so that a fleet whose mix moves would look like a change.
fn ratio_changes(series: &Series, options: &Options) -> Vec<Change> {
    let newest = series.points.len().saturating_sub(options.window);
    let recent = series.points.get(newest).map_or(0, |point| point.entry);
    let mut changes: Vec<Change> = Vec::new();
    for points in by_group(series).values() {
        for change in changes_of_machine(series, points, options) {
            // What a machine did last, long ago, will never be confirmed.
            if change.evidence == Evidence::Unconfirmed && change.entry < recent {
                continue;
            }
            match changes.iter_mut().find(|known| is_one(known, &change)) {
                Some(known) => join(known, change),
                None => changes.push(change),
            }
        }
    }
    changes
}

/// Whether two machines came upon one change: both went the same way at the same time, as
/// far as noise lets a shift be placed, which is to a run or so.
fn is_one(a: &Change, b: &Change) -> bool {
    let around = |change: &Change| {
        let run = (change.entry - change.previous).min(2 * MIN_SEGMENT as u32);
        (change.previous.saturating_sub(run), change.entry + run)
    };
    let (a_around, b_around) = (around(a), around(b));
    let same_way = (a.after > a.before) == (b.after > b.before);
    same_way && a_around.0 < b_around.1 && b_around.0 < a_around.1
}

/// Tells of a change once, with the stronger evidence, and where both machines saw it.
fn join(known: &mut Change, other: Change) {
    let weakness = |change: &Change| match change.evidence {
        Evidence::Exact => 0.0,
        Evidence::Shift { p_value } => p_value,
        Evidence::Unconfirmed => f64::INFINITY,
    };
    let entry = known.entry.min(other.entry);
    let previous = known.previous.max(other.previous);
    if weakness(&other) < weakness(known) {
        *known = other;
    }
    if previous < entry {
        (known.entry, known.previous) = (entry, previous);
    }
}

/// Lasting shifts on one machine, and what is unconfirmed at their end.
fn changes_of_machine(series: &Series, points: &[Point], options: &Options) -> Vec<Change> {
    // In logarithms a halving and a doubling are one size.
    let logs: Vec<f64> = points.iter().map(|point| point.value.ln()).collect();
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let magnitude = options.magnitude.ln_1p();
    let shifts = change_points(&logs, options.window, options.significance, magnitude);
    let change = |shift: &ChangePoint, evidence| Change {
        threshold: relative_threshold(&values[..shift.index]),
        ..as_change(series, points, shift, evidence)
    };
    let mut changes: Vec<_> = shifts
        .iter()
        .map(|shift| change(shift, Evidence::from(shift)))
        .collect();
    let start = shifts.last().map_or(0, |shift| shift.index);
    if let Some(newest) = newest_outliers(&logs, &values, start, magnitude) {
        changes.push(change(&newest, Evidence::Unconfirmed));
    }
    changes
}

/// Shifts of all machines' runs together that no machine can tell of alone: none has
/// enough runs near on both sides of it.
fn machine_shifts(series: &Series, options: &Options) -> Vec<Change> {
    let points = &series.points;
    if points.windows(2).all(|pair| pair[0].group == pair[1].group) {
        return Vec::new();
    }
    let logs: Vec<f64> = points.iter().map(|point| point.value.ln()).collect();
    let magnitude = options.magnitude.ln_1p();
    change_points(&logs, options.window, options.significance, magnitude)
        .iter()
        .filter(|shift| {
            let (before, after) = points.split_at(shift.index);
            let before = &before[before.len().saturating_sub(options.window)..];
            let after = &after[..after.len().min(options.window)];
            let runs = |side: &[Point], group| side.iter().filter(|p| p.group == group).count();
            !before
                .iter()
                .any(|point| runs(before, point.group).min(runs(after, point.group)) >= MIN_SEGMENT)
        })
        .map(|shift| as_change(series, points, shift, Evidence::from(shift)))
        .collect()
}

/// A shift of a series' points as a change.
fn as_change(series: &Series, points: &[Point], shift: &ChangePoint, evidence: Evidence) -> Change {
    Change {
        case: series.case.clone(),
        baseline: series.baseline.clone(),
        metric: series.metric,
        entry: points[shift.index].entry,
        previous: points[shift.index - 1].entry,
        before: shift.before.exp(),
        after: shift.after.exp(),
        evidence,
        threshold: None,
    }
}

impl From<&ChangePoint> for Evidence {
    fn from(shift: &ChangePoint) -> Self {
        Self::Shift {
            p_value: shift.p_value,
        }
    }
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

    /// A machine by name: slowness, factor on the ratio, added instructions.
    fn machine(cpu: &str, slowness: f64, ratio: f64, instructions: f64) -> Machine {
        Machine {
            cpu: cpu.to_owned(),
            slowness,
            ratio,
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

    /// Half as fast, with another libc's counts, and with ratios of its own.
    fn two_machines() -> [Machine; 2] {
        [machine("A", 1.0, 1.0, 0.0), machine("B", 2.0, 1.1, 11.0)]
    }

    /// A hundred runs of two machines: `is_b` says which run is of the second.
    fn mixed(is_b: fn(usize) -> bool) -> Synthetic {
        let [a, b] = two_machines();
        let machines = (0..100).map(|run| if is_b(run) { b.clone() } else { a.clone() });
        Synthetic {
            machines: machines.collect(),
            ..hundred()
        }
    }

    #[test]
    fn machines_that_take_turns_are_no_change_though_their_ratios_differ() {
        assert_eq!(findings(&mixed(|run| run % 2 == 1)), Findings::default());
    }

    #[test]
    fn a_fleet_whose_mix_moves_is_no_change_though_its_ratios_differ() {
        // First one run of five is the second machine's, then four of five.
        let moving = mixed(|run| (run % 5 == 0) == (run < 50));
        assert_eq!(findings(&moving), Findings::default());
    }

    #[test]
    fn a_change_of_machine_for_good_is_told_apart_from_changes() {
        let found = findings(&mixed(|run| run >= 50));
        assert_eq!(found.changes, []);
        let entries: Vec<_> = found.machine_shifts.iter().map(|c| c.entry).collect();
        assert_eq!(entries, [50; 3], "one of each pair");
    }

    #[test]
    fn a_change_within_a_mixed_fleet_is_found_once_at_its_commit_and_size() {
        let found = findings(&Synthetic {
            shifts: vec![SLOWER],
            ..mixed(|run| (run % 5 == 0) == (run < 50))
        });
        let [change] = found.changes.as_slice() else {
            panic!("one change: {found:#?}");
        };
        assert_eq!((change.entry, change.previous), (60, 59));
        let size = change.relative().expect("a ratio is never zero");
        assert!((size - 0.05).abs() < 0.005, "{size}");
        assert_eq!(found.machine_shifts, []);
    }

    #[test]
    fn an_outlier_that_a_machine_left_behind_long_ago_is_not_told() {
        let mut plan = history(&mixed(|run| run >= 30));
        plan.series.retain(|series| !series.metric.is_exact());
        for series in &mut plan.series {
            series.points[29].value *= 1.05;
        }
        let found = plan.findings(&Options::default());
        assert_eq!(found.changes, []);
    }

    #[test]
    fn what_was_not_searched_is_said() {
        let gaps = |plan: &Synthetic| {
            let history = history(plan);
            history.findings(&Options::default()).gaps(&history)
        };
        assert_eq!(gaps(&hundred()), Vec::<String>::new());
        let short = gaps(&Synthetic {
            commits: 5,
            ..hundred()
        });
        assert!(
            short[0].starts_with("3 of 3 ratios have fewer than 6 runs"),
            "{short:?}"
        );
        let moved = gaps(&mixed(|run| run >= 50));
        assert!(
            moved[0].starts_with("3 shifts of a ratio came with"),
            "{moved:?}"
        );
    }

    #[test]
    fn a_shift_that_comes_with_a_new_machine_is_told_apart() {
        let mut machines = vec![machine("A", 1.0, 1.0, 0.0); 60];
        machines.extend(vec![machine("B", 1.0, 1.0, 0.0); 40]);
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
            machines: two_machines().to_vec(),
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
