//! Parts that every page is made of: tables, charts, answers, definition lists.

use std::collections::BTreeSet;

use super::document::text;
use bench_record::wire::Verdict;

use crate::model::{Answer, Cell, Drawing, Forest, Panel, Table};

pub fn answer(prefix: &str, a: &Answer) -> String {
    let figures: String = a
        .figures
        .iter()
        .map(|f| {
            let notes: String = f
                .notes
                .iter()
                .map(|note| format!("<span class=\"interval\">{}</span>", text(note)))
                .collect();
            format!(
                "<li class=\"{}\" title=\"{}\"><span class=\"label\">{}</span>\
                 <strong><span class=\"sign\" aria-hidden=\"true\">{}</span> {}</strong>\
                 {notes}</li>",
                f.tone.name(),
                text(&f.case),
                text(&f.label),
                f.tone.sign(),
                text(&f.value),
            )
        })
        .collect();
    let figures = match a.figures.len() {
        0 => String::new(),
        _ => format!("<ul class=\"figures\">{figures}</ul>"),
    };
    let details: String = a
        .details
        .iter()
        .map(|d| format!("<li>{}</li>", text(d)))
        .collect();
    let details = match a.details.len() {
        0 => String::new(),
        _ => format!(
            "<details id=\"{prefix}-answer-{}-more\"><summary>In detail</summary>\
             <ul class=\"plain-list\">{details}</ul></details>",
            a.number
        ),
    };
    format!(
        "<article class=\"answer\" id=\"{prefix}-answer-{number}\">\
         <div class=\"question\"><span class=\"number\" aria-hidden=\"true\">{number}</span><h3>{question}</h3>\
         <p class=\"badge {tone}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span> {verdict}</p></div>\
         <div class=\"reply\"><p class=\"finding\">{finding}</p>\
         {figures}{details}\
         <p class=\"command\"><code>{command}</code></p></div></article>\n",
        number = a.number,
        question = text(a.question),
        tone = a.tone.name(),
        sign = a.tone.sign(),
        verdict = text(&a.verdict),
        finding = text(&a.finding),
        command = text(&a.command),
    )
}

/// A chart: its static plot, which the page's script replaces by a live one.
pub fn chart(prefix: &str, panel: &Panel, svg: &str) -> String {
    let svg = labelled(svg, &panel.title);
    format!(
        "<figure class=\"chart\" id=\"{prefix}-{id}\" data-panel=\"{id}\" \
         data-measure=\"{measure}\"><figcaption>{title}<small>{unit}</small></figcaption>\
         <div class=\"plot\"><div class=\"static\">{svg}</div></div></figure>\n",
        id = text(&panel.id),
        measure = match panel.measure {
            crate::model::Measure::Wall => "wall",
            crate::model::Measure::Instructions => "instructions",
        },
        title = text(&panel.title),
        unit = text(panel.y.label),
    )
}

/// A picture with what it shows, for readers who do not see it.
fn labelled(svg: &str, alt: &str) -> String {
    let label = format!("<svg role=\"img\" aria-label=\"{}\" ", text(alt));
    svg.replacen("<svg ", &label, 1)
}

/// A drawing that stays as it is; one that is wider than the window scrolls by itself.
pub fn drawing(class: &str, alt: &str, svg: &str) -> String {
    let svg = labelled(svg, alt);
    format!(
        "<figure class=\"drawing {class}\"><div class=\"scroll plot\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Plot: {}\">{svg}</div></figure>\n",
        text(alt)
    )
}

/// A table that scripts can sort and filter.
pub fn table(prefix: &str, table: &Table) -> String {
    let head: String = table
        .columns
        .iter()
        .map(|column| format!("<th scope=\"col\">{}</th>", text(column)))
        .collect();
    let mut rows = String::new();
    for row in &table.rows {
        let verdict = row.verdict.map_or("", Verdict::name);
        rows.push_str(&format!(
            "<tr data-id=\"{}\" data-payload=\"{}\" data-verdict=\"{verdict}\">",
            text(&row.id),
            text(&row.payload)
        ));
        for (number, cell) in row.cells.iter().enumerate() {
            rows.push_str(&self::cell(number, cell));
        }
        rows.push_str("</tr>\n");
    }
    format!(
        "<div class=\"table\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\
         <table id=\"{prefix}-{id}\" data-table=\"{id}\"><caption>{caption}</caption>\
         <thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div></div>\n",
        caption = text(table.caption),
        id = table.id,
    )
}

/// A text of more characters gets a wider column.
const SENTENCE: usize = 60;

fn cell(number: usize, cell: &Cell) -> String {
    let links = cell.links.iter();
    let links = links.map(|(name, to)| format!("<a href=\"{}\">{}</a> ", text(to), text(name)));
    let mut written = text(&cell.text) + links.collect::<String>().trim_end();
    if !cell.behind.is_empty() {
        let lines = cell.behind.iter();
        let lines: String = lines
            .map(|line| format!("<li>{}</li>", text(line)))
            .collect();
        written = format!(
            "<details><summary>{written}</summary><ul class=\"plain-list\">{lines}</ul></details>"
        );
    }
    let mut numbers = String::new();
    let ends = cell.ends.unzip();
    for (name, value) in [
        ("value", cell.value),
        ("low", ends.0),
        ("high", ends.1),
        ("rank", cell.rank.map(f64::from)),
    ] {
        if let Some(value) = value {
            numbers.push_str(&format!(" data-{name}=\"{value}\""));
        }
    }
    if number == 0 {
        return format!("<th scope=\"row\"{numbers}>{written}</th>");
    }
    let class = match numbers.is_empty() {
        false => " class=\"figure\"",
        true if cell.text.chars().count() > SENTENCE => " class=\"long\"",
        true => "",
    };
    let inner = match &cell.drawing {
        None => written,
        Some(Drawing::Verdict(verdict)) => {
            format!(
                "<span class=\"verdict {}\">{written}</span>",
                verdict.name()
            )
        }
        Some(Drawing::Forest(f)) => format!("{written}{}", forest(f)),
    };
    format!("<td{class}{numbers}>{inner}</td>")
}

/// A ratio and its interval on a line from a quarter to four times, the band behind it. An
/// estimate beyond the line is an arrow at its end.
fn forest(f: &Forest) -> String {
    // Logarithmic, so that half and twice lie equally far from the middle.
    let at = |ratio: f64| (60.0 + 28.0 * ratio.max(0.01).log2()).clamp(0.0, 120.0);
    let estimate = match f.ratio {
        beyond if beyond > 4.0 => {
            "<path class=\"beyond\" d=\"M113 2.5L120 6L113 9.5z\"/>".to_owned()
        }
        beyond if beyond < 0.25 => "<path class=\"beyond\" d=\"M7 2.5L0 6L7 9.5z\"/>".to_owned(),
        within => format!("<circle cx=\"{:.1}\" cy=\"6\" r=\"2.6\"/>", at(within)),
    };
    format!(
        "<svg class=\"forest\" viewBox=\"0 0 120 12\" width=\"100\" height=\"12\" aria-hidden=\"true\">\
         <rect class=\"band\" x=\"{:.1}\" width=\"{:.1}\" height=\"12\"/><path class=\"one\" d=\"M60 0V12\"/>\
         <path class=\"range\" d=\"M{:.1} 6H{:.1}\"/>{estimate}</svg>",
        at(1.0 - f.delta),
        at(1.0 + f.delta) - at(1.0 - f.delta),
        at(f.low),
        at(f.high),
    )
}

/// The payloads to filter by, each once, as options of a list.
pub fn payload_options<'a>(payloads: impl Iterator<Item = &'a str>) -> String {
    let distinct: BTreeSet<&str> = payloads.filter(|payload| !payload.is_empty()).collect();
    let option = |payload| format!("<option value=\"{0}\">{0}</option>", text(payload));
    distinct.into_iter().map(option).collect()
}

pub fn definitions(pairs: &[(String, String)]) -> String {
    let rows: String = pairs
        .iter()
        .map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>", text(name), text(value)))
        .collect();
    format!("<dl>{rows}</dl>\n")
}
