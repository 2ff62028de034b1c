//! What a comparison comes to: plain data, with the names that a record gives it.
//! Nothing here measures or judges.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A paired comparison of two cases, in one interleaved run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Case id of the baseline.
    pub baseline: String,
    /// Case id of the candidate.
    pub candidate: String,
    /// Time per item, candidate / baseline: below 1 the candidate is faster.
    pub ratio: f64,
    /// Lower end of the interval of the ratio.
    pub low: f64,
    /// Upper end of the interval of the ratio.
    pub high: f64,
    /// Confidence of the interval after correction, 0 to 1.
    pub confidence: f64,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where the verdict needs a reason (mostly `inconclusive`).
    #[serde(default)]
    pub why: String,
    /// The smallest change that matters, as a share (0.01 is one percent).
    #[serde(default)]
    pub delta: f64,
    /// Median time of the baseline over the processes, nanoseconds per item.
    #[serde(default)]
    pub baseline_ns: Option<f64>,
    /// Median time of the candidate over the processes, nanoseconds per item.
    #[serde(default)]
    pub candidate_ns: Option<f64>,
    /// Difference of the time per item, nanoseconds, candidate - baseline.
    #[serde(default)]
    pub difference_ns: Option<Difference>,
    /// How it was made; results of different methods do not belong into one series.
    #[serde(default)]
    pub method: Method,
    /// The median of the same samples with the interval of the sign test, as a ratio:
    /// shown beside, used for no verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<RatioInterval>,
    /// A/A: second copies of the arms against their first, in the processes that the
    /// verdict rests on, as a ratio; 1 is the truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<RatioInterval>,
    /// The ratio by the mean of both copies of each arm, where `ratio` is that of the
    /// better ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_of_copies: Option<f64>,
    /// Child processes that the verdict rests on.
    pub processes: u32,
    /// Different link layouts that these used, of the arm with fewer; 1 where an arm has
    /// one layout only.
    pub layouts: u32,
    /// Whether both arms used the same layout number in a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draws: Option<Draws>,
    /// Layouts (and so processes) that the resolution asked for would take, where the
    /// interval is wider than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layouts_needed: Option<u32>,
    /// Rounds per process.
    pub rounds: u32,
    /// Items each arm drained in a round.
    #[serde(default)]
    pub items: u64,
    /// Per process: layout and median log-ratio (natural logarithm).
    #[serde(default)]
    pub samples: Vec<PairedSample>,
}

/// How a comparison was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A dozen layouts cycled over, the interval over processes or over the layouts'
    /// medians as a pre-test said. Records that name no method are of this one.
    #[default]
    LayoutMedians,
    /// One process is one draw of everything, its layouts included (the documentation
    /// of this crate).
    ProcessDraws,
}

/// How the layouts of a comparison's arms are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Draws {
    /// Both arms use the same layout number in a process.
    Common,
    /// Each arm draws for itself.
    Independent,
}

/// A ratio with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatioInterval {
    /// Estimate.
    pub ratio: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl RatioInterval {
    /// Whether a ratio of 1, no change, is ruled out.
    #[must_use]
    pub fn excludes_one(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }

    /// How far it reaches from a ratio of 1, as a logarithm.
    #[must_use]
    pub fn reach(&self) -> f64 {
        self.low.ln().abs().max(self.high.ln().abs())
    }
}

/// A difference in nanoseconds per item, with its interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Estimate, nanoseconds per item.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One process's result in a paired comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct PairedSample {
    /// Number of the link layout of the baseline's first library.
    pub layout: u32,
    /// Median over the rounds of ln(candidate / baseline), each by its better copy.
    pub log_ratio: f64,
    /// Median time of the baseline's better copy, nanoseconds per item.
    pub baseline_ns: f64,
    /// Median time of the candidate's better copy, nanoseconds per item.
    pub candidate_ns: f64,
    /// Median times of both copies of each arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies_ns: Option<CopiesNs>,
}

/// Median times of both copies of two arms in one process, nanoseconds per item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct CopiesNs {
    /// First and second copy of the baseline.
    pub baseline: [f64; 2],
    /// First and second copy of the candidate.
    pub candidate: [f64; 2],
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The interval lies inside the band of changes that do not matter.
    Same,
    /// The candidate is faster by more than that band, confirmed.
    Faster,
    /// The candidate is slower by more than that band, confirmed.
    Slower,
    /// Neither could be shown within the budget.
    #[default]
    Inconclusive,
}

impl Verdict {
    /// The name in records and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Changes that an inconclusive comparison leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NotExcluded {
    /// The largest slowdown, percent; 0 where every slowdown is excluded.
    pub slower_percent: f64,
    /// The largest speed-up, percent and below zero; 0 where every one is excluded.
    pub faster_percent: f64,
}

impl Comparison {
    /// What it could not exclude, where it is inconclusive.
    #[must_use]
    pub fn not_excluded(&self) -> Option<NotExcluded> {
        let percent = |ratio: f64| 100.0 * (ratio - 1.0);
        (self.verdict == Verdict::Inconclusive).then(|| NotExcluded {
            slower_percent: percent(self.high).max(0.0),
            faster_percent: percent(self.low).min(0.0),
        })
    }
}

impl fmt::Display for NotExcluded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (slower, faster) = (self.slower_percent, self.faster_percent);
        match (slower > 0.0, faster < 0.0) {
            (true, true) => write!(
                f,
                "regressions up to {slower:+.1}% and speed-ups up to {faster:+.1}% not excluded"
            ),
            (true, false) => write!(f, "regressions up to {slower:+.1}% not excluded"),
            (false, true) => write!(f, "speed-ups up to {faster:+.1}% not excluded"),
            (false, false) => f.write_str("nothing was shown"),
        }
    }
}

/// A/A of a run: whether its wall clock may be believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Estimate of the A/A ratio that decides; 1 is the truth.
    pub ratio: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// Whether the run's wall-clock verdicts may be believed.
    pub trusted: bool,
    /// The reason, above all where they may not.
    pub why: String,
    /// A/A comparisons that were made for this purpose: of two builds of the same
    /// sources, or of a pair and a copy of it.
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
}

/// A case that could not be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Case id.
    pub id: String,
    /// What went wrong, in words.
    pub why: String,
}

impl Failure {
    /// A case with its error.
    pub fn new(id: impl Into<String>, why: &(impl ToString + ?Sized)) -> Self {
        Self {
            id: id.into(),
            why: why.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inconclusive_comparison_says_what_it_could_not_exclude() {
        let at = |low, high, verdict| Comparison {
            low,
            high,
            verdict,
            ..Comparison::default()
        };
        let text = |low, high| {
            let open = at(low, high, Verdict::Inconclusive).not_excluded();
            open.expect("it is inconclusive").to_string()
        };
        let both = "regressions up to +2.1% and speed-ups up to -1.0% not excluded";
        assert_eq!(text(0.99, 1.021), both);
        assert_eq!(text(1.001, 1.021), "regressions up to +2.1% not excluded");
        assert_eq!(text(0.95, 0.999), "speed-ups up to -5.0% not excluded");
        assert_eq!(at(0.99, 1.021, Verdict::Same).not_excluded(), None);
    }

    #[test]
    fn a_comparison_of_the_first_method_is_read_and_marked() {
        let text = r#"{"baseline":"a","candidate":"b","ratio":1.0,"low":0.9,"high":1.1,
            "confidence":0.99,"verdict":"inconclusive","basis":"layouts","processes":60,
            "layouts":12,"rounds":9,
            "samples":[{"layout":1,"log_ratio":0.1,"baseline_ns":1.0,"candidate_ns":1.1}]}"#;
        let old: Comparison = serde_json::from_str(text).expect("old records are read");
        assert_eq!((old.method, old.draws), (Method::LayoutMedians, None));
        assert_eq!(old.samples[0].copies_ns, None);
    }

    #[test]
    fn a_verdict_is_called_as_it_is_written() {
        for verdict in [
            Verdict::Same,
            Verdict::Faster,
            Verdict::Slower,
            Verdict::Inconclusive,
        ] {
            assert_eq!(serde_json::json!(verdict), verdict.name());
        }
    }
}
