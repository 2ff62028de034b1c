//! The record as it stands on disk: `arena-bench/record/1`.
//!
//! Every field that a program may rely on is here, in the order it is written.
//! Fields that an older record lacks are optional and default to nothing; a
//! field that is unknown is kept out, never an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The schema that this version writes and the only one that it reads.
pub const SCHEMA: &str = "arena-bench/record/1";

/// One run: its environment, the cases it measured, the ratios it judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Where, when and from what the run was made.
    pub environment: Environment,
    /// Cases, sorted by id; an id occurs once.
    pub cases: Vec<Case>,
    /// Paired comparisons, sorted by (candidate, baseline).
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
    /// The A/A comparison of this very run.
    #[serde(default)]
    pub self_check: Option<SelfCheck>,
    /// Cases that could not be measured, and why.
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// The growth matrix, where the run made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<super::growth::Growth>,
}

/// The machine, the toolchain and the pair under test.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// Full commit hash of the pair, or empty outside a repository.
    pub commit: String,
    /// Subject line of that commit; text, never markup.
    pub subject: String,
    /// Whether the checkout had uncommitted changes.
    pub dirty: bool,
    /// `rustc --version` of the pair.
    pub rustc: String,
    /// Cargo profile of the pair.
    pub profile: String,
    /// Compiler flags of the pair.
    pub flags: String,
    /// CPU model name.
    pub cpu: String,
    /// Logical cores.
    pub cores: u32,
    /// Kernel release.
    pub kernel: String,
    /// C library and its version.
    pub libc: String,
    /// `valgrind --version`, or empty when there is none.
    pub valgrind: String,
    /// `GLIBC_TUNABLES` under which counts were taken.
    pub tunables: String,
    /// SHA-256 of the guest cdylib, hexadecimal.
    pub guest_sha256: String,
    /// SHA-256 of the host cdylib, hexadecimal.
    pub host_sha256: String,
    /// Start of the run, RFC 3339.
    pub started: String,
    /// End of the run, RFC 3339.
    pub finished: String,
    /// When the commit was made (committer date, RFC 3339), or empty: it orders
    /// a history, also where an old commit is measured late.
    pub committed: String,
    /// `K/N` where the record holds one shard of a run, K from 1 to N.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// The command line that made the record.
    pub command: String,
    /// What else was observed: load, steal time, frequency; free-form.
    pub observed: BTreeMap<String, String>,
}

/// Key in [`Environment::observed`] of what a reader of the ratios should know first.
pub const CAUTION: &str = "caution";

/// One case and what was found of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Stable, readable id, such as `drain/bytes-4KiB/arena`.
    pub id: String,
    /// What the id stands for.
    pub params: Params,
    /// The verification drain's result.
    #[serde(default)]
    pub verified: Option<Verified>,
    /// Wall clock of this case alone (criterion).
    #[serde(default)]
    pub wall: Option<Wall>,
    /// Exact counts.
    #[serde(default)]
    pub counts: Option<Counts>,
}

/// What a case's id stands for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// `u64`, `record`, `bytes`, `blob` or `f64s`.
    pub payload: String,
    /// Content bytes of the (largest) item, without length prefixes.
    pub item_bytes: u64,
    /// `constant`, `ramp`, `uniform`, ...
    pub size_plan: String,
    /// `arena` or `alloc`.
    pub protocol: String,
    /// `owned`, `borrowed` or `none`.
    pub decode: String,
    /// `prepared` or `owned`.
    pub producer: String,
    /// Growth strategy; empty for `alloc`.
    pub growth: String,
    /// `resize`, `fresh` or `uninit`; empty for `alloc`.
    pub regrow: String,
    /// `never`, ...; empty for `alloc`.
    pub shrink: String,
    /// Bytes; 0 for `alloc`.
    pub initial_capacity: u64,
    /// Items per drain.
    pub items: u64,
}

/// What a verification drain counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Items drained and checked.
    pub items: u64,
    /// Their wire bytes.
    pub bytes: u64,
    /// XXH3-64 over the items, hexadecimal.
    pub digest: String,
}

/// Wall clock of one case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Wall {
    /// Estimate, nanoseconds per item.
    pub ns_per_item: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Confidence of the interval, 0 to 1.
    pub confidence: f64,
    /// Raw samples, nanoseconds per item.
    pub samples: Vec<f64>,
}

/// Exact counts of one case. A count that was not taken is `null`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Instructions per item, both sides, by callgrind.
    pub instructions_per_item: Option<f64>,
    /// Heap allocations per item, both sides, by DHAT.
    pub allocations_per_item: Option<f64>,
    /// Heap bytes allocated per item, both sides, by DHAT.
    pub allocated_bytes_per_item: Option<f64>,
    /// Calls from host to guest per item.
    pub boundary_calls_per_item: Option<f64>,
    /// Retries after `BUFFER_TOO_SMALL` in the drain.
    pub retries: Option<u64>,
    /// Wire bytes of the items that were asked for twice.
    pub retried_bytes: Option<u64>,
    /// Largest capacity the host's buffer had, bytes.
    pub peak_capacity: Option<u64>,
    /// Capacity when the drain ended, bytes.
    pub final_capacity: Option<u64>,
    /// Wire bytes encoded; a retry encodes nothing again.
    pub encoded_bytes: Option<u64>,
    /// Bytes zeroed by growth.
    pub zeroed_bytes: Option<u64>,
    /// Bytes moved by growth.
    pub moved_bytes: Option<u64>,
    /// Bytes asked of the host's allocator for the buffer.
    pub buffer_bytes: Option<u64>,
    /// Memory the host's buffer held for an item, mean over the items, bytes.
    pub mean_held: Option<f64>,
    /// Mean share of the buffer that an item used, 0 to 1.
    pub mean_share: Option<f64>,
}

/// A paired comparison of two cases, in one interleaved run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// What the intervals rest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Second copies of the arms against their first, in the rounds that a verdict
    /// rests on, as a ratio; none where no second look was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopiesRatio>,
    /// Child processes measured.
    pub processes: u32,
    /// Link layouts they cycled over.
    pub layouts: u32,
    /// Rounds per process.
    pub rounds: u32,
    /// Items each arm drained in a round.
    #[serde(default)]
    pub items: u64,
    /// Per process: layout and median log-ratio (natural logarithm).
    #[serde(default)]
    pub samples: Vec<PairedSample>,
}

/// What the interval of a comparison rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The sign test over processes: exact.
    Processes,
    /// The sign test over the medians of link layouts: exact.
    Layouts,
    /// Fewer layouts than the sign test needs for the confidence: the range of their
    /// medians, widened to Student's t interval of their mean where that reaches further.
    LayoutRange,
}

/// Copies of an arm against each other, as a ratio of times, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CopiesRatio {
    /// Estimate; 1 is the truth.
    pub ratio: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
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
    /// Index of the link layout.
    pub layout: u32,
    /// Median over the rounds of ln(candidate / baseline).
    pub log_ratio: f64,
    /// Median time of the baseline, nanoseconds per item.
    pub baseline_ns: f64,
    /// Median time of the candidate, nanoseconds per item.
    pub candidate_ns: f64,
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The interval lies inside the band of changes that do not matter.
    Same,
    /// The candidate is faster by more than that band, confirmed.
    Faster,
    /// The candidate is slower by more than that band, confirmed.
    Slower,
    /// Neither could be shown within the budget.
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

/// A/A: the pair against a copy of itself, interleaved with the rest of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Estimate of the ratio; 1 is what it must be.
    pub ratio: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// Whether the run's wall-clock verdicts may be believed.
    pub trusted: bool,
    /// The reason, above all where they may not.
    pub why: String,
    /// The A/A comparison of each payload, where more than one was made.
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

#[cfg(test)]
mod tests {
    use super::*;

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
