//! Why a statistic cannot be had from some numbers.

/// Why a statistic cannot be had from these numbers.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum StatsError {
    /// There is nothing to take a statistic of.
    #[error("no samples: at least one is needed")]
    Empty,
    /// A sample is NaN or infinite.
    #[error("sample {index} is {value}: every sample must be a finite number")]
    NotFinite {
        /// Its position in the input, from 0.
        index: usize,
        /// What it was.
        value: f64,
    },
    /// No interval of this confidence exists for so few values.
    #[error(
        "{have} {what} cannot give an interval at {:.3}% confidence: at least {need} are needed",
        100.0 * confidence
    )]
    TooFew {
        /// What was counted, such as `processes`.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
        /// The confidence asked for, as a share.
        confidence: f64,
    },
    /// A parameter lies outside its range.
    #[error("{what} is {value}: it must be greater than 0 and less than 1")]
    NotAShare {
        /// Which parameter.
        what: &'static str,
        /// What it was.
        value: f64,
    },
}
