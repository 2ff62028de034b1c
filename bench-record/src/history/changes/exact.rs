//! What changed an exact count: every difference beyond the gate's limit.

use std::collections::BTreeMap;

use crate::history::change::{Change, Evidence};
use crate::history::series::{Metric, Point, Series};
use crate::limits::Limits;

/// Every point that differs from the level of its group by more than the limit allows.
/// The level is that of the last change, not of the point before: what creeps up
/// within the limit at every commit is found where it has left it.
pub fn changes(series: &Series, limits: &Limits) -> Vec<Change> {
    let Metric::Count(count) = series.metric else {
        return Vec::new();
    };
    let limit = limits.of(&series.case);
    // By group: the level, and the point before.
    let mut last: BTreeMap<u32, (f64, &Point)> = BTreeMap::new();
    let mut changes: Vec<Change> = Vec::new();
    for point in &series.points {
        let Some((level, previous)) = last.get_mut(&point.group) else {
            last.insert(point.group, (point.value, point));
            continue;
        };
        let (before, previous) = (*level, std::mem::replace(previous, point));
        if limit.is_drift(count, before, point.value) {
            continue;
        }
        *level = point.value;
        // Machines that take turns each come upon the same change: it is told
        // once, by whichever sees it first.
        let difference = point.value - before;
        let is_known = changes
            .iter()
            .rev()
            .take_while(|known| known.entry > previous.entry)
            .any(|known| limit.is_drift(count, known.after, known.before + difference));
        if !is_known {
            let values = (before, point.value);
            changes.push(Change::of(
                series,
                (previous, point),
                values,
                Evidence::Exact,
            ));
        }
    }
    changes
}
