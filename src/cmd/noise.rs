//! `noise`: what this machine does to measurements.

use std::time::Duration;

use anyhow::{Context, Result};
use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::Protocol;

use super::options::{PairChoice, seconds};
use super::outcome::{Outcome, print_json, say, tell};
use super::progress::{Progress, Shown};
use crate::arms::of_case;
use crate::case::Case;
use crate::environment::Watch;
use crate::noise::band::Band;
use crate::noise::{self, Report, speed};
use crate::pair::Layouts;
use crate::pair_process::PairProcess;
use bench_report::terminal::{Column, Screen, Table};
use paired::clock::{self, Clock, Monotonic};

/// What this machine does to measurements, before anyone trusts them.
///
/// The timer, the steadiness of a fixed computation, a
/// case against a copy of itself by two methods, and from that the smallest
/// change that can be seen in a given time. Exit status 1 if the paired runner
/// called equals different.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  arena-bench noise\n  arena-bench noise --json > noise.json")]
pub struct Config {
    #[command(flatten)]
    pair: PairChoice,
    /// Seconds for all of it.
    #[arg(long, default_value_t = 12.0, value_parser = seconds, allow_negative_numbers = true)]
    budget: f64,
    /// Seed of everything that chance decides.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON instead of the table.
    #[arg(long)]
    json: bool,
}

/// Measures the machine and prints the report.
pub fn run(config: &Config) -> Result<Outcome> {
    let report = measure(config)?;
    if config.json {
        print_json(&report)?;
    } else {
        say(table(&report).show(Screen::stdout()))?;
        notice!(
            "A change is detectable when 95 of 100 comparisons see it: computed from how single \
             processes scattered here, without what link layouts add between two builds."
        );
    }
    tell(&report.warnings);
    Ok(Outcome::of(report.paired.false_verdicts > 0))
}

fn measure(config: &Config) -> Result<Report> {
    let files = config.pair.files()?;
    let mut pair = PairProcess::load(&files)?;
    let case = Case::drain(PayloadKind::U64, 8, Protocol::Arena);
    pair.verify(&case, None)?;
    let watch = Watch::start();
    let (clock, budget) = (Monotonic::default(), Duration::from_secs_f64(config.budget));
    let timer = clock::timer(|| clock.now()).context("the clock of this machine does not move")?;
    let speed = speed::measure(budget / 10)?;
    let budget = budget * 9 / 10;
    let progress = Progress::of_time("equals, compared", budget);
    let arm = of_case(&case, &Layouts::single(files.clone()));
    let mut processes = Shown::new(&progress)?;
    let (sequential, paired, detectable) =
        noise::compare(&mut processes, &clock, config.seed, &arm, budget)?;
    drop(progress);
    let mut warnings = watch.likely_causes();
    if pair.builds().host.profile == "debug" {
        warnings
            .push("the pair is a debug build: measure one of `cargo build --release`".to_owned());
    }
    if paired.false_verdicts > 0 {
        warnings.push(format!(
            "{} of {} comparisons of equals were called different: do not trust wall clock here",
            paired.false_verdicts, paired.comparisons
        ));
    }
    let observed = watch.finish(&files, pair.builds());
    warnings.extend(observed.notices);
    Ok(Report {
        case: case.id(),
        timer,
        speed,
        sequential,
        paired,
        detectable,
        environment: observed.environment,
        warnings,
    })
}

fn table(report: &Report) -> Table {
    let mut table = Table::new([
        Column::text("what").breaking(),
        Column::text("found").breaking(),
    ]);
    let environment = &report.environment;
    let mut row = |what: &str, found: String| {
        table.row([what.into(), found.into()]);
    };
    row(
        "machine",
        format!("{}, {} cores", environment.cpu, environment.cores),
    );
    for (name, value) in &environment.observed {
        row(&name.replace('_', " "), value.clone());
    }
    let timer = &report.timer;
    row("timer resolution", format!("{:.0} ns", timer.resolution_ns));
    row("reading the timer", format!("{:.0} ns", timer.reading_ns));
    let speed = &report.speed;
    row(
        "a fixed computation",
        format!(
            "{:+.1}% to {:+.1}% in nine of ten, once {:+.0}%",
            speed.low_percent, speed.high_percent, speed.worst_percent
        ),
    );
    let band = |band: &Band| {
        format!(
            "{:+.2}% to {:+.2}% in {} comparisons of {:.1} s",
            band.low_percent, band.high_percent, band.comparisons, band.seconds
        )
    };
    row(
        &format!("A/A of {}, sequentially", report.case),
        band(&report.sequential),
    );
    row("the same by this method", band(&report.paired));
    row(
        "false verdicts among these",
        report.paired.false_verdicts.to_string(),
    );
    for found in &report.detectable {
        let change = match found.percent {
            Some(percent) => format!("{percent:.2}%, {} processes", found.processes),
            None => format!("none: {} processes are too few", found.processes),
        };
        row(&format!("detectable in {} s", found.budget_s), change);
    }
    table
}
