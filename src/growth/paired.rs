//! The timed part of growth: every way to grow of a plan against the exact fit
//! and against the alloc baseline, in one interleaved set a plan.

use bench_protocol::spec::{Growth, Protocol};

use super::matrix::{Cell, Ratio, Stream};
use crate::arms::of_case;
use crate::case::{Case, catalog};
use crate::pair::Layouts;
use bench_record::wire::Comparison;
use paired::runner::{Arm, MeasureError, Runner};

/// What a plan's set consists of.
#[derive(Debug)]
pub struct Plan {
    cases: Vec<Case>,
    /// Indices of (baseline, candidate).
    pairs: Vec<(usize, usize)>,
}

impl Plan {
    /// The set of a stream's plan: the cases of the catalog, each against
    /// exact fit and against alloc, and exact fit against presized wherever both
    /// regrow alike, which gives the price of a retry.
    pub fn new(stream: &Stream) -> Self {
        let cases = catalog::growths_of(stream.plan().clone());
        let exact = 0;
        let mut pairs = Vec::new();
        for (at, case) in cases.iter().enumerate() {
            if case.protocol == Protocol::Alloc {
                let others = (0..cases.len()).filter(|&arm| arm != at);
                pairs.extend(others.map(|arm| (at, arm)));
            } else if at != exact {
                pairs.push((exact, at));
            }
            let same_regrow = |other: &Case| {
                other.buffer.growth == Growth::Exact
                    && other.protocol == Protocol::Arena
                    && other.buffer.regrow == case.buffer.regrow
                    && other.buffer.shrink == case.buffer.shrink
            };
            if case.buffer.growth == Growth::Presized
                && let Some(exact_alike) = cases.iter().position(same_regrow)
                && exact_alike != exact
            {
                pairs.push((exact_alike, at));
            }
        }
        Self { cases, pairs }
    }

    pub fn comparisons(&self) -> usize {
        self.pairs.len()
    }

    /// Measures and judges them; the whole stream is drained, opened anew for
    /// each drain outside the timed span.
    pub fn compare(
        &self,
        runner: &mut Runner<'_>,
        layouts: &Layouts,
    ) -> Result<Vec<Comparison>, MeasureError> {
        let arms = self.cases.iter().map(|case| of_case(case, layouts));
        let arms: Vec<Arm> = arms.collect();
        runner.compare(&arms, &self.pairs)
    }
}

/// Gives each cell its time against the exact fit of its plan.
pub fn attach(cells: &mut [Cell], comparisons: &[Comparison]) {
    for cell in cells {
        let exact = |id: &str| id.ends_with("/arena/exact");
        let found = comparisons
            .iter()
            .find(|comparison| comparison.candidate == cell.id && exact(&comparison.baseline));
        cell.ratio = match found {
            Some(comparison) => Some(Ratio {
                estimate: comparison.ratio,
                low: comparison.low,
                high: comparison.high,
                verdict: Some(comparison.verdict),
            }),
            // The exact fit itself, where anything was measured against it.
            None => comparisons
                .iter()
                .any(|comparison| comparison.baseline == cell.id && exact(&cell.id))
                .then_some(Ratio::OF_EXACT_FIT),
        };
    }
}
