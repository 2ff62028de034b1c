//! What iai-callgrind leaves: summaries of schema version 6, and the tools' own files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::allocated::{Allocated, Allocations};

/// The version of the schema that this module reads.
const VERSION: &str = "6";

/// Callgrind's part of the shorter drain.
pub const FEW: u64 = 1;
/// Callgrind's part of the longer drain.
pub const MANY: u64 = 2;
/// The function that opens DHAT's stream with the items, and the one that opens the other.
const WITH_ITEMS: &str = "::with_items";
const WITHOUT_ITEMS: &str = "::without_items";

#[derive(Deserialize)]
struct Summary {
    version: String,
    profiles: Vec<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    summaries: Summaries,
}

#[derive(Deserialize)]
struct Summaries {
    parts: Vec<Part>,
}

/// `{"<Tool>": {"<Metric>": {"metrics": ..}}}`.
type Metrics = BTreeMap<String, BTreeMap<String, Metric>>;

#[derive(Deserialize)]
struct Part {
    /// `{"Left": {"part": 1, ..}}`.
    details: Value,
    metrics_summary: Metrics,
}

#[derive(Deserialize)]
struct Metric {
    /// `{"Left": n}` or `{"Both": [n, of the run before]}`, where a value is `{"Int": n}`.
    metrics: Value,
}

/// The side of the new run.
fn new(value: &Value) -> Option<&Value> {
    value.get("Left").or_else(|| value.get("Both")?.get(0))
}

impl Summary {
    /// Of all threads; each has its own file of a part.
    fn instructions(&self, part: u64) -> Option<u64> {
        let is_it = |it: &&Part| new(&it.details).is_some_and(|it| it["part"] == part);
        let parts = self.profiles.iter().flat_map(|it| &it.summaries.parts);
        let of_thread = |it: &Part| {
            let metrics = it.metrics_summary.get("Callgrind")?.get("Ir")?;
            new(&metrics.metrics)?["Int"].as_u64()
        };
        let found: Vec<u64> = parts.filter(is_it).map(of_thread).collect::<Option<_>>()?;
        (!found.is_empty()).then(|| found.iter().sum())
    }
}

/// Callgrind's instructions of the shorter and the longer drain, of the summaries below a folder
/// of iai-callgrind's.
pub fn instructions(folder: &Path) -> Result<[u64; 2], String> {
    let files = files_below(folder).into_iter();
    let summaries = files.filter(|path| path.ends_with("summary.json"));
    let summaries: Vec<Summary> = summaries
        .map(|path| read(&path))
        .collect::<Result<_, _>>()?;
    let of = |part| {
        let lacks = || format!("iai-callgrind's summaries lack callgrind's part {part}");
        let mut found = summaries.iter().filter_map(|it| it.instructions(part));
        found.next().ok_or_else(lacks)
    };
    Ok([of(FEW)?, of(MANY)?])
}

/// What the stream with the items allocated more than the one without.
pub fn allocated(folder: &Path) -> Result<Allocated, String> {
    let mut files = files_below(folder).into_iter();
    let named =
        |path: &PathBuf| path.extension().is_some_and(|it| it == "out") && is_of(path, "dhat.");
    let file = files.find(named).ok_or("DHAT left no file")?;
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let found = Allocations::parse(&text)?;
    let [with, without] = [WITH_ITEMS, WITHOUT_ITEMS].map(|function| found.below(function));
    if with.blocks == 0 || without.blocks == 0 {
        return Err("DHAT does not say what opened the streams".to_owned());
    }
    let fewer = || "DHAT counted fewer allocations with items than without".to_owned();
    with.checked_sub(without).ok_or_else(fewer)
}

/// Whether a tool left the file.
pub(super) fn is_of(path: &Path, tool: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(tool))
}

/// The files below a folder; what cannot be read has none.
pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let list = if path.is_dir() {
                &mut folders
            } else {
                &mut files
            };
            list.push(path);
        }
    }
    files
}

fn read(path: &Path) -> Result<Summary, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let summary: Summary = serde_json::from_reader(BufReader::new(file))
        .map_err(|error| format!("iai-callgrind's summary cannot be read: {error}"))?;
    if summary.version != VERSION {
        let found = &summary.version;
        return Err(format!(
            "iai-callgrind's summary has version {found}, expected {VERSION}"
        ));
    }
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Summaries of both tools; callgrind's has parts of these details and instructions.
    fn summaries(version: &str, parts: &[(Value, Value)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let part = |(details, metrics): &(Value, Value)| {
            let summary = json!({"Callgrind": {"Ir": {"metrics": metrics}}});
            json!({"details": details, "metrics_summary": summary})
        };
        let parts: Vec<Value> = parts.iter().map(part).collect();
        for (benchmark, parts) in [("instructions", parts), ("allocations", Vec::new())] {
            let profiles = json!([{"summaries": {"parts": parts}}]);
            let text = json!({"version": version, "profiles": profiles});
            let below = folder.path().join("a").join(benchmark);
            fs::create_dir_all(&below).unwrap();
            fs::write(below.join("summary.json"), text.to_string()).unwrap();
        }
        folder
    }

    fn left(part: u64, instructions: u64) -> (Value, Value) {
        let details = json!({"Left": {"part": part}});
        (details, json!({"Left": {"Int": instructions}}))
    }

    #[test]
    fn instructions_are_those_of_the_new_run_by_part() {
        let details = json!({"Both": [{"part": 2}, {"part": 9}]});
        let again = (details, json!({"Both": [{"Int": 90}, {"Int": 80}]}));
        for second in [left(2, 90), again] {
            let folder = summaries("6", &[left(3, 0), second.clone(), left(1, 10)]);
            assert_eq!(instructions(folder.path()), Ok([10, 90]));
            let threads = summaries("6", &[second, left(1, 10), left(2, 5)]);
            assert_eq!(instructions(threads.path()), Ok([10, 95]));
        }
    }

    #[test]
    fn another_version_or_a_missing_part_is_an_error_in_words() {
        let both = [left(1, 10), left(2, 90)];
        let version = instructions(summaries("7", &both).path()).unwrap_err();
        assert!(version.contains("version 7"), "{version}");
        let missing = instructions(summaries("6", &both[..1]).path()).unwrap_err();
        assert!(missing.contains("part 2"), "{missing}");
    }

    #[test]
    fn a_stream_with_items_allocates_more_than_one_without() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/allocations");
        fs::create_dir_all(&below).unwrap();
        let point = |blocks: u64, bytes: u64, caller: u64| json!({"tbk": blocks, "tb": bytes, "fs": [3, caller]});
        let frames = [
            "[root]",
            "0x1: a::with_items",
            "0x2: a::without_items",
            "0x3: malloc",
        ];
        let write = |points: &[Value]| {
            let text = json!({"pps": points, "ftbl": frames}).to_string();
            fs::write(below.join("dhat.allocations.out"), text).unwrap();
        };
        write(&[point(9, 640, 1), point(2, 40, 2), point(7, 7, 0)]);
        let expected = Allocated {
            blocks: 7,
            bytes: 600,
        };
        assert_eq!(allocated(folder.path()), Ok(expected));
        // Stacks that end before.
        write(&[point(9, 640, 1), point(2, 40, 0)]);
        assert!(allocated(folder.path()).is_err());
    }

    #[test]
    fn a_folder_without_files_is_an_error_in_words() {
        let folder = tempfile::tempdir().unwrap();
        assert!(instructions(folder.path()).unwrap_err().contains("lack"));
        assert!(allocated(folder.path()).unwrap_err().contains("DHAT"));
    }
}
