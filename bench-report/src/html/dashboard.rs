//! The page over a history.

mod display;
mod tables;

use super::document::{DASHBOARD, document, footer, json, text};
use super::parts;
use crate::dashboard::{
    Dashboard, Group, LEAST_SPAN, comings, direction, encode, newest, spark, spark_line,
};
use crate::error::ReportError;
use crate::format::short_time;
use bench_record::history::{Change, Evidence, Series};
use display::{key, metric_name, newest_change, write};
use tables::{changes, commits, gone, latest, runs};

const TOOLBAR: &str = include_str!("../assets/toolbar-dashboard.html");

/// The most bytes of a page; where it would be larger the oldest runs' numbers stay behind.
const MOST_BYTES: usize = 14_500_000;
/// The most changes that are listed.
const MOST_CHANGES: usize = 1_000;
/// Room in a page for the note on what was left out.
const ROOM_FOR_NOTES: usize = 1_000;

pub fn page(dashboard: &Dashboard) -> Result<String, ReportError> {
    page_within(dashboard, MOST_BYTES, MOST_CHANGES)
}

/// The whole page, of at most so many bytes and listed changes. Charts and tables are
/// never left out, only numbers.
fn page_within(
    dashboard: &Dashboard,
    most_bytes: usize,
    most_changes: usize,
) -> Result<String, ReportError> {
    let body = [
        "<main>\n".to_owned(),
        what_changed(dashboard, most_changes),
        every_case(dashboard),
        compare_and_runs(dashboard),
        "</main>\n".to_owned(),
        footer(),
    ]
    .concat();
    let whole = |first, data: &str| {
        let body = header(dashboard, first) + &body;
        document("arena-bench: history", &body, data, DASHBOARD)
    };
    let rest = whole(0, "").len() + ROOM_FOR_NOTES;
    let (first, data) = fitting(dashboard, most_bytes.saturating_sub(rest))?;
    Ok(whole(first, &data))
}

fn what_changed(dashboard: &Dashboard, most: usize) -> String {
    let mut changes = changes(dashboard);
    let all = changes.rows.len();
    changes.rows.truncate(most);
    let mut out = "<section id=\"changes\"><h2>What changed</h2>\n".to_owned();
    let gaps = dashboard.findings.gaps(dashboard.history);
    match (dashboard.history.entries.len(), all) {
        (0 | 1, _) => out.push_str("<p>A change is one from run to run: this takes two.</p>\n"),
        (_, 0) if gaps.is_empty() => {
            out.push_str("<p>No commit of this history changed anything.</p>\n");
        }
        (_, 0) => out.push_str("<p>No change was found in what could be searched.</p>\n"),
        _ => {
            out.push_str(
                "<p class=\"how\">One row a commit, the worst first. A count that differs is a change; a ratio \
                 has changed where it shifted for good on one machine. A commit leads to its comparison with \
                 the run before.</p>\n",
            );
            out.push_str(&parts::table("all", &commits(dashboard)));
            out.push_str(
                "<details class=\"behind\" id=\"every-change\"><summary>Every change, metric by \
                 metric</summary>",
            );
            out.push_str(&parts::table("all", &changes));
            out.push_str("</details>\n");
        }
    }
    if all > most {
        out.push_str(&format!(
            "<p class=\"notice\">{} of {all} changes are not listed here: arena-bench history changes lists all.</p>\n",
            all - most
        ));
    }
    out.push_str(&coming_and_going(dashboard));
    for gap in gaps {
        out.push_str(&format!("<p class=\"notice\">{}.</p>\n", text(&gap)));
    }
    out.push_str("</section>\n");
    out
}

/// Cases that came or went together are listed one by one up to so many.
const LISTED: usize = 4;

/// Cases that are gone, new or renamed: a line each, and one for many that share their reason.
fn coming_and_going(dashboard: &Dashboard) -> String {
    let mut together: Vec<(String, Vec<String>)> = Vec::new();
    for coming in comings(dashboard) {
        let sentence = coming.sentence(dashboard);
        match together.iter_mut().find(|(known, _)| *known == sentence) {
            Some((_, cases)) => cases.push(coming.case),
            None => together.push((sentence, vec![coming.case])),
        }
    }
    let line = |(sentence, cases): &(String, Vec<String>)| {
        let sentence = text(sentence);
        let each = cases
            .iter()
            .map(|case| format!("<li><code>{}</code> {sentence}</li>", text(case)));
        match cases.len() {
            0..=LISTED => each.collect(),
            many => format!(
                "<li><details><summary>{many} cases {sentence}</summary><ul class=\"plain-list\">{}</ul>\
                 </details></li>",
                each.collect::<String>()
            ),
        }
    };
    let all: String = together.iter().map(line).collect();
    match all.is_empty() {
        true => String::new(),
        false => format!(
            "<h3>Cases that came or went</h3><ul class=\"plain-list\" id=\"comings\">{all}</ul>\n"
        ),
    }
}

fn machines(dashboard: &Dashboard) -> String {
    let one = |(number, cpu): (usize, &String)| {
        let class = number % spark::MACHINES;
        format!(
            "<li><svg class=\"spark\" viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"m{class}\" d=\"M1 4H23\"/></svg> {}</li>",
            text(cpu)
        )
    };
    let all: String = dashboard.cpus.iter().enumerate().map(one).collect();
    format!("<ul class=\"machines\" aria-label=\"Machines\">{all}</ul>\n")
}

fn every_case(dashboard: &Dashboard) -> String {
    let mut out = format!(
        "<section id=\"detail\" hidden><h2>One series</h2><p class=\"how\">Drag to zoom, \
         double-click to see all; click a run to compare it with the one before.</p>\
         <div id=\"detail-chart\"></div><details class=\"behind\" id=\"detail-numbers\"><summary>The numbers behind this \
         chart</summary><div id=\"detail-table\"></div></details>\
         <p><button type=\"button\" id=\"detail-close\">Back to all charts</button></p></section>\n\
         <section id=\"charts\"><h2>Every case</h2><p class=\"how\">Oldest run left, newest right; each machine \
         has a line and a colour of its own, and runs of different machines are never compared. ▲ marks a commit that made it worse, ▼ one that made it better; the newest is \
         named. No chart is less than {:.0}% high, so that noise stays small.</p>\
         {}<p class=\"table-tools\" id=\"chart-count\"></p><div id=\"small-charts\">\n",
        LEAST_SPAN * 100.0,
        machines(dashboard)
    );
    let gone = gone(dashboard);
    for series in dashboard.shown() {
        out.push_str(&small_chart(dashboard, series, gone.get(&series.case)));
    }
    out.push_str(&format!(
        "</div>\n<details class=\"behind\" id=\"latest-numbers\"><summary>The newest value of each chart\
         </summary>{}</details></section>\n",
        parts::table("all", &latest(dashboard))
    ));
    out
}

fn compare_and_runs(dashboard: &Dashboard) -> String {
    format!(
        "<section id=\"compare\"><h2>Compare two runs</h2><p class=\"how\">Exact counts are \
         subtracted only where machine and toolchain agree; ratios only where the CPU does. Intervals that \
         do not overlap are a hint and no verdict: they do not cover what moves from run to run.</p>\
         <div id=\"compare-controls\"></div><div id=\"compare-result\"><p>The page's script makes this comparison.</p>\
         </div></section>\n<section id=\"commits\"><h2>Runs</h2>\n{}</section>\n",
        parts::table("all", &runs(dashboard))
    )
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
    let count = |of: fn(&&Change) -> bool| dashboard.findings.changes.iter().filter(of).count();
    let regressions = count(|change| change.is_regression());
    let suspects = count(|change| change.evidence == Evidence::Unconfirmed);
    let (tone, newest) = newest(dashboard);
    let (tone, sign, newest) = (tone.name(), tone.sign(), text(&newest));
    let payloads = dashboard.shown().any(|series| !series.payload.is_empty());
    let title = match payloads {
        true => "Arena or alloc, over time",
        false => "Performance over time",
    };
    let left_out = match first {
        0 => String::new(),
        _ => format!(
            "<p class=\"notice\">The numbers of the oldest {first} runs were left out to keep the page quick. \
             The small charts and the list of changes still show them, but they cannot be compared.</p>"
        ),
    };
    format!(
        "<a class=\"skip\" href=\"#changes\">Skip to the changes</a><header class=\"top\">\
         <h1>{title}</h1><p class=\"told {tone}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span> \
         {newest}</p><p class=\"made\"><b>{} runs</b> of {cases} cases {}; {} changes, {} of them \
         regressions, {suspects} not confirmed</p>{left_out}<nav aria-label=\"Sections\"><a href=\"#changes\">Changes</a>\
         <a href=\"#charts\">Every case</a><a href=\"#compare\">Compare</a><a href=\"#commits\">Runs</a></nav></header>\n{}",
        entries.len(),
        text(&span),
        dashboard.findings.changes.len(),
        regressions,
        toolbar(dashboard).replace(
            "{payloads}",
            &parts::payload_options(dashboard.shown().map(|series| series.payload.as_str()))
        ),
    )
}

/// The controls. A history without ratios, as one of packages is, begins with its
/// instructions.
fn toolbar(dashboard: &Dashboard) -> String {
    let ratios = dashboard
        .shown()
        .any(|series| Group::of(series.metric) == Group::Wall);
    if ratios {
        return TOOLBAR.to_owned();
    }
    TOOLBAR
        .replace("value=\"wall\" checked", "value=\"wall\"")
        .replace("value=\"instructions\"", "value=\"instructions\" checked")
}

fn small_chart(dashboard: &Dashboard, series: &Series, gone: Option<&String>) -> String {
    let newest = dashboard.changes_of(series).next();
    let value = series
        .points
        .last()
        .map_or(String::new(), |p| write(series.metric, p.value));
    let metric = match Group::of(series.metric) {
        Group::Counts => format!(" {}", metric_name(series.metric, None)),
        _ => String::new(),
    };
    let changed = newest.map_or(String::new(), |change| {
        format!(
            "<small class=\"verdict {}\">{}</small>",
            direction(change).name(),
            text(&newest_change(dashboard, change))
        )
    });
    let gone = gone.map_or(String::new(), |said| {
        format!("<small class=\"gone\">{}</small>", text(said))
    });
    format!(
        "<figure class=\"small\" data-key=\"{}\" data-payload=\"{}\" data-measure=\"{}\" data-changed=\"{}\" data-verdict=\"{}\">\
         <figcaption><a href=\"#detail\">{}{}</a><span>{}</span>{changed}{gone}</figcaption>{}</figure>\n",
        text(&key(series)),
        text(&series.payload),
        Group::of(series.metric).name(),
        newest.map_or(-1, |change| i64::from(change.entry)),
        newest.map_or("", |change| direction(change).name()),
        text(&series.case),
        text(&metric),
        text(&value),
        spark_line(
            series,
            dashboard.history.entries.len(),
            dashboard.changes_of(series),
            |entry| dashboard.cpu(entry)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::history::{self, History, Options};
    use bench_record::store;
    use bench_record::synthetic::{Shift, Synthetic};
    use bench_record::wire::Record;

    fn history_of(plan: &Synthetic) -> History {
        history_from(plan.records())
    }

    fn history_from(records: impl Iterator<Item = Record>) -> History {
        let folder = tempfile::tempdir().expect("the system has a place for temporary files");
        let (file, kept) = (folder.path().join("r.json"), folder.path().join("history"));
        for record in records {
            store::save(&file, &record).expect("a made-up record is valid");
            history::add(&file, &kept).expect("it is not there yet");
        }
        history::load(&kept).expect("it was just written")
    }

    fn forty() -> Synthetic {
        Synthetic {
            pairs: 2,
            commits: 40,
            shifts: vec![Shift {
                commit: 5,
                pair: 0,
                time: 1.0,
                instructions: 3.0,
            }],
            ..Synthetic::default()
        }
    }

    fn page_of(history: &History, most_changes: usize) -> String {
        let dashboard = Dashboard::new(history, &Options::default());
        page_within(&dashboard, MOST_BYTES, most_changes).expect("numbers are JSON")
    }

    #[test]
    fn numbers_beyond_the_limit_of_the_page_are_left_out_oldest_first_and_said_so() {
        let history = history_of(&forty());
        let dashboard = Dashboard::new(&history, &Options::default());
        let (first, all) = fitting(&dashboard, MOST_BYTES).expect("numbers are JSON");
        assert_eq!(first, 0, "a small history is kept whole");
        let whole = page_of(&history, MOST_CHANGES);
        assert!(!whole.contains("The numbers of the oldest"));

        let limit = whole.len() + ROOM_FOR_NOTES - all.len() / 2;
        let page = page_within(&dashboard, limit, MOST_CHANGES).expect("numbers are JSON");
        assert!(page.len() <= limit, "{} of {limit} bytes", page.len());
        let (first, data) = fitting(&dashboard, all.len() / 2).expect("numbers are JSON");
        assert!((6..40).contains(&first), "{first}");
        assert!(page.contains(&data));
        assert!(page.contains(&format!(
            "The numbers of the oldest {first} runs were left out"
        )));
        assert!(page.contains("70 → 73"), "older changes are still listed");
    }

    #[test]
    fn a_small_chart_names_its_newest_change_and_a_table_its_newest_value() {
        let page = page_of(&history_of(&forty()), MOST_CHANGES);
        let named = "<small class=\"verdict slower\">000000050000 +4.29%</small>";
        assert!(page.contains(named));
        let table = page.split("id=\"all-latest\"").nth(1).expect("a table");
        let row = table
            .split("<tr ")
            .find(|row| row.contains("data-id=\"drain/case-000/arena instructions_per_item\""))
            .expect("a row of the series");
        assert!(
            row.contains("data-value=\"73\"") && row.contains("000000270000"),
            "{row}"
        );
        assert!(row.contains("000000050000 +4.29%"), "{row}");
    }

    /// Records in which the second pair of cases has another name from the seventh on.
    fn renamed() -> History {
        let plan = Synthetic {
            pairs: 2,
            commits: 9,
            ..Synthetic::default()
        };
        history_from(plan.records().enumerate().map(|(number, mut record)| {
            let other = |id: &mut String| *id = id.replace("case-001", "case-009");
            if number >= 6 {
                record.cases.iter_mut().for_each(|case| other(&mut case.id));
                for c in &mut record.comparisons {
                    other(&mut c.candidate);
                    other(&mut c.baseline);
                }
            }
            record
        }))
    }

    #[test]
    fn many_cases_that_came_together_share_a_line() {
        let plan = Synthetic {
            pairs: 6,
            commits: 9,
            ..Synthetic::default()
        };
        let of_first = |id: &str| id.contains("case-000");
        let records = plan.records().enumerate().map(|(number, mut record)| {
            if number < 6 {
                record.cases.retain(|case| of_first(&case.id));
                record.comparisons.retain(|c| of_first(&c.candidate));
            }
            record
        });
        let page = page_of(&history_from(records), MOST_CHANGES);
        assert!(page.contains("<summary>10 cases new since 000000060000</summary>"));
        assert!(page.contains("<code>drain/case-005/arena</code> new since"));
    }

    #[test]
    fn a_case_that_went_is_shown_as_gone_and_what_came_in_its_place_is_named() {
        let page = page_of(&renamed(), MOST_CHANGES);
        let gone = "gone since 000000060000, renamed to drain/case-009/arena?";
        assert!(page.contains(&format!(
            "<li><code>drain/case-001/arena</code> {gone}</li>"
        )));
        assert!(page.contains("<code>drain/case-009/arena</code> new since 000000060000"));
        let caption = format!("<small class=\"gone\">{gone}</small>");
        assert_eq!(
            page.matches(&caption).count(),
            2,
            "its ratio and its instructions"
        );
        let latest = page.split("id=\"all-latest\"").nth(1).expect("a table");
        assert!(latest.contains(gone), "no stale value without a word");
        assert!(!page.contains("<code>drain/case-000/arena</code>"));
    }

    #[test]
    fn the_page_starts_with_the_newest_run_and_an_unconfirmed_rise_is_no_all_clear() {
        let quiet = page_of(&history_of(&forty()), MOST_CHANGES);
        assert!(quiet.contains("000000270000: no change found; A/A passed."));
        let plan = Synthetic {
            shifts: vec![Shift {
                commit: 39,
                pair: 0,
                time: 1.082,
                instructions: 0.0,
            }],
            ..forty()
        };
        let page = page_of(&history_of(&plan), MOST_CHANGES);
        let told = page
            .split("class=\"told unclear\"")
            .nth(1)
            .expect("a suspect");
        let told = told.split("</p>").next().expect("its end");
        assert!(told.contains("1 suspect (+8."), "{told}");
        assert!(told.contains("needs another run); A/A passed."), "{told}");
    }

    #[test]
    fn commits_link_to_their_pages_and_only_to_web_addresses() {
        let history = history_from(forty().records().map(|mut record| {
            record.environment.subject.push_str(" (#123)");
            record
        }));
        let page = |address| {
            let dashboard = Dashboard::new(&history, &Options::default());
            super::page(&dashboard.of_repository(Some(address))).expect("numbers are JSON")
        };
        let linked = page("https://example.org/a/b.git");
        for to in ["/commit/0000002700", "/compare/0000002600", "/pull/123\""] {
            let to = format!("<a href=\"https://example.org/a/b{to}");
            assert!(linked.contains(&to), "{to}");
        }
        for bad in ["javascript:alert(1)", "https://x\"><img src=x>"] {
            let page = page(bad);
            assert!(
                !page.contains("javascript:") && !page.contains("<img"),
                "{bad}"
            );
        }
    }

    #[test]
    fn changes_that_are_not_listed_are_counted() {
        let history = history_of(&forty());
        assert!(!page_of(&history, 1).contains("not listed here"));
        assert!(page_of(&history, 0).contains("1 of 1 changes are not listed here"));
    }

    #[test]
    fn a_history_too_short_to_search_is_not_called_unchanged() {
        let unchanged = "No commit of this history changed anything";
        let plan = |commits| Synthetic {
            commits,
            ..Synthetic::default()
        };
        assert!(page_of(&history_of(&plan(8)), MOST_CHANGES).contains(unchanged));
        let two = page_of(&history_of(&plan(2)), MOST_CHANGES);
        assert!(!two.contains(unchanged) && two.contains("fewer than 6 runs"));
        let one = page_of(&history_of(&plan(1)), MOST_CHANGES);
        assert!(one.contains("this takes two") && !one.contains(unchanged));
    }
}
