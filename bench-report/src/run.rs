//! What a run found, on a terminal: what each protocol costs per item, the ratio and its
//! verdict, and what the run says of itself.

use bench_record::wire::{Case, Comparison, Counts, Record};

use crate::compare::self_check;
use crate::format::{self, optional};
use crate::model::View;
use crate::terminal::{Cell, Column, Screen, Table};

/// A row for each case that ran by both protocols, in the record's order, and below the
/// table the run's A/A.
pub fn table(record: &Record, screen: Screen) -> String {
    let mut table = Table::new([
        Column::text("case").breaking(),
        Column::text("verdict"),
        Column::number("arena / alloc"),
        Column::number("time: arena, alloc").drops(1),
        Column::number("instructions").drops(2),
        Column::number("allocations").drops(3),
    ]);
    let arenas = record
        .cases
        .iter()
        .filter(|case| case.params.protocol == "arena");
    for arena in arenas {
        let Some(alloc) = record.case(&arena.id.replacen("/arena", "/alloc", 1)) else {
            continue;
        };
        table.row(row(record, arena, alloc));
    }
    let check = record.self_check.as_ref();
    let check = check.map_or_else(
        || "No A/A comparison: wall clock was not compared.".to_owned(),
        self_check,
    );
    format!(
        "{}\n\n{}",
        table.show(screen),
        screen.paragraph("", &check, 0)
    )
}

/// The six answers, a paragraph each.
///
/// Of a record of packages, what was found and what to do.
pub fn answers(view: &View, screen: Screen) -> String {
    if view.packages.is_some() {
        let lead = format!("{} {}", view.lead.answer, view.lead.advice);
        return screen.paragraph("", &lead, 0);
    }
    let lines = view.answers.iter().map(|answer| {
        let number = format!("{}.", answer.number);
        let what = WHAT.get(usize::from(answer.number).saturating_sub(1));
        let line = format!("{}: {}", what.unwrap_or(&answer.question), answer.line);
        screen.paragraph(&number, &line, 3)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The six questions in a few words.
const WHAT: [&str; 6] = [
    "Arena or alloc",
    "Where the time goes",
    "Counts",
    "Growth",
    "Floor",
    "Trust",
];

fn row(record: &Record, arena: &Case, alloc: &Case) -> [Cell; 6] {
    let compared = record.comparison(&arena.id, &alloc.id);
    let ns = |side: fn(&Comparison) -> Option<f64>| optional(compared.and_then(side), format::ns);
    let both = |pick: fn(&Counts) -> Option<f64>| -> Cell {
        let count =
            |case: &Case| optional(case.counts.as_ref().and_then(pick), format::significant);
        format!("{}, {}", count(arena), count(alloc)).into()
    };
    let verdict = compared.map_or_else(Cell::default, |found| {
        Cell::toned(found.verdict.name(), found.verdict.into())
    });
    let ratio =
        |found: &Comparison| format::estimate(found.ratio, found.low, found.high, format::ratio);
    let times = format!(
        "{}, {}",
        ns(|found| found.candidate_ns),
        ns(|found| found.baseline_ns)
    );
    [
        arena.id.replacen("/arena", "", 1).into(),
        verdict,
        optional(compared, ratio).into(),
        times.into(),
        both(|counts| counts.instructions_per_item),
        both(|counts| counts.allocations_per_item),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn shown(width: usize) -> String {
        let mut record = fixture::record("c0ffee", 1.0);
        let kept = |id: &str| id.starts_with("drain/bytes") || id.starts_with("drain/u64");
        record.cases.retain(|case| kept(&case.id));
        let screen = Screen {
            width: Some(width),
            colour: false,
        };
        table(&record, screen)
    }

    fn answered(width: usize) -> String {
        let view = crate::model::view(&crate::model::Source {
            name: "run".to_owned(),
            record: fixture::record("c0ffee", 1.0),
        });
        let screen = Screen {
            width: Some(width),
            colour: false,
        };
        answers(&view, screen)
    }

    #[test]
    fn the_answer_is_six_numbered_paragraphs_at_eighty_columns() {
        let text = answered(80);
        let numbered = text.lines().filter(|line| !line.starts_with(' ')).count();
        assert_eq!(numbered, 6, "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_answer_at_120_columns() {
        insta::assert_snapshot!(answered(120));
    }

    #[test]
    fn a_run_fits_eighty_columns() {
        insta::assert_snapshot!(shown(80));
    }

    #[test]
    fn a_run_shows_counts_at_120_columns() {
        insta::assert_snapshot!(shown(120));
    }
}
