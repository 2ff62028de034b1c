//! The history as a folder: one file an entry, and nothing else in it.
//!
//! An entry is a record without its raw samples. Its name is made of its times,
//! its commit and a hash of its bytes, so that names sort as the history runs,
//! and two jobs that add at the same time can neither overwrite each other nor
//! a common index: there is none. Any branch, cache or artifact can keep it.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use jiff::tz::TimeZone;
use paired::digest::sha256;

use super::series::{Builder, Series};
use crate::store::{self, RecordError};
use crate::wire::{Environment, Failure, Record};
use crate::{input, output};

/// Files that are parsed before their records are folded into the series: more
/// would only hold more memory.
const FILES_AT_ONCE: usize = 64;
/// Digits of the commit and of the content's hash in a name.
const COMMIT_DIGITS: usize = 12;
const HASH_DIGITS: usize = 16;

#[derive(Debug)]
pub struct History {
    /// One per record, oldest first.
    pub entries: Vec<Entry>,
    /// One per case and metric, by case; [`super::Point::entry`] points into
    /// `entries`.
    pub series: Vec<Series>,
    /// Entries that cannot be used.
    pub damaged: Vec<Damaged>,
}

/// An entry that cannot be used: it costs itself and not the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its file. Names sort as the history runs.
    pub path: PathBuf,
    /// What is wrong with it, with its name and what to do.
    pub why: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its file; [`store::load`] reads the record again.
    pub path: PathBuf,
    /// Where, when and from what it was made.
    pub environment: Environment,
    /// Whether its A/A check held. Ratios of an entry that has none, or whose
    /// check failed, are in no series.
    pub trusted: bool,
    pub cases: BTreeSet<String>,
    /// Cases that could not be measured.
    pub failures: Vec<Failure>,
}

/// Why a history could not be read or added to.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error("cannot open the history {}: {source}; begin one with `arena-bench history add`", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "{} is not an entry of a history; move it away, or give a folder that holds the history alone \
         (names that begin with a dot are passed by)", path.display()
    )]
    Foreign { path: PathBuf },
    #[error(
        "{} was changed or renamed after it was added (its content belongs under {expected}); \
         restore it, or remove it and add the record again", path.display()
    )]
    Altered { path: PathBuf, expected: String },
    #[error("this record is in the history already, as {}; nothing was changed", path.display())]
    Duplicate { path: PathBuf },
    #[error("{}: field {field}: {problem}", path.display())]
    Unplaced {
        path: PathBuf,
        field: &'static str,
        problem: &'static str,
    },
    #[error("{} has more than {} entries; begin a new history", path.display(), input::ENTRIES)]
    TooMany { path: PathBuf },
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("cannot write {}: {source}; the history is as it was", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Adds the record in the file `record` to the history in `folder`, which is
/// made if there is none, and returns the entry's path.
///
/// # Errors
/// Where the record is not valid, has neither commit nor time, is a shard, or
/// is in the history already; where the folder holds anything but a history;
/// and where it cannot be written. The history is then as it was.
pub fn add(record: &Path, folder: &Path) -> Result<PathBuf, HistoryError> {
    let entry = store::load(record)?.without_samples();
    let env = &entry.environment;
    let unplaced = [
        (
            env.commit.is_empty(),
            "environment.commit",
            "is empty; a history needs a commit: make the record inside a repository",
        ),
        (
            env.started.is_empty(),
            "environment.started",
            "is empty; a history is ordered by time: make the record again",
        ),
        (
            env.shard.is_some(),
            "environment.shard",
            "the record is one shard of a run; join the shards with `arena-bench merge` first",
        ),
    ];
    if let Some((_, field, problem)) = unplaced.into_iter().find(|(found, ..)| *found) {
        return Err(HistoryError::Unplaced {
            path: record.to_owned(),
            field,
            problem,
        });
    }
    let bytes = store::to_bytes(record, &entry)?;
    let path = folder.join(file_name(env, &bytes));
    std::fs::create_dir_all(folder).map_err(|source| HistoryError::Folder {
        path: folder.to_owned(),
        source,
    })?;
    // Refuses a folder that is something else before anything is put into it.
    files(folder)?;
    match output::create_new(&path, &bytes) {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(HistoryError::Duplicate { path })
        }
        Err(source) => Err(HistoryError::Write { path, source }),
    }
}

/// Reads the history in `folder`.
///
/// An entry that is damaged or was changed by hand is left out and named in
/// [`History::damaged`].
pub fn load(folder: &Path) -> Result<History, HistoryError> {
    let mut entries = Vec::new();
    let mut damaged = Vec::new();
    let mut first = None;
    let mut series = Builder::default();
    for paths in files(folder)?.chunks(FILES_AT_ONCE) {
        for (path, record) in paths.iter().zip(read_all(paths)) {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    damaged.push(Damaged {
                        path: path.clone(),
                        why: error.to_string(),
                    });
                    first.get_or_insert(error);
                    continue;
                }
            };
            let trusted = record.self_check.as_ref().is_some_and(|c| c.trusted);
            series.push(entries.len() as u32, &record, trusted);
            entries.push(Entry {
                path: path.clone(),
                environment: record.environment,
                trusted,
                cases: record.cases.into_iter().map(|case| case.id).collect(),
                failures: record.failures,
            });
        }
    }
    match first {
        Some(error) if entries.is_empty() => Err(error),
        _ => Ok(History {
            entries,
            series: series.finish(),
            damaged,
        }),
    }
}

/// The records of `paths`, in their order, read by as many threads as there are
/// processors.
fn read_all(paths: &[PathBuf]) -> Vec<Result<Record, HistoryError>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = paths.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = paths
            .chunks(share)
            .map(|share| scope.spawn(|| share.iter().map(|path| read(path)).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("reading a record does not panic"))
            .collect()
    })
}

fn read(path: &Path) -> Result<Record, HistoryError> {
    let bytes = input::read(path, input::RECORD).map_err(|source| RecordError::Read {
        path: path.to_owned(),
        source,
    })?;
    let record = store::parse(path, &bytes)?;
    let expected = file_name(&record.environment, &bytes);
    if path.file_name() != Some(expected.as_ref()) {
        return Err(HistoryError::Altered {
            path: path.to_owned(),
            expected,
        });
    }
    Ok(record)
}

/// The entries' files, sorted by name and so by time.
fn files(folder: &Path) -> Result<Vec<PathBuf>, HistoryError> {
    let error = |source| HistoryError::Folder {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for item in std::fs::read_dir(folder).map_err(error)? {
        let item = item.map_err(error)?;
        let name = item.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = item.path();
        let is_entry = name.to_str().is_some_and(is_entry_name) && path.is_file();
        if !is_entry {
            return Err(HistoryError::Foreign { path });
        }
        paths.push(path);
        if paths.len() > input::ENTRIES {
            let path = folder.to_owned();
            return Err(HistoryError::TooMany { path });
        }
    }
    paths.sort();
    Ok(paths)
}

/// `[COMMITTED-]STARTED-COMMIT-HASH.json`: the time of the commit comes first
/// where it is known, so that a commit measured late stands where it belongs.
fn file_name(env: &Environment, bytes: &[u8]) -> String {
    let times = [&env.committed, &env.started];
    let times = times.into_iter().filter_map(|time| {
        let time = time.parse::<jiff::Timestamp>().ok()?;
        let utc = time.to_zoned(TimeZone::UTC);
        Some(utc.strftime("%Y%m%dT%H%M%SZ").to_string())
    });
    let commit = &env.commit[..env.commit.len().min(COMMIT_DIGITS)];
    let hash = sha256(bytes)[..HASH_DIGITS].to_owned();
    let parts: Vec<_> = times.chain([commit.to_owned(), hash]).collect();
    format!("{}.json", parts.join("-"))
}

fn is_entry_name(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".json") else {
        return false;
    };
    let parts: Vec<_> = stem.split('-').collect();
    let is_hash = |s: &&str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit());
    let is_time = |s: &&str| s.len() == 16 && s.ends_with('Z');
    match parts.as_slice() {
        [times @ .., commit, hash] => {
            (1..=2).contains(&times.len())
                && times.iter().all(is_time)
                && is_hash(commit)
                && is_hash(hash)
                && hash.len() == HASH_DIGITS
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::{TempDir, tempdir};

    use super::*;
    use crate::history::Metric;
    use crate::synthetic::Synthetic;

    /// A folder for records and a history of `plan` inside it.
    fn history_of(plan: &Synthetic) -> (TempDir, PathBuf) {
        let dir = tempdir().expect("a temporary folder");
        let history = dir.path().join("history");
        for record in plan.records() {
            add_record(&dir, &history, &record).expect("added");
        }
        (dir, history)
    }

    fn add_record(dir: &TempDir, history: &Path, record: &Record) -> Result<PathBuf, HistoryError> {
        let path = dir.path().join("record.json");
        store::save(&path, record).expect("saved");
        add(&path, history)
    }

    fn three() -> Synthetic {
        Synthetic {
            pairs: 2,
            commits: 3,
            ..Synthetic::default()
        }
    }

    #[test]
    fn entries_come_in_the_order_of_time_and_series_point_at_them() {
        let plan = three();
        let dir = tempdir().expect("a temporary folder");
        let history = dir.path().join("history");
        for commit in [2, 0, 1] {
            add_record(&dir, &history, &plan.record(commit)).expect("added");
        }
        let history = load(&history).expect("loaded");
        let subjects: Vec<_> = history
            .entries
            .iter()
            .map(|e| e.environment.subject.as_str())
            .collect();
        assert_eq!(
            subjects,
            ["Commit number 0", "Commit number 1", "Commit number 2"]
        );
        let ratio = &history
            .series
            .iter()
            .find(|s| s.metric == Metric::Ratio && s.case == "drain/case-001/arena")
            .expect("the ratio is a series");
        assert_eq!(ratio.baseline.as_deref(), Some("drain/case-001/alloc"));
        let places: Vec<_> = ratio.points.iter().map(|p| p.entry).collect();
        assert_eq!(places, [0, 1, 2]);
    }

    #[test]
    fn a_commit_that_is_measured_late_stands_where_it_was_made() {
        let plan = three();
        let mut late = plan.record(0);
        late.environment.committed = "2023-12-31T00:00:00+01:00".to_owned();
        late.environment.started = "2025-01-01T00:00:00Z".to_owned();
        let (dir, history) = history_of(&plan);
        let path = add_record(&dir, &history, &late).expect("added");
        let first = load(&history).expect("loaded").entries.swap_remove(0);
        assert_eq!(first.path, path);
    }

    #[test]
    fn jobs_that_add_at_the_same_time_lose_nothing() {
        let plan = Synthetic {
            commits: 8,
            ..three()
        };
        let dir = tempdir().expect("a temporary folder");
        let history = dir.path().join("history");
        thread::scope(|scope| {
            for commit in 0..plan.commits {
                let (plan, dir, history) = (&plan, &dir, &history);
                scope.spawn(move || {
                    let path = dir.path().join(format!("{commit}.json"));
                    store::save(&path, &plan.record(commit)).expect("saved");
                    add(&path, history).expect("added");
                });
            }
        });
        assert_eq!(load(&history).expect("loaded").entries.len(), 8);
    }

    #[test]
    fn the_same_record_twice_is_refused_and_changes_nothing() {
        let (dir, history) = history_of(&three());
        let error = add_record(&dir, &history, &three().record(1)).expect_err("refused");
        assert!(matches!(error, HistoryError::Duplicate { .. }), "{error}");
        assert_eq!(load(&history).expect("loaded").entries.len(), 3);
    }

    #[test]
    fn a_foreign_file_is_refused_by_name_and_a_hidden_one_is_passed_by() {
        let (dir, history) = history_of(&three());
        std::fs::write(history.join(".gitattributes"), "").expect("written");
        assert!(load(&history).is_ok());
        std::fs::write(history.join("notes.json"), "{}").expect("written");
        for result in [
            load(&history).map(|_| ()),
            add_record(&dir, &history, &Synthetic { seed: 9, ..three() }.record(0)).map(|_| ()),
        ] {
            let error = result.expect_err("refused").to_string();
            assert!(error.contains("notes.json is not an entry"), "{error}");
        }
    }

    #[test]
    fn an_entry_that_was_edited_copied_or_cut_costs_itself_alone_and_is_named() {
        let (_dir, history) = history_of(&three());
        let path = load(&history).expect("loaded").entries[0].path.clone();
        let copy = history.join("20250101T000000Z-00000000-0123456789abcdef.json");
        std::fs::copy(&path, &copy).expect("copied");
        let loaded = load(&history).expect("the others are fine");
        assert_eq!(loaded.entries.len(), 3);
        let [damaged] = &loaded.damaged[..] else {
            panic!("one is damaged: {:?}", loaded.damaged)
        };
        assert!(damaged.path == copy && damaged.why.contains("changed or renamed"));
        std::fs::remove_file(&copy).expect("removed");
        let text = std::fs::read_to_string(&path).expect("read");
        std::fs::write(&path, text.replace("Commit number", "Kommit number")).expect("written");
        let why = |history: &Path| load(history).expect("two are left").damaged[0].why.clone();
        assert!(why(&history).contains("changed or renamed"));
        std::fs::write(&path, &text[..text.len() / 2]).expect("written");
        assert!(why(&history).contains("truncated"));
        assert_eq!(load(&history).expect("two are left").entries.len(), 2);
        for path in load(&history).expect("two are left").entries {
            std::fs::write(path.path, "").expect("written");
        }
        assert!(load(&history).is_err(), "nothing is left");
    }

    #[test]
    fn a_record_that_no_history_can_place_is_refused() {
        let dir = tempdir().expect("a temporary folder");
        let history = dir.path().join("history");
        let good = three().record(0);
        for (field, spoil) in [
            (
                "environment.commit",
                (|r| r.environment.commit.clear()) as fn(&mut Record),
            ),
            ("environment.started", |r| r.environment.started.clear()),
            ("environment.shard", |r| {
                r.environment.shard = Some("1/2".to_owned())
            }),
        ] {
            let mut record = good.clone();
            spoil(&mut record);
            let error = add_record(&dir, &history, &record).expect_err("refused");
            assert!(error.to_string().contains(field), "{error}");
        }
        assert!(!history.exists(), "nothing was made");
    }

    #[test]
    fn ratios_of_an_untrusted_run_are_in_no_series() {
        let mut record = three().record(0);
        record.self_check.as_mut().expect("has a check").trusted = false;
        let dir = tempdir().expect("a temporary folder");
        let history = dir.path().join("history");
        add_record(&dir, &history, &record).expect("added");
        let history = load(&history).expect("loaded");
        assert!(!history.entries[0].trusted);
        assert!(!history.series.is_empty());
        assert!(history.series.iter().all(|s| s.metric.is_exact()));
    }
}
