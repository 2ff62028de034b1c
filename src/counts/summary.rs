//! iai-callgrind's summaries, schema version 6.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::functions::files;

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
    /// Each has, by tool and metric, `{"Left": new}`, `{"Both": [new, old]}` or
    /// `{"Right": old}` under `metrics`; a value is `{"Int": n}`.
    profiles: Vec<Value>,
}

impl Summary {
    fn metric(&self, tool: &str, name: &str) -> Option<u64> {
        let profiles = self.profiles.iter();
        let mut found = profiles.map(|it| &it["summaries"]["total"]["summary"][tool][name]);
        let metrics = &found.find(|metric| !metric.is_null())?["metrics"];
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
    files(folder)
        .filter(|path| path.ends_with("summary.json"))
        .map(|path| read_one(&path))
        .collect()
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
    use std::fs;

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
