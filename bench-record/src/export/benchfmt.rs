//! The Go benchmark format, which benchstat reads: one line a sample.
//!
//! The format is the one of golang.org/design/14313-benchmark-format, with the
//! unit metadata of golang.org/x/perf/benchfmt: `key: value` lines, `Unit`
//! lines, then `BenchmarkName iterations value unit [value unit ...]`.

use std::io;

use super::measurement::{Measurement, Metric};
use crate::CaseId;
use crate::wire::Record;

pub fn benchfmt(
    record: &Record,
    measurements: &[Measurement<'_>],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let env = &record.environment;
    for (key, value) in [
        ("commit", &env.commit),
        ("started", &env.started),
        ("rustc", &env.rustc),
        ("profile", &env.profile),
        ("cpu", &env.cpu),
        ("kernel", &env.kernel),
        ("libc", &env.libc),
        ("tunables", &env.tunables),
    ] {
        // A line is a value; an empty one would delete the key.
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if !value.is_empty() {
            writeln!(out, "{key}: {value}")?;
        }
    }
    writeln!(out)?;
    for metric in Metric::ALL {
        if measurements.iter().any(|m| m.metric == metric) {
            let exact = match metric {
                Metric::Instructions => " assume=exact",
                Metric::Wall | Metric::Ratio => "",
            };
            writeln!(out, "Unit {} better=lower{exact}", metric.unit())?;
        }
    }
    for measurement in measurements {
        let name = name(measurement);
        let iterations = measurement.case.params.items.max(1);
        let unit = measurement.metric.unit();
        let value = [measurement.value];
        let samples = match measurement.samples.as_slice() {
            [] => value.as_slice(),
            samples => samples,
        };
        for sample in samples {
            writeln!(out, "{name} {iterations} {sample} {unit}")?;
        }
    }
    Ok(())
}

/// `BenchmarkDrain/bytes-4KiB/protocol=arena`: the id, with the protocol as a
/// key, so that `benchstat -col /protocol` sets the two side by side.
fn name(measurement: &Measurement<'_>) -> String {
    let protocol = &measurement.case.params.protocol;
    let id = escaped(&measurement.case.id);
    let mut segments = CaseId::of(&id).parts();
    let mut name = String::from("Benchmark");
    let mut first = segments.next().unwrap_or_default().chars();
    // A Go benchmark's name does not go on with a small letter.
    name.extend(first.next().into_iter().flat_map(char::to_uppercase));
    name.push_str(first.as_str());
    for segment in segments {
        name.push('/');
        if segment == protocol {
            name.push_str("protocol=");
        }
        name.push_str(segment);
    }
    if let Some(comparison) = measurement.comparison {
        name.push_str("/vs=");
        name.push_str(&escaped(&comparison.baseline).replace('/', ":"));
    }
    // `-8` at the end of a name says GOMAXPROCS, and readers cut it off.
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if digits.len() < name.len() && digits.ends_with('-') {
        name.push_str("-1");
    }
    name
}

/// Names end at white space; what must not stand in one is percent-encoded.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || c == '%' {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::export::measurements;
    use crate::synthetic;

    /// What a reader of the format finds.
    #[derive(Debug, Default)]
    struct Parsed {
        config: BTreeMap<String, String>,
        units: BTreeMap<String, BTreeMap<String, String>>,
        results: Vec<Line>,
    }

    /// Name, iterations, values with their units.
    type Line = (String, u64, Vec<(f64, String)>);

    /// Reads the format by its grammar; `None` where a line breaks it. Lines
    /// that are of no kind would be passed over by a reader: here they are
    /// errors as well.
    fn parse(text: &str) -> Option<Parsed> {
        let mut parsed = Parsed::default();
        for line in text.lines() {
            let fields: Vec<_> = line.split_whitespace().collect();
            match fields.as_slice() {
                [] => {}
                ["Unit", unit, pairs @ ..] => {
                    let pairs = pairs.iter().map(|pair| pair.split_once('='));
                    let pairs: Option<Vec<_>> = pairs.collect();
                    let unit = parsed.units.entry((*unit).to_owned()).or_default();
                    unit.extend(
                        pairs?
                            .iter()
                            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
                    );
                }
                [name, iterations, values @ ..] if name.starts_with("Benchmark") => {
                    let rest = name.strip_prefix("Benchmark")?;
                    if rest.starts_with(char::is_lowercase) || values.is_empty() {
                        return None;
                    }
                    let iterations = iterations.parse().ok().filter(|n| *n > 0)?;
                    let pairs = values.chunks(2).map(|pair| match pair {
                        [value, unit] => Some((value.parse().ok()?, (*unit).to_owned())),
                        _ => None,
                    });
                    let pairs: Option<Vec<_>> = pairs.collect();
                    parsed
                        .results
                        .push(((*name).to_owned(), iterations, pairs?));
                }
                _ => {
                    let (key, value) = line.split_once(':')?;
                    let bad = |c: char| c.is_whitespace() || c.is_uppercase();
                    if !key.starts_with(char::is_lowercase) || key.contains(bad) {
                        return None;
                    }
                    let value = value.strip_prefix([' ', '\t'])?;
                    parsed
                        .config
                        .insert(key.to_owned(), value.trim().to_owned());
                }
            }
        }
        Some(parsed)
    }

    fn exported(record: &Record) -> Parsed {
        let mut out = Vec::new();
        benchfmt(record, &measurements(record, &Metric::ALL), &mut out).expect("written to memory");
        let text = String::from_utf8(out).expect("text");
        parse(&text).unwrap_or_else(|| panic!("not in the format:\n{text}"))
    }

    #[test]
    fn there_is_one_line_a_sample_and_the_units_are_declared() {
        let record = synthetic::record(2);
        let parsed = exported(&record);
        assert_eq!(parsed.config["cpu"], "Synthetic 1");
        assert_eq!(parsed.units["ns/item"]["better"], "lower");
        assert_eq!(parsed.units["instructions/item"]["assume"], "exact");
        let samples = |name: &str, unit: &str| -> Vec<f64> {
            let of_name = parsed.results.iter().filter(|r| r.0 == name);
            let values = of_name.flat_map(|r| &r.2).filter(|v| v.1 == unit);
            values.map(|v| v.0).collect()
        };
        let arena = "BenchmarkDrain/case-001/protocol=arena";
        let times = record.comparisons[1].samples.iter();
        let times: Vec<f64> = times.map(|sample| sample.candidate_ns).collect();
        assert_eq!(samples(arena, "ns/item"), times);
        assert_eq!(samples(arena, "instructions/item"), [70.0]);
        let against = "BenchmarkDrain/case-001/protocol=arena/vs=drain:case-001:alloc";
        assert_eq!(samples(against, "ratio").len(), 3);
        assert_eq!(parsed.results.len(), 4 * 3 + 4 + 2 * 3);
    }

    #[test]
    fn names_that_would_break_a_line_are_encoded_and_stay_apart() {
        let mut record = synthetic::record(1);
        record.comparisons.clear();
        record.cases[0].id = "drain/two words <b>/100%".to_owned();
        record.cases[1].id = " élan/size-64".to_owned();
        record.environment.cpu = "Two\nlines".to_owned();
        let parsed = exported(&record);
        assert_eq!(parsed.config["cpu"], "Two lines");
        let names: Vec<_> = parsed.results.iter().map(|r| r.0.as_str()).collect();
        assert!(names.contains(&"BenchmarkDrain/two%20words%20<b>/100%25"));
        assert!(names.contains(&"Benchmark%20élan/size-64-1"), "{names:?}");
    }

    #[test]
    fn the_parser_refuses_what_is_not_in_the_format() {
        for bad in [
            "Benchmarkdrain 1 2 ns/op",
            "BenchmarkDrain 0 2 ns/op",
            "BenchmarkDrain 1 2",
            "BenchmarkDrain 1",
            "Key: value",
            "free text",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
