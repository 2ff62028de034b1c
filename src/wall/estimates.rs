//! Criterion's result files. Criterion declares them private: a version that
//! writes others is noticed here, as a missing result, and nowhere else.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Label;
use crate::case::{Case, catalog};
use bench_record::wire::Wall;

/// `benchmark.json`: which benchmark a folder belongs to.
#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

/// `estimates.json`: nanoseconds per iteration, which is one item.
#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
    /// Only where the iterations of the samples differ.
    slope: Option<Estimate>,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    confidence_level: f64,
    lower_bound: f64,
    upper_bound: f64,
}

/// `sample.json`: iterations and total nanoseconds of each sample.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// The latest results of every case below criterion's folder (by default
/// `target/criterion`), by case id. What is no result of a known case, or not a
/// whole one, is passed over.
#[must_use]
pub fn read(folder: &Path) -> BTreeMap<String, Wall> {
    read_since(folder, &catalog::all(), SystemTime::UNIX_EPOCH)
}

/// The results of `cases` that were finished at `since` or later.
pub(super) fn read_since(
    folder: &Path,
    cases: &[Case],
    since: SystemTime,
) -> BTreeMap<String, Wall> {
    let ids: HashMap<Label, String> = cases
        .iter()
        .map(|case| (Label::of(case), case.id()))
        .collect();
    let mut found = BTreeMap::new();
    for result in results(folder) {
        let Some((label, wall)) = read_result(&result, since) else {
            continue;
        };
        if let Some(id) = ids.get(&label) {
            found.insert(id.clone(), wall);
        }
    }
    found
}

/// Every folder `<group>/<series>/<value>/new`.
fn results(folder: &Path) -> Vec<PathBuf> {
    let mut level = vec![folder.to_owned()];
    for _ in ["group", "series", "value"] {
        level = level.iter().flat_map(|folder| subfolders(folder)).collect();
    }
    level.iter().map(|folder| folder.join("new")).collect()
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// One result; criterion writes `benchmark.json` last.
fn read_result(folder: &Path, since: SystemTime) -> Option<(Label, Wall)> {
    let last = folder.join("benchmark.json");
    if fs::metadata(&last).and_then(|it| it.modified()).ok()? < since {
        return None;
    }
    let benchmark: Benchmark = json(&last)?;
    let label = Label {
        group: benchmark.group_id,
        series: benchmark.function_id?,
        value: benchmark.value_str?,
    };
    let sample = json(&folder.join("sample.json"))?;
    Some((label, wall(json(&folder.join("estimates.json"))?, &sample)))
}

fn json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_reader(BufReader::new(File::open(path).ok()?)).ok()
}

/// The estimate that criterion prints: the slope where there is one.
fn wall(estimates: Estimates, sample: &Sample) -> Wall {
    let estimate = estimates.slope.unwrap_or(estimates.mean);
    let interval = estimate.confidence_interval;
    let samples = sample.times.iter().zip(&sample.iters);
    Wall {
        ns_per_item: estimate.point_estimate,
        low: interval.lower_bound,
        high: interval.upper_bound,
        confidence: interval.confidence_level,
        samples: samples.map(|(time, iters)| time / iters).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
    }

    fn result(root: &Path, slope: &str) {
        let new = root.join("drain_bytes/arena/4KiB/new");
        write(
            &new,
            "estimates.json",
            &format!(
                r#"{{"mean":{{"point_estimate":12.0,"standard_error":1.0,"confidence_interval":{{"confidence_level":0.95,"lower_bound":11.0,"upper_bound":13.0}}}},"slope":{slope}}}"#
            ),
        );
        write(
            &new,
            "sample.json",
            r#"{"sampling_mode":"Linear","iters":[10.0,20.0],"times":[100.0,260.0]}"#,
        );
        write(
            &new,
            "benchmark.json",
            r#"{"group_id":"drain/bytes","function_id":"arena","value_str":"4KiB","throughput":{"Bytes":4096}}"#,
        );
    }

    #[test]
    fn a_result_is_found_by_the_id_of_its_case_in_nanoseconds_per_item() {
        let root = tempfile::tempdir().unwrap();
        result(root.path(), "null");
        let walls = read(root.path());
        let wall = &walls["drain/bytes-4KiB/arena"];
        assert_eq!((wall.ns_per_item, wall.low, wall.high), (12.0, 11.0, 13.0));
        assert_eq!((wall.confidence, walls.len()), (0.95, 1));
        assert_eq!(wall.samples, [10.0, 13.0]);
    }

    #[test]
    fn the_slope_is_preferred_as_criterion_prints_it() {
        let root = tempfile::tempdir().unwrap();
        let slope = r#"{"point_estimate":9.0,"confidence_interval":{"confidence_level":0.95,"lower_bound":8.0,"upper_bound":10.0}}"#;
        result(root.path(), slope);
        assert_eq!(read(root.path())["drain/bytes-4KiB/arena"].ns_per_item, 9.0);
    }

    #[test]
    fn old_half_written_and_foreign_results_are_passed_over() {
        let root = tempfile::tempdir().unwrap();
        result(root.path(), "null");
        let future = SystemTime::now() + std::time::Duration::from_secs(60);
        assert!(read_since(root.path(), &catalog::all(), future).is_empty());
        write(&root.path().join("report"), "index.html", "");
        write(
            &root.path().join("drain_bytes/arena/4KiB/new"),
            "sample.json",
            "{",
        );
        assert!(read(root.path()).is_empty());
        assert!(read(&root.path().join("nowhere")).is_empty());
    }
}
