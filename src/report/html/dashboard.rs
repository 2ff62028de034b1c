//! The page over a history.

use std::collections::HashMap;

use super::{DASHBOARD, document, footer, json, parts, text};
use crate::history::{Change, Metric, Series};
use crate::record::wire::Verdict;
use crate::report::ReportError;
use crate::report::dashboard::{Dashboard, Group, LEAST_SPAN, direction, encode, evidence, spark};
use crate::report::model::{Cell, Drawing, Row, Section, Table, ratio, short_time, significant};

const TOOLBAR: &str = include_str!("../assets/toolbar-dashboard.html");

/// The most bytes of numbers that a page carries; beyond it the oldest runs stay behind.
const MOST_BYTES: usize = 12 << 20;
/// The most changes that are listed.
const MOST_CHANGES: usize = 1_000;

/// The whole page.
///
/// # Errors
/// [`ReportError::Json`] where the numbers cannot be written, which would be a defect here.
pub fn page(dashboard: &Dashboard) -> Result<String, ReportError> {
    page_within(dashboard, MOST_BYTES)
}

/// The whole page, with at most so many bytes of numbers.
fn page_within(dashboard: &Dashboard, most_bytes: usize) -> Result<String, ReportError> {
    let (first, data) = fitting(dashboard, most_bytes)?;
    let changes = changes(dashboard);
    let mut body = header(dashboard, first);
    body.push_str("<main>\n<section id=\"changes\"><h2>What changed</h2>\n");
    body.push_str(match changes.rows.is_empty() {
        true => "<p>No commit of this history changed anything.</p>\n",
        false => {
            "<p class=\"how\">Regressions first, of each kind the newest first. A count that differs is a change; a ratio has changed where it \
             shifted for good. A commit leads to its comparison with the run before.</p>\n"
        }
    });
    if !changes.rows.is_empty() {
        body.push_str(&parts::table("all", &changes));
    }
    body.push_str(&format!(
        "</section>\n<section id=\"detail\" hidden><h2>One series</h2><p class=\"how\">Drag to zoom, \
         double-click to see all; click a run to compare it with the one before.</p>\
         <div id=\"detail-chart\"></div><details class=\"behind\"><summary>The numbers behind this \
         chart</summary><div id=\"detail-table\"></div></details>\
         <p><button type=\"button\" id=\"detail-close\">Back to all charts</button></p></section>\n\
         <section id=\"charts\"><h2>Every case</h2><p class=\"how\">Oldest run left, newest right. ▲ marks \
         a commit that made it worse, ▼ one that made it better. No chart is less than {:.0}% high, \
         so that noise stays small.</p>\
         <p class=\"table-tools\" id=\"chart-count\"></p><div id=\"small-charts\">\n",
        LEAST_SPAN * 100.0
    ));
    for series in dashboard.shown() {
        body.push_str(&small_chart(dashboard, series));
    }
    body.push_str(
        "</div></section>\n<section id=\"compare\"><h2>Compare two runs</h2><p class=\"how\">Exact counts are \
         subtracted only where machine and toolchain agree; ratios stand side by side with \
         their intervals. Intervals that lie apart are a hint and no verdict: what moves from run to \
         run is not in them.</p>\
         <div id=\"compare-controls\"></div><div id=\"compare-result\"><p>Put together by the page's script.</p>\
         </div></section>\n<section id=\"commits\"><h2>Runs</h2>\n",
    );
    body.push_str(&parts::table("all", &runs(dashboard)));
    body.push_str("</section>\n</main>\n");
    body.push_str(&footer());
    Ok(document("arena-bench: history", &body, &data, DASHBOARD))
}

/// The numbers from the first entry with which they fit, and that entry.
fn fitting(dashboard: &Dashboard, most_bytes: usize) -> Result<(u32, String), ReportError> {
    let entries = dashboard.history.entries.len() as u32;
    let mut first = 0;
    loop {
        let data = json(&encode(dashboard, first))?;
        if data.len() <= most_bytes || first + 1 >= entries {
            return Ok((first, data));
        }
        // Bytes grow with the runs: keep the share that fits, and a little less.
        let share = most_bytes as f64 / data.len() as f64 * 0.95;
        let kept = (f64::from(entries - first) * share) as u32;
        first = (entries - kept.max(1)).max(first + 1);
    }
}

fn header(dashboard: &Dashboard, first: u32) -> String {
    let entries = &dashboard.history.entries;
    let cases = dashboard.shown().map(|series| &series.case);
    let cases = cases.collect::<std::collections::BTreeSet<_>>().len();
    let span = match (entries.first(), entries.last()) {
        (Some(oldest), Some(newest)) => format!(
            "from {} to {}",
            short_time(&oldest.environment.finished),
            short_time(&newest.environment.finished)
        ),
        _ => String::new(),
    };
    let regressions = dashboard
        .findings
        .changes
        .iter()
        .filter(|change| change.is_regression())
        .count();
    let left_out = match first {
        0 => String::new(),
        _ => format!(
            "<p class=\"notice\">The numbers of the oldest {first} runs were left out to keep the page quick. \
             The small charts and the list of changes still show them.</p>"
        ),
    };
    format!(
        "<a class=\"skip\" href=\"#changes\">Skip to the changes</a><header class=\"top\">\
         <h1>Arena or alloc, over time</h1><p class=\"made\"><b>{} runs</b> of {cases} cases {}; {} changes, {} of them \
         for the worse</p>{left_out}<nav aria-label=\"Sections\"><a href=\"#changes\">Changes</a>\
         <a href=\"#charts\">Every case</a><a href=\"#compare\">Compare</a><a href=\"#commits\">Runs</a></nav></header>\n{}",
        entries.len(),
        text(&span),
        dashboard.findings.changes.len(),
        regressions,
        TOOLBAR.replace(
            "{payloads}",
            &parts::payload_options(dashboard.shown().map(|series| series.payload.as_str()))
        ),
    )
}

fn write(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Ratio => ratio(value),
        Metric::Count(_) => significant(value),
    }
}

/// A metric with what it is relative to.
fn metric_name(metric: Metric, baseline: Option<&str>) -> String {
    match baseline {
        Some(baseline) => format!("time / {baseline}"),
        None => metric.name().replace('_', " "),
    }
}

fn small_chart(dashboard: &Dashboard, series: &Series) -> String {
    let key: Vec<&str> = [series.case.as_str(), series.metric.name()]
        .into_iter()
        .chain(series.baseline.as_deref())
        .collect();
    let newest = dashboard.changes_of(series).next();
    let value = series
        .points
        .last()
        .map_or(String::new(), |p| write(series.metric, p.value));
    let metric = match Group::of(series.metric) {
        Group::Counts => format!(" {}", metric_name(series.metric, None)),
        _ => String::new(),
    };
    format!(
        "<figure class=\"small\" data-key=\"{}\" data-payload=\"{}\" data-measure=\"{}\" data-changed=\"{}\" data-verdict=\"{}\">\
         <figcaption><a href=\"#detail\">{}{}</a><span>{}</span></figcaption>{}</figure>\n",
        text(&key.join(" ")),
        text(&series.payload),
        Group::of(series.metric).name(),
        newest.map_or(-1, |change| i64::from(change.entry)),
        newest.map_or("", direction),
        text(&series.case),
        text(&metric),
        text(&value),
        spark(
            series,
            dashboard.history.entries.len(),
            dashboard.changes_of(series)
        ),
    )
}

fn plain(text: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        value: None,
        drawing: None,
    }
}

fn changes(dashboard: &Dashboard) -> Table {
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
        let relative = change.relative();
        let percent = relative.map_or("from none".to_owned(), |share| {
            let sign = if share > 0.0 { "+" } else { "" };
            format!("{sign}{}%", significant(share * 100.0))
        });
        Row {
            id: format!("{} {metric}", change.case),
            payload: payloads
                .get(change.case.as_str())
                .map_or_else(String::new, |p| (*p).to_owned()),
            verdict: Some(verdict),
            cells: vec![
                plain(&dashboard.names[change.entry as usize]),
                plain(&dashboard.names[change.previous as usize]),
                plain(&entry.environment.subject),
                plain(&change.case),
                plain(metric),
                plain(format!(
                    "{} → {}",
                    write(change.metric, change.before),
                    write(change.metric, change.after)
                )),
                Cell {
                    text: percent,
                    value: relative,
                    drawing: None,
                },
                Cell {
                    drawing: Some(Drawing::Verdict(verdict)),
                    ..plain(match verdict {
                        Verdict::Slower => "worse",
                        Verdict::Faster => "better",
                        _ => "unconfirmed",
                    })
                },
                plain(evidence),
            ],
        }
    };
    let verdict = |change: &Change| match direction(change) {
        "slower" => Verdict::Slower,
        "faster" => Verdict::Faster,
        _ => Verdict::Inconclusive,
    };
    let found = &dashboard.findings;
    let own = found
        .changes
        .iter()
        .map(|c| row(c, evidence(c.evidence), verdict(c)));
    let machines = found.machine_shifts.iter().map(|c| {
        let why = "the machine changed with the commit: either may have done it".to_owned();
        row(c, why, Verdict::Inconclusive)
    });
    let mut rows: Vec<Row> = own.chain(machines).collect();
    // Stable: each kind stays newest first.
    rows.sort_by_key(|row| row.verdict != Some(Verdict::Slower));
    rows.truncate(MOST_CHANGES);
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

fn runs(dashboard: &Dashboard) -> Table {
    let entries = dashboard.history.entries.iter().zip(&dashboard.names).rev();
    Table {
        id: "runs",
        section: Section::Cases,
        caption: "All runs, newest first",
        columns: vec![
            "commit", "subject", "finished", "machine", "compiler", "A/A",
        ],
        rows: entries
            .map(|(entry, name)| {
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
                        plain(name),
                        plain(&e.subject),
                        plain(short_time(&e.finished)),
                        plain(&e.cpu),
                        plain(&e.rustc),
                        plain(held),
                    ],
                }
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{self, Options};
    use crate::record::store;
    use crate::record::synthetic::{Shift, Synthetic};

    #[test]
    fn numbers_beyond_the_limit_are_left_out_oldest_first_and_said_so() {
        let plan = Synthetic {
            pairs: 2,
            commits: 40,
            shifts: vec![Shift {
                commit: 5,
                pair: 0,
                time: 1.0,
                instructions: 3.0,
            }],
            ..Synthetic::default()
        };
        let folder = tempfile::tempdir().expect("the system has a place for temporary files");
        let (file, kept) = (folder.path().join("r.json"), folder.path().join("history"));
        for record in plan.records() {
            store::save(&file, &record).expect("a made-up record is valid");
            history::add(&file, &kept).expect("it is not there yet");
        }
        let history = history::load(&kept).expect("it was just written");
        let dashboard = Dashboard::new(&history, &Options::default());

        let (first, all) = fitting(&dashboard, MOST_BYTES).expect("numbers are JSON");
        assert_eq!(first, 0, "a small history is kept whole");
        let limit = all.len() / 2;
        let (first, data) = fitting(&dashboard, limit).expect("numbers are JSON");
        assert!(data.len() <= limit, "{} of {limit} bytes", data.len());
        assert!((6..40).contains(&first), "{first}");

        let page = page_within(&dashboard, limit).expect("numbers are JSON");
        assert!(page.contains(&data));
        assert!(page.contains(&format!(
            "The numbers of the oldest {first} runs were left out"
        )));
        assert!(page.contains("70 → 73"), "older changes are still listed");
        let whole = page_within(&dashboard, MOST_BYTES).expect("numbers are JSON");
        assert!(!whole.contains("were left out"));
    }
}
