//! The experiment that proves the method on this machine: it measures what is
//! known beforehand, and counts how often the verdict is right.
//!
//! [`experiment`] are the trials by this method, [`rival`] the same by others
//! (one after another, criterion), [`load`] the compiler that runs beside,
//! [`variant`] the rebuilt guests, [`table`] the result for people.

pub mod experiment;
pub mod load;
pub mod rival;
pub mod table;
pub mod variant;

use serde::{Deserialize, Serialize};

/// One line of the result: many comparisons of one kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// What was compared.
    pub experiment: String,
    /// Id of the case.
    pub case: String,
    /// What is known to be true, as a change in percent.
    pub truth_percent: f64,
    /// The smallest change that matters, percent; none where no verdict is given.
    pub delta_percent: Option<f64>,
    /// Number of comparisons.
    pub comparisons: usize,
    /// Verdicts *slower*.
    pub slower: usize,
    /// Verdicts *faster*.
    pub faster: usize,
    /// Verdicts *same*.
    pub same: usize,
    /// Verdicts *inconclusive*.
    pub inconclusive: usize,
    /// Intervals that exclude zero.
    pub exclude_zero: usize,
    /// Smallest estimate, percent.
    pub lowest_percent: f64,
    /// Median estimate, percent.
    pub median_percent: f64,
    /// Largest estimate, percent.
    pub highest_percent: f64,
    /// Seconds a comparison, on average.
    pub seconds: f64,
    /// What must hold of this line, in words; nothing where it only informs.
    pub required: String,
    /// Whether it holds.
    pub reached: bool,
}

/// The whole result.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// What ran beside.
    pub load: String,
    /// The machine, the toolchain, the pair.
    pub environment: crate::record::wire::Environment,
    /// The lines.
    pub rows: Vec<Row>,
}
