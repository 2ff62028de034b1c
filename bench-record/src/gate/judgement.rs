//! What a gate says of a record, as data.

use serde::Serialize;

use crate::Count;

/// What a record says against a baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    pub baseline: String,
    pub candidate: String,
    /// Cases that both have.
    pub cases: usize,
    /// Ratios that both have and that could be judged.
    pub ratios: usize,
    /// Ratios, of those, that are shown to be the same.
    pub same: usize,
    /// What is not as it was, regressions first.
    pub changes: Vec<Change>,
    /// Ratios that are neither shown to be the same nor shown to differ, those that
    /// may have become slower by the most first.
    pub inconclusive: Vec<Inconclusive>,
    /// What was not judged, and why.
    pub notices: Vec<String>,
}

/// What a change is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The case as a whole.
    Case,
    Count(Count),
    /// The ratio of its time to another case's.
    Ratio,
}

impl What {
    /// The name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Count(count) => count.field(),
            Self::Ratio => "time ratio",
        }
    }

    /// The name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Count(count) => count.label(),
            other => other.name(),
        }
    }
}

impl Serialize for What {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub case: String,
    /// Of a ratio: id of the case it is relative to.
    pub baseline_case: Option<String>,
    pub what: What,
    /// What it was; `null` where it was not measured.
    pub before: Option<f64>,
    /// What it is; `null` where it was not measured.
    pub after: Option<f64>,
    /// Whether it is worse than it may be.
    pub regression: bool,
    pub why: String,
}

/// A ratio that is neither shown to be the same nor shown to differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inconclusive {
    pub case: String,
    /// Id of the case it is relative to.
    pub baseline_case: String,
    pub before: f64,
    pub after: f64,
    /// The largest speed-up that is not excluded: after / before − 1, 0 or below.
    pub least: f64,
    /// The largest slowdown that is not excluded: after / before − 1, 0 or above.
    pub most: f64,
}

impl Judgement {
    /// Whether something is worse than it may be.
    pub fn regressed(&self) -> bool {
        self.changes.iter().any(|change| change.regression)
    }
}

/// A number with four digits after the point at most.
pub fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
