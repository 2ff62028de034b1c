//! Bencher Metric Format: `{benchmark: {measure: {value, lower_value,
//! upper_value}}}`, any number of measures a benchmark.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use super::measurement::{Measurement, Metric};
use crate::wire::Record;

#[derive(Serialize)]
struct Value {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

pub fn bmf(
    _: &Record,
    measurements: &[Measurement<'_>],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut benchmarks: BTreeMap<String, BTreeMap<&str, Value>> = BTreeMap::new();
    for measurement in measurements {
        let value = Value {
            value: measurement.value,
            lower_value: measurement.interval.map(|i| i.low),
            upper_value: measurement.interval.map(|i| i.high),
        };
        benchmarks
            .entry(measurement.name())
            .or_default()
            .insert(measure(measurement.metric), value);
    }
    serde_json::to_writer_pretty(&mut *out, &benchmarks)?;
    writeln!(out)
}

/// The measure's slug; `latency` and `instructions` are Bencher's own, the first
/// of them in nanoseconds.
fn measure(metric: Metric) -> &'static str {
    match metric {
        Metric::Wall => "latency",
        Metric::Instructions => "instructions",
        Metric::Ratio => "ratio",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::measurements;
    use crate::synthetic;

    #[test]
    fn a_benchmark_has_its_measures_with_their_bounds() {
        let record = synthetic::record(1);
        let mut out = Vec::new();
        bmf(&record, &measurements(&record, &Metric::ALL), &mut out).expect("written to memory");
        let json: serde_json::Value = serde_json::from_slice(&out).expect("a JSON object");
        for measures in json.as_object().expect("benchmarks by name").values() {
            for bounds in measures.as_object().expect("measures by name").values() {
                let bounds = bounds.as_object().expect("a value with its bounds");
                assert!(bounds["value"].is_f64());
                let known = ["value", "lower_value", "upper_value"];
                assert!(bounds.keys().all(|name| known.contains(&name.as_str())));
            }
        }
        let arena = &json["drain/case-000/arena"];
        let latency = &arena["latency"];
        assert_eq!(
            latency["value"].as_f64(),
            record.comparisons[0].candidate_ns
        );
        let ratio = &json["drain/case-000/arena vs drain/case-000/alloc"]["ratio"];
        assert!(ratio["lower_value"].as_f64() <= ratio["value"].as_f64());
        assert!(ratio["value"].as_f64() <= ratio["upper_value"].as_f64());
        assert_eq!(arena["instructions"], serde_json::json!({"value": 70.0}));
        let ratio = &json["drain/case-000/arena vs drain/case-000/alloc"]["ratio"];
        assert_eq!(ratio["value"].as_f64(), Some(record.comparisons[0].ratio));
    }
}
