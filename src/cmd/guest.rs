//! `guest`: verifies and measures libraries that this workbench did not make.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bench_protocol::spec::{DEFAULT_MEMORY_LIMIT, SEED};
use comfy_table::{Table, presets};
use serde::Serialize;

use super::options::PairChoice;
use super::progress::{Progress, Shown};
use super::{Outcome, print_json};
use crate::guest::against::{self, Streams};
use crate::guest::process::{self, GuestError};
use crate::guest::saved::{self, Findings};
use crate::guest::{Target, table};
use bench_record::wire::{Comparison, SelfCheck, Verdict};
use paired::process::Processes;
use paired::ratios::{self, Match};
use paired::runner::{Arm, Runner, Settings};
use paired::stats::order::Sorted;
use paired::stats::{Confidence, Delta, sign};

/// Items that callgrind counts over: the slope is exact with far fewer than the
/// clock needs.
const COUNTED_ITEMS: u64 = 10_000;
/// Confidence of the interval of the time per item.
const CONFIDENCE: f64 = 0.95;
/// Confidence of a comparison.
const COMPARISON_CONFIDENCE: f64 = 0.99;
/// A measuring process that takes longer hangs.
const PROCESS_LIMIT: Duration = Duration::from_secs(60);

/// Which guests, and what to ask of them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  arena-bench guest target/release/libmy_guest.so\n  \
    arena-bench guest target/release/libmy_guest.so --save kept\n  \
    arena-bench guest target/release/libmy_guest.so --against kept\n\n\
    A guest exports the table that `bench_protocol::export_guest!` makes; see examples/my-guest.\n\
    A Fidius plugin's streams are measured by the `guest` verb of benches/peers, the same way."
)]
pub struct Config {
    /// Libraries to measure, one after another.
    #[arg(required = true, value_name = "CDYLIB")]
    guests: Vec<PathBuf>,
    /// Payload to ask for, of a guest that offers several.
    #[arg(long, default_value = "u64")]
    payload: String,
    /// Content bytes of an item to ask for.
    #[arg(long, default_value_t = 8)]
    bytes: u32,
    /// Seed of the contents to ask for.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    #[command(flatten)]
    common: Common,
}

/// How guests of any framework are measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// Items of a stream to drain at most; endless streams are cut here.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    items: u64,
    /// Seconds to drain at most, and to spend on timing.
    #[arg(long, default_value_t = 2.0, value_parser = seconds, allow_negative_numbers = true)]
    seconds: f64,
    /// The largest buffer that the guest may demand, bytes.
    #[arg(long, default_value_t = DEFAULT_MEMORY_LIMIT)]
    memory_limit: u64,
    #[command(flatten)]
    pair: PairChoice,
    /// Keep the library and its findings in this folder.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Compare with the build that --save has kept in this folder: paired, in
    /// the same processes, with a copy of this one for an A/A comparison. Exit
    /// status 1 when this one is slower, streams something else,
    /// or takes more instructions (by half a percent), retries or capacity. The time
    /// is of each build as it was linked: where the linker put its functions is part
    /// of the ratio.
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// The smallest change that matters, in percent.
    #[arg(long, default_value_t = 1.0, value_name = "PERCENT")]
    delta: f64,
    /// Do not count instructions (which needs valgrind).
    #[arg(long)]
    no_counts: bool,
    /// Print a JSON array, one element a guest.
    #[arg(long)]
    json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        _ => Err("expected seconds, above 0 and at most 3600".to_owned()),
    }
}

impl Common {
    /// The target for a guest's file.
    ///
    /// # Errors
    /// When there is no host to drive it.
    pub fn target(&self, library: &Path, request: serde_json::Value) -> Result<Target> {
        Ok(Target {
            library: library.to_owned(),
            host: self.pair.files()?.host,
            memory_limit: self.memory_limit,
            request,
        })
    }
}

/// What is reported of one guest.
#[derive(Debug, Serialize)]
struct Report {
    guest: PathBuf,
    findings: Option<Findings>,
    comparison: Option<Comparison>,
    self_check: Option<SelfCheck>,
    /// In what it is worse than the kept build.
    regressions: Vec<String>,
    error: Option<String>,
}

impl Report {
    fn of(target: &Target) -> Self {
        Self {
            guest: target.library.clone(),
            findings: None,
            comparison: None,
            self_check: None,
            regressions: Vec::new(),
            error: None,
        }
    }

    fn is_worse(&self) -> bool {
        !self.regressions.is_empty() || self.error.is_some()
    }

    /// Holds a build against the kept one: what it streams, what is exact, and last
    /// the time. Two builds that cannot be timed together are a finding, too.
    fn hold_against(
        &mut self,
        kept: &Findings,
        now: &Findings,
        common: &Common,
        delta: Delta,
    ) -> Result<()> {
        match against::streams(&kept.verified, &now.verified) {
            Streams::Same => {}
            Streams::Differ(how) => self.regressions.push(how),
            Streams::Unknown(why) => eprintln!("arena-bench: {why}"),
        }
        let instructions = recounted(kept, now);
        let more = against::counted_more(&kept.verified, &now.verified, instructions);
        self.regressions.extend(more);
        // A build that streams nothing takes no time for an item.
        if kept.verified.items > 0 && now.verified.items > 0 {
            match compare(&kept.target, &now.target, delta, common.seconds)? {
                Ok((comparison, check)) => {
                    if comparison.verdict == Verdict::Slower {
                        let percent = 100.0 * (comparison.ratio - 1.0);
                        self.regressions.push(format!("time {percent:+.2}%"));
                    }
                    self.comparison = Some(comparison);
                    self.self_check = Some(check);
                }
                Err(why) => {
                    let text = format!("the two builds cannot be compared: {why}");
                    eprintln!("arena-bench: {text}");
                    self.error = Some(text);
                }
            }
        }
        for regression in &self.regressions {
            eprintln!("arena-bench: worse than the kept build: {regression}");
        }
        Ok(())
    }
}

/// Instructions per item of the kept build, counted again, and of the new one: what
/// was kept was counted with another host, and perhaps on another machine.
fn recounted(kept: &Findings, now: &Findings) -> Option<(f64, f64)> {
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
            eprintln!("arena-bench: the kept build was not counted: {error}");
            None
        }
    }
}

/// Measures each guest.
///
/// # Errors
/// When a guest cannot be used, refuses what is asked of it, or a file cannot be
/// read or written. A guest that crashes or breaks the protocol is a finding.
pub fn run(config: &Config) -> Result<Outcome> {
    let request = table::Request {
        payload: config.payload.clone(),
        bytes: config.bytes,
        seed: config.seed,
    };
    let request = serde_json::to_value(request)?;
    let targets = config
        .guests
        .iter()
        .map(|guest| config.common.target(guest, request.clone()));
    measure(&config.common, &targets.collect::<Result<Vec<_>>>()?)
}

/// Measures each target and prints what was found.
///
/// # Errors
/// As for [`run`].
pub fn measure(common: &Common, targets: &[Target]) -> Result<Outcome> {
    let delta = Delta::new(common.delta / 100.0).context("--delta")?;
    ensure!(
        targets.len() == 1 || common.save.is_none() && common.against.is_none(),
        "--save and --against take one guest at a time; there are {}",
        targets.len()
    );
    let kept = common.against.as_deref().map(saved::read).transpose()?;
    let (mut outcome, mut refused, mut reports) = (Outcome::Fine, 0, Vec::new());
    for target in targets {
        let mut report = Report::of(target);
        match findings(common, target) {
            Ok(findings) => {
                if let Some(kept) = &kept {
                    report.hold_against(kept, &findings, common, delta)?;
                }
                if report.is_worse() {
                    outcome = Outcome::Found;
                }
                if let Some(folder) = &common.save {
                    saved::save(folder, &findings)?;
                    eprintln!("arena-bench: kept in {}", folder.display());
                }
                report.findings = Some(findings);
            }
            Err(error) => {
                // The loaders' errors name the file themselves.
                let (file, text) = (target.library.display().to_string(), error.to_string());
                match text.contains(&file) {
                    true => eprintln!("arena-bench: {text}"),
                    false => eprintln!("arena-bench: {file}: {text}"),
                }
                report.error = Some(error.to_string());
                if error.is_a_finding() {
                    outcome = Outcome::Found;
                } else {
                    refused += 1;
                }
            }
        }
        reports.push(report);
    }
    if common.json {
        print_json(&reports)?;
    } else {
        print(&reports, kept.as_ref());
    }
    if refused > 0 {
        bail!(
            "{refused} of {} guests could not be measured",
            targets.len()
        );
    }
    Ok(outcome)
}

/// Verifies, times and counts one guest, each in a process of its own.
fn findings(common: &Common, target: &Target) -> Result<Findings, GuestError> {
    let progress = Progress::new(&file_name(&target.library), 3);
    let verified = process::verify(target, common.items, common.seconds)?;
    progress.tick();
    let mut findings = Findings {
        target: target.clone(),
        ns_per_item: None,
        instructions_per_item: None,
        verified,
    };
    let items = findings.verified.items;
    if items == 0 {
        return Ok(findings);
    }
    let timing = process::time(target, items, common.seconds)?;
    progress.tick();
    let sorted = Sorted::new(timing.samples).expect("a timing has samples, all finite");
    let confidence = Confidence::new(CONFIDENCE).expect("it is between 0 and 1");
    findings.ns_per_item = sign::interval(&sorted, confidence)
        .map(|interval| [interval.estimate, interval.low, interval.high]);
    if !common.no_counts && items >= 2 {
        match process::instructions(target, items.min(COUNTED_ITEMS)) {
            Ok(instructions) => findings.instructions_per_item = Some(instructions),
            Err(error) => eprintln!("arena-bench: not counted: {error}"),
        }
    }
    Ok(findings)
}

/// Compares two builds by the paired runner: the comparison, and the new build
/// against a copy of itself in the same rounds; or why one of them does not bear it.
fn compare(
    kept: &Target,
    now: &Target,
    delta: Delta,
    seconds: f64,
) -> Result<Result<(Comparison, SelfCheck), String>> {
    let arm = |name: &str, target: &Target| {
        let libraries = vec![vec![target.library.clone()], vec![now.host.clone()]];
        Arm::new(name, target.workload(), libraries)
    };
    let confidence = Confidence::new(COMPARISON_CONFIDENCE)?;
    // A first look, and the second that a suspicion asks for.
    let budget = 2 * Duration::from_secs_f64(seconds);
    let progress = Progress::of_time("the two builds, compared", budget);
    let mut processes = Shown {
        execute: Processes::new(crate::PRODUCT, PROCESS_LIMIT)?,
        progress: &progress,
    };
    let settings = Settings::new(delta, confidence, budget);
    let mut runner = Runner::builder(&mut processes).settings(settings).build();
    let pair = Match {
        baseline: arm("kept", kept),
        candidate: arm("now", now),
    };
    let mut found = ratios::measure(&mut runner, &[pair], &mut |_, _| ());
    if let Some(failure) = found.failures.pop() {
        return Ok(Err(failure.why));
    }
    let check = ratios::judge(&found.comparisons, &[], confidence)?;
    let comparison = found.comparisons.pop();
    let both = comparison.zip(check);
    Ok(Ok(both.context(
        "a set of two arms and a copy has two comparisons",
    )?))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn print(reports: &[Report], kept: Option<&Findings>) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "guest",
        "items",
        "ended",
        "bytes",
        "digest",
        "ns/item",
        "low",
        "high",
        "instructions/item",
        "retries",
        "capacity",
    ]);
    let builds = kept
        .map(|kept| ("kept".to_owned(), kept))
        .into_iter()
        .chain(
            reports
                .iter()
                .filter_map(|report| Some((file_name(&report.guest), report.findings.as_ref()?))),
        );
    for (name, findings) in builds {
        let verified = &findings.verified;
        let ns = |place: usize| {
            findings
                .ns_per_item
                .map_or("-".to_owned(), |ns| format!("{:.1}", ns[place]))
        };
        table.add_row([
            name,
            verified.items.to_string(),
            if verified.ended { "yes" } else { "cut" }.to_owned(),
            verified.bytes.to_string(),
            verified.digest.clone(),
            ns(0),
            ns(1),
            ns(2),
            findings
                .instructions_per_item
                .map_or("-".to_owned(), |count| format!("{count:.1}")),
            verified.retries.to_string(),
            verified.peak_capacity.to_string(),
        ]);
    }
    if !table.is_empty() {
        println!("{}", table.trim_fmt());
    }
    for report in reports {
        for regression in &report.regressions {
            println!("worse: {regression}");
        }
        let compared = report.comparison.as_ref().zip(report.self_check.as_ref());
        let Some((comparison, check)) = compared else {
            continue;
        };
        println!(
            "now / kept: {:.4} [{:.4}, {:.4}] at {:.1}%: {}{}",
            comparison.ratio,
            comparison.low,
            comparison.high,
            100.0 * comparison.confidence,
            comparison.verdict.name(),
            if comparison.why.is_empty() {
                String::new()
            } else {
                format!(" ({})", comparison.why)
            },
        );
        println!(
            "A/A, copies of both builds: {:.4} [{:.4}, {:.4}], {}: {}",
            check.ratio,
            check.low,
            check.high,
            if check.trusted {
                "trusted"
            } else {
                "NOT TRUSTED"
            },
            check.why,
        );
    }
}
