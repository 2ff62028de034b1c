//! The experiment that proves the method on this machine: it measures what is
//! known beforehand, and counts how often the verdict is right.
//!
//! [`experiment`] are the trials by this method, [`alternatives`] the same by others
//! (one after another, criterion), [`load`] the compiler that runs beside,
//! [`variant`] the rebuilt guests, [`table`] the result for people.

pub mod alternatives;
pub mod experiment;
pub mod load;
pub mod table;
pub mod variant;

use serde::{Deserialize, Serialize};

/// A way to compare, each with one remedy more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// All of A, and then all of B.
    Sequential,
    /// In turn, in one process.
    OneProcess,
    /// In turn, in many short processes, by one link layout.
    Processes,
    /// In turn, in many short processes, over several link layouts.
    Layouts,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Sequential,
        Self::OneProcess,
        Self::Processes,
        Self::Layouts,
    ];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Sequential => "all of A, then all of B",
            Self::OneProcess => "in turn, in one process",
            Self::Processes => "in turn, in many short processes",
            Self::Layouts => "the same over link layouts",
        }
    }
}

/// One line of the result: many comparisons of one kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// What was compared.
    pub experiment: String,
    /// How, where the line has a place in the table of methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
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

/// The result of one sitting.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// What ran beside.
    pub load: String,
    /// The machine, the toolchain, the pair.
    pub environment: bench_record::wire::Environment,
    /// The lines.
    pub rows: Vec<Row>,
    /// Sittings that were added: other parts of the experiment on the same machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Report>,
}

/// In what sittings may differ: each says of which commit it is.
const OF_THE_BUILD: [&str; 4] = ["commit", "dirty", "guest_sha256", "host_sha256"];

impl Report {
    /// The same with another sitting.
    ///
    /// # Errors
    /// When it was on another machine or with another toolchain.
    pub fn with(mut self, sitting: Self) -> anyhow::Result<Self> {
        if let Some(difference) = self
            .environment
            .differences(&sitting.environment)
            .iter()
            .find(|difference| !OF_THE_BUILD.contains(&difference.field))
        {
            anyhow::bail!("the results differ in their {difference}: they make no one table");
        }
        self.added.push(sitting);
        Ok(self)
    }

    /// The lines of all sittings.
    pub fn all_rows(&self) -> impl Iterator<Item = &Row> {
        let added = self.added.iter().flat_map(|report| &report.rows);
        self.rows.iter().chain(added)
    }
}
