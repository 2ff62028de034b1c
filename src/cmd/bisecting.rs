//! What a commit of a search is: built, compared with the good one, judged.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::building::pair_at;
use super::compare::count;
use super::packages::{self, Filter, Wanted};
use crate::PROCESS_LIMIT;
use crate::allocator::Allocators;
use crate::bisect::{Answer, Listed, most_steps};
use crate::case::Case;
use crate::compare::{self, Compared, Side};
use crate::counts;
use crate::subject::Subject;
use crate::subject::package::PackageError;
use crate::subject::pair::PairSubject;
use crate::workspace::{self, Commit, Place, WorkspaceError};
use bench_record::accepted::Accepted;
use bench_record::limits::Limits;
use bench_record::short_commit;
use bench_record::wire::{Failure, Verdict};
use bench_report::compare::Verdict as Comparisons;
use bench_report::format::{estimate, signed_percent};
use paired::layouts::{LayoutError, seeds};
use paired::process::Processes;
use paired::runner::{Runner, Settings};
use paired::stats::{Confidence, Delta, correction};

/// A comparison that came to nothing is repeated with so many times the budget and the
/// link layouts.
const MORE_BUDGET: u32 = 4;
const MORE_LAYOUTS: usize = 2;
/// Comparisons of one commit at most: the first, and the repeated one.
pub(super) const TRIES: usize = 2;

/// What is built of each commit.
pub(super) enum What {
    /// The pair of the sources in a folder, and its cases.
    Pair { root: PathBuf, cases: Vec<Case> },
    /// Packages of the user's, and which of their cases.
    Packages { wanted: Vec<Wanted>, filter: String },
}

impl What {
    /// A folder of the repository.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Pair { root, .. } => root,
            Self::Packages { wanted, .. } => wanted.first().map_or(Path::new("."), Wanted::root),
        }
    }

    /// The commit that a reference names.
    pub(super) fn resolve(&self, reference: &str) -> Result<Commit, WorkspaceError> {
        match self {
            Self::Pair { root, .. } => workspace::resolve(root, reference),
            Self::Packages { .. } => workspace::commit(self.root(), reference),
        }
    }

    fn build(&self, commit: &Commit, place: Place, seeds: &[u64]) -> Result<Box<dyn Subject>> {
        Ok(match self {
            Self::Pair { root, cases } => {
                let usual = Allocators::default();
                let layouts = pair_at(root, commit, place, usual, seeds)?;
                Box::new(PairSubject::new(layouts, cases.clone()))
            }
            Self::Packages { wanted, .. } => {
                let (built, missing) = packages::at(wanted, commit, place, seeds)?;
                if let Some(name) = missing.first() {
                    return Err(Lacking(name.clone()).into());
                }
                Box::new(built)
            }
        })
    }

    /// The cases that are searched by, of the good commit's.
    fn cases(&self, good: &dyn Subject) -> Result<Vec<String>> {
        let filter = match self {
            Self::Pair { .. } => None,
            Self::Packages { filter, .. } => Some(filter.as_str()),
        };
        Filter::new(filter)?.of(good)
    }
}

/// A commit lacks a package.
#[derive(Debug, thiserror::Error)]
#[error("it has no package {0} that can be measured")]
struct Lacking(String);

/// How commits are compared with the good one.
pub(super) struct Plan {
    pub(super) what: What,
    pub(super) good: Commit,
    /// Commits that are searched.
    pub(super) commits: usize,
    pub(super) limits: Limits,
    pub(super) delta: Delta,
    /// For a case at a commit.
    pub(super) budget: Duration,
    /// Random seed.
    pub(super) seed: u64,
    /// Link layouts of the first comparison of a commit; none where exact counts alone are
    /// compared.
    pub(super) layouts: Vec<u64>,
}

/// What one commit was found to be.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Step {
    #[serde(flatten)]
    pub(super) commit: Listed,
    pub(super) answer: Answer,
    /// The reason, in words.
    pub(super) why: String,
}

impl Plan {
    fn counts_only(&self) -> bool {
        self.layouts.is_empty()
    }

    fn good_side(&self, seeds: &[u64]) -> Result<Side> {
        let Commit {
            reference, hash, ..
        } = &self.good;
        Ok(Side {
            role: "good",
            name: format!("{reference} ({})", short_commit(hash)),
            subject: self.what.build(&self.good, Place::Base, seeds)?,
        })
    }
}

/// A search as it goes on.
pub(super) struct Bisection {
    plan: Plan,
    cases: Vec<String>,
    /// Of each comparison of times.
    pub(super) confidence: Confidence,
    /// The good commit with its layouts; a second one, with more of them, where it was
    /// needed.
    good: Vec<Side>,
    pub(super) steps: Vec<Step>,
    /// Comparisons of times that were made.
    pub(super) comparisons: usize,
}

impl Bisection {
    /// Builds the good commit and sees that its streams are right.
    pub(super) fn begin(plan: Plan) -> Result<Self> {
        let good = plan.good_side(&plan.layouts)?;
        let cases = plan.what.cases(good.subject.as_ref())?;
        if let Some((id, why)) = good.verify(&cases, &mut || ())?.pop_first() {
            bail!("{id} is wrong at the good commit {}: {why}", good.name);
        }
        let comparisons = TRIES * cases.len() * (1 + most_steps(plan.commits));
        let family = Confidence::new(crate::CONFIDENCE)?;
        Ok(Self {
            confidence: correction::per_comparison(family, comparisons),
            cases,
            plan,
            good: vec![good],
            steps: Vec::new(),
            comparisons: 0,
        })
    }

    /// What a commit is; it is among the steps then.
    pub(super) fn ask(&mut self, commit: &Listed) -> Result<Answer> {
        let (answer, why) = self.judged(commit)?;
        let name = short_commit(&commit.commit);
        let word = match answer {
            Answer::Good => "good",
            Answer::Bad => "bad",
            Answer::Skip => "skipped",
        };
        notice!("arena-bench: {name} {}: {word}, {why}", commit.subject);
        let commit = commit.clone();
        self.steps.push(Step {
            commit,
            answer,
            why,
        });
        Ok(answer)
    }

    fn judged(&mut self, commit: &Listed) -> Result<(Answer, String)> {
        let at = match self.plan.what.resolve(&commit.commit) {
            Err(error @ WorkspaceError::NoProject { .. }) => {
                return Ok((Answer::Skip, error.to_string()));
            }
            resolved => resolved?,
        };
        let tries = if self.plan.counts_only() { 1 } else { TRIES };
        let mut open = String::new();
        for attempt in 0..tries {
            match self.tried(&at, attempt)? {
                (Some(answer), why) => return Ok((answer, why)),
                (None, why) => open = why,
            }
        }
        Ok((Answer::Skip, format!("{open}; counts do not tell either")))
    }

    /// What one attempt says of a commit; nothing where it does not tell.
    fn tried(&mut self, commit: &Commit, attempt: usize) -> Result<(Option<Answer>, String)> {
        let skip = |why: String| Ok((Some(Answer::Skip), why));
        let side = match self.linked(commit, attempt) {
            Ok(subject) => Side {
                role: "tested",
                name: short_commit(&commit.hash),
                subject,
            },
            Err(error) if does_not_build(&error) => return skip(first_line(&error)),
            Err(error) => return Err(error),
        };
        let ids = side.subject.ids();
        if let Some(missing) = self.cases.iter().find(|id| !ids.contains(id)) {
            return skip(format!("it has no case {missing}"));
        }
        let code = |side: &Side, commit: &Commit| {
            let code = side.subject.code(&commit.hash);
            code.context("the libraries that were built")
        };
        if code(&side, commit)? == code(&self.good[attempt], &self.plan.good)? {
            return Ok((Some(Answer::Good), "the same machine code".to_owned()));
        }
        match side.verify(&self.cases, &mut || ()) {
            Err(error) => return skip(error.to_string()),
            Ok(wrong) => {
                if let Some((id, why)) = wrong.into_iter().next() {
                    return skip(format!("{id} is wrong: {why}"));
                }
            }
        }
        if self.plan.counts_only() {
            let (answer, why) = self.by_counts(&side)?;
            return Ok((Some(answer), why));
        }
        self.comparisons += self.cases.len();
        let (answer, why) = self.by_time(&side, attempt)?;
        let is_last = attempt + 1 == TRIES;
        if answer.is_none() && is_last && counts::available().is_ok() {
            let (of_counts, more) = self.by_counts(&side)?;
            if of_counts == Answer::Bad {
                return Ok((Some(of_counts), format!("{why}; {more}")));
            }
        }
        Ok((answer, why))
    }

    /// A commit in the layouts of an attempt, and the good one as well.
    fn linked(&mut self, commit: &Commit, attempt: usize) -> Result<Box<dyn Subject>> {
        let seeds = match attempt {
            0 => self.plan.layouts.clone(),
            _ => {
                let more = MORE_LAYOUTS * self.plan.layouts.len();
                seeds(self.plan.seed, u32::try_from(more).unwrap_or(u32::MAX))
            }
        };
        if self.good.len() <= attempt {
            self.good.push(self.plan.good_side(&seeds)?);
        }
        self.plan.what.build(commit, Place::Step, &seeds)
    }

    /// What the clock says; nothing where it does not tell.
    fn by_time(&self, side: &Side, attempt: usize) -> Result<(Option<Answer>, String)> {
        let factor = if attempt == 0 { 1 } else { MORE_BUDGET };
        let budget = self.plan.budget * factor;
        let mut processes = Processes::new(crate::PRODUCT, PROCESS_LIMIT)?;
        let builder = Runner::builder(&mut processes).seed(self.plan.seed);
        let settings = Settings::new(self.plan.delta, self.confidence, budget);
        let mut runner = builder.settings(settings).build();
        let good = &self.good[attempt];
        let ratios = compare::wall_clock(&mut runner, good, side, &self.cases, &mut || ());
        let compared = Compared {
            ratios,
            ..Compared::default()
        };
        let verdict = self.verdict(good, side, &compared)?;
        Ok(of_times(&verdict))
    }

    /// What is found, whatever was accepted: the search is for the change itself.
    fn verdict(&self, good: &Side, side: &Side, compared: &Compared) -> Result<Comparisons> {
        let (cases, limits) = (&self.cases, &self.plan.limits);
        let accepted = Accepted::default();
        Ok(compare::verdict(
            good, side, cases, compared, limits, &accepted,
        )?)
    }

    /// What exact counts say: bad where one rose beyond its limit.
    fn by_counts(&self, side: &Side) -> Result<(Answer, String)> {
        let mut compared = Compared::default();
        count(&self.good[0], side, &self.cases, &mut compared)?;
        let verdict = self.verdict(&self.good[0], side, &compared)?;
        Ok(of_counts(&verdict))
    }
}

/// Whether a commit cannot be built, rather than something around it.
fn does_not_build(error: &anyhow::Error) -> bool {
    let layout = match (error.downcast_ref(), error.downcast_ref()) {
        (Some(WorkspaceError::Layout(error)), _) => error,
        (_, Some(PackageError::Layout(error))) => error,
        (Some(WorkspaceError::NoProject { .. }), _) => return true,
        (_, Some(PackageError::Subject { .. })) => return true,
        _ => return error.is::<Lacking>(),
    };
    matches!(
        layout,
        LayoutError::Build { .. } | LayoutError::NoLibrary { .. } | LayoutError::Link { .. }
    )
}

/// The first line of an error: what the compiler says in the rest fills a screen.
fn first_line(error: &anyhow::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_end_matches(':').to_owned()
}

/// What comparisons of times say of a commit together.
fn of_times(found: &Comparisons) -> (Option<Answer>, String) {
    if let Some(Failure { id, why }) = found.failures.first() {
        return (None, format!("{id} cannot be timed: {why}"));
    }
    if let Some(check) = found.self_check.as_ref().filter(|check| !check.trusted) {
        return (None, format!("the clock is not trusted: {}", check.why));
    }
    let walls = found.rows.iter().filter_map(|row| row.wall.as_ref());
    let said = |wanted: &[Verdict]| {
        let of = walls.clone().filter(|wall| wanted.contains(&wall.verdict));
        let words: Vec<String> = of
            .map(|wall| {
                let range = estimate(wall.ratio, wall.low, wall.high, signed_percent);
                format!("{} {} {range}", wall.candidate, wall.verdict.name())
            })
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    };
    if let Some(why) = said(&[Verdict::Slower]) {
        return (Some(Answer::Bad), why);
    }
    match said(&[Verdict::Inconclusive]) {
        Some(why) => (None, why),
        None => {
            let why = said(&[Verdict::Same, Verdict::Faster]);
            (
                why.is_some().then_some(Answer::Good),
                why.unwrap_or_default(),
            )
        }
    }
}

/// What exact counts say of a commit.
fn of_counts(found: &Comparisons) -> (Answer, String) {
    let rose: Vec<String> = found
        .rows
        .iter()
        .filter(|row| !row.regressions.is_empty())
        .map(|row| format!("{}: {}", row.id, row.regressions.join(", ")))
        .collect();
    if !rose.is_empty() {
        return (Answer::Bad, rose.join("; "));
    }
    match found.failures.first() {
        Some(Failure { id, why }) => (Answer::Skip, format!("{id} cannot be counted: {why}")),
        None => (Answer::Good, "no count rose beyond its limit".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::wire::{Comparison, SelfCheck};
    use bench_report::compare::Row;

    fn compared(verdicts: &[Verdict], trusted: bool) -> Comparisons {
        let row = |&verdict: &Verdict| Row {
            id: "drain/u64/arena".to_owned(),
            wall: Some(Comparison {
                candidate: "drain/u64/arena".to_owned(),
                ratio: 1.02,
                low: 1.01,
                high: 1.03,
                verdict,
                ..Comparison::default()
            }),
            baseline_counts: None,
            candidate_counts: None,
            regressions: Vec::new(),
            accepted: Vec::new(),
            notes: Vec::new(),
            explanation: None,
        };
        Comparisons {
            baseline: String::new(),
            candidate: String::new(),
            rows: verdicts.iter().map(row).collect(),
            self_check: Some(SelfCheck {
                ratio: 1.0,
                low: 0.99,
                high: 1.01,
                trusted,
                why: "an A/A".to_owned(),
                comparisons: Vec::new(),
            }),
            failures: Vec::new(),
            stale: Vec::new(),
        }
    }

    #[test]
    fn one_slower_case_makes_a_commit_bad_and_all_must_be_the_same_for_good() {
        use Verdict::{Faster, Inconclusive, Same, Slower};
        for (verdicts, answer) in [
            (&[Same, Slower, Inconclusive][..], Some(Answer::Bad)),
            (&[Same, Faster], Some(Answer::Good)),
            (&[Same, Inconclusive], None),
            (&[], None),
        ] {
            let (found, why) = of_times(&compared(verdicts, true));
            assert_eq!(found, answer, "{verdicts:?}: {why}");
        }
        // A clock that is not trusted tells nothing.
        assert_eq!(of_times(&compared(&[Slower], false)).0, None);
    }

    #[test]
    fn a_count_that_rose_makes_a_commit_bad_and_one_that_failed_skips_it() {
        let mut found = compared(&[Verdict::Same], true);
        assert_eq!(of_counts(&found).0, Answer::Good);
        found.failures.push(Failure {
            id: "drain/u64/arena".to_owned(),
            why: "no valgrind".to_owned(),
        });
        assert_eq!(of_counts(&found).0, Answer::Skip);
        found.rows[0].regressions.push("instructions".to_owned());
        assert_eq!(of_counts(&found).0, Answer::Bad);
    }
}
