//! iai-callgrind's summaries, schema version 6.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// The version of the schema that this module reads.
const VERSION: &str = "6";

/// What the tools counted of one drain, and of all that surrounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Instructions of the drain (callgrind).
    pub instructions: u64,
    /// Heap blocks allocated by the process (DHAT).
    pub blocks: u64,
    /// Heap bytes allocated by the process (DHAT).
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Summary {
    version: String,
    id: Option<String>,
    profiles: Vec<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    summaries: Summaries,
}

#[derive(Deserialize)]
struct Summaries {
    total: Total,
}

#[derive(Deserialize)]
struct Total {
    /// `{"<Tool>": {"<Metric>": {"metrics": ..}}}`.
    summary: BTreeMap<String, BTreeMap<String, Metric>>,
}

#[derive(Deserialize)]
struct Metric {
    /// `{"Left": new}`, `{"Both": [new, old]}` or `{"Right": old}`; a value is
    /// `{"Int": n}`.
    metrics: Value,
}

impl Summary {
    fn metric(&self, tool: &str, name: &str) -> Option<u64> {
        let totals = self.profiles.iter().map(|profile| &profile.summaries.total);
        let of_tool = totals.filter_map(|total| total.summary.get(tool));
        let metrics = &of_tool
            .filter_map(|metrics| metrics.get(name))
            .next()?
            .metrics;
        let new = metrics.get("Left").or_else(|| metrics["Both"].get(0))?;
        new["Int"].as_u64()
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals {
            instructions: self.metric("Callgrind", "Ir")?,
            blocks: self.metric("Dhat", "TotalBlocks")?,
            bytes: self.metric("Dhat", "TotalBytes")?,
        })
    }
}

/// The totals below a folder of iai-callgrind's, by benchmark id (`short`,
/// `long`).
pub fn read(folder: &Path) -> Result<BTreeMap<String, Totals>, String> {
    let files = files_below(folder).into_iter();
    let summaries = files.filter(|path| path.ends_with("summary.json"));
    summaries.map(|path| read_one(&path)).collect()
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

fn read_one(path: &Path) -> Result<(String, Totals), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let summary: Summary = serde_json::from_reader(BufReader::new(file))
        .map_err(|error| format!("iai-callgrind's summary cannot be read: {error}"))?;
    if summary.version != VERSION {
        let found = &summary.version;
        return Err(format!(
            "iai-callgrind's summary has version {found}, expected {VERSION}"
        ));
    }
    let totals = summary
        .totals()
        .ok_or("iai-callgrind's summary lacks a metric of callgrind or DHAT")?;
    Ok((summary.id.unwrap_or_default(), totals))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(version: &str, instructions: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/drain.short");
        fs::create_dir_all(&below).unwrap();
        let text = format!(
            r#"{{"version":"{version}","id":"short","profiles":[
                {{"tool":"Callgrind","summaries":{{"parts":[],"total":{{"regressions":[],"summary":{{"Callgrind":{{"Ir":{{"metrics":{instructions}}}}}}}}}}}}},
                {{"tool":"DHAT","summaries":{{"parts":[],"total":{{"regressions":[],"summary":{{"Dhat":{{
                    "TotalBytes":{{"metrics":{{"Left":{{"Int":640}}}}}},"TotalBlocks":{{"metrics":{{"Left":{{"Int":7}}}}}}}}}}}}}}}}]}}"#
        );
        fs::write(below.join("summary.json"), text).unwrap();
        folder
    }

    #[test]
    fn totals_are_those_of_the_new_run() {
        for instructions in [
            r#"{"Left":{"Int":90}}"#,
            r#"{"Both":[{"Int":90},{"Int":80}]}"#,
        ] {
            let totals = read(summary("6", instructions).path()).unwrap()["short"];
            assert_eq!(
                totals,
                Totals {
                    instructions: 90,
                    blocks: 7,
                    bytes: 640
                }
            );
        }
    }

    #[test]
    fn another_version_or_a_missing_metric_is_an_error_in_words() {
        let left = r#"{"Left":{"Int":90}}"#;
        let version = read(summary("7", left).path()).unwrap_err();
        assert!(version.contains("version 7"), "{version}");
        let old = read(summary("6", r#"{"Right":{"Int":90}}"#).path()).unwrap_err();
        assert!(old.contains("lacks"), "{old}");
    }

    #[test]
    fn a_folder_without_summaries_has_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), Ok(BTreeMap::new()));
    }
}
