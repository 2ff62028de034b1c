//! Two builds against each other: wall clock by the paired runner, exact counts of
//! both, on this machine, now.

use std::collections::BTreeMap;

use bench_report::compare::{Row, Verdict};
use bench_report::format::signed_percent;

use crate::CONFIDENCE;
use crate::subject::{Subject, SubjectError};
use bench_record::Count;
use bench_record::accepted::{Accepted, Matching, Metric, Said};
use bench_record::limits::Limits;
use bench_record::wire::{self, Comparison, Counts, Failure};
use paired::ratios::{self, Match, Ratios};
use paired::runner::Runner;
use paired::stats::{Confidence, StatsError};

/// One of two builds cannot be loaded, so they cannot be compared.
#[derive(Debug, thiserror::Error)]
#[error("the {side} build: {source}")]
pub struct CompareError {
    side: &'static str,
    source: Box<SubjectError>,
}

/// One of two builds.
pub struct Side {
    /// `baseline` or `candidate`.
    pub role: &'static str,
    /// What it is, for people: a commit, a folder.
    pub name: String,
    /// What was built.
    pub subject: Box<dyn Subject>,
}

impl Side {
    /// Verifies every case on the build, in a child: those that failed, and why.
    pub fn verify(
        &self,
        cases: &[String],
        done: &mut dyn FnMut(),
    ) -> Result<BTreeMap<String, String>, CompareError> {
        let verified = self.subject.verify(cases, done);
        verified.map_err(|source| CompareError {
            side: self.role,
            source: Box::new(source),
        })
    }
}

/// What a comparison of two builds came to.
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
    runner: &mut Runner<'_>,
    baseline: &Side,
    candidate: &Side,
    cases: &[String],
    done: &mut dyn FnMut(),
) -> Ratios {
    // Layouts of the same seeds are drawn together, so that they cancel; others are not
    // alike, whatever their numbers.
    let group = u32::from(baseline.subject.seeds() != candidate.subject.seeds());
    let matches: Vec<Match> = cases
        .iter()
        .map(|case| Match {
            baseline: baseline.subject.arm(case),
            candidate: candidate.subject.arm(case).drawn_in(group),
        })
        .collect();
    let mut found = ratios::measure(runner, &matches, &mut |_, _| done());
    if candidate.subject.why_single().is_none() {
        ratios::check_builds(runner, &matches, &mut found);
    }
    found
}

/// Judges a comparison of two builds: counts by their limits, wall clock by its
/// verdicts, and says where the two contradict each other.
pub fn verdict(
    baseline: &Side,
    candidate: &Side,
    cases: &[String],
    compared: &Compared,
    limits: &Limits,
    accepted: &Accepted,
) -> Result<Verdict, StatsError> {
    let confidence = Confidence::new(CONFIDENCE)?;
    let found = &compared.ratios;
    let self_check = ratios::judge(&found.comparisons, &found.build_checks, confidence)?;
    let trusted = self_check.as_ref().is_some_and(|check| check.trusted);
    let mut accepted = accepted.begin();
    let rows = cases.iter();
    let rows = rows.map(|case| row(case, compared, limits, trusted, &mut accepted));
    let rows = rows.collect();
    Ok(Verdict {
        baseline: baseline.name.clone(),
        candidate: candidate.name.clone(),
        rows,
        self_check,
        failures: [&compared.failures[..], &compared.ratios.failures[..]].concat(),
        stale: accepted.stale(),
    })
}

fn row(
    id: &str,
    compared: &Compared,
    limits: &Limits,
    trusted: bool,
    accepted: &mut Matching<'_>,
) -> Row {
    let mut walls = compared.ratios.comparisons.iter();
    let wall = walls.find(|found| found.candidate == id).cloned();
    let before = compared.baseline_counts.get(id).cloned();
    let after = compared.candidate_counts.get(id).cloned();
    let (mut worse, mut notes) = (Worse::default(), Vec::new());
    if let (Some(before), Some(after)) = (&before, &after) {
        let exceeded = limits.exceeded(id, before, after);
        for count in Count::ALL {
            let values = before.get(count).zip(after.get(count));
            if let (Some(metric), Some(values)) = (Metric::of(count), values) {
                let found = exceeded.iter().find(|exceeded| exceeded.count == count);
                let said = accepted.judge(id, metric, values, found.is_some());
                worse.take(found.map(ToString::to_string), said);
            }
        }
    }
    if let Some(wall) = &wall {
        if wall.verdict != wire::Verdict::Inconclusive {
            let slower = wall.verdict == wire::Verdict::Slower;
            let said = accepted.judge(id, Metric::Time, (1.0, wall.ratio), slower);
            let text = slower.then(|| format!("time {}", signed_percent(wall.ratio)));
            worse.take(text, said);
        }
        if !trusted && wall.verdict != wire::Verdict::Inconclusive {
            notes.push("not trusted: the run's A/A failed".to_owned());
        }
        notes.extend(contradiction(wall, before.as_ref(), after.as_ref()));
    }
    Row {
        id: id.to_owned(),
        wall,
        baseline_counts: before,
        candidate_counts: after,
        regressions: worse.regressions,
        accepted: worse.accepted,
        notes,
        explanation: None,
    }
}

/// What is worse about a case, in words.
#[derive(Default)]
struct Worse {
    regressions: Vec<String>,
    accepted: Vec<String>,
}

impl Worse {
    fn take(&mut self, found: Option<String>, said: Said) {
        let Some(found) = found else { return };
        match said {
            Said::Nothing => self.regressions.push(found),
            Said::Exceeded(why) => self.regressions.push(format!("{found}, {why}")),
            Said::Accepted(why) => self.accepted.push(format!("{found}, {why}")),
        }
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
    let words = match wall.verdict {
        wire::Verdict::Slower if after < before => "fewer instructions take more time",
        wire::Verdict::Faster if after > before => "more instructions take less time",
        _ => return None,
    };
    Some(words.to_owned())
}

/// Why nothing can be said of the times, where that is so: the run's A/A failed, or not
/// one comparison came to a verdict.
pub fn cannot_tell(verdict: &Verdict) -> Option<String> {
    let check = verdict.self_check.as_ref();
    if let Some(check) = check.filter(|check| !check.trusted) {
        let why = &check.why;
        return Some(format!("the wall clock of this run is not trusted: {why}"));
    }
    let mut walls = verdict.rows.iter().filter_map(|row| row.wall.as_ref());
    let open = |wall: &Comparison| wall.verdict == wire::Verdict::Inconclusive;
    let any = walls.clone().next().is_some();
    (any && walls.all(open))
        .then(|| "every comparison of times is inconclusive: give it more --budget".to_owned())
}
