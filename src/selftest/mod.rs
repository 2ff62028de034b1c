//! The experiment that proves the method on this machine: it measures what is
//! known beforehand, and counts how often the verdict is right.
//!
//! [`plan`] says what is compared and what must hold, [`pools`] makes the builds and
//! their link layouts, [`trials`] repeats a comparison, [`alternatives`] makes the same
//! comparisons by other methods, [`load`] is the compiler that runs beside, [`variant`]
//! the rebuilt guest, [`table`] the result for people.

pub mod alternatives;
pub mod first_version;
pub mod load;
pub mod plan;
pub mod pools;
pub mod table;
pub mod trials;
pub mod variant;

use serde::{Deserialize, Serialize};

/// A way to compare two arms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// All of A, and then all of B.
    #[default]
    Sequential,
    /// In turn, in one process.
    OneProcess,
    /// This workbench's first method: twelve link layouts a side, cycled over, and a
    /// pre-test that chooses what the interval rests on.
    FirstVersion,
    /// One process, one draw of everything.
    ProcessDraws,
}

impl Method {
    pub const ALL: [Self; 4] = [
        Self::Sequential,
        Self::OneProcess,
        Self::FirstVersion,
        Self::ProcessDraws,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sequential => "all of A, then all of B",
            Self::OneProcess => "in turn, in one process",
            Self::FirstVersion => "first version (12 layouts)",
            Self::ProcessDraws => "this method",
        }
    }
}

/// One line of the result: many comparisons of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was compared.
    pub experiment: String,
    pub method: Method,
    pub case: String,
    /// What is known to be true, as a change in percent.
    pub truth_percent: f64,
    /// The smallest change that matters, percent; none where no verdict is given.
    pub delta_percent: Option<f64>,
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
    /// The same for the interval of the sign test, which is computed beside.
    #[serde(default)]
    pub sign_excludes_zero: Option<usize>,
    /// Median half-width of the intervals, percent.
    #[serde(default)]
    pub half_width_percent: Option<f64>,
    /// The same for the interval of the sign test.
    #[serde(default)]
    pub sign_half_width_percent: Option<f64>,
    /// How much the log-ratios of single processes differ: their robust standard
    /// deviation (1.4826 times the median absolute deviation), percent.
    #[serde(default)]
    pub spread_percent: Option<f64>,
    /// Processes of a comparison's deciding look, on average.
    #[serde(default)]
    pub processes: Option<f64>,
    /// Smallest estimate, percent.
    pub lowest_percent: f64,
    /// Median estimate, percent.
    pub median_percent: f64,
    /// Largest estimate, percent.
    pub highest_percent: f64,
    /// Seconds a comparison, on average.
    pub seconds: f64,
    /// What must hold of this line; empty where it only informs.
    pub required: String,
    /// Whether it holds.
    pub reached: bool,
}

/// The result of the experiment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// What ran beside.
    pub load: String,
    /// Share of the full number of comparisons.
    pub share: f64,
    /// Link layouts of each side that the comparisons drew from.
    pub layouts: usize,
    /// Random seed.
    pub seed: u64,
    /// The machine, the toolchain, the pair.
    pub environment: bench_record::wire::Environment,
    /// The lines.
    pub rows: Vec<Row>,
}
