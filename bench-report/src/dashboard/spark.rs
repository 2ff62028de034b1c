//! A small chart: one series on a few square centimetres, its changes marked.

use std::fmt::Write as _;

use super::overview::direction;
use bench_record::history::{Change, Point, Series};

const WIDTH: f64 = 220.0;
const HEIGHT: f64 = 44.0;
/// Colours of machines.
pub const MACHINES: usize = 4;
/// Room above and below the line for the marks.
const MARGIN: f64 = 7.0;
/// The least relative height of the chart: what varies less is drawn flat, or noise would
/// look like news.
pub const LEAST_SPAN: f64 = 0.05;

/// The series as an SVG over `entries` entries. Points of differing groups are not joined.
pub fn spark<'c>(
    series: &Series,
    entries: usize,
    changes: impl Iterator<Item = &'c Change>,
    cpu: impl Fn(u32) -> usize,
) -> String {
    let values = || series.points.iter().map(|point| point.value);
    let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        (a.min(v), b.max(v))
    });
    let middle = f64::midpoint(low, high);
    let span = (high - low)
        .max(middle.abs() * LEAST_SPAN)
        .max(f64::MIN_POSITIVE);
    let x = |entry: u32| f64::from(entry) / (entries.max(2) - 1) as f64 * WIDTH;
    let y = |value: f64| HEIGHT / 2.0 - (value - middle) / span * (HEIGHT - 2.0 * MARGIN);

    let mut out = format!(
        "<svg class=\"spark\" viewBox=\"-4 0 {:.0} {HEIGHT:.0}\" aria-hidden=\"true\">",
        WIDTH + 8.0
    );
    for points in series.by_group().values() {
        let machine = points.first().map_or(0, |point| cpu(point.entry)) % MACHINES;
        write!(out, "<path class=\"m{machine}\" d=\"").expect("writing to a string cannot fail");
        let drawn = thin(points);
        for (number, point) in drawn.iter().enumerate() {
            let letter = if number == 0 { 'M' } else { 'L' };
            write!(out, "{letter}{:.0} {:.1}", x(point.entry), y(point.value))
                .expect("writing to a string cannot fail");
        }
        // A single point is a line of no length, which round caps make visible.
        out.push_str(if drawn.len() == 1 { "h0\"/>" } else { "\"/>" });
    }
    for change in changes {
        let (at, level) = (x(change.entry), y(change.after));
        let tip = match change.after > change.before {
            true => -4.0,
            false => 4.0,
        };
        write!(
            out,
            "<path class=\"{}\" d=\"M{:.1} {:.1}h7L{at:.1} {:.1}z\"/>",
            direction(change).name(),
            at - 3.5,
            level - tip / 2.0,
            level + tip,
        )
        .expect("writing to a string cannot fail");
    }
    out.push_str("</svg>");
    out
}

/// As many points as the width can show: of each bucket the least and the greatest, so
/// that no spike is lost; of a run of equal values its ends.
fn thin(points: &[Point]) -> Vec<&Point> {
    const BUCKETS: usize = 110;
    let size = points.len().div_ceil(BUCKETS);
    let mut kept: Vec<&Point> = Vec::new();
    for bucket in points.chunks(size.max(1)) {
        let by_value = |a: &&Point, b: &&Point| a.value.total_cmp(&b.value);
        let ends = [
            bucket.iter().min_by(by_value),
            bucket.iter().max_by(by_value),
        ];
        let mut ends: Vec<&Point> = ends.into_iter().flatten().collect();
        ends.sort_by_key(|point| point.entry);
        ends.dedup_by_key(|point| point.entry);
        kept.extend(ends);
    }
    let flat = |before: &Point, point: &Point, after: &Point| {
        before.value == point.value && point.value == after.value
    };
    let mut out: Vec<&Point> = Vec::new();
    for (number, point) in kept.iter().enumerate() {
        let next = kept.get(number + 1);
        match (out.last(), next) {
            (Some(before), Some(next)) if flat(before, point, next) => {}
            _ => out.push(point),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::history::Metric;

    fn series(values: impl Iterator<Item = f64>) -> Series {
        let points = values.zip(0..).map(|(value, entry)| Point {
            method: bench_record::wire::Method::default(),
            entry,
            group: 0,
            value,
            low: value,
            high: value,
        });
        Series {
            case: "c".to_owned(),
            payload: String::new(),
            baseline: None,
            metric: Metric::Count(bench_record::Count::Instructions),
            points: points.collect(),
        }
    }

    #[test]
    fn a_spike_survives_thinning() {
        let values = (0..10_000).map(|n| if n == 7_777 { 2.0 } else { 1.0 });
        let all = series(values);
        let thinned = thin(&all.points);
        assert!(thinned.len() < 10, "{} points", thinned.len());
        assert!(thinned.iter().any(|point| point.entry == 7_777));
        assert_eq!(thinned.last().map(|point| point.entry), Some(9_999));
    }

    #[test]
    fn a_small_chart_stays_small() {
        let noisy = series((0..1_000).map(|n| f64::from(n * 7_919 % 1_000)));
        let svg = spark(&noisy, 1_000, std::iter::empty(), |_| 0);
        assert!(svg.len() < 3_000, "{} bytes", svg.len());
    }

    #[test]
    fn a_single_run_is_a_visible_dot() {
        let svg = spark(&series(std::iter::once(1.0)), 1, std::iter::empty(), |_| 0);
        assert!(svg.contains("h0") && !svg.contains("NaN"), "{svg}");
    }
}
