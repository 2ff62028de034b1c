//! What is found of one guest: verified, timed, counted, and held against a kept build.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use bench_record::wire::{Comparison, SelfCheck, Verdict};
use paired::process::{Execute, ExecuteError};
use paired::ratios;
use paired::runner::{Arm, MeasureError, Runner, Settings};
use paired::stats::order::Sorted;
use paired::stats::{Confidence, Delta, sign};
use serde::Serialize;

use super::Target;
use super::against::{self, Streams};
use super::measure::Timing;
use super::process::{self, GuestError};
use super::saved::{self, Findings};

/// Items that callgrind counts over: the slope is exact with far fewer than the
/// clock needs.
const COUNTED_ITEMS: u64 = 10_000;
/// Confidence of the interval of the time per item.
const CONFIDENCE: f64 = 0.95;
const COMPARISON_CONFIDENCE: f64 = 0.99;

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Items of a stream to drain at most.
    pub items: u64,
    /// Seconds to drain at most, and to spend on timing.
    pub seconds: f64,
    pub counts: bool,
    pub delta: Delta,
}

/// What is reported of one guest.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    #[serde(serialize_with = "lossy")]
    pub guest: PathBuf,
    pub findings: Option<Findings>,
    /// Its time against the kept build's.
    pub comparison: Option<Comparison>,
    /// The A/A comparison of the same rounds.
    pub self_check: Option<SelfCheck>,
    /// In what it is worse than the kept build.
    pub regressions: Vec<String>,
    pub error: Option<String>,
    /// Whether it could not be measured at all, for a reason that is no finding.
    #[serde(skip)]
    pub refused: bool,
    /// What a reader should know besides, in words.
    #[serde(skip)]
    pub notices: Vec<String>,
}

/// A path for programs that read JSON: what is no text in it is replaced.
fn lossy<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

impl Report {
    /// What [`examine`] found of a target.
    pub fn new(target: &Target, examined: Result<(Findings, Vec<String>), GuestError>) -> Self {
        let mut report = Self {
            guest: target.library.clone(),
            ..Self::default()
        };
        match examined {
            Ok((findings, notices)) => {
                report.findings = Some(findings);
                report.notices = notices;
            }
            Err(error) => {
                // The loaders' errors name the file themselves.
                let (file, text) = (target.library.display().to_string(), error.to_string());
                report.notices.push(match text.contains(&file) {
                    true => text.clone(),
                    false => format!("{file}: {text}"),
                });
                report.refused = !error.is_a_finding();
                report.error = Some(text);
            }
        }
        report
    }

    /// Whether it is worse than the kept build, or could not be compared.
    pub fn is_worse(&self) -> bool {
        !self.regressions.is_empty() || self.error.is_some()
    }

    /// Compares an examined build with the kept one: what it streams, what is exact, and
    /// last the time. Two builds that cannot be timed together are a finding, too.
    pub fn hold_against(
        &mut self,
        kept: &Findings,
        plan: &Plan,
        execute: &mut dyn Execute,
    ) -> Result<()> {
        let Some(now) = &self.findings else {
            return Ok(());
        };
        let notices = &mut self.notices;
        match against::streams(&kept.verified, &now.verified) {
            Streams::Same => {}
            Streams::Differ(how) => self.regressions.push(how),
            Streams::Unknown(why) => notices.push(why),
        }
        let instructions = recounted(kept, now, notices);
        let more = against::counted_more(&kept.verified, &now.verified, instructions);
        self.regressions.extend(more);
        // A build that streams nothing takes no time for an item.
        if kept.verified.items > 0 && now.verified.items > 0 {
            match compare(&kept.target, &now.target, plan, execute)? {
                Ok((comparison, check)) => {
                    if comparison.verdict == Verdict::Slower {
                        let percent = 100.0 * (comparison.ratio - 1.0);
                        self.regressions.push(format!("time {percent:+.2}%"));
                    }
                    self.comparison = Some(comparison);
                    self.self_check = check;
                }
                Err(why) => {
                    let text = format!("the two builds cannot be compared: {why}");
                    notices.push(text.clone());
                    self.error = Some(text);
                }
            }
        }
        let worse = |regression: &String| format!("worse than the kept build: {regression}");
        notices.extend(self.regressions.iter().map(worse));
        Ok(())
    }

    /// Keeps an examined build in a folder, unless it is worse and would replace a kept
    /// one that `accept` does not give up.
    pub fn keep(&mut self, folder: &Path, accept: bool) -> Result<()> {
        let worse = self.is_worse() && !accept;
        let Some(findings) = &self.findings else {
            return Ok(());
        };
        if worse && saved::holds_a_build(folder) {
            self.notices.push(format!(
                "not kept: {} holds a build that this one is worse than; replace it all the same \
                 with --accept",
                folder.display()
            ));
            return Ok(());
        }
        saved::save(folder, findings)?;
        let place = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        self.notices.push(format!("kept in {}", place.display()));
        Ok(())
    }
}

/// Instructions per item of the kept build, counted again, and of the new one: what
/// was kept was counted with another host, and perhaps on another machine.
fn recounted(kept: &Findings, now: &Findings, notices: &mut Vec<String>) -> Option<(f64, f64)> {
    let after = now.instructions_per_item?;
    let [items, others] = [now, kept].map(|it| it.verified.items.min(COUNTED_ITEMS));
    if items != others {
        return None;
    }
    let target = Target {
        host: now.target.host.clone(),
        ..kept.target.clone()
    };
    match process::instructions(&target, items) {
        Ok(before) => Some((before, after)),
        Err(error) => {
            notices.push(format!("the kept build was not counted: {error}"));
            None
        }
    }
}

/// Verifies, times and counts one guest, each in a process of its own; `done` hears of
/// each. With it, what could not be had, in words.
pub fn examine(
    target: &Target,
    plan: &Plan,
    done: &mut dyn FnMut(),
) -> Result<(Findings, Vec<String>), GuestError> {
    let verified = process::verify(target, plan.items, plan.seconds)?;
    done();
    let items = verified.items;
    let mut findings = Findings {
        target: target.clone(),
        ns_per_item: None,
        no_time: Some("the stream has no items".to_owned()),
        instructions_per_item: None,
        verified,
    };
    let mut notices = Vec::new();
    if items > 0 {
        let timing = process::time(target, items, plan.seconds)?;
        done();
        (findings.ns_per_item, findings.no_time) = match per_item(&timing, plan.seconds) {
            Ok(interval) => (Some(interval), None),
            Err(why) => (None, Some(why)),
        };
        if plan.counts && items >= 2 {
            match process::instructions(target, items.min(COUNTED_ITEMS)) {
                Ok(instructions) => findings.instructions_per_item = Some(instructions),
                Err(error) => notices.push(format!("not counted: {error}")),
            }
        }
    }
    let no_time = findings.no_time.as_ref();
    notices.extend(no_time.map(|why| format!("no time: {why}")));
    Ok((findings, notices))
}

/// Median time of an item with its interval, nanoseconds; or why there is none.
fn per_item(timing: &Timing, seconds: f64) -> Result<[f64; 3], String> {
    let confidence = Confidence::new(CONFIDENCE).expect("it is between 0 and 1");
    let samples = timing.samples.len();
    let sorted = Sorted::new(timing.samples.clone())
        .map_err(|error| format!("the guest's process answered times that are none: {error}"))?;
    let interval = sign::interval(&sorted, confidence);
    interval
        .map(|interval| [interval.estimate, interval.low, interval.high])
        .ok_or_else(|| {
            let sum: f64 = timing.samples.iter().sum();
            format!(
                "{samples} streams of {} items in {seconds} s are too few for an interval, an item \
                 takes about {:.0} ns; give it more time with --seconds",
                timing.items,
                sum / samples as f64
            )
        })
}

/// Compares two builds by the paired runner: the comparison, and the copies of each
/// against each other in the same rounds; or why one of them does not bear it.
fn compare(
    kept: &Target,
    now: &Target,
    plan: &Plan,
    execute: &mut dyn Execute,
) -> Result<Result<(Comparison, Option<SelfCheck>), String>> {
    let arm = |name: &str, target: &Target| {
        let host = now.host.iter().map(|host| vec![host.clone()]);
        let libraries = [vec![target.library.clone()]]
            .into_iter()
            .chain(host)
            .collect();
        Arm::new(name, target.workload(), libraries)
    };
    let confidence = Confidence::new(COMPARISON_CONFIDENCE)?;
    // A first look, and the second that a suspicion asks for.
    let budget = 2 * Duration::from_secs_f64(plan.seconds);
    let settings = Settings::new(plan.delta, confidence, budget);
    let mut runner = Runner::builder(execute).settings(settings).build();
    let comparison = match ratios::versus(&mut runner, &arm("kept", kept), &arm("now", now)) {
        // Nothing is known of either: no finding.
        Err(MeasureError::Execute(
            error @ (ExecuteError::NotOpened(_) | ExecuteError::Io { .. }),
        )) => {
            return Err(error).context("the two builds cannot be compared");
        }
        Err(error) => return Ok(Err(error.to_string())),
        Ok(comparison) => comparison,
    };
    // None where each build had one copy.
    let check = ratios::judge(std::slice::from_ref(&comparison), &[], confidence)?;
    Ok(Ok((comparison, check)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(samples: usize) -> Timing {
        Timing {
            items: 7,
            samples: vec![12_000.0; samples],
        }
    }

    #[test]
    fn too_few_samples_are_a_reason_and_enough_are_a_time() {
        let why = per_item(&timing(3), 0.5).expect_err("three are too few");
        assert!(why.starts_with("3 streams of 7 items in 0.5 s"), "{why}");
        assert!(why.contains("--seconds"), "{why}");
        assert_eq!(per_item(&timing(15), 0.5), Ok([12_000.0; 3]));
    }

    #[test]
    fn a_time_that_is_no_number_is_a_reason() {
        let timing = Timing {
            items: 7,
            samples: vec![f64::NAN; 20],
        };
        assert!(per_item(&timing, 0.5).is_err());
    }
}
