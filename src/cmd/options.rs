//! Options that several verbs share.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;
use regex::Regex;

use crate::case::{Case, catalog, filter};
use crate::environment::Watch;
use crate::ladder::{ITEMS, LadderArm};
use crate::pair::PairFiles;
use crate::pair_process::Builds;
use crate::subject::settings::Settings;
use crate::workspace;
use bench_record::Difference;
use bench_record::accepted::Accepted;
use bench_record::limits::Limits;
use bench_record::wire::Record;
use bench_record::{output, store};

/// Which cases.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selection {
    /// Only cases whose id matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    pub filter: Option<String>,
    /// Only the quick set: a few sizes of every payload, owned decoding.
    #[arg(long)]
    pub quick: bool,
}

impl Selection {
    /// The cases of the selection.
    pub fn cases(&self) -> Result<Vec<Case>> {
        let mut cases = catalog::all();
        if self.quick {
            cases.retain(catalog::is_quick);
        }
        Ok(filter::select(cases, self.filter.as_deref())?)
    }
}

/// Which pair.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PairChoice {
    /// Folder of the pair (guest and host library); by default the pair that
    /// was built with this executable.
    #[arg(long, value_name = "DIR")]
    pub pair: Option<PathBuf>,
}

impl PairChoice {
    /// The files of the pair.
    pub fn files(&self) -> Result<PairFiles> {
        Ok(PairFiles::find(self.pair.as_deref())?)
    }

    /// The host of the pair; nothing where no pair was named and none is beside this
    /// program, which has a host of its own.
    pub fn host(&self) -> Result<Option<PathBuf>> {
        match PairFiles::find(self.pair.as_deref()) {
            Ok(files) => Ok(Some(files.host)),
            Err(missing) if self.pair.is_some() => Err(missing.into()),
            Err(_) => Ok(None),
        }
    }
}

/// Whether the file that an option names can be written, before minutes are spent on
/// what could not be kept.
pub fn writable(option: &str, file: Option<&Path>) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    output::check(file).with_context(|| format!("{option}: cannot write {}", file.display()))
}

/// The limits of a file; by default those that bench.toml names, those of the sources here,
/// or the built-in ones where there are none.
pub fn limits(file: Option<&Path>, settings: Option<&Settings>) -> Result<Limits> {
    if let Some(file) = file {
        return Ok(Limits::read(file)?);
    }
    if let Some(settings) = settings {
        let named = settings.limits();
        return named.map_or_else(|| Ok(Limits::default()), |file| Ok(Limits::read(&file)?));
    }
    let default = workspace::root().map(|root| root.join("results/limits.json"));
    match default {
        Ok(path) if path.exists() => Ok(Limits::read(&path)?),
        _ => Ok(Limits::default()),
    }
}

/// Where the sources keep the regressions that were accepted.
pub(super) const ACCEPTED: &str = "results/accepted.json";

/// The accepted regressions of a file; by default those beside bench.toml, those of the
/// sources here, or none.
pub(super) fn accepted(file: Option<&Path>, settings: Option<&Settings>) -> Result<Accepted> {
    if let Some(file) = file {
        return Ok(Accepted::read(file)?);
    }
    if let Some(settings) = settings {
        let path = settings.accepted();
        return match path.exists() {
            true => Ok(Accepted::read(&path)?),
            false => Ok(Accepted::default()),
        };
    }
    match workspace::root().map(|root| root.join(ACCEPTED)) {
        Ok(path) if path.exists() => Ok(Accepted::read(&path)?),
        _ => Ok(Accepted::default()),
    }
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse() {
        Ok(percent) if percent > 0.0 && percent < 100.0 => Ok(percent),
        _ => Err("a percentage above 0 and below 100, such as 1 or 0.25".to_owned()),
    }
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        _ => Err("seconds above 0, up to 3600".to_owned()),
    }
}

/// The record that an option names, if it is of this pair and machine. What is added may
/// have been timed under other tunables only where its part of the record says so.
pub(super) fn matching(
    option: &str,
    path: &Path,
    files: &PairFiles,
    builds: &Builds,
    says_its_tunables: bool,
) -> Result<Record> {
    let record = store::load(path)?;
    let here = Watch::start().finish(files, builds).environment;
    let differences = record.environment.differences(&here);
    let matters = |it: &&Difference| !(says_its_tunables && it.field == "tunables_of_wall_clock");
    if let Some(difference) = differences.iter().find(matters) {
        bail!(
            "{option} {}: the record is not of this pair and machine: {difference}; make one with \
             `arena-bench run`",
            path.display()
        );
    }
    Ok(record)
}

/// An arm of the ladder.
pub(super) fn arm((payload, bytes): (PayloadKind, u32), step: Step) -> LadderArm {
    LadderArm {
        payload,
        bytes,
        step,
        pinned: false,
    }
}

/// The payloads of the ladder whose names match.
pub(super) fn payloads(filter: Option<&str>) -> Result<Vec<(PayloadKind, u32)>> {
    let regex = Regex::new(filter.unwrap_or_default()).context("--filter")?;
    let named = |item| arm(item, Step::Arena).item();
    let chosen: Vec<_> = ITEMS
        .into_iter()
        .filter(|&item| regex.is_match(&named(item)))
        .collect();
    ensure!(
        !chosen.is_empty(),
        "--filter {:?} matches no payload; there are {}",
        filter.unwrap_or_default(),
        ITEMS.map(named).join(", ")
    );
    Ok(chosen)
}
