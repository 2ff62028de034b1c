//! `run` on packages of the user's: verified, timed and counted, into a record like any other.
//!
//! Each case is timed against itself in other link layouts, which gives the time of an item and
//! shows a bias of the measurement. A change of time is found by `compare`, which runs both
//! builds in the same processes; across runs, counts are what a history can trust.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bench_record::store;
use bench_record::wire::{self, Failure, Params, Record, Verified};
use bench_report::packages::table;
use paired::process::Processes;
use paired::ratios;
use paired::runner::{Runner, Settings};
use paired::stats::{Confidence, Delta, correction};

use super::building::Chance;
use super::outcome::{Outcome, show};
use super::packages::{self, Choice, Filter};
use super::progress::Progress;
use crate::PROCESS_LIMIT;
use crate::counts::CountsError;
use crate::environment::Watch;
use crate::run::Step;
use crate::subject::Subject;
use crate::subject::packages::Packages;
use crate::subject::settings::Settings as RepositorySettings;

/// The smallest change that matters where nothing else is said, percent.
pub(super) const DELTA: f64 = 1.0;
/// Seconds for the timing of a case.
const SECONDS: f64 = 2.0;

/// What is wanted of a run.
#[derive(Debug)]
pub struct Asked<'a> {
    pub filter: Option<&'a str>,
    /// Fewer link layouts.
    pub quick: bool,
    pub skip: &'a [Step],
    pub chance: Chance,
    /// Percent, where it is not that of the settings.
    pub delta: Option<f64>,
    /// Seconds for the timing of a case, where they are not those of the settings.
    pub budget: Option<f64>,
    pub output: &'a Path,
    pub json: bool,
}

/// Measures the packages that were chosen, and writes the record.
///
/// # Errors
/// When the pair was chosen, or something does not build or cannot be written.
pub fn run(
    choice: &Choice,
    settings: Option<&RepositorySettings>,
    asked: &Asked<'_>,
) -> Result<Outcome> {
    let mut own = None;
    let packages = match choice {
        Choice::Pair => bail!("the pair is no package"),
        Choice::Library(library, calling) => packages::of_file(library, calling)?,
        Choice::Packages(wanted) => {
            own = settings;
            let chance = asked
                .chance
                .where_timed(!asked.skip.contains(&Step::Paired));
            packages::here(wanted, &chance.layouts(asked.quick))?
        }
    };
    let delta = asked.delta.or(own.and_then(|it| it.delta));
    let budget = asked.budget.or(own.and_then(|it| it.budget));
    let timing = (delta.unwrap_or(DELTA), budget.unwrap_or(SECONDS));
    measure(&packages, timing, asked)
}

/// Measures packages, with so many percent as the smallest change that matters and so many
/// seconds for a case.
fn measure(
    packages: &Packages,
    (delta, seconds): (f64, f64),
    asked: &Asked<'_>,
) -> Result<Outcome> {
    let chance = asked.chance;
    let cases = Filter::new(asked.filter)?.of(packages)?;
    let watch = Watch::start();
    let mut record = Record::new(wire::Environment::default());
    let progress = Progress::new("verify", cases.len() as u64);
    let failed = packages.verify(&cases, &mut || progress.tick())?;
    drop(progress);
    let mut correct = cases;
    correct.retain(|id| !failed.contains_key(id));
    let failure = |(id, why)| Failure { id, why };
    record.failures.extend(failed.into_iter().map(failure));
    record.cases = correct.iter().map(|id| case(packages, id)).collect();
    let wants = |step| !asked.skip.contains(&step);
    if wants(Step::Paired) {
        let delta = Delta::new(delta / 100.0)?;
        let budget = Duration::from_secs_f64(seconds);
        let settings = Settings::new(delta, per(&correct)?, budget);
        time(&mut record, packages, &correct, chance, settings)?;
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
    show(&record, asked.output, asked.json, table)
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
            Err(error) => record.failures.push(Failure::new(id, &error)),
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
            Err(why) => failures.push(Failure::new(id, &why)),
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
