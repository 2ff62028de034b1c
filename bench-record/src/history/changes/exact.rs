//! What changed an exact count: every difference.

use std::collections::BTreeMap;

use super::{Change, Evidence};
use crate::history::series::{Point, Series};

/// Every difference between a point and the one before it of the same group.
pub fn changes(series: &Series) -> Vec<Change> {
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
