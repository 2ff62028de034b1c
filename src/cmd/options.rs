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
use paired::paths;

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

/// Writes the file that an option names; errors call it so.
pub(super) fn write(option: &str, file: &Path, text: &str) -> Result<()> {
    output::replace(file, text.as_bytes()).with_context(|| format!("{option} {}", file.display()))
}

/// Makes the folder of a file that is to be written.
pub(super) fn make_folder_of(file: &Path) -> Result<()> {
    let folder = paths::folder(file);
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}

/// The file that was named; by default the one that bench.toml names, where there is one, or
/// that of the sources here.
fn chosen(
    file: Option<&Path>,
    settings: Option<Option<PathBuf>>,
    of_sources: &str,
) -> Option<PathBuf> {
    let here = || Some(workspace::root().ok()?.join(of_sources)).filter(|file| file.exists());
    file.map_or_else(
        || settings.unwrap_or_else(here),
        |file| Some(file.to_owned()),
    )
}

/// The limits of a file; by default those that bench.toml names, those of the sources here,
/// or the built-in ones where there are none.
pub fn limits(file: Option<&Path>, settings: Option<&Settings>) -> Result<Limits> {
    let file = chosen(file, settings.map(Settings::limits), "results/limits.json");
    file.map_or_else(|| Ok(Limits::default()), |file| Ok(Limits::read(&file)?))
}

/// Where the sources keep the regressions that were accepted.
pub(super) const ACCEPTED: &str = "results/accepted.json";

/// The accepted regressions of a file; by default those beside bench.toml, those of the
/// sources here, or none.
pub(super) fn accepted(file: Option<&Path>, settings: Option<&Settings>) -> Result<Accepted> {
    let beside = settings.map(|it| Some(it.accepted()).filter(|file| file.exists()));
    let file = chosen(file, beside, ACCEPTED);
    file.map_or_else(
        || Ok(Accepted::default()),
        |file| Ok(Accepted::read(&file)?),
    )
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

/// The payloads of the ladder whose names match.
pub(super) fn payloads(filter: Option<&str>) -> Result<Vec<(PayloadKind, u32)>> {
    let name = |&item: &_| LadderArm::new(item, Step::Arena, false).item();
    named(filter, "payload", ITEMS.to_vec(), name, |_| true)
}

/// Those of all that are wanted and whose names match; `what` they are called where none does.
pub(super) fn named<T>(
    filter: Option<&str>,
    what: &str,
    mut all: Vec<T>,
    name: impl Fn(&T) -> String,
    wanted: impl Fn(&T) -> bool,
) -> Result<Vec<T>> {
    let filter = filter.unwrap_or_default();
    let regex = Regex::new(filter).context("--filter")?;
    let names = all.iter().map(&name).collect::<Vec<_>>().join(", ");
    all.retain(|it| wanted(it) && regex.is_match(&name(it)));
    ensure!(
        !all.is_empty(),
        "--filter {filter:?} matches no {what}; there are {names}"
    );
    Ok(all)
}
