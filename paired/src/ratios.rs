//! The ratios of a run: many comparisons, and whether the run's wall clock may be
//! believed.
//!
//! Every comparison carries an A/A of its own, made in the very processes that its
//! verdict rests on: second copies of its arms against their first. Two copies of one
//! file are treated alike by design, so it shows noise but no bias. Bias is what an
//! A/A between two *builds* of the same sources can show ([`build_check`]): fresh link
//! layouts on both sides, drawn independently, and everything else as in a comparison.

use crate::result::{Comparison, Failure, RatioInterval, SelfCheck};
use crate::runner::{Arm, MeasureError, Runner};
use crate::stats::order::Sorted;
use crate::stats::{Confidence, LogRatio, StatsError, sign};

/// Two arms to compare.
#[derive(Debug, Clone)]
pub struct Match {
    /// What is compared with.
    pub baseline: Arm,
    /// What is judged.
    pub candidate: Arm,
}

/// What a run's comparisons came to.
#[derive(Debug, Clone, Default)]
pub struct Ratios {
    /// Baseline against candidate, in the order of the matches.
    pub comparisons: Vec<Comparison>,
    /// A/A between builds of the same sources, for the cases that it was asked of.
    pub build_checks: Vec<Comparison>,
    /// Comparisons that could not be made.
    pub failures: Vec<Failure>,
}

/// Makes every comparison, in random order; a failed one does not stop the rest.
/// `done` hears of each one that is over.
pub fn measure(
    runner: &mut Runner<'_>,
    matches: &[Match],
    done: &mut dyn FnMut(&Match, &Ratios),
) -> Ratios {
    let mut found: Vec<Option<Comparison>> = vec![None; matches.len()];
    let mut ratios = Ratios::default();
    for index in runner.order(matches.len()) {
        let Match {
            baseline,
            candidate,
        } = &matches[index];
        match versus(runner, baseline, candidate) {
            Ok(comparison) => {
                ratios.comparisons.push(comparison.clone());
                found[index] = Some(comparison);
            }
            Err(error) => {
                let id = format!("{} / {}", candidate.name, baseline.name);
                ratios.failures.push(Failure::new(id, &error));
            }
        }
        done(&matches[index], &ratios);
    }
    ratios.comparisons = found.into_iter().flatten().collect();
    ratios
}

/// The A/A between two builds of the same sources: the arms draw their layouts
/// independently of each other, whatever their groups say. Where both have their
/// layouts from one pool, give each a part of it, or layouts cancel out.
///
/// # Errors
/// As for [`Runner::compare`].
pub fn build_check(
    runner: &mut Runner<'_>,
    one: &Arm,
    other: &Arm,
) -> Result<Comparison, MeasureError> {
    versus(runner, &one.clone().drawn_in(0), &other.clone().drawn_in(1))
}

/// How many of a run's cases are compared between two builds of the same sources at most;
/// to be counted among the comparisons whose intervals hold together.
pub const BUILD_CHECKS: usize = 3;

/// Makes the A/A between builds for one candidate in ten of the matches, one at least and
/// [`BUILD_CHECKS`] at most: spread over them, as neighbours are mostly alike.
pub fn check_builds(runner: &mut Runner<'_>, matches: &[Match], ratios: &mut Ratios) {
    let checks = (matches.len() / 10).clamp(1, BUILD_CHECKS);
    let places = (0..checks).map(|check| matches.len() * check / checks);
    for candidate in places.filter_map(|place| matches.get(place)) {
        let arm = &candidate.candidate;
        let [one, other] = arm.halved();
        match build_check(runner, &one, &other) {
            Ok(found) => ratios.build_checks.push(found),
            Err(error) => {
                let id = format!("{} / {}", arm.name, arm.name);
                ratios.failures.push(Failure::new(id, &error));
            }
        }
    }
}

/// The comparison of two arms, each with files of its own: one that shared them with
/// the other would find its code a little warmer.
///
/// # Errors
/// As for [`Runner::compare`].
pub fn versus(
    runner: &mut Runner<'_>,
    baseline: &Arm,
    candidate: &Arm,
) -> Result<Comparison, MeasureError> {
    let arms = [baseline.clone(), candidate.copied()];
    let mut comparisons = runner.compare(&arms, &[(0, 1)])?;
    Ok(comparisons.pop().expect("one was asked for"))
}

/// Judges whether a run's wall clock may be believed; `None` when nothing tells. It is
/// not where an A/A excludes zero: that of all comparisons together, that of one of
/// them (their intervals hold together when the confidence of each comparison is
/// corrected for their number), or that between builds. How wide they are is no
/// matter: each verdict was held against its own A/A.
///
/// This says how far to trust what the run reports, and takes no verdict back: a
/// *slower* of a run that is not trusted is no pass.
///
/// # Errors
/// When the samples have no statistic.
pub fn judge(
    comparisons: &[Comparison],
    build_checks: &[Comparison],
    confidence: Confidence,
) -> Result<Option<SelfCheck>, StatsError> {
    let copies = copies_of_all(comparisons, confidence)?;
    let singles: Vec<_> = comparisons
        .iter()
        .filter_map(|found| Some((found.candidate.as_str(), found.copies?)))
        .collect();
    let builds: Vec<_> = build_checks
        .iter()
        .map(|check| (check.candidate.as_str(), interval_of(check)))
        .collect();
    let widest = |checks: &[(&str, RatioInterval)]| {
        let intervals = checks.iter().map(|(_, interval)| *interval);
        intervals.max_by(|a, b| a.reach().total_cmp(&b.reach()))
    };
    let mut why = Vec::new();
    let mut trusted = true;
    if copies.is_none() && builds.is_empty() {
        return Ok(None);
    }
    if let Some((found, processes)) = copies {
        trusted &= !found.excludes_one();
        why.push(format!(
            "A/A of {}, {processes} processes: {}, {}",
            match singles.len() {
                1 => "one comparison".to_owned(),
                number => format!("{number} comparisons"),
            },
            percents(found),
            if found.excludes_one() {
                "which excludes zero"
            } else {
                "which includes zero"
            }
        ));
        let apart = names(&singles);
        trusted &= apart.is_none();
        why.push(apart.map_or_else(
            || "no single one excludes zero".to_owned(),
            |names| format!("{names} excludes zero on its own"),
        ));
    }
    match (names(&builds), builds.is_empty()) {
        (Some(names), _) => {
            trusted = false;
            why.push(format!(
                "two builds of the same sources differ in {names}: the measurement is biased"
            ));
        }
        (None, false) => why.push(format!(
            "two builds of the same sources do not differ: {}",
            widest(&builds).map_or_else(String::new, percents)
        )),
        (None, true) => why.push(
            "no two builds of the same sources were compared, which alone would show a bias"
                .to_owned(),
        ),
    }
    let decides = widest(&builds)
        .or(copies.map(|(interval, _)| interval))
        .expect("there is one of them at least");
    Ok(Some(SelfCheck {
        ratio: decides.ratio,
        low: decides.low,
        high: decides.high,
        trusted,
        why: why.join("; "),
        comparisons: build_checks.to_vec(),
    }))
}

/// The A/A of all comparisons together and the number of its processes; `None` where no
/// sample has both copies' times. Their processes scatter differently, so the median
/// with the sign test's interval: that asks nothing but symmetry of each.
fn copies_of_all(
    comparisons: &[Comparison],
    confidence: Confidence,
) -> Result<Option<(RatioInterval, usize)>, StatsError> {
    let samples = comparisons.iter().flat_map(|found| &found.samples);
    let apart: Vec<f64> = samples
        .filter_map(|sample| Some(sample.copies_ns?.apart()))
        .collect();
    if apart.is_empty() {
        return Ok(None);
    }
    let processes = apart.len();
    let interval = sign::interval(&Sorted::new(apart)?, confidence);
    let found = interval.ok_or_else(|| sign::too_few(processes, confidence))?;
    Ok(Some((found.map(LogRatio).into(), processes)))
}

fn interval_of(comparison: &Comparison) -> RatioInterval {
    RatioInterval {
        ratio: comparison.ratio,
        low: comparison.low,
        high: comparison.high,
    }
}

/// Those whose interval excludes zero, in words.
fn names(checks: &[(&str, RatioInterval)]) -> Option<String> {
    let apart = checks
        .iter()
        .filter(|(_, interval)| interval.excludes_one());
    let named: Vec<String> = apart
        .map(|(name, interval)| format!("{name} ({})", percents(*interval)))
        .collect();
    match &named[..] {
        [] => None,
        [one] => Some(one.clone()),
        [first, rest @ ..] => Some(format!("{first} and {} more", rest.len())),
    }
}

fn percents(interval: RatioInterval) -> String {
    let percent = |ratio: f64| 100.0 * (ratio - 1.0);
    format!(
        "{:+.2}% [{:+.2}%, {:+.2}%]",
        percent(interval.ratio),
        percent(interval.low),
        percent(interval.high)
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::mock::Machine;
    use crate::process::ExecuteError;
    use crate::result::{CopiesNs, Draws, PairedSample, Verdict};
    use crate::runner::Settings;
    use crate::stats::Delta;

    const DELTA: Delta = Delta::DEFAULT;

    fn confidence() -> Confidence {
        Confidence::new(0.99).expect("a share")
    }

    /// A comparison whose A/A is this, in percent; each process's copies are apart by
    /// about `centre`.
    fn copies(centre: f64, low: f64, high: f64) -> Comparison {
        let ratio = |percent: f64| 1.0 + percent / 100.0;
        let samples = (0..60).map(|process| {
            let second = 10.0 * ratio(centre + 0.01 * f64::from(process / 12) - 0.02);
            PairedSample {
                layout: process,
                copies_ns: Some(CopiesNs {
                    baseline: [10.0, second],
                    candidate: [20.0, 2.0 * second],
                }),
                ..PairedSample::default()
            }
        });
        Comparison {
            candidate: "arena".to_owned(),
            copies: Some(RatioInterval {
                ratio: ratio(centre),
                low: ratio(low),
                high: ratio(high),
            }),
            samples: samples.collect(),
            ..Comparison::default()
        }
    }

    /// An A/A between builds with this result, in percent.
    fn builds(low: f64, high: f64) -> Comparison {
        let ratio = |percent: f64| 1.0 + percent / 100.0;
        Comparison {
            candidate: "u64".to_owned(),
            ratio: ratio(f64::midpoint(low, high)),
            low: ratio(low),
            high: ratio(high),
            ..Comparison::default()
        }
    }

    fn judged(copies: &[Comparison], builds: &[Comparison]) -> SelfCheck {
        let judged = judge(copies, builds, confidence()).expect("finite samples");
        judged.expect("there are some")
    }

    #[test]
    fn a_comparison_that_fails_does_not_stop_the_others() {
        let mut machine = Machine::new(1);
        machine.failure = |job| (job == 0).then(|| ExecuteError::Failed("no stream".to_owned()));
        let clock = machine.clock.clone();
        let settings = Settings::new(DELTA, confidence(), Duration::from_secs(1));
        let runner = Runner::builder(&mut machine).clock(&clock).seed(1);
        let mut runner = runner.settings(settings).build();
        let library = || vec![vec![PathBuf::from("library.so")]];
        let arm = |name: &str, ns: f64| Arm::new(name, json!(ns), library());
        let pair = |name: &str| Match {
            baseline: arm("alloc", 6.0),
            candidate: arm(name, 3.0),
        };
        let mut over = Vec::new();
        let found = measure(&mut runner, &[pair("a"), pair("b")], &mut |done, _| {
            over.push(done.candidate.name.clone());
        });
        over.sort();
        assert_eq!(over, ["a", "b"]);
        let [failure] = &found.failures[..] else {
            panic!("one fails: {found:?}")
        };
        assert!(failure.why.contains("no stream") && failure.id.ends_with(" / alloc"));
        let [comparison] = &found.comparisons[..] else {
            panic!("one is made: {found:?}")
        };
        assert!((comparison.ratio - 0.5).abs() < 0.01, "{comparison:?}");
        assert!(comparison.copies.is_some());
    }

    #[test]
    fn two_builds_of_one_source_are_the_same_on_a_machine_that_treats_them_alike() {
        let mut machine = Machine::new(1);
        let clock = machine.clock.clone();
        let settings = Settings::new(DELTA, confidence(), Duration::from_secs(2));
        let runner = Runner::builder(&mut machine).clock(&clock).seed(1);
        let mut runner = runner.settings(settings).build();
        let build = |name: &str| {
            let layouts = (0..32).map(|layout| PathBuf::from(format!("{name}/{layout}.so")));
            Arm::new("u64", json!(6.0), vec![layouts.collect()])
        };
        let check = build_check(&mut runner, &build("one"), &build("other"));
        let check = check.expect("nothing fails");
        assert_eq!(
            (check.verdict, check.draws),
            (Verdict::Same, Some(Draws::Independent))
        );
        assert!(judged(&[], &[check]).trusted);
    }

    #[test]
    fn builds_are_checked_for_few_cases_of_a_run_spread_over_it() {
        let mut machine = Machine::new(1);
        let clock = machine.clock.clone();
        let settings = Settings::new(DELTA, confidence(), Duration::from_millis(200));
        let runner = Runner::builder(&mut machine).clock(&clock).seed(1);
        let mut runner = runner.settings(settings).build();
        let arm = |name: String| {
            let layouts = (0..16).map(|layout| PathBuf::from(format!("{layout}.so")));
            Arm::new(name, json!(6.0), vec![layouts.collect()])
        };
        let mut checked = |cases: usize| -> Vec<String> {
            let pair = |case: usize| Match {
                baseline: arm(format!("alloc {case}")),
                candidate: arm(format!("{case}")),
            };
            let matches: Vec<Match> = (0..cases).map(pair).collect();
            let mut found = Ratios::default();
            check_builds(&mut runner, &matches, &mut found);
            let names = found.build_checks.into_iter().map(|check| check.candidate);
            names.collect()
        };
        assert_eq!(checked(4), ["0"]);
        assert_eq!(checked(60), ["0", "20", "40"]);
        assert!(checked(0).is_empty());
    }

    #[test]
    fn copies_that_agree_make_a_run_trusted_however_wide_they_are() {
        let found = judged(&[copies(0.0, -0.1, 0.1), copies(0.0, -5.0, 5.0)], &[]);
        assert!(found.trusted, "{found:?}");
        let words = "A/A of 2 comparisons, 120 processes: +0.00% [";
        assert!(found.why.starts_with(words), "{}", found.why);
        assert!(
            found.why.contains("no single one excludes zero"),
            "{}",
            found.why
        );
        assert!(found.why.contains("no two builds"), "{}", found.why);
    }

    #[test]
    fn one_case_whose_copies_differ_makes_a_run_untrusted() {
        let differs = copies(0.0, 0.1, 0.5);
        let found = judged(
            &[copies(0.0, -0.1, 0.1), differs, copies(0.0, -0.1, 0.1)],
            &[],
        );
        assert!(!found.trusted, "{found:?}");
        assert!(
            found
                .why
                .contains("arena (+0.00% [+0.10%, +0.50%]) excludes zero"),
            "{}",
            found.why
        );
    }

    #[test]
    fn copies_that_all_lean_one_way_make_a_run_untrusted() {
        let leaning: Vec<Comparison> = (0..9).map(|_| copies(0.3, -0.1, 0.7)).collect();
        let found = judged(&leaning, &[]);
        assert!(
            !found.trusted && found.why.contains("which excludes zero"),
            "{found:?}"
        );
        assert!(judge(&[], &[], confidence()).is_ok_and(|none| none.is_none()));
    }

    #[test]
    fn builds_of_one_source_that_differ_make_a_run_untrusted_and_give_its_number() {
        let same = copies(0.0, -0.1, 0.1);
        let found = judged(
            std::slice::from_ref(&same),
            &[builds(-0.5, 0.3), builds(0.2, 1.0)],
        );
        assert!(!found.trusted && found.why.contains("biased"), "{found:?}");
        assert_eq!(found.high, 1.01);
        let found = judged(&[same], &[builds(-0.5, 0.3)]);
        assert!(
            found.trusted && found.why.contains("do not differ"),
            "{found:?}"
        );
        assert_eq!((found.low, found.comparisons.len()), (0.995, 1));
    }
}
