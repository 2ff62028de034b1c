//! What a gate says of a record, as data.

use serde::Serialize;

use crate::Count;
use crate::accepted::{Matching, Metric, Said};

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
    /// The reason, where the regression was accepted: it fails nothing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    pub why: String,
}

impl Change {
    /// A change of a case whose values are not known yet.
    pub(super) fn of(case: &str, what: What, regression: bool, why: String) -> Self {
        Self {
            case: case.to_owned(),
            baseline_case: None,
            what,
            before: None,
            after: None,
            regression,
            accepted: None,
            why,
        }
    }

    /// Whether it is worse than it may be, and nobody accepted that.
    pub fn alarms(&self) -> bool {
        self.regression && self.accepted.is_none()
    }

    /// Takes in what the accepted regressions say of it.
    pub(super) fn held_against(mut self, accepted: &mut Matching<'_>) -> Self {
        let metric = match self.what {
            What::Case => None,
            What::Count(count) => Metric::of(count),
            What::Ratio => Some(Metric::Time),
        };
        let (Some(metric), Some(before), Some(after)) = (metric, self.before, self.after) else {
            return self;
        };
        match accepted.judge(&self.case, metric, (before, after), self.regression) {
            Said::Nothing => {}
            Said::Accepted(why) => self.accepted = Some(why),
            Said::Exceeded(why) if self.why.is_empty() => self.why = why,
            Said::Exceeded(why) => self.why = format!("{}; {why}", self.why),
        }
        self
    }
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
    /// Whether something is worse than it may be, and was not accepted.
    pub fn regressed(&self) -> bool {
        self.changes.iter().any(Change::alarms)
    }
}

/// A number with four digits after the point at most.
pub fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
