//! The ratios of a run: many comparisons, each with the A/A comparison that says
//! whether it may be believed.
//!
//! Each comparison is one contest of baseline and candidate, each in two copies of its
//! files. The A/A comparison is that of the candidate's two, so it is made in the very
//! rounds that it vouches for.

use rand::Rng;

use crate::draw::order;
use crate::result::{Comparison, Failure, SelfCheck};
use crate::runner::{Arm, Runner};
use crate::stats::summary::Summary;
use crate::stats::verdict::self_check;
use crate::stats::{Confidence, Delta, StatsError};

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
    /// The candidate against a copy of itself, one for each of them.
    pub copies: Vec<Comparison>,
    /// Comparisons that could not be made.
    pub failures: Vec<Failure>,
}

/// Makes every comparison, in random order; a failed one does not stop the rest.
/// `done` hears of each one that is over.
pub fn measure<R: Rng>(
    runner: &mut Runner<'_, R>,
    matches: &[Match],
    done: &mut dyn FnMut(&Match, &Ratios),
) -> Ratios {
    let mut found: Vec<Option<(Comparison, Comparison)>> = vec![None; matches.len()];
    let mut ratios = Ratios::default();
    for index in order(&mut runner.rng, matches.len()) {
        let Match {
            baseline,
            candidate,
        } = &matches[index];
        // Each arm has files of its own: one that shared them with another would
        // find its code a little warmer than the copy of itself does.
        let arms = [baseline.clone(), candidate.copied()];
        match runner.compare(&arms, &[(0, 1), (1, 1)]) {
            Ok(comparisons) => {
                let [comparison, copies] =
                    <[Comparison; 2]>::try_from(comparisons).expect("two pairs were asked for");
                ratios.comparisons.push(comparison.clone());
                ratios.copies.push(copies.clone());
                found[index] = Some((comparison, copies));
            }
            Err(error) => {
                let id = format!("{} / {}", candidate.name, baseline.name);
                ratios.failures.push(Failure {
                    id,
                    why: error.to_string(),
                });
            }
        }
        done(&matches[index], &ratios);
    }
    (ratios.comparisons, ratios.copies) = found.into_iter().flatten().unzip();
    ratios
}

/// Judges a run by its A/A comparisons; `None` when it has none. All together must hold
/// zero and lie inside ±`delta`: that finds what leans one way. And none may exclude
/// zero, as their intervals hold together at the run's confidence: that finds a case
/// whose copies differ.
///
/// # Errors
/// When the samples have no statistic.
pub fn judge(
    copies: &[Comparison],
    delta: Delta,
    confidence: Confidence,
) -> Result<Option<SelfCheck>, StatsError> {
    if copies.is_empty() {
        return Ok(None);
    }
    let samples: Vec<_> = copies
        .iter()
        .flat_map(|copies| copies.samples.clone())
        .collect();
    let summary = Summary::new(&samples, confidence)?;
    let ratio = summary.ratio();
    let judged = self_check(&summary.log_ratio, delta);
    let apart: Vec<&str> = copies
        .iter()
        .filter(|copies| copies.low > 1.0 || copies.high < 1.0)
        .map(|copies| copies.candidate.as_str())
        .collect();
    let widest = copies
        .iter()
        .max_by(|a, b| reach(a).total_cmp(&reach(b)))
        .expect("there is one at least");
    let mut why = match &judged {
        Ok(()) => format!(
            "{} A/A comparisons, {} processes: together they lie inside ±{}%",
            copies.len(),
            summary.processes,
            100.0 * delta.share()
        ),
        Err(untrusted) => untrusted.to_string(),
    };
    let band = delta.log().0;
    let wide = copies.iter().filter(|copies| reach(copies) > band).count();
    why.push_str(&format!(
        "; of the single ones {}, {wide} not shown inside ±{}%, the widest {} [{:.4}, {:.4}]",
        names(&apart),
        100.0 * delta.share(),
        widest.candidate,
        widest.low,
        widest.high
    ));
    Ok(Some(SelfCheck {
        ratio: ratio.estimate,
        low: ratio.low,
        high: ratio.high,
        trusted: judged.is_ok() && apart.is_empty(),
        why,
        comparisons: copies.to_vec(),
    }))
}

/// How far the interval of a comparison reaches from no change, as a logarithm.
fn reach(comparison: &Comparison) -> f64 {
    comparison.high.ln().abs().max(comparison.low.ln().abs())
}

/// The cases whose copies differ, in words.
fn names(apart: &[&str]) -> String {
    match apart {
        [] => "none excludes zero".to_owned(),
        [one] => format!("that of {one} excludes zero"),
        [first, rest @ ..] => format!("those of {first} and {} more exclude zero", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use rand::SeedableRng;
    use rand::rngs::SmallRng;
    use serde_json::json;

    use super::*;
    use crate::mock::Machine;
    use crate::process::ExecuteError;
    use crate::result::PairedSample;
    use crate::runner::Settings;

    const DELTA: Delta = Delta::DEFAULT;

    /// An A/A comparison whose processes lie around `centre`, in percent.
    fn copies(centre: f64, low: f64, high: f64) -> Comparison {
        let samples = (0..60).map(|process| PairedSample {
            layout: process % 12,
            log_ratio: (centre + 0.01 * f64::from(process / 12) - 0.02) / 100.0,
            baseline_ns: 10.0,
            candidate_ns: 10.0,
            copies_ns: None,
        });
        Comparison {
            ratio: 1.0 + centre / 100.0,
            low: 1.0 + low / 100.0,
            high: 1.0 + high / 100.0,
            samples: samples.collect(),
            baseline: "alloc".to_owned(),
            candidate: "arena".to_owned(),
            confidence: 0.99,
            verdict: crate::result::Verdict::Same,
            why: String::new(),
            delta: 0.01,
            baseline_ns: Some(10.0),
            candidate_ns: Some(10.0),
            difference_ns: None,
            processes: 60,
            layouts: 12,
            rounds: 9,
            items: 10_000,
            ..Comparison::default()
        }
    }

    fn judged(copies: &[Comparison]) -> SelfCheck {
        let confidence = Confidence::new(0.99).expect("a share");
        let judged = judge(copies, DELTA, confidence).expect("finite samples");
        judged.expect("there are some")
    }

    #[test]
    fn a_comparison_that_fails_does_not_stop_the_others() {
        let mut machine = Machine::new(1);
        machine.failure = |job| (job == 0).then(|| ExecuteError::Failed("no stream".to_owned()));
        let clock = machine.clock.clone();
        let confidence = Confidence::new(0.99).expect("a share");
        let mut runner = Runner {
            execute: &mut machine,
            clock: &clock,
            rng: SmallRng::seed_from_u64(1),
            settings: Settings::new(DELTA, confidence, Duration::from_secs(1)),
        };
        let arm = |name: &str, ns: f64| Arm {
            name: name.to_owned(),
            workload: json!(ns),
            layouts: vec![vec![PathBuf::from("library.so")]],
            reserve: Vec::new(),
            copy: 0,
            work: 1.0,
            items: None,
        };
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
        assert_eq!(found.copies.len(), 1);
    }

    #[test]
    fn copies_that_agree_make_a_run_trusted_however_wide_a_single_one_is() {
        let found = judged(&[copies(0.0, -0.1, 0.1), copies(0.0, -5.0, 5.0)]);
        assert!(found.trusted, "{found:?}");
        let words = "none excludes zero, 1 not shown inside ±1%, the widest ";
        assert!(found.why.contains(words), "{}", found.why);
        assert!(found.why.ends_with(" [0.9500, 1.0500]"), "{}", found.why);
    }

    #[test]
    fn one_case_whose_copies_differ_makes_a_run_untrusted() {
        let differs = copies(0.3, 0.1, 0.5);
        let found = judged(&[copies(0.0, -0.1, 0.1), differs, copies(0.0, -0.1, 0.1)]);
        assert!(!found.trusted, "{found:?}");
        assert!(found.why.contains("excludes zero"), "{}", found.why);
    }

    #[test]
    fn copies_that_all_lean_one_way_make_a_run_untrusted() {
        let leaning: Vec<Comparison> = (0..9).map(|_| copies(0.3, -0.1, 0.7)).collect();
        assert!(!judged(&leaning).trusted);
        assert!(
            judge(&[], DELTA, Confidence::new(0.99).expect("a share"))
                .is_ok_and(|none| none.is_none())
        );
    }
}
