//! The page over one or more records.

use serde::Serialize;

use super::document::{REPORT, document, footer, json, text};
use super::laboratory;
use super::parts;
use crate::error::ReportError;
use crate::format::short_time;
use crate::model::{Facts, Panel, Section, View};
use crate::plots;
use bench_record::short_commit;

const METHOD: &str = include_str!("../assets/method.html");
const TOOLBAR: &str = include_str!("../assets/toolbar.html");

/// What the page's script reads; tables it takes from the page itself.
#[derive(Serialize)]
struct Data<'a> {
    records: Vec<RecordData<'a>>,
}

#[derive(Serialize)]
struct RecordData<'a> {
    name: &'a str,
    fingerprint: &'a [(String, String)],
    panels: &'a [Panel],
    facts: &'a Facts,
}

impl<'a> From<&'a View> for RecordData<'a> {
    fn from(view: &'a View) -> Self {
        Self {
            name: &view.name,
            fingerprint: &view.fingerprint,
            panels: &view.panels,
            facts: &view.facts,
        }
    }
}

/// Each section: its id, heading, and a sentence that says how to read it.
const SECTIONS: [(Section, &str, &str, &str); 8] = [
    (
        Section::Ratio,
        "ratio",
        "Arena / alloc",
        "Time per item of the arena divided by that of alloc, both drained in the same rounds. Below 1 the \
         arena is faster; the axis is logarithmic, so that half and twice lie equally far from 1. The grey \
         band marks differences that do not matter. Hollow points are mostly page faults of malloc's large \
         blocks and say little about the protocols. A record is an item with an id, a timestamp, a message \
         and three tags; borrowed means that the host reads the item in the buffer instead of copying it out.",
    ),
    (
        Section::ItemSize,
        "item-size",
        "Cost against item size",
        "Both protocols, from the paired comparison of each case. Bands are 95% intervals of the median; \
         where there are too few samples for an interval, quartiles are shown and called so. A dashed \
         vertical line marks the size at which the lead changes.",
    ),
    (
        Section::Ladder,
        "ladder",
        "Where the time goes",
        "Each bar adds one step to the one above it. Black bars are whole protocols, measured directly: where \
         the steps do not add up to them, it shows. The dashed line is the floor: the same items and codec in \
         one process, without a boundary.",
    ),
    (
        Section::Growth,
        "growth",
        "Growth strategies",
        "Cost against the memory that the buffer held on average. A way to grow is dominated, and grey, when \
         another costs no more, holds no more and is better in one of the two. The table has the ways that \
         differ in the strategy alone and those that were timed; arena-bench growth --all prints all.",
    ),
    (
        Section::Allocation,
        "allocation",
        "Allocations, bytes, calls",
        "Exact for one binary, C library and set of tunables, so these numbers have no interval.",
    ),
    (
        Section::Channels,
        "channels",
        "The other channels",
        "A client stream is made by the host and taken by the guest; in a bidirectional one, the guest gives \
         each item back; a unary call is answered by the guest, a callback by the host. The first way of each \
         is Fidius': the others are compared with it. A spike is one item of 1 MiB with items of 64 bytes \
         after it: what those cost shows what a large item leaves behind.",
    ),
    (
        Section::SelfCheck,
        "self-check",
        "The run judges itself",
        "The same code against itself, measured in the same way: the truth is 1, and any difference is the method's own error.",
    ),
    (
        Section::Cases,
        "cases",
        "Further comparisons",
        "Comparisons that belong to none of the questions above.",
    ),
];

/// How to read the table of packages.
const MEASURED: &str = "An item is a unit of work of a function, or an item of a stream. The time is the \
    median over link layouts, on this machine, in this run: it is not comparable across runs. Counts are exact.";

pub fn page(views: &[View]) -> Result<String, ReportError> {
    let many = views.len() > 1;
    let mut body = String::new();
    body.push_str(&header(views));
    body.push_str("<main>\n");
    for (number, view) in views.iter().enumerate() {
        body.push_str(&record(number, view, many)?);
    }
    if many {
        body.push_str(
            "<section id=\"compare\"><h2>Compare two records</h2>\
             <p class=\"how\">Exact counts are subtracted only where the environments agree. Ratios are \
             listed next to each other with their intervals; intervals that do not overlap are a hint \
             and no verdict, because they do not cover what moves from run to run.</p><div id=\"compare-controls\"></div>\
             <div id=\"compare-result\"><p>The page's script makes this comparison. \
             Without it, use the tables of each record above.</p></div></section>\n",
        );
    }
    // The method's page is about the pair.
    if views.iter().any(|view| view.packages.is_none()) {
        body.push_str(METHOD);
    }
    body.push_str("</main>\n");
    body.push_str(&footer());
    let title = match views {
        [only] => format!("arena-bench: {}", only.name),
        _ => format!("arena-bench: {} records", views.len()),
    };
    let data = Data {
        records: views.iter().map(RecordData::from).collect(),
    };
    Ok(document(&title, &body, &json(&data)?, REPORT))
}

fn header(views: &[View]) -> String {
    let last = views.len().saturating_sub(1);
    let lines: String = views
        .iter()
        .map(|view| {
            let find = |name: &str| {
                let entry = view.environment.iter().find(|(key, _)| key == name);
                entry.map_or("", |(_, value)| value.as_str())
            };
            let commit = short_commit(find("Commit"));
            format!(
                "<p class=\"made\"><b>{}</b> <code>{}</code> <q>{}</q> <span>on {}, {}</span></p>",
                text(&view.name),
                text(&commit),
                text(find("Subject")),
                text(find("CPU")),
                text(&short_time(find("Finished")))
            )
        })
        .collect();
    let leads: String = views
        .iter()
        .enumerate()
        .map(|(number, view)| {
            let hidden = if number == last { "" } else { " hidden" };
            format!(
                "<div class=\"lead\" data-lead=\"{number}\"{hidden}><p class=\"told\">{}</p>\
                 <p class=\"todo\">{}</p></div>",
                text(&view.lead.answer),
                text(&view.lead.advice)
            )
        })
        .collect();
    let rows = views
        .iter()
        .flat_map(|view| view.tables.iter().flat_map(|table| &table.rows));
    let payloads = parts::payload_options(rows.map(|row| row.payload.as_str()));
    // The last record is the one shown; a section that it lacks leads to the newest with it.
    let newest_with = |section| views.iter().rposition(|view| has(view, section));
    let packages = views.iter().all(|view| view.packages.is_some());
    let (title, first, heading) = match packages {
        true => ("What it takes", "measured", "Measured"),
        false => ("Arena or alloc?", "answers", "Answers"),
    };
    let links: String = SECTIONS
        .iter()
        .filter_map(|(section, id, heading, _)| {
            let number = newest_with(*section)?;
            Some(format!(
                "<a href=\"#r{number}-{id}\" data-section=\"{id}\">{heading}</a>"
            ))
        })
        .collect();
    let method = match packages {
        true => "",
        false => "<a href=\"#method\">Method</a>",
    };
    let laboratory = views.iter().rposition(|view| !view.laboratory.is_empty());
    let laboratory = laboratory.map_or_else(String::new, |number| {
        format!("<a href=\"#r{number}-laboratory\" data-section=\"laboratory\">Which protocol</a>")
    });
    let compare = if views.len() > 1 {
        "<a href=\"#compare\">Compare</a>"
    } else {
        ""
    };
    format!(
        "<a class=\"skip\" href=\"#r{last}-{first}\" data-section=\"{first}\">Skip to what was found</a>\
         <header class=\"top\"><h1>{title}</h1>{leads}{lines}\
         <nav aria-label=\"Sections\"><a href=\"#r{last}-{first}\" data-section=\"{first}\">{heading}</a>{links}{laboratory}{compare}\
         <a href=\"#r{last}-environment\" data-section=\"environment\">Environment</a>{method}</nav>\
         </header>\n{}",
        TOOLBAR.replace("{payloads}", &payloads)
    )
}

fn has(view: &View, section: Section) -> bool {
    view.panels.iter().any(|panel| panel.section == section)
        || view.tables.iter().any(|table| table.section == section)
}

fn record(number: usize, view: &View, many: bool) -> Result<String, ReportError> {
    let prefix = format!("r{number}");
    let mut out = format!("<article class=\"record\" id=\"{prefix}\" data-record=\"{number}\">\n");
    if many {
        out.push_str(&format!(
            "<h2 class=\"record-name\">Record {}</h2>\n",
            text(&view.name)
        ));
    }
    if view.trusted == Some(false) {
        out.push_str(
            "<p class=\"banner\"><strong>▲ Untrusted.</strong> This run failed its own A/A comparison: \
             do not rely on its wall-clock verdicts. Question 6 has the reason.</p>\n",
        );
    }
    match &view.packages {
        Some(table) => out.push_str(&format!(
            "<section id=\"{prefix}-measured\"><h2>Measured</h2><p class=\"how\">{MEASURED}</p>\n{}</section>\n",
            parts::table(&prefix, table)
        )),
        None => {
            out.push_str(&format!(
                "<section id=\"{prefix}-answers\"><h2>Six answers</h2>\n"
            ));
            for answer in &view.answers {
                out.push_str(&parts::answer(&prefix, answer));
            }
            out.push_str("</section>\n");
        }
    }
    for (section, id, heading, how) in SECTIONS {
        if has(view, section) {
            out.push_str(&format!(
                "<section id=\"{prefix}-{id}\"><h2>{heading}</h2><p class=\"how\">{how}</p>\n"
            ));
            out.push_str(&section_body(&prefix, view, section, id)?);
            out.push_str("</section>\n");
        }
    }
    out.push_str(&laboratory::section(&prefix, &view.laboratory));
    out.push_str(&format!(
        "<section id=\"{prefix}-environment\"><h2>Environment</h2>\n"
    ));
    out.push_str(&parts::definitions(&view.environment));
    out.push_str("</section>\n</article>\n");
    Ok(out)
}

/// Charts first, and behind them, folded, the tables with their numbers; a section
/// without charts shows its tables openly.
fn section_body(
    prefix: &str,
    view: &View,
    section: Section,
    id: &str,
) -> Result<String, ReportError> {
    let figures = match section {
        Section::Ratio => forest(view)?,
        Section::Ladder => waterfalls(view)?,
        _ => String::new(),
    };
    let mut charts = String::new();
    for panel in view.panels.iter().filter(|panel| panel.section == section) {
        charts.push_str(&parts::chart(prefix, panel, &plots::inline(panel)?));
    }
    let tables: String = view
        .tables
        .iter()
        .filter(|table| table.section == section)
        .map(|table| parts::table(prefix, table))
        .collect();
    let none = "<p class=\"notice none\" hidden>No chart matches the filter.</p>";
    let charts = match charts.is_empty() {
        true => String::new(),
        false => format!("<div class=\"charts\">{charts}</div>{none}"),
    };
    Ok(match (charts.is_empty() && figures.is_empty(), section) {
        (true, _) => tables,
        (false, Section::Ratio) => format!("{charts}{figures}{tables}"),
        (false, _) => format!(
            "{charts}{figures}<details class=\"behind\" id=\"{prefix}-{id}-numbers\">\
             <summary>The numbers behind these charts</summary>{tables}</details>"
        ),
    })
}

/// Every ratio with its interval on a common axis.
fn forest(view: &View) -> Result<String, ReportError> {
    let Some(table) = view.tables.iter().find(|table| table.id == "ratios") else {
        return Ok(String::new());
    };
    let figure = plots::ratios(table)?;
    Ok(parts::drawing("forest-plot", &figure.alt, &figure.inline()))
}

/// A waterfall for each payload whose steps were all measured.
fn waterfalls(view: &View) -> Result<String, ReportError> {
    let mut out = String::new();
    for one in &view.ladder {
        match plots::waterfalls(std::slice::from_ref(one), &view.machine) {
            Ok(figure) => {
                out.push_str(&parts::drawing("waterfall", &figure.alt, &figure.inline()));
            }
            Err(plots::PlotError::Nothing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(out)
}
