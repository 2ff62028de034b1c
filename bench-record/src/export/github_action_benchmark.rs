//! `customSmallerIsBetter` of github-action-benchmark: a list of
//! `{name, unit, value, range, extra}`.
//!
//! It draws one chart a name and compares with the run before, whatever machine
//! that was; so the default is the ratio, which a slower machine does not move.

use std::io;

use serde::Serialize;

use super::measurement::Measurement;
use crate::wire::Record;

#[derive(Serialize)]
struct Item<'a> {
    name: String,
    unit: &'a str,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

pub fn github_action_benchmark(
    record: &Record,
    measurements: &[Measurement<'_>],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let items: Vec<_> = measurements.iter().map(|m| item(record, m)).collect();
    serde_json::to_writer_pretty(&mut *out, &items)?;
    writeln!(out)
}

fn item<'a>(record: &Record, measurement: &Measurement<'a>) -> Item<'a> {
    let environment = &record.environment;
    let mut extra = format!("cpu: {}\nrustc: {}", environment.cpu, environment.rustc);
    if let Some(interval) = measurement.interval {
        let percent = 100.0 * interval.confidence;
        extra += &format!(
            "\ninterval: {} to {} at {percent:.4}%",
            interval.low, interval.high
        );
    }
    Item {
        name: measurement.name(),
        unit: measurement.metric.unit(),
        value: measurement.value,
        // The format has one number for both sides: the wider of the two.
        range: measurement.interval.map(|i| {
            let half = (i.high - measurement.value).max(measurement.value - i.low);
            format!("± {half:.6}")
        }),
        extra,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::export::{Metric, measurements};
    use crate::synthetic;

    #[test]
    fn items_have_the_documented_fields_and_one_direction() {
        let record = synthetic::record(2);
        for metric in Metric::ALL {
            let mut out = Vec::new();
            github_action_benchmark(&record, &measurements(&record, &[metric]), &mut out)
                .expect("written to memory");
            let items: Vec<serde_json::Value> = serde_json::from_slice(&out).expect("a JSON list");
            assert_eq!(items.len(), if metric == Metric::Ratio { 2 } else { 4 });
            let names: BTreeSet<_> = items.iter().map(|item| item["name"].as_str()).collect();
            assert_eq!(
                names.len(),
                items.len(),
                "the reader tells them apart by name"
            );
            for item in items {
                let known = ["name", "unit", "value", "range", "extra"];
                let fields = item.as_object().expect("an object").keys();
                assert!(
                    fields
                        .into_iter()
                        .all(|name| known.contains(&name.as_str()))
                );
                assert_eq!(item["unit"], metric.unit());
                assert!(item["name"].as_str().is_some_and(|name| !name.is_empty()));
                assert!(item["value"].as_f64().is_some_and(|value| value > 0.0));
                assert!(item["extra"].is_string());
                assert_eq!(item["range"].is_string(), metric == Metric::Ratio);
            }
        }
    }
}
