//! Regressions that were accepted, each with its reason: a file that people review and commit.
//!
//! An entry names cases, a metric and how much worse it may be. What it covers is shown with
//! the reason and fails nothing; beyond that it is a regression as before. It knows no record
//! and no history.

use std::fmt;
use std::path::Path;

use paired::visible::visible;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::format::to_json;
use crate::input::{self, FileError};
use crate::{Count, output};

/// Something that may be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The time, or a ratio of times.
    Time,
    Instructions,
    Allocations,
    BoundaryCalls,
    Retries,
}

impl Metric {
    pub const ALL: [Self; 5] = [
        Self::Time,
        Self::Instructions,
        Self::Allocations,
        Self::BoundaryCalls,
        Self::Retries,
    ];

    /// The name in the file and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::BoundaryCalls => "boundary_calls",
            Self::Retries => "retries",
        }
    }

    /// The metric of a count; `None` where no rise of it is a regression.
    pub fn of(count: Count) -> Option<Self> {
        match count {
            Count::Instructions => Some(Self::Instructions),
            Count::Allocations => Some(Self::Allocations),
            Count::BoundaryCalls => Some(Self::BoundaryCalls),
            Count::Retries => Some(Self::Retries),
            _ => None,
        }
    }

    /// Whether a rise is given in percent; else it is a number, per item or per drain.
    fn is_relative(self) -> bool {
        matches!(self, Self::Time | Self::Instructions)
    }

    /// How much worse `after` is.
    fn rise(self, before: f64, after: f64) -> f64 {
        match self.is_relative() {
            true => (after / before - 1.0) * 100.0,
            false => after - before,
        }
    }
}

/// An accepted regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Ids of the cases; `*` stands for anything.
    pub cases: String,
    pub metric: Metric,
    /// How much worse it may be: percent of the time and of the instructions, else a rise of
    /// the number itself.
    pub up_to: f64,
    pub reason: String,
    /// The commit that made it worse. A history then accepts it at that commit alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
}

impl Entry {
    /// What is wrong with it.
    fn problem(&self) -> Option<&'static str> {
        if self.cases.is_empty() {
            return Some("cases is empty; expected ids of cases, `*` stands for anything");
        }
        if self.reason.trim().is_empty() {
            return Some("reason is empty; say why this is accepted");
        }
        if !self.up_to.is_finite() || self.up_to <= 0.0 {
            return Some("up_to is not a number above 0");
        }
        None
    }

    /// `up to 3%`.
    fn limit(&self) -> String {
        let percent = if self.metric.is_relative() { "%" } else { "" };
        format!("up to {}{percent}", self.up_to)
    }

    fn pattern(&self) -> Regex {
        let pattern = regex::escape(&self.cases).replace(r"\*", ".*");
        Regex::new(&format!("^{pattern}$")).expect("an escaped text is a pattern")
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.metric.name(), visible(&self.cases))
    }
}

/// The accepted regressions of a project.
#[derive(Debug, Clone, Default)]
pub struct Accepted {
    entries: Vec<(Regex, Entry)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<E> {
    accepted: Vec<E>,
}

/// What such a file looks like.
const FORM: &str =
    r#"{"accepted": [{"cases": GLOB, "metric": "time", "up_to": 3, "reason": TEXT}]}"#;

/// What a file says of something that became worse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Nothing,
    /// It is accepted: the reason, and up to where.
    Accepted(String),
    /// It is worse than was accepted: in words.
    Exceeded(String),
}

impl Accepted {
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = input::read(path, input::SETTINGS);
        Self::parse(path, &text.map_err(|error| FileError::new(path, error))?)
    }

    /// The same of what stood in a file, in another commit for example.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, FileError> {
        let wire: Wire<serde_json::Value> = serde_json::from_slice(text)
            .map_err(|error| FileError::new(path, format!("{error}; expected {FORM}")))?;
        let mut entries = Vec::new();
        for (index, value) in wire.accepted.into_iter().enumerate() {
            let named = visible(value["cases"].as_str().unwrap_or("without cases"));
            let refused = |problem: String| {
                let number = index + 1;
                FileError::new(path, format!("entry {number} ({named}): {problem}"))
            };
            let entry: Entry =
                serde_json::from_value(value).map_err(|error| refused(error.to_string()))?;
            if let Some(problem) = entry.problem() {
                return Err(refused(problem.to_owned()));
            }
            entries.push((entry.pattern(), entry));
        }
        Ok(Self { entries })
    }

    /// Adds an entry; an earlier one for the same cases and metric goes.
    pub fn add(&mut self, entry: Entry) -> Result<(), &'static str> {
        if let Some(problem) = entry.problem() {
            return Err(problem);
        }
        let same = |known: &Entry| known.cases == entry.cases && known.metric == entry.metric;
        self.entries.retain(|(_, known)| !same(known));
        self.entries.push((entry.pattern(), entry));
        Ok(())
    }

    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        let accepted = self.entries.iter().map(|(_, entry)| entry).collect();
        let text = to_json(&Wire::<&Entry> { accepted }).map_err(std::io::Error::from)?;
        output::replace(path, &text)
    }

    /// Without the entries that another file has as well: they were accepted there.
    #[must_use]
    pub fn without(mut self, other: &Self) -> Self {
        let known = |entry: &Entry| other.entries.iter().any(|(_, theirs)| theirs == entry);
        self.entries.retain(|(_, entry)| !known(entry));
        self
    }

    /// Begins to hold what is found against the entries.
    pub fn begin(&self) -> Matching<'_> {
        Matching {
            accepted: self,
            seen: vec![Seen::default(); self.entries.len()],
        }
    }

    /// What the entries say of a case that became worse; `commit` is the one that did it,
    /// where that is known.
    pub fn of(
        &self,
        case: &str,
        metric: Metric,
        (before, after): (f64, f64),
        commit: Option<&str>,
    ) -> Said {
        let rise = metric.rise(before, after);
        let of_commit = |entry: &Entry| match (&entry.commit, commit) {
            (Some(accepted), Some(commit)) => commit.starts_with(accepted.as_str()),
            _ => true,
        };
        let mut exceeded = None;
        for (pattern, entry) in &self.entries {
            if entry.metric != metric || !pattern.is_match(case) || !of_commit(entry) {
                continue;
            }
            if rise <= entry.up_to + NOTHING {
                let reason = visible(&entry.reason);
                return Said::Accepted(format!("accepted: {reason} ({})", entry.limit()));
            }
            exceeded = Some(format!("more than was accepted ({})", entry.limit()));
        }
        exceeded.map_or(Said::Nothing, Said::Exceeded)
    }
}

/// What a number's last digit amounts to.
const NOTHING: f64 = 1e-9;

/// What an entry met.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// One of its cases was judged in its metric.
    judged: bool,
    /// One of them was worse.
    worse: bool,
}

/// Entries, and which of them still say something.
#[derive(Debug)]
pub struct Matching<'a> {
    accepted: &'a Accepted,
    seen: Vec<Seen>,
}

impl Matching<'_> {
    /// What the entries say of a case that was judged.
    pub fn judge(&mut self, case: &str, metric: Metric, values: (f64, f64), worse: bool) -> Said {
        for (seen, (pattern, entry)) in self.seen.iter_mut().zip(&self.accepted.entries) {
            if entry.metric == metric && pattern.is_match(case) {
                seen.judged = true;
                seen.worse |= worse;
            }
        }
        match worse {
            true => self.accepted.of(case, metric, values, None),
            false => Said::Nothing,
        }
    }

    /// Entries whose cases were judged and are no worse any more, a sentence each.
    pub fn stale(&self) -> Vec<String> {
        let entries = self.seen.iter().zip(&self.accepted.entries);
        entries
            .filter(|(seen, _)| seen.judged && !seen.worse)
            .map(|(_, (_, entry))| {
                format!("{entry} is accepted and not worse any more: remove the entry")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Accepted, FileError> {
        Accepted::parse(Path::new("accepted.json"), text.as_bytes())
    }

    const TWO: &str = r#"{"accepted": [
        {"cases": "drain/bytes-*/arena", "metric": "time", "up_to": 3, "reason": "checks lengths"},
        {"cases": "drain/u64/alloc", "metric": "allocations", "up_to": 1, "reason": "a header",
         "commit": "abc", "date": "2026-11-26", "who": "someone"}]}"#;

    #[test]
    fn what_is_covered_is_accepted_with_its_reason_and_what_is_beyond_it_is_not() {
        let accepted = read(TWO).expect("a file");
        let time = |case, after| accepted.of(case, Metric::Time, (1.0, after), None);
        let said = time("drain/bytes-1KiB/arena", 1.03);
        let words = "accepted: checks lengths (up to 3%)";
        assert_eq!(said, Said::Accepted(words.to_owned()));
        let beyond = time("drain/bytes-1KiB/arena", 1.031);
        assert!(matches!(beyond, Said::Exceeded(_)), "{beyond:?}");
        for other in [
            "drain/bytes-1KiB/arena/borrowed",
            "xdrain/bytes-/arena",
            "drain/u64/alloc",
        ] {
            assert_eq!(time(other, 1.01), Said::Nothing, "{other}");
        }
        // A rise of the number itself, from nothing too.
        let allocations = |before, after| {
            accepted.of(
                "drain/u64/alloc",
                Metric::Allocations,
                (before, after),
                None,
            )
        };
        assert!(matches!(allocations(0.0, 1.0), Said::Accepted(_)));
        assert!(matches!(allocations(1.0, 3.0), Said::Exceeded(_)));
    }

    #[test]
    fn a_commit_that_is_named_is_the_only_one_that_a_history_accepts() {
        let accepted = read(TWO).expect("a file");
        let of = |commit| {
            let values = (0.0, 1.0);
            accepted.of("drain/u64/alloc", Metric::Allocations, values, commit)
        };
        assert!(matches!(of(Some("abcdef")), Said::Accepted(_)));
        assert_eq!(of(Some("123456")), Said::Nothing);
        assert!(matches!(of(None), Said::Accepted(_)));
    }

    #[test]
    fn an_entry_whose_cases_are_no_worse_any_more_is_stale_and_one_that_was_not_judged_is_not() {
        let accepted = read(TWO).expect("a file");
        let mut matching = accepted.begin();
        let same = (1.0, 1.0);
        assert_eq!(
            matching.judge("drain/bytes-64B/arena", Metric::Time, same, false),
            Said::Nothing
        );
        let stale = matching.stale();
        assert!(
            stale.len() == 1 && stale[0].contains("time of drain/bytes-*/arena"),
            "{stale:?}"
        );
        matching.judge("drain/bytes-1KiB/arena", Metric::Time, (1.0, 2.0), true);
        assert!(matching.stale().is_empty());
    }

    #[test]
    fn a_bad_entry_is_named() {
        for (text, words) in [
            (
                r#"{"accepted": [{"cases": "a", "metric": "time", "up_to": 3}]}"#,
                "entry 1 (a): missing field `reason`",
            ),
            (
                r#"{"accepted": [{"cases": "a", "metric": "speed", "up_to": 3, "reason": "x"}]}"#,
                "entry 1 (a): unknown variant `speed`",
            ),
            (
                r#"{"accepted": [{"cases": "a", "metric": "time", "up_to": 0, "reason": "x"}]}"#,
                "up_to is not a number above 0",
            ),
            (
                r#"{"accepted": [{"cases": "a", "metric": "time", "up_to": 1, "reason": " "}]}"#,
                "reason is empty",
            ),
            (
                r#"{"accepted": [{"cases": "", "metric": "time", "up_to": 1, "reason": "x"}]}"#,
                "cases is empty",
            ),
            (r#"{"accepted": [{"case": "a"}]}"#, "unknown field `case`"),
            ("[]", "expected {\"accepted\""),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(
                error.contains(words) && error.contains("accepted.json"),
                "{error}"
            );
        }
    }

    #[test]
    fn an_entry_is_written_and_read_back_and_replaces_its_predecessor() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("accepted.json");
        let mut accepted = read(TWO).expect("a file");
        let entry = Entry {
            cases: "drain/bytes-*/arena".to_owned(),
            metric: Metric::Time,
            up_to: 5.0,
            reason: "checks more".to_owned(),
            commit: None,
            date: None,
            who: None,
        };
        accepted.add(entry.clone()).expect("a good one");
        assert!(
            accepted
                .add(Entry {
                    up_to: f64::NAN,
                    ..entry.clone()
                })
                .is_err()
        );
        accepted.save(&path).expect("written");
        let again = Accepted::read(&path).expect("read");
        assert_eq!(again.entries.len(), 2);
        assert_eq!(again.entries[1].1, entry);
        // What a base has accepted already says nothing of what came after it.
        let new = again.without(&read(TWO).expect("a file"));
        assert_eq!(new.entries.len(), 1);
    }

    #[test]
    fn a_metric_is_called_as_it_is_written() {
        for metric in Metric::ALL {
            let written = serde_json::to_value(metric).expect("a name");
            assert_eq!(written, metric.name());
        }
    }
}
