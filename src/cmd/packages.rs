//! The packages that a verb measures: named on the command line or in `bench.toml`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use regex::Regex;

use super::building::linking;
use crate::git;
use crate::subject::Subject;
use crate::subject::manifest::{self, ManifestError};
use crate::subject::package::{Compilation, Package, PackageError, Packages};
use crate::subject::settings::{ACCEPTED, Named, Settings};
use crate::workspace::{self, Commit, Place};
use bench_record::accepted::Accepted;

/// What is measured in place of this repository's pair.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Your own code")]
pub(super) struct PackageChoice {
    /// A package of your workspace that lists functions with `paired_bench::bench!` or exports
    /// streams with `bench_protocol::export_guest!`; by default those of the nearest
    /// bench.toml.
    #[arg(long, value_name = "NAME")]
    package: Vec<String>,
    /// The Cargo.toml of the workspace; by default the one that cargo finds from here.
    #[arg(long, value_name = "FILE", requires = "package")]
    manifest_path: Option<PathBuf>,
    /// Cargo profile to build with [default: release]
    #[arg(long, value_name = "NAME", requires = "package")]
    profile: Option<String>,
    /// A library that was built already. It has one link layout, so where the linker put its
    /// functions is part of every time.
    #[arg(long, value_name = "CDYLIB", conflicts_with = "package")]
    library: Option<PathBuf>,
}

/// What was chosen.
#[derive(Debug)]
pub(super) enum Choice {
    /// The pair of this repository.
    Pair,
    /// Packages, and the settings that name them, if any did.
    Packages(Vec<Wanted>, Settings),
    /// A library that was built already.
    Library(PathBuf),
}

impl Choice {
    /// The settings of the repository, where packages are measured.
    pub(super) fn settings(&self) -> Option<&Settings> {
        match self {
            Self::Packages(_, settings) => Some(settings),
            Self::Pair | Self::Library(_) => None,
        }
    }
}

/// A package that is to be built.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    found: manifest::Package,
    profile: Option<String>,
}

impl PackageChoice {
    /// What is to be measured; packages are looked up, and nothing is built.
    pub(super) fn choose(&self) -> Result<Choice> {
        if let Some(library) = &self.library {
            return Ok(Choice::Library(library.clone()));
        }
        let here = std::env::current_dir()?;
        let settings = Settings::find(&here)?.unwrap_or_default();
        if self.package.is_empty() {
            if settings.subjects.is_empty() {
                return Ok(Choice::Pair);
            }
            let wanted = settings.subjects.iter().map(|named| {
                let manifest = named.manifest.as_deref().unwrap_or(Path::new("."));
                let manifest = settings.folder.join(manifest);
                wanted(&manifest, &named.package, named.profile.as_ref())
            });
            let wanted = wanted.collect::<Result<_>>().context("bench.toml")?;
            return Ok(Choice::Packages(wanted, settings));
        }
        let at = self.manifest_path.as_deref().unwrap_or(&here);
        let listed = |name: &String| settings.subjects.iter().find(|it| it.package == *name);
        let profile = |name| {
            let its = listed(name).and_then(|Named { profile, .. }| profile.as_ref());
            self.profile.as_ref().or(its)
        };
        let mut names = self.package.clone();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            bail!("--package {} is given twice", twice[0]);
        }
        let wanted = self
            .package
            .iter()
            .map(|name| wanted(at, name, profile(name)));
        Ok(Choice::Packages(wanted.collect::<Result<_>>()?, settings))
    }
}

impl PackageChoice {
    /// The packages in the one layout that cargo links; nothing where the pair was chosen.
    pub(super) fn plain(&self) -> Result<Option<Packages>> {
        Ok(match self.choose()? {
            Choice::Pair => None,
            Choice::Library(library) => Some(of_file(&library, &library)?),
            Choice::Packages(wanted, _) => Some(here(&wanted, &[])?),
        })
    }
}

fn wanted(at: &Path, name: &str, profile: Option<&String>) -> Result<Wanted> {
    Ok(Wanted {
        found: manifest::find(at, name)?,
        profile: profile.cloned(),
    })
}

/// Builds the packages as they are here, and links them in layouts.
pub(super) fn here(wanted: &[Wanted], seeds: &[u64]) -> Result<Packages> {
    let compile = |wanted: &Wanted| {
        let cache = workspace::cache_of(&wanted.found.workspace)?;
        Ok(compile(wanted, &wanted.found, &cache, "")?)
    };
    // All before anything is linked: what does not build is known at once.
    let compiled = wanted.iter().map(compile).collect::<Result<Vec<_>>>()?;
    link(compiled, seeds)
}

/// Builds the packages of a commit. Those that it lacks are named: they are new.
pub(super) fn at(
    wanted: &[Wanted],
    reference: &str,
    place: Place,
    seeds: &[u64],
) -> Result<(Packages, Vec<String>)> {
    let (mut compiled, mut missing) = (Vec::new(), Vec::new());
    for wanted in wanted {
        let base = base(wanted, reference, place)?;
        let name = &wanted.found.name;
        let found = match base.sources.join("Cargo.toml").is_file() {
            true => manifest::find(&base.sources.join("Cargo.toml"), name),
            false => Err(ManifestError::NoPackage {
                name: name.clone(),
                workspace: base.sources.clone(),
                known: Vec::new(),
            }),
        };
        match found {
            Ok(found) => {
                let of = format!(" of {reference}");
                match compile(wanted, &found, &base.cache, &of) {
                    Ok(compilation) => compiled.push(compilation),
                    // It exported nothing yet.
                    Err(PackageError::Nothing { name, .. }) => missing.push(name),
                    Err(error) => return Err(error.into()),
                }
            }
            Err(ManifestError::NoPackage { .. } | ManifestError::NoLibrary { .. }) => {
                missing.push(name.clone());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok((link(compiled, seeds)?, missing))
}

/// The commit that is compared with, as the first package's repository has it.
pub(super) fn resolve(wanted: &[Wanted], reference: &str) -> Result<Commit> {
    let first = wanted.first().context("there is a package")?;
    Ok(workspace::commit(&first.found.workspace, reference)?)
}

fn base(wanted: &Wanted, reference: &str, place: Place) -> Result<workspace::Base> {
    let root = &wanted.found.workspace;
    let commit = workspace::commit(root, reference)?;
    Ok(workspace::sources_at(root, &commit, place)?)
}

/// What a repository had accepted at a commit, in the file beside its settings.
pub(super) fn accepted_at(settings: &Settings, reference: &str) -> Option<Accepted> {
    let commit = workspace::commit(&settings.folder, reference).ok()?;
    let object = format!("{}:./{ACCEPTED}", commit.hash);
    let text = git::run(&settings.folder, &["show", &object]).ok()?;
    Accepted::parse(Path::new(ACCEPTED), text.as_bytes()).ok()
}

impl Wanted {
    /// The folder of its workspace.
    pub(super) fn root(&self) -> &Path {
        &self.found.workspace
    }
}

fn compile(
    wanted: &Wanted,
    found: &manifest::Package,
    cache: &Path,
    of: &str,
) -> Result<Compilation, PackageError> {
    notice!("arena-bench: building {}{of}", found.name);
    Compilation::new(found, wanted.profile.as_deref(), cache)
}

fn link(compiled: Vec<Compilation>, seeds: &[u64]) -> Result<Packages> {
    let mut packages = Vec::new();
    for one in compiled {
        let package = linking(seeds.len(), |heard| one.link(seeds, heard))?;
        warn(&package, !seeds.is_empty());
        packages.push(package);
    }
    Ok(Packages::new(packages))
}

/// A library that was built already; its cases go by the name of the file `named`.
pub(super) fn of_file(named: &Path, library: &Path) -> Result<Packages> {
    let name = named.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.strip_prefix("lib").unwrap_or(&name);
    let package = Package::of_file(name, library)?;
    warn(&package, true);
    Ok(Packages::new(vec![package]))
}

/// Says what a reader of the times must know of a build, of which `layouts` were wanted.
fn warn(package: &Package, layouts: bool) {
    let name = package.name();
    if package.is_debug() {
        notice!(
            "arena-bench: {name} was built with debug assertions: its times say nothing of a release build"
        );
    }
    if let Some(why) = package.why_single().filter(|_| layouts) {
        notice!(
            "arena-bench: {name} has one link layout only ({why}): where the linker put its functions is part \
             of every ratio"
        );
    }
    if let Some(why) = package.why_unpadded() {
        notice!("arena-bench: {why}: the layouts differ in the order of functions alone");
    }
}

/// Which of a subject's cases are wanted.
pub(super) struct Filter {
    pattern: Option<Regex>,
}

impl Filter {
    pub(super) fn new(pattern: Option<&str>) -> Result<Self> {
        let pattern = pattern.map(Regex::new).transpose();
        Ok(Self {
            pattern: pattern.context("--filter")?,
        })
    }

    pub(super) fn wants(&self, id: &str) -> bool {
        self.pattern.as_ref().is_none_or(|it| it.is_match(id))
    }

    /// The ids that are wanted; an error where none is.
    pub(super) fn of(&self, subject: &dyn Subject) -> Result<Vec<String>> {
        let all = subject.ids();
        let wanted: Vec<String> = all.iter().filter(|id| self.wants(id)).cloned().collect();
        ensure!(
            !wanted.is_empty(),
            "--filter matches no case; there is {}",
            all.join(", ")
        );
        Ok(wanted)
    }
}
