//! What a change of a history is, and what counts as one.

use super::series::{Metric, Point, Series};
use crate::accepted::{self, Accepted, Said};
use crate::limits::Limits;

#[derive(Debug, Clone)]
pub struct Options {
    /// Runs that are looked at together, 6 or more. A larger window sees
    /// smaller shifts, a smaller one shifts that follow each other closely.
    pub window: usize,
    /// Largest p-value of a change point, above 0 and below 1.
    pub significance: f64,
    /// Smallest relative change reported, 0 or more; 0.01 is one percent.
    pub magnitude: f64,
    /// Counts that differ by no more than these allow have drifted from one build to
    /// the next, and have not changed.
    pub limits: Limits,
    /// Regressions that were accepted.
    pub accepted: Accepted,
}

impl Default for Options {
    /// Window and significance as in Hunter (Fleming et al., 2023); the
    /// magnitude is the smallest change that matters elsewhere in this tool.
    fn default() -> Self {
        Self {
            window: 50,
            significance: 0.001,
            magnitude: 0.01,
            limits: Limits::default(),
            accepted: Accepted::default(),
        }
    }
}

/// One metric of one case that is not what it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub case: String,
    /// The reference arm's case id, for a ratio.
    pub baseline: Option<String>,
    pub metric: Metric,
    /// First entry that has the change; index into [`History::entries`](super::History::entries).
    pub entry: u32,
    /// Last entry before it that was compared: what changed it lies after this
    /// one's commit, up to `entry`'s.
    pub previous: u32,
    /// The value before: a count, or the geometric mean of the stretch.
    pub before: f64,
    pub after: f64,
    /// Why it is called a change.
    pub evidence: Evidence,
    /// What the case moves by when nothing happens (see
    /// [`relative_threshold`](super::threshold::relative_threshold)), where its past is long enough to say.
    pub threshold: Option<f64>,
    /// The reason, where it was accepted that it became worse.
    pub accepted: Option<String>,
}

/// Why something is called a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Evidence {
    Exact,
    Shift {
        /// See [`ChangePoint::p_value`](super::changepoint::ChangePoint::p_value).
        p_value: f64,
    },
    /// The newest one or two runs lie outside the case's own past; a third will
    /// tell.
    Unconfirmed,
}

impl Change {
    /// A change of a series between two of its points.
    pub(super) fn of(
        series: &Series,
        (previous, point): (&Point, &Point),
        (before, after): (f64, f64),
        evidence: Evidence,
    ) -> Self {
        Self {
            case: series.case.clone(),
            baseline: series.baseline.clone(),
            metric: series.metric,
            entry: point.entry,
            previous: previous.entry,
            before,
            after,
            evidence,
            threshold: None,
            accepted: None,
        }
    }

    /// after / before − 1; `None` where there was nothing before.
    pub fn relative(&self) -> Option<f64> {
        (self.before != 0.0).then(|| self.after / self.before - 1.0)
    }

    /// Whether it became worse, not just perhaps, and nobody accepted that.
    pub fn is_regression(&self) -> bool {
        self.is_worse() && self.accepted.is_none()
    }

    fn is_worse(&self) -> bool {
        self.after > self.before && self.evidence != Evidence::Unconfirmed
    }

    /// Takes in what the accepted regressions say of it.
    pub(super) fn hold_against(&mut self, accepted: &Accepted, commit: &str) {
        let metric = match self.metric {
            Metric::Count(count) => accepted::Metric::of(count),
            Metric::Ratio => Some(accepted::Metric::Time),
        };
        let Some(metric) = metric.filter(|_| self.is_worse()) else {
            return;
        };
        let values = (self.before, self.after);
        if let Said::Accepted(why) = accepted.of(&self.case, metric, values, Some(commit)) {
            self.accepted = Some(why);
        }
    }
}
