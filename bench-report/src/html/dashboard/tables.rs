//! The tables of the page over a history.

use std::collections::{BTreeMap, HashMap};

use super::display::{key, metric_name, newest_change, percent, write};
use crate::dashboard::{Dashboard, comings, direction, evidence};
use crate::format::{self, short_time};
use crate::model::{Cell, Drawing, Row, Section, Table};
use bench_record::history::{Change, Metric};
use bench_record::short_commit;
use bench_record::wire::Verdict;

/// The newest value of every chart, for readers who see no chart or run no script.
pub fn latest(dashboard: &Dashboard) -> Table {
    let gone = gone(dashboard);
    let rows = dashboard.shown().filter_map(|series| {
        let point = series.points.last()?;
        let newest = dashboard.changes_of(series).next();
        let cell = match series.metric {
            Metric::Ratio => Cell::estimate(point.value, point.low, point.high, format::ratio),
            Metric::Count(_) => Cell::number(point.value, format::significant),
        };
        let change = match newest {
            Some(change) => going(direction(change), newest_change(dashboard, change)),
            None => Cell::text(gone.get(&series.case).map_or("none", String::as_str)),
        };
        Some(Row {
            id: key(series),
            payload: series.payload.clone(),
            verdict: Some(newest.map_or(Verdict::Same, direction)),
            cells: vec![
                Cell::text(&series.case),
                Cell::text(metric_name(series.metric, series.baseline.as_deref())),
                cell,
                Cell::text(&dashboard.names[point.entry as usize]),
                change,
            ],
        })
    });
    Table {
        id: "latest",
        section: Section::Cases,
        caption: "The newest value of each chart",
        columns: vec!["case", "metric", "value", "commit", "newest change"],
        rows: rows.collect(),
    }
}

/// Cases that are gone, each with the sentence that says so.
pub fn gone(dashboard: &Dashboard) -> HashMap<String, String> {
    let all = comings(dashboard);
    let gone = all.iter().filter(|coming| coming.gone);
    gone.map(|coming| (coming.case.clone(), coming.sentence(dashboard)))
        .collect()
}

/// A text with the sign and the colour of a verdict.
fn going(verdict: Verdict, text: impl Into<String>) -> Cell {
    Cell {
        drawing: Some(Drawing::Verdict(verdict)),
        ..Cell::text(text)
    }
}

/// What changed, regressions first, with the shifts that may be the machine's at the end.
pub fn changes(dashboard: &Dashboard) -> Table {
    let entries = &dashboard.history.entries;
    let payloads: HashMap<&str, &str> = dashboard
        .history
        .series
        .iter()
        .map(|series| (series.case.as_str(), series.payload.as_str()))
        .collect();
    let row = |change: &Change, evidence: String, verdict| {
        let entry = &entries[change.entry as usize];
        let metric = metric_name(change.metric, change.baseline.as_deref());
        Row {
            id: format!("{} {metric}", change.case),
            payload: payloads
                .get(change.case.as_str())
                .map_or_else(String::new, |p| (*p).to_owned()),
            verdict: Some(verdict),
            cells: vec![
                Cell::text(&dashboard.names[change.entry as usize]),
                Cell::text(&dashboard.names[change.previous as usize]),
                Cell::text(&entry.environment.subject),
                Cell::text(&change.case),
                Cell::text(metric),
                Cell::text(moved(change)),
                Cell {
                    value: change.relative(),
                    ..Cell::text(percent(change))
                },
                going(verdict, word(change)),
                Cell::text(evidence),
            ],
        }
    };
    let found = &dashboard.findings;
    let own = found.changes.iter();
    let own = own.map(|c| row(c, evidence(c), direction(c)));
    let machines = found.machine_shifts.iter().map(|c| {
        let why = "the machine changed with the commit: either may have done it".to_owned();
        row(c, why, Verdict::Inconclusive)
    });
    let mut rows: Vec<Row> = own.chain(machines).collect();
    // Stable: each kind stays newest first.
    rows.sort_by_key(|row| row.verdict != Some(Verdict::Slower));
    Table {
        id: "changes",
        section: Section::Cases,
        caption: "Changes, regressions first",
        columns: vec![
            "commit",
            "since",
            "subject",
            "case",
            "metric",
            "before → after",
            "change",
            "direction",
            "evidence",
        ],
        rows,
    }
}

/// The values of a change, before and after.
fn moved(change: &Change) -> String {
    let [before, after] = [change.before, change.after].map(|it| write(change.metric, it));
    format!("{before} → {after}")
}

/// Changes that a commit's row opens to; more are in the table of every change.
const MOST_METRICS: usize = 20;

/// One row for each commit that changed something, the worst first; behind each its links and
/// the command that looks at it again.
pub fn commits(dashboard: &Dashboard) -> Table {
    let mut by_entry: BTreeMap<u32, Vec<&Change>> = BTreeMap::new();
    for change in &dashboard.findings.changes {
        by_entry.entry(change.entry).or_default().push(change);
    }
    let size = |change: &Change| change.relative().map_or(f64::INFINITY, f64::abs);
    let rank = |change: &Change| match direction(change) {
        Verdict::Slower => 0,
        Verdict::Inconclusive => 1,
        _ => 2,
    };
    let mut rows: Vec<(u8, f64, Row)> = Vec::new();
    for (entry, mut changes) in by_entry {
        changes.sort_by(|a, b| rank(a).cmp(&rank(b)).then(size(b).total_cmp(&size(a))));
        let Some(worst) = changes.first() else {
            continue;
        };
        let verdict = direction(worst);
        let metric = metric_name(worst.metric, worst.baseline.as_deref());
        let before = &dashboard.history.entries[worst.previous as usize]
            .environment
            .commit;
        let e = &dashboard.history.entries[entry as usize].environment;
        let reproduce = format!("arena-bench compare --against {}", short_commit(before));
        let row = Row {
            id: format!("{} {}", dashboard.names[entry as usize], ids(&changes)),
            payload: String::new(),
            verdict: Some(verdict),
            cells: vec![
                Cell::text(&dashboard.names[entry as usize]),
                Cell::text(&dashboard.names[worst.previous as usize]),
                going(verdict, format!("{} {}", percent(worst), word(worst))),
                Cell::text(format!("{} {metric}", worst.case)),
                Cell {
                    value: Some(changes.len() as f64),
                    behind: metrics(&changes),
                    ..Cell::text(crate::format::count(changes.len() as u64))
                },
                Cell::text(&e.subject),
                Cell::text(&e.author),
                Cell::text(&e.cpu),
                Cell {
                    links: dashboard.links(entry, Some(worst.previous)),
                    ..Cell::default()
                },
                Cell::text(reproduce),
            ],
        };
        rows.push((rank(worst), size(worst), row));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    Table {
        id: "commits",
        section: Section::Cases,
        caption: "Commits that changed something, the worst first",
        columns: vec![
            "commit",
            "since",
            "worst change",
            "of",
            "changes",
            "subject",
            "author",
            "machine",
            "pages",
            "look again",
        ],
        rows: rows.into_iter().map(|(_, _, row)| row).collect(),
    }
}

/// A commit's changes, a line a metric; nothing of a single one, which its row tells.
fn metrics(changes: &[&Change]) -> Vec<String> {
    if changes.len() < 2 {
        return Vec::new();
    }
    let line = |change: &&Change| {
        format!(
            "{} {}: {} ({}, {})",
            change.case,
            metric_name(change.metric, change.baseline.as_deref()),
            moved(change),
            percent(change),
            word(change),
        )
    };
    let mut lines: Vec<String> = changes.iter().take(MOST_METRICS).map(line).collect();
    let more = changes.len().saturating_sub(MOST_METRICS);
    if more > 0 {
        lines.push(format!("{more} more, under \"Every change\""));
    }
    lines
}

/// Case ids of changes, so that a filter finds their commit.
fn ids(changes: &[&Change]) -> String {
    let mut ids: Vec<&str> = changes.iter().map(|change| change.case.as_str()).collect();
    ids.dedup();
    ids.join(" ")
}

fn word(change: &Change) -> &'static str {
    match direction(change) {
        _ if change.accepted.is_some() => "accepted",
        Verdict::Slower => "worse",
        Verdict::Faster => "better",
        _ => "suspect, needs another run",
    }
}

/// Every run, the newest first.
pub fn runs(dashboard: &Dashboard) -> Table {
    let entries = dashboard.history.entries.iter().zip(&dashboard.names);
    let entries = entries.zip(0..dashboard.history.entries.len() as u32).rev();
    Table {
        id: "runs",
        section: Section::Cases,
        caption: "All runs, newest first",
        columns: vec![
            "commit", "subject", "author", "finished", "machine", "compiler", "A/A", "pages",
        ],
        rows: entries
            .map(|((entry, name), number)| {
                let e = &entry.environment;
                let held = if entry.trusted {
                    "held"
                } else {
                    "failed or absent: its ratios are left out"
                };
                Row {
                    id: format!("{name} {}", e.subject),
                    payload: String::new(),
                    verdict: None,
                    cells: vec![
                        Cell::text(name),
                        Cell::text(&e.subject),
                        Cell::text(&e.author),
                        Cell::text(short_time(&e.finished)),
                        Cell::text(&e.cpu),
                        Cell::text(&e.rustc),
                        Cell::text(held),
                        Cell {
                            links: dashboard.links(number, number.checked_sub(1)),
                            ..Cell::default()
                        },
                    ],
                }
            })
            .collect(),
    }
}
