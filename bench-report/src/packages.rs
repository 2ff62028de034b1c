//! What a run found of somebody's functions and streams, on a terminal.

use bench_record::wire::Record;

use crate::compare::self_check;
use crate::format::{self, optional};
use crate::model::packages::timed;
use crate::run::count;
use crate::terminal::{Column, Screen, Table};

/// A row for each case, and below the table the A/A between layouts that the times are of.
pub fn table(record: &Record, screen: Screen) -> String {
    let mut table = Table::new([
        Column::text("case").breaking(),
        Column::number("time"),
        Column::number("in other layouts").drops(2),
        Column::number("instructions"),
        Column::number("allocations").drops(1),
        Column::number("bytes").drops(3),
    ]);
    for case in &record.cases {
        let timed = timed(record, case);
        table.row([
            case.id.as_str().into(),
            optional(timed.and_then(|found| found.candidate_ns), format::ns).into(),
            optional(timed, |found| format::compared(found, format::ratio)).into(),
            count(case, |counts| counts.instructions_per_item).into(),
            count(case, |counts| counts.allocations_per_item).into(),
            count(case, |counts| counts.allocated_bytes_per_item).into(),
        ]);
    }
    let check = record.self_check.as_ref();
    let check = check.map_or_else(|| "Nothing was timed.".to_owned(), self_check);
    format!(
        "{}\n\n{}",
        table.show(screen),
        screen.paragraph("", &check, 0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::wire::{Case, Counts};

    #[test]
    fn a_case_has_its_counts_and_a_dash_where_it_was_not_timed() {
        let mut record = bench_record::synthetic::record(1);
        record.cases = vec![Case {
            id: "my-benches/parse".to_owned(),
            params: Default::default(),
            verified: None,
            counts: Some(Counts {
                instructions_per_item: Some(1234.0),
                allocations_per_item: Some(2.0),
                ..Counts::default()
            }),
        }];
        record.self_check = None;
        let screen = Screen {
            width: Some(80),
            colour: false,
        };
        let shown = table(&record, screen);
        for part in ["my-benches/parse", "1,234", "Nothing was timed"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }
}
