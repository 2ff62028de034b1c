//! Records of somebody's functions and streams: they have no payload and no protocol, and the
//! questions about arena and alloc are not theirs.

use bench_record::wire::{Case, Comparison, Counts, Record};

use super::types::{Cell, LeadSentences, Row, Section, Table};
use crate::format;

/// Whether a record is of packages, and not of a pair.
pub fn is_of_packages(record: &Record) -> bool {
    let mut cases = record.cases.iter();
    !record.cases.is_empty() && cases.all(|case| case.params.payload.is_empty())
}

/// A row for each case; nothing where the record is of a pair.
pub fn table(record: &Record) -> Option<Table> {
    is_of_packages(record).then(|| Table {
        id: "measured",
        section: Section::Cases,
        caption: "What was measured",
        columns: vec![
            "case",
            "time per item",
            "instructions per item",
            "allocations per item",
            "allocated bytes per item",
        ],
        rows: record.cases.iter().map(|case| row(record, case)).collect(),
    })
}

fn row(record: &Record, case: &Case) -> Row {
    let time = timed(record, case).and_then(|found| found.candidate_ns);
    let count = |pick: fn(&Counts) -> Option<f64>| {
        let value = case.counts.as_ref().and_then(pick);
        Cell::optional(value, format::significant)
    };
    Row {
        id: case.id.clone(),
        payload: String::new(),
        verdict: None,
        cells: vec![
            Cell::text(&case.id),
            Cell::optional(time, format::ns),
            count(|counts| counts.instructions_per_item),
            count(|counts| counts.allocations_per_item),
            count(|counts| counts.allocated_bytes_per_item),
        ],
    }
}

/// The comparison of a case with itself in other layouts, which has its time.
pub(crate) fn timed<'a>(record: &'a Record, case: &Case) -> Option<&'a Comparison> {
    let mut checks = record.self_check.iter().flat_map(|it| &it.comparisons);
    checks.find(|found| found.candidate == case.id)
}

/// What was found and what to do.
pub fn lead(record: &Record) -> LeadSentences {
    let number = format::plural(record.cases.len(), "case");
    let timed = record.self_check.as_ref();
    let clock = match timed.map(|check| check.trusted) {
        Some(true) => {
            "The clock is trusted: the same code in other link layouts takes the same time."
        }
        Some(false) => {
            "The clock is not trusted: the same code in other link layouts does not take the same time."
        }
        None => "Nothing was timed.",
    };
    let failed = match record.failures.len() {
        0 => String::new(),
        failures => format!(
            " {} could not be measured.",
            format::plural(failures, "case")
        ),
    };
    LeadSentences {
        answer: format!("{number} measured.{failed} {clock}"),
        advice: "Times are compared between builds, in the same processes: arena-bench compare --against HEAD~1"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::wire::Failure;

    fn record() -> Record {
        let mut record = bench_record::synthetic::record(1);
        record.comparisons.clear();
        record.self_check = None;
        record.cases = vec![Case {
            id: "my-benches/parse".to_owned(),
            params: Default::default(),
            verified: None,
            counts: Some(Counts {
                instructions_per_item: Some(1234.0),
                ..Counts::default()
            }),
        }];
        record
    }

    #[test]
    fn a_record_of_packages_is_told_from_one_of_a_pair() {
        assert!(is_of_packages(&record()));
        assert!(table(&bench_record::synthetic::record(1)).is_none());
    }

    #[test]
    fn the_page_of_a_package_has_its_cases_and_no_question_about_a_pair() {
        let mut record = record();
        record.failures = vec![Failure {
            id: "my-benches/lazy".to_owned(),
            why: "its work does not grow".to_owned(),
        }];
        let name = "run".to_owned();
        let view = crate::model::view(&crate::model::Source { name, record });
        let page = crate::html::report(&[view]).expect("it is rendered");
        for part in [
            "my-benches/parse",
            "1,234",
            "1 case measured",
            "1 case could not",
            "its work does",
        ] {
            assert!(page.contains(part), "{part}");
        }
        for part in ["Does the arena beat", "Six answers", "Arena or alloc?"] {
            assert!(!page.contains(part), "{part}");
        }
    }
}
