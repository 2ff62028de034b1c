//! How the page over a history names and writes things.

use crate::dashboard::Dashboard;
use crate::format::{ratio, significant};
use bench_record::history::{Change, Metric, Series};

/// A value as people read it.
pub fn write(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Ratio => ratio(value),
        Metric::Count(_) => significant(value),
    }
}

/// A metric with what it is relative to.
pub fn metric_name(metric: Metric, baseline: Option<&str>) -> String {
    match baseline {
        Some(baseline) => format!("time / {baseline}"),
        None => metric.name().replace('_', " "),
    }
}

/// What tells one series from all others, as the page's address names it.
pub fn key(series: &Series) -> String {
    let parts: Vec<&str> = [series.case.as_str(), series.metric.name()]
        .into_iter()
        .chain(series.baseline.as_deref())
        .collect();
    parts.join(" ")
}

/// The size of a change: `+4.3%`.
pub fn percent(change: &Change) -> String {
    change.relative().map_or("from none".to_owned(), |share| {
        let sign = if share > 0.0 { "+" } else { "" };
        format!("{sign}{}%", significant(share * 100.0))
    })
}

/// The newest change of a series: its commit and size.
pub fn newest_change(dashboard: &Dashboard, change: &Change) -> String {
    let name = &dashboard.names[change.entry as usize];
    format!("{name} {}", percent(change))
}
