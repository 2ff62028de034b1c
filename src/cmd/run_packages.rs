//! `run` on packages of the user's: verified, timed and counted, into a record like any other.
//!
//! Each case is timed against itself in other link layouts, which gives the time of an item and
//! shows a bias of the measurement. A change of time is found by `compare`, which runs both
//! builds in the same processes; across runs, counts are what a history can trust.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use bench_record::store;
use bench_record::wire::{self, Failure, Params, Record, SCHEMA, Verified};
use bench_report::packages::table;
use bench_report::terminal::Screen;
use paired::process::Processes;
use paired::ratios;
use paired::runner::{Runner, Settings};
use paired::stats::{Confidence, Delta, correction};

use super::building::Chance;
use super::outcome::{Outcome, print_json, say};
use super::packages::Filter;
use super::progress::Progress;
use crate::PROCESS_LIMIT;
use crate::counts::CountsError;
use crate::environment::Watch;
use crate::run::Step;
use crate::subject::Subject;
use crate::subject::package::Packages;

/// Seconds for the timing of a case.
const SECONDS: f64 = 2.0;

/// What is wanted of a run.
pub(super) struct Asked<'a> {
    pub(super) filter: Option<&'a str>,
    pub(super) skip: &'a [Step],
    pub(super) chance: Chance,
    /// Percent.
    pub(super) delta: f64,
    /// Seconds for the timing of a case.
    pub(super) budget: Option<f64>,
    pub(super) output: &'a Path,
    pub(super) json: bool,
}

/// Measures packages and writes the record.
pub(super) fn run(packages: &Packages, asked: &Asked<'_>) -> Result<Outcome> {
    let Asked { chance, delta, .. } = *asked;
    let cases = Filter::new(asked.filter)?.of(packages)?;
    let watch = Watch::start();
    let mut record = Record {
        schema: SCHEMA.to_owned(),
        environment: wire::Environment::default(),
        cases: Vec::new(),
        comparisons: Vec::new(),
        self_check: None,
        failures: Vec::new(),
        growth: None,
        ladder: None,
        lab: None,
    };
    let progress = Progress::new("verify", cases.len() as u64);
    let failed = packages.verify(&cases, &mut || progress.tick())?;
    drop(progress);
    let correct: Vec<String> = cases
        .into_iter()
        .filter(|id| !failed.contains_key(id))
        .collect();
    let failure = |(id, why)| Failure { id, why };
    record.failures.extend(failed.into_iter().map(failure));
    record.cases = correct.iter().map(|id| case(packages, id)).collect();
    let wants = |step| !asked.skip.contains(&step);
    if wants(Step::Paired) {
        let delta = Delta::new(delta / 100.0)?;
        let budget = Duration::from_secs_f64(asked.budget.unwrap_or(SECONDS));
        time(
            &mut record,
            packages,
            &correct,
            chance,
            Settings::new(delta, per(&correct)?, budget),
        )?;
    }
    if wants(Step::Counts) {
        count(&mut record, packages, &correct)?;
    }
    record.environment = watch
        .finish_packages(packages)
        .context("reading the libraries")?;
    let seed = ("random_seed".to_owned(), chance.seed().to_string());
    record.environment.observed.extend([seed]);
    if let Some(check) = &mut record.self_check {
        watch.explain(check);
    }
    store::keep(asked.output, &record)?;
    if asked.json {
        print_json(&record)?;
    } else {
        say(table(&record, Screen::stdout()))?;
    }
    notice!("arena-bench: the record is {}", asked.output.display());
    for failure in &record.failures {
        notice!("arena-bench: failed: {}: {}", failure.id, failure.why);
    }
    Ok(match record.failures.is_empty() {
        true => Outcome::Fine,
        false => Outcome::Found,
    })
}

fn per(cases: &[String]) -> Result<Confidence> {
    let family = Confidence::new(crate::CONFIDENCE)?;
    Ok(correction::per_comparison(family, cases.len().max(1)))
}

fn case(packages: &Packages, id: &str) -> wire::Case {
    let stream = packages.verified(id);
    let protocol = if stream.is_some() { "arena" } else { "" };
    wire::Case {
        id: id.to_owned(),
        params: Params {
            protocol: protocol.to_owned(),
            items: stream.as_ref().map_or(0, |it| it.items),
            ..Params::default()
        },
        verified: stream.map(|it| Verified {
            items: it.items,
            bytes: it.bytes,
            digest: it.digest,
        }),
        counts: None,
    }
}

/// Each case against itself in other layouts.
fn time(
    record: &mut Record,
    packages: &Packages,
    cases: &[String],
    chance: Chance,
    settings: Settings,
) -> Result<()> {
    let mut processes = Processes::new(crate::PRODUCT, PROCESS_LIMIT)?;
    let builder = Runner::builder(&mut processes).seed(chance.seed());
    let mut runner = builder.settings(settings).build();
    let progress = Progress::new("wall clock", cases.len() as u64);
    let mut checks = Vec::new();
    for id in cases {
        let [one, other] = packages.arm(id).halved();
        match ratios::build_check(&mut runner, &one, &other) {
            Ok(found) => checks.push(found),
            Err(error) => record.failures.push(Failure {
                id: id.clone(),
                why: error.to_string(),
            }),
        }
        progress.tick();
    }
    let confidence = Confidence::new(crate::CONFIDENCE)?;
    record.self_check = ratios::judge(&[], &checks, confidence)?;
    Ok(())
}

fn count(record: &mut Record, packages: &Packages, cases: &[String]) -> Result<()> {
    let progress = Progress::new("instructions and allocations", cases.len() as u64);
    let Record {
        cases: recorded,
        failures,
        ..
    } = record;
    let counted = packages.count(cases, &mut |id, counts| {
        match counts {
            Ok(counts) => {
                let case = recorded.iter_mut().find(|case| case.id == id);
                case.expect("one that was asked for").counts = Some(counts);
            }
            Err(why) => failures.push(Failure {
                id: id.to_owned(),
                why,
            }),
        }
        progress.tick();
    });
    match counted {
        Err(CountsError::NoValgrind(missing)) => {
            notice!("arena-bench: {missing}");
            Ok(())
        }
        other => Ok(other?),
    }
}
