//! Two pairs against each other: wall clock by the paired runner, exact counts of
//! both, on this machine, now.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bench_host::loader::LoadError;
use comfy_table::{Table, presets};
use rand::rngs::SmallRng;
use serde::Serialize;

use bench_report::markdown::escape;

use crate::arms::of_case;
use crate::case::Case;
use crate::layouts::Layouts;
use crate::run::CONFIDENCE;
use crate::verify::{self, VerifyError};
use bench_record::limits::Limits;
use bench_record::wire::{self, Comparison, Counts, Failure, SelfCheck};
use paired::ratios::{self, Match, Ratios};
use paired::runner::Runner;
use paired::stats::{Confidence, Delta, StatsError};

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
    pub fn verify(&self, cases: &[Case], done: &mut dyn FnMut()) -> Result<(), CompareError> {
        let side = self.role;
        let pair = self.layouts.plain.load();
        let pair = pair.map_err(|source| CompareError::Load { side, source })?;
        for case in cases {
            verify::verify(&pair, case).map_err(|source| CompareError::Verify { side, source })?;
            done();
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
        .map(|case| Match {
            baseline: of_case(case, &baseline.layouts),
            candidate: of_case(case, &candidate.layouts),
        })
        .collect();
    ratios::measure(runner, &matches, &mut |_, _| done())
}

/// What a comparison of two pairs says, case by case.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// What the baseline is.
    pub baseline: String,
    /// What the candidate is.
    pub candidate: String,
    /// The cases, in the order of the catalog.
    pub rows: Vec<Row>,
    /// The A/A comparison of this very run.
    pub self_check: Option<SelfCheck>,
    /// Cases that could not be measured.
    pub failures: Vec<Failure>,
}

/// One case on both sides.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Id of the case.
    pub id: String,
    /// Wall clock, candidate / baseline.
    pub wall: Option<Comparison>,
    /// Exact counts of the baseline.
    pub baseline_counts: Option<Counts>,
    /// Exact counts of the candidate.
    pub candidate_counts: Option<Counts>,
    /// What is worse than it may be, in words.
    pub regressions: Vec<String>,
    /// What else a reader should know, in words.
    pub notes: Vec<String>,
}

/// Judges a comparison of two pairs: counts by their limits, wall clock by its
/// verdicts, and says where the two contradict each other.
///
/// # Errors
/// When the A/A comparisons have no statistic.
pub fn verdict(
    baseline: &Side,
    candidate: &Side,
    cases: &[Case],
    compared: &Compared,
    limits: &Limits,
    delta: Delta,
) -> Result<Verdict, StatsError> {
    let confidence = Confidence::new(CONFIDENCE)?;
    let self_check = ratios::judge(&compared.ratios.copies, delta, confidence)?;
    let trusted = self_check.as_ref().is_some_and(|check| check.trusted);
    let rows = cases
        .iter()
        .map(|case| row(&case.id(), compared, limits, trusted))
        .collect();
    Ok(Verdict {
        baseline: baseline.name.clone(),
        candidate: candidate.name.clone(),
        rows,
        self_check,
        failures: [&compared.failures[..], &compared.ratios.failures[..]].concat(),
    })
}

fn row(id: &str, compared: &Compared, limits: &Limits, trusted: bool) -> Row {
    let wall = compared
        .ratios
        .comparisons
        .iter()
        .find(|found| found.candidate == id)
        .cloned();
    let counts = |side: &BTreeMap<String, Counts>| side.get(id).cloned();
    let (before, after) = (
        counts(&compared.baseline_counts),
        counts(&compared.candidate_counts),
    );
    let (mut regressions, mut notes) = (Vec::new(), Vec::new());
    if let (Some(before), Some(after)) = (&before, &after) {
        regressions.extend(
            limits
                .exceeded(id, before, after)
                .iter()
                .map(ToString::to_string),
        );
    }
    if let Some(wall) = &wall {
        match (wall.verdict, trusted) {
            (wire::Verdict::Inconclusive, _) => {}
            (_, false) => notes.push("not trusted: the run's A/A comparison failed".to_owned()),
            (wire::Verdict::Slower, true) => {
                regressions.push(format!("time {:+.2}%", 100.0 * (wall.ratio - 1.0)));
            }
            (wire::Verdict::Same | wire::Verdict::Faster, true) => {}
        }
        notes.extend(contradiction(wall, before.as_ref(), after.as_ref()));
    }
    Row {
        id: id.to_owned(),
        wall,
        baseline_counts: before,
        candidate_counts: after,
        regressions,
        notes,
    }
}

/// Fewer instructions and more time, or the reverse: a finding, not noise.
fn contradiction(
    wall: &Comparison,
    before: Option<&Counts>,
    after: Option<&Counts>,
) -> Option<String> {
    let instructions = |counts: Option<&Counts>| counts?.instructions_per_item;
    let (before, after) = (instructions(before)?, instructions(after)?);
    match wall.verdict {
        wire::Verdict::Slower if after < before => {
            Some("fewer instructions take more time".to_owned())
        }
        wire::Verdict::Faster if after > before => {
            Some("more instructions take less time".to_owned())
        }
        _ => None,
    }
}

impl Verdict {
    /// Whether something is worse than it may be, or could not be measured.
    #[must_use]
    pub fn regressed(&self) -> bool {
        !self.failures.is_empty() || self.rows.iter().any(|row| !row.regressions.is_empty())
    }

    /// The same without raw samples.
    #[must_use]
    pub fn without_samples(mut self) -> Self {
        let walls = self.rows.iter_mut().filter_map(|row| row.wall.as_mut());
        let checks = self
            .self_check
            .iter_mut()
            .flat_map(|check| &mut check.comparisons);
        walls
            .chain(checks)
            .for_each(|comparison| comparison.samples.clear());
        self
    }

    /// One sentence over all.
    #[must_use]
    pub fn headline(&self) -> String {
        let count = |verdict| {
            let of = |row: &&Row| {
                row.wall
                    .as_ref()
                    .is_some_and(|wall| wall.verdict == verdict)
            };
            self.rows.iter().filter(of).count()
        };
        let worse = self
            .rows
            .iter()
            .filter(|row| !row.regressions.is_empty())
            .count();
        format!(
            "{worse} of {} cases regressed; wall clock: {} same, {} faster, {} slower, {} inconclusive",
            self.rows.len(),
            count(wire::Verdict::Same),
            count(wire::Verdict::Faster),
            count(wire::Verdict::Slower),
            count(wire::Verdict::Inconclusive),
        )
    }

    /// The table on a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN).set_header(HEADER);
        for row in &self.rows {
            table.add_row(row.cells());
        }
        format!("{}\n\n{table}\n\n{}", self.title(), self.foot())
    }

    /// The same for a pull request: what changed in sight, the rest folded.
    #[must_use]
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let header = line(&HEADER.map(str::to_owned)) + &"|---".repeat(HEADER.len()) + "|\n";
        let (quiet, loud): (Vec<&Row>, Vec<&Row>) =
            self.rows.iter().partition(|row| row.is_quiet());
        let rows = |rows: &[&Row]| -> String {
            rows.iter()
                .map(|row| line(&row.cells().map(|cell| escape(&cell))))
                .collect()
        };
        let mut text = format!(
            "### arena-bench: {}\n\n{}\n\n",
            self.headline(),
            escape(&self.title())
        );
        if !loud.is_empty() {
            text.push_str(&format!("{header}{}\n", rows(&loud)));
        }
        if !quiet.is_empty() {
            let count = quiet.len();
            text.push_str(&format!(
                "<details><summary>{count} cases without a change</summary>\n\n{header}{}\n</details>\n\n",
                rows(&quiet)
            ));
        }
        text + &self.foot() + "\n"
    }

    fn title(&self) -> String {
        format!("{} against {}", self.candidate, self.baseline)
    }

    fn foot(&self) -> String {
        let mut lines = vec![self.headline()];
        if let Some(check) = &self.self_check {
            let trusted = if check.trusted {
                "trusted"
            } else {
                "NOT TRUSTED"
            };
            lines.push(format!(
                "A/A {:.4} [{:.4}, {:.4}], wall clock {trusted}: {}",
                check.ratio, check.low, check.high, check.why
            ));
        }
        let failed = |failure: &Failure| format!("failed: {}: {}", failure.id, failure.why);
        lines.extend(self.failures.iter().map(failed));
        lines.join("\n\n")
    }
}

const HEADER: [&str; 6] = [
    "case",
    "instructions",
    "allocations",
    "time",
    "verdict",
    "notes",
];

impl Row {
    fn cells(&self) -> [String; 6] {
        let pair = |pick: fn(&Counts) -> Option<f64>| {
            let side = |counts: &Option<Counts>| counts.as_ref().and_then(pick);
            side(&self.baseline_counts).zip(side(&self.candidate_counts))
        };
        let instructions = pair(|counts| counts.instructions_per_item);
        let allocations = pair(|counts| counts.allocations_per_item);
        let wall = self.wall.as_ref();
        [
            self.id.clone(),
            instructions.map_or_else(dash, |(before, after)| {
                format!(
                    "{before:.1} → {after:.1} ({:+.2}%)",
                    100.0 * (after / before - 1.0)
                )
            }),
            allocations.map_or_else(dash, |(before, after)| format!("{before:.2} → {after:.2}")),
            wall.map_or_else(dash, |wall| {
                let percent = |ratio: f64| 100.0 * (ratio - 1.0);
                let (low, high) = (percent(wall.low), percent(wall.high));
                format!("{:+.2}% [{low:+.2}%, {high:+.2}%]", percent(wall.ratio))
            }),
            wall.map_or_else(dash, |wall| wall.verdict.name().to_owned()),
            [&self.regressions[..], &self.notes[..]].concat().join("; "),
        ]
    }

    /// Whether there is nothing to see: no regression, no note, no change.
    fn is_quiet(&self) -> bool {
        let still = |wall: &Comparison| {
            matches!(
                wall.verdict,
                wire::Verdict::Same | wire::Verdict::Inconclusive
            )
        };
        self.regressions.is_empty() && self.notes.is_empty() && self.wall.as_ref().is_none_or(still)
    }
}

fn dash() -> String {
    "–".to_owned()
}
