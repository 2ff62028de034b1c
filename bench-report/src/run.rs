//! What a run found, on a terminal: what each protocol costs per item, the ratio and its
//! verdict, and what the run says of itself.

use bench_record::wire::{Case, Comparison, Counts, Record};
use bench_record::{CHANNELS, CaseId};

use crate::compare::self_check;
use crate::format::{self, optional};
use crate::model::View;
use crate::terminal::{Cell, Column, Screen, Table};

/// A row for each case that ran by both protocols, in the record's order, one for each way of a
/// channel, and below the tables the run's A/A.
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
    let channels = channels(record);
    let tables = [table, channels]
        .into_iter()
        .filter(|table| !table.is_empty());
    let tables: Vec<String> = tables.map(|table| table.show(screen)).collect();
    let check = record.self_check.as_ref();
    let check = check.map_or_else(
        || "No A/A comparison: wall clock was not compared.".to_owned(),
        self_check,
    );
    [tables, vec![screen.paragraph("", &check, 0)]]
        .concat()
        .join("\n\n")
}

/// A row for each way of a channel, with what it is worth against the framework's where that was
/// measured.
fn channels(record: &Record) -> Table {
    let mut table = Table::new([
        Column::text("channel").breaking(),
        Column::text("verdict"),
        Column::number("way / framework's"),
        Column::number("time").drops(1),
        Column::number("instructions").drops(2),
        Column::number("allocations").drops(3),
        Column::number("calls").drops(4),
    ]);
    let family = |case: &&Case| CHANNELS.contains(&CaseId::of(&case.id).family);
    for case in record.cases.iter().filter(family) {
        let all = record.comparisons.iter();
        let as_candidate = all.clone().find(|found| found.candidate == case.id);
        let mut as_baseline = all.filter(|found| found.baseline == case.id);
        let time = match as_candidate {
            Some(found) => found.candidate_ns,
            None => as_baseline.next().and_then(|found| found.baseline_ns),
        };
        table.row([
            case.id.as_str().into(),
            verdict(as_candidate),
            as_candidate.map_or_else(String::new, ratio).into(),
            optional(time, format::ns).into(),
            count(case, |counts| counts.instructions_per_item).into(),
            count(case, |counts| counts.allocations_per_item).into(),
            count(case, |counts| counts.boundary_calls_per_item).into(),
        ]);
    }
    table
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

fn verdict(found: Option<&Comparison>) -> Cell {
    found.map_or_else(Cell::default, |found| {
        Cell::toned(found.verdict.name(), found.verdict.into())
    })
}

fn ratio(found: &Comparison) -> String {
    format::compared(found, format::ratio)
}

/// A count of a case, or a dash.
pub(crate) fn count(case: &Case, pick: fn(&Counts) -> Option<f64>) -> String {
    optional(case.counts.as_ref().and_then(pick), format::significant)
}

fn row(record: &Record, arena: &Case, alloc: &Case) -> [Cell; 6] {
    let compared = record.comparison(&arena.id, &alloc.id);
    let ns = |side: fn(&Comparison) -> Option<f64>| optional(compared.and_then(side), format::ns);
    let both = |pick: fn(&Counts) -> Option<f64>| -> Cell {
        format!("{}, {}", count(arena, pick), count(alloc, pick)).into()
    };
    let times = format!(
        "{}, {}",
        ns(|found| found.candidate_ns),
        ns(|found| found.baseline_ns)
    );
    [
        arena.id.replacen("/arena", "", 1).into(),
        verdict(compared),
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
    fn a_run_of_channels_shows_each_way_beside_the_frameworks() {
        let mut record = fixture::record("c0ffee", 1.0);
        let (ids, mut cases) = (["client/u64/framework", "client/u64/lend"], Vec::new());
        for id in ids {
            let mut case = record.cases[0].clone();
            id.clone_into(&mut case.id);
            case.params.protocol = CaseId::of(id).arm.expect("it has one").to_owned();
            cases.push(case);
        }
        record.cases = cases;
        record.comparisons.truncate(1);
        [
            record.comparisons[0].baseline,
            record.comparisons[0].candidate,
        ] = ids.map(str::to_owned);
        let text = table(&record, Screen::file());
        let row = |id: &str| {
            text.lines()
                .find(|line| line.starts_with(id))
                .unwrap_or_default()
        };
        let ratio = format::ratio(record.comparisons[0].ratio);
        assert!(row(ids[1]).contains(&ratio), "{text}");
        assert!(
            !row(ids[0]).contains(&ratio) && row(ids[0]).contains("ns"),
            "{text}"
        );
        assert!(!text.contains("arena / alloc"), "{text}");
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
