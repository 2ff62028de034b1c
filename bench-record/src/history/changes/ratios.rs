//! What changed a ratio: lasting shifts, searched on each machine by itself, and what
//! is unconfirmed at the end.

use crate::history::change::{Change, Evidence, Options};
use crate::history::changepoint::{ChangePoint, MIN_SEGMENT, change_points};
use crate::history::series::{Point, Series};
use crate::history::threshold::{median, relative_threshold};

/// What changed a ratio, machine by machine: how two protocols compare is partly the
/// machine, so that a fleet whose mix moves would look like a change.
pub fn changes(series: &Series, options: &Options) -> Vec<Change> {
    let newest = series.points.len().saturating_sub(options.window);
    let recent = series.points.get(newest).map_or(0, |point| point.entry);
    let mut changes: Vec<Change> = Vec::new();
    for points in series.by_group().values() {
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
    let ends = shifts.iter().skip(1).map(|next| next.index);
    let starts = std::iter::once(0).chain(shifts.iter().map(|shift| shift.index));
    let mut changes: Vec<_> = starts
        .zip(&shifts)
        .zip(ends.chain([points.len()]))
        .filter(|((start, shift), end)| {
            let (before, after) = points[*start..*end].split_at(shift.index - start);
            exceeds_the_intervals(shift.after - shift.before, before, after)
        })
        .map(|((_, shift), _)| change(shift, Evidence::from(shift)))
        .collect();
    let start = shifts.last().map_or(0, |shift| shift.index);
    let exceeds = |newest: &ChangePoint| {
        let (before, after) = points[start..].split_at(newest.index - start);
        exceeds_the_intervals(newest.after - newest.before, before, after)
    };
    if let Some(newest) = newest_outliers(&logs, &values, start, magnitude).filter(exceeds) {
        changes.push(change(&newest, Evidence::Unconfirmed));
    }
    changes
}

/// Whether a shift of ln(ratio) is larger than what one run leaves open, on both sides:
/// than the median half-width of the intervals that were recorded. A series of wide
/// intervals may wander within them without any change of code.
fn exceeds_the_intervals(shift: f64, before: &[Point], after: &[Point]) -> bool {
    [before, after].into_iter().all(|side| {
        let half_widths: Vec<f64> = side
            .iter()
            .filter(|point| point.low > 0.0)
            .map(|point| (point.high / point.low).ln() / 2.0)
            .collect();
        median(&half_widths).is_none_or(|half_width| shift.abs() > half_width)
    })
}

/// Shifts of all machines' runs together that no machine can tell of alone: none has
/// enough runs near on both sides of it.
pub fn machine_shifts(series: &Series, options: &Options) -> Vec<Change> {
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

fn as_change(series: &Series, points: &[Point], shift: &ChangePoint, evidence: Evidence) -> Change {
    let around = (&points[shift.index - 1], &points[shift.index]);
    let values = (shift.before.exp(), shift.after.exp());
    Change::of(series, around, values, evidence)
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
