//! What a run found, on a terminal: what each protocol costs per item, the ratio and its
//! verdict, and what the run says of itself.

use bench_record::wire::{Case, Comparison, Counts, Record};

use crate::compare::self_check;
use crate::format::{self, optional};
use crate::terminal::{Cell, Column, Screen, Table};

/// A row for each case that ran by both protocols, in the record's order, and below the
/// table the run's A/A.
#[must_use]
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

    #[test]
    fn a_run_fits_eighty_columns() {
        insta::assert_snapshot!(shown(80));
    }

    #[test]
    fn a_run_shows_counts_at_120_columns() {
        insta::assert_snapshot!(shown(120));
    }
}
