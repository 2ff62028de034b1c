//! CSV, one row a number: what spreadsheets and data frames read.

use std::io;

use super::measurement::{Interval, Measurement};
use crate::wire::Record;

const COLUMNS: [&str; 18] = [
    "commit",
    "started",
    "case",
    "baseline",
    "metric",
    "unit",
    "value",
    "low",
    "high",
    "confidence",
    "verdict",
    "payload",
    "item_bytes",
    "size_plan",
    "protocol",
    "growth",
    "initial_capacity",
    "items",
];

pub fn csv(
    record: &Record,
    measurements: &[Measurement<'_>],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut csv = ::csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    for measurement in measurements {
        csv.write_record(row(record, measurement).iter().map(|cell| guarded(cell)))?;
    }
    csv.flush()
}

fn row(record: &Record, measurement: &Measurement<'_>) -> [String; COLUMNS.len()] {
    let params = &measurement.case.params;
    let interval = |of: fn(&Interval) -> f64| {
        let end = measurement.interval.as_ref().map(of);
        end.map(|end| end.to_string()).unwrap_or_default()
    };
    let comparison = measurement.comparison;
    [
        record.environment.commit.clone(),
        record.environment.started.clone(),
        measurement.case.id.clone(),
        comparison.map(|c| c.baseline.clone()).unwrap_or_default(),
        measurement.metric.name().to_owned(),
        measurement.metric.unit().to_owned(),
        measurement.value.to_string(),
        interval(|i| i.low),
        interval(|i| i.high),
        interval(|i| i.confidence),
        comparison
            .map(|c| c.verdict.name().to_owned())
            .unwrap_or_default(),
        params.payload.clone(),
        params.item_bytes.to_string(),
        params.size_plan.clone(),
        params.protocol.clone(),
        params.growth.clone(),
        params.initial_capacity.to_string(),
        params.items.to_string(),
    ]
}

/// A spreadsheet runs a cell that begins like a formula, and a record's text is
/// never to be run; an apostrophe makes it text. Numbers pass.
fn guarded(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err() {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::{Metric, measurements};
    use crate::synthetic;

    #[test]
    fn rows_read_back_as_they_were_whatever_a_name_holds() {
        let mut record = synthetic::record(1);
        let name = "drain/\"quoted\", <b>/alloc";
        record.cases[0].id = name.to_owned();
        record.comparisons[0].baseline = name.to_owned();
        record.cases[0].params.payload = "=1+1".to_owned();
        let mut out = Vec::new();
        super::csv(&record, &measurements(&record, &Metric::ALL), &mut out)
            .expect("written to memory");
        let mut csv = ::csv::Reader::from_reader(out.as_slice());
        assert_eq!(csv.headers().expect("has a header"), &COLUMNS[..]);
        let rows: Vec<_> = csv.records().map(|row| row.expect("a row")).collect();
        assert_eq!(rows.len(), 5, "two times, two counts, one ratio");
        assert_eq!(&rows[0][2], name);
        assert_eq!(&rows[0][11], "'=1+1");
        assert_eq!(
            rows[0][6].parse(),
            Ok(record.comparisons[0].baseline_ns.expect("timed"))
        );
        assert_eq!(&rows[4][10], "faster");
    }
}
