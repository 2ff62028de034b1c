//! Two pairs against each other: wall clock by the paired runner, exact counts of
//! both, on this machine, now.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bench_host::loader::LoadError;
use rand::rngs::SmallRng;

use crate::case::Case;
use crate::entrants::entrant;
use crate::layouts::Layouts;
use crate::paired::contest::Runner;
use crate::ratios::{self, Match, Ratios};
use crate::record::wire::{Counts, Failure};
use crate::verify::{self, VerifyError};

/// A measuring process that takes longer hangs.
pub const PROCESS_LIMIT: Duration = Duration::from_secs(60);

/// Why two pairs cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// One of them cannot be loaded.
    #[error("the {side} pair: {source}")]
    Load {
        /// `baseline` or `candidate`.
        side: &'static str,
        /// Why.
        source: LoadError,
    },
    /// One of them is not correct.
    #[error("the {side} pair: {source}")]
    Verify {
        /// `baseline` or `candidate`.
        side: &'static str,
        /// Why.
        source: VerifyError,
    },
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub struct Side {
    /// `baseline` or `candidate`.
    pub role: &'static str,
    /// What it is, for people: a commit, a folder.
    pub name: String,
    /// The pair in its layouts.
    pub layouts: Layouts,
}

impl Side {
    /// Loads the pair and verifies every case on it.
    ///
    /// # Errors
    /// When it cannot be loaded or a case is not correct.
    pub fn verify(&self, cases: &[Case]) -> Result<(), CompareError> {
        let side = self.role;
        let pair = self.layouts.plain.load();
        let pair = pair.map_err(|source| CompareError::Load { side, source })?;
        for case in cases {
            verify::verify(&pair, case).map_err(|source| CompareError::Verify { side, source })?;
        }
        Ok(())
    }

    /// The folder that the plain pair lies in.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.layouts
            .plain
            .guest
            .parent()
            .map(PathBuf::from)
            .unwrap_or_default()
    }
}

/// What a comparison of two pairs came to.
#[derive(Debug, Clone, Default)]
pub struct Compared {
    /// Wall clock: each case of the candidate against the same of the baseline.
    pub ratios: Ratios,
    /// Exact counts of the baseline, by case.
    pub baseline_counts: BTreeMap<String, Counts>,
    /// Exact counts of the candidate, by case.
    pub candidate_counts: BTreeMap<String, Counts>,
    /// Counts that could not be taken.
    pub failures: Vec<Failure>,
}

/// Compares the wall clock of every case on both sides.
pub fn wall_clock(
    runner: &mut Runner<'_, SmallRng>,
    baseline: &Side,
    candidate: &Side,
    cases: &[Case],
    done: &mut dyn FnMut(),
) -> Ratios {
    let matches: Vec<Match> = cases
        .iter()
        .map(|case| {
            let mut arm = entrant(case, &candidate.layouts);
            // A pair against itself: from another copy of the files.
            arm.copy = 1;
            Match {
                baseline: entrant(case, &baseline.layouts),
                candidate: arm,
            }
        })
        .collect();
    ratios::measure(runner, &matches, &mut |_, _| done())
}
