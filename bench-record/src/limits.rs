//! How far a case's exact counts may rise before it is a regression.
//!
//! The limits stand in one file that people read and review: a default, and
//! exceptions with their reasons.

use std::fmt;
use std::path::Path;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::Count;
use crate::input::{self, FileError};
use crate::wire::Counts;

#[derive(Debug, Clone, Default)]
pub struct Limits {
    default: Limit,
    exceptions: Vec<(Regex, Limit)>,
}

/// How far one case's counts may rise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limit {
    /// Rise of the instructions per item, percent.
    pub instructions_percent: f64,
    /// Rise of the allocations per item.
    pub allocations: f64,
    /// Rise of the calls across the boundary per item.
    pub boundary_calls: f64,
    /// Rise of the retries in a drain.
    pub retries: f64,
}

impl Default for Limit {
    /// Half a percent of the instructions, and nothing of the rest.
    fn default() -> Self {
        Self {
            instructions_percent: 0.5,
            allocations: 0.0,
            boundary_calls: 0.0,
            retries: 0.0,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    default: Limit,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// Limits for the cases whose id a pattern matches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    cases: String,
    #[serde(rename = "why")]
    _why: String,
    limit: Limit,
}

/// What a file of limits looks like.
const FORM: &str =
    r#"{"default": {...}, "exceptions": [{"cases": REGEX, "why": TEXT, "limit": {...}}]}"#;

/// A count that rose further than it may.
#[derive(Debug, Clone, PartialEq)]
pub struct Exceeded {
    pub count: Count,
    pub before: f64,
    pub after: f64,
    /// What it might have been at most.
    pub most: f64,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            before,
            after,
            most,
        } = self;
        write!(
            f,
            "{} {before:.2} → {after:.2} (at most {most:.2})",
            count.label()
        )
    }
}

/// What one unit in the last digit of a slope amounts to: below it, two counts
/// are the same.
const NOTHING: f64 = 1e-9;

impl Limits {
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = input::read(path, input::SETTINGS);
        let text = text.map_err(|error| FileError::new(path, error))?;
        let wire: Wire = serde_json::from_slice(&text)
            .map_err(|error| FileError::new(path, format!("{error}; expected {FORM}")))?;
        let exception = |exception: Exception| {
            let cases = Regex::new(&exception.cases);
            let cases = cases.map_err(|error| FileError::new(path, error))?;
            Ok((cases, exception.limit))
        };
        let exceptions = wire
            .exceptions
            .into_iter()
            .map(exception)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            default: wire.default,
            exceptions,
        })
    }

    /// The limit of a case: the first exception that matches its id, or the
    /// default.
    pub fn of(&self, id: &str) -> &Limit {
        let exception = self.exceptions.iter().find(|(cases, _)| cases.is_match(id));
        exception.map_or(&self.default, |(_, limit)| limit)
    }

    /// The counts of a case that rose further than they may. What one of the two
    /// did not count is not judged.
    pub fn exceeded(&self, id: &str, before: &Counts, after: &Counts) -> Vec<Exceeded> {
        let limit = self.of(id);
        let exceeded = |&count: &Count| {
            let (before, after) = (before.get(count)?, after.get(count)?);
            let most = limit.most(count, before)?;
            (after > most + NOTHING).then_some(Exceeded {
                count,
                before,
                after,
                most,
            })
        };
        Count::ALL.iter().filter_map(exceeded).collect()
    }
}

impl Limit {
    /// What a count may be at most where it was `before`; `None` for a count that
    /// is not limited.
    pub fn most(&self, count: Count, before: f64) -> Option<f64> {
        match count {
            Count::Instructions => Some(before * (1.0 + self.instructions_percent / 100.0)),
            Count::Allocations => Some(before + self.allocations),
            Count::BoundaryCalls => Some(before + self.boundary_calls),
            Count::Retries => Some(before + self.retries),
            _ => None,
        }
    }

    /// Whether two values of a count differ by no more than the limit allows, in
    /// either direction: such a difference is drift between two builds, and no
    /// change.
    pub fn is_drift(&self, count: Count, a: f64, b: f64) -> bool {
        let (less, more) = (a.min(b), a.max(b));
        more <= self.most(count, less).unwrap_or(less) + NOTHING * (1.0 + less)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: f64, allocations: f64) -> Counts {
        Counts {
            instructions_per_item: Some(instructions),
            allocations_per_item: Some(allocations),
            retries: Some(1),
            ..Counts::default()
        }
    }

    #[test]
    fn half_a_percent_of_the_instructions_is_allowed_and_no_allocation() {
        let limits = Limits::default();
        assert!(
            limits
                .exceeded("x", &counts(1000.0, 0.0), &counts(1005.0, 0.0))
                .is_empty()
        );
        let over = limits.exceeded("x", &counts(1000.0, 0.0), &counts(1005.1, 0.1));
        let named: Vec<Count> = over.iter().map(|over| over.count).collect();
        assert_eq!(named, [Count::Instructions, Count::Allocations]);
        assert!(
            limits
                .exceeded("x", &counts(1000.0, 1.0), &counts(900.0, 0.0))
                .is_empty()
        );
    }

    #[test]
    fn a_difference_within_the_limit_is_drift_in_both_directions() {
        let limit = Limit::default();
        for (count, a, b, drift) in [
            (Count::Instructions, 1000.0, 1004.9, true),
            (Count::Instructions, 1004.9, 1000.0, true),
            (Count::Instructions, 1000.0, 1005.2, false),
            (Count::Allocations, 1.0, 1.0 + 1e-11, true),
            (Count::Allocations, 0.0, 0.1, false),
            (Count::PeakCapacity, 64.0, 64.0, true),
            (Count::PeakCapacity, 64.0, 65.0, false),
        ] {
            assert_eq!(limit.is_drift(count, a, b), drift, "{count:?} {a} {b}");
        }
    }

    #[test]
    fn what_was_not_counted_is_not_judged() {
        let limits = Limits::default();
        assert!(
            limits
                .exceeded("x", &Counts::default(), &counts(1e9, 9.0))
                .is_empty()
        );
    }

    #[test]
    fn an_exception_holds_for_the_cases_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("limits.json");
        let text = r#"{"exceptions": [{"cases": "^drain/u64", "why": "a test",
            "limit": {"instructions_percent": 3}}]}"#;
        std::fs::write(&path, text).unwrap();
        let limits = Limits::read(&path).unwrap();
        assert_eq!(limits.of("drain/u64/arena").instructions_percent, 3.0);
        assert_eq!(limits.of("drain/blob-64B/arena").instructions_percent, 0.5);
        std::fs::write(&path, r#"{"defualt": {}}"#).unwrap();
        let refused = Limits::read(&path).unwrap_err().to_string();
        assert!(
            refused.contains("defualt") && refused.contains("limits.json"),
            "{refused}"
        );
    }
}
