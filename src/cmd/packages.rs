//! The packages that a verb measures: named on the command line or in `bench.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use regex::Regex;

use super::building::linking;
use crate::caches::Cache;
use crate::git;
use crate::subject::Subject;
use crate::subject::framework::{Calling, Case, Listed};
use crate::subject::manifest::{self, ManifestError};
use crate::subject::package::{Compilation, Package, PackageError};
use crate::subject::packages::Packages;
use crate::subject::settings::{ACCEPTED, Named, Settings};
use crate::workspace::{self, Base, Commit, Place};
use bench_record::accepted::Accepted;

/// Where the help of a verb lists these options.
const HEADING: &str = "Your own code";

/// What is measured in place of this repository's pair.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PackageChoice {
    /// A package of your workspace that lists functions with `paired_bench::bench!` or exports
    /// streams with `bench_protocol::export_guest!`; by default those of the nearest
    /// bench.toml.
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    package: Vec<String>,
    /// The Cargo.toml of the workspace; by default the one that cargo finds from here.
    #[arg(long, value_name = "FILE", requires = "package", help_heading = HEADING)]
    manifest_path: Option<PathBuf>,
    /// Cargo profile to build with [default: release]
    #[arg(long, value_name = "NAME", requires = "package", help_heading = HEADING)]
    profile: Option<String>,
    /// A library that was built already. It has one link layout, so where the linker put its
    /// functions is part of every time.
    #[arg(long, value_name = "CDYLIB", conflicts_with = "package", help_heading = HEADING)]
    library: Option<PathBuf>,
}

/// What was chosen.
#[derive(Debug)]
pub enum Choice {
    /// The pair of this repository.
    Pair,
    /// Packages.
    Packages(Vec<Wanted>),
    /// A library that was built already, and how its streams are called.
    Library(PathBuf, Calling),
}

impl Choice {
    /// An error where the pair was chosen in a program that has none.
    pub(super) fn ensure(&self, has_pair: bool) -> Result<()> {
        ensure!(
            has_pair || !matches!(self, Self::Pair),
            "what is compared? name a package with --package, or in bench.toml"
        );
        Ok(())
    }
}

/// A package that is to be built.
#[derive(Debug, Clone)]
pub struct Wanted {
    found: manifest::Package,
    profile: Option<String>,
    calling: Calling,
}

impl PackageChoice {
    /// What is to be measured; packages are looked up, and nothing is built. `given` is how the
    /// streams of the package are called, as far as a command line said it.
    ///
    /// # Errors
    /// When there is no such package, or what was given has no package to go with.
    pub fn choose(&self, settings: Option<&Settings>, given: &Calling) -> Result<Choice> {
        if let Some(library) = &self.library {
            return Ok(Choice::Library(library.clone(), given.clone()));
        }
        ensure!(
            given.is_empty() || self.package.len() == 1,
            "--args and --interface are those of one --package; of several, bench.toml has them \
             (args, interface)"
        );
        let listed = settings.map_or(&[][..], |settings| &settings.subjects);
        let of_settings = |named: &Named| {
            let folder = settings.map_or(Path::new("."), |settings| &settings.folder);
            let interface = named.interface.as_ref().map(|file| folder.join(file));
            Calling {
                args: named.args.clone(),
                interface,
                ..Calling::default()
            }
        };
        if self.package.is_empty() {
            let Some(settings) = settings else {
                return Ok(Choice::Pair);
            };
            let wanted = listed.iter().map(|named| {
                let manifest = named.manifest.as_deref().unwrap_or(Path::new("."));
                Ok(Wanted {
                    found: manifest::find(&settings.folder.join(manifest), &named.package)?,
                    profile: named.profile.clone(),
                    calling: of_settings(named),
                })
            });
            let wanted = wanted.collect::<Result<_>>().context("bench.toml")?;
            return Ok(Choice::Packages(wanted));
        }
        let mut names = self.package.clone();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            bail!("--package {} is given twice", twice[0]);
        }
        let here = std::env::current_dir()?;
        let at = self.manifest_path.as_deref().unwrap_or(&here);
        let wanted = self.package.iter().map(|name| {
            let its = listed.iter().find(|it| it.package == *name);
            let profile = || its.and_then(|its| its.profile.clone());
            let known = its.map(of_settings).unwrap_or_default();
            Ok(Wanted {
                found: manifest::find(at, name)?,
                profile: self.profile.clone().or_else(profile),
                calling: given.clone().or(known),
            })
        });
        Ok(Choice::Packages(wanted.collect::<Result<_>>()?))
    }

    /// The packages in the one layout that cargo links; nothing where none was named, here or
    /// in `bench.toml`. Their streams are called as `given`.
    ///
    /// # Errors
    /// When there is no such package, or it does not build.
    pub fn plain(&self, given: &Calling) -> Result<Option<Packages>> {
        let settings = Settings::here()?;
        Ok(match self.choose(settings.as_ref(), given)? {
            Choice::Pair => None,
            Choice::Library(library, calling) => Some(of_file(&library, &calling)?),
            Choice::Packages(wanted) => Some(here(&wanted, &[])?),
        })
    }
}

impl Wanted {
    /// The folder of its workspace.
    pub(super) fn root(&self) -> &Path {
        &self.found.workspace
    }

    fn compile(
        &self,
        found: &manifest::Package,
        calling: &Calling,
        cache: &Cache,
        of: &str,
    ) -> Result<Compilation, PackageError> {
        notice!("arena-bench: building {}{of}", found.name);
        Compilation::new(found, self.profile.as_deref(), calling, cache)
    }
}

/// Builds the packages as they are here, and links them in layouts.
pub(super) fn here(wanted: &[Wanted], seeds: &[u64]) -> Result<Packages> {
    let compile = |wanted: &Wanted| {
        let cache = workspace::cache_of(wanted.root())?;
        let compiled = wanted.compile(&wanted.found, &wanted.calling, &cache, "")?;
        tell(compiled.name(), compiled.listed(), &wanted.calling)?;
        Ok(compiled)
    };
    // All before anything is linked: what does not build is known at once.
    let compiled = wanted.iter().map(compile).collect::<Result<Vec<_>>>()?;
    link(compiled, seeds)
}

/// Says what of a library is not measured, and why. What was given for a stream must be of one
/// that is.
fn tell(name: &str, listed: &Listed, calling: &Calling) -> Result<()> {
    for undriven in &listed.undriven {
        let why = &undriven.why;
        let stream = &undriven.name;
        ensure!(
            !calling.args.contains_key(stream),
            "{name}/{stream} has arguments, but is not measured: {why}"
        );
        notice!("arena-bench: {name}/{stream} is not measured: {why}");
    }
    for stream in calling.args.keys() {
        let known: Vec<&str> = listed.cases.iter().map(Case::name).collect();
        ensure!(
            known.contains(&stream.as_str()),
            "there are arguments for {name}/{stream}, but no such stream; there is {}",
            known.join(", ")
        );
    }
    Ok(())
}

/// Builds the packages of a commit, which was resolved in the workspace of the first. Those that
/// it lacks are named: they are new.
pub(super) fn at(
    wanted: &[Wanted],
    commit: &Commit,
    place: Place,
    seeds: &[u64],
) -> Result<(Packages, Vec<String>)> {
    let bases = bases(wanted, commit, place)?;
    let (mut compiled, mut missing) = (Vec::new(), Vec::new());
    for wanted in wanted {
        let Base { sources, cache } = &bases[wanted.root()];
        let name = &wanted.found.name;
        let manifest = sources.join("Cargo.toml");
        let found = match manifest.is_file() {
            true => manifest::find(&manifest, name),
            false => Err(ManifestError::NoPackage {
                name: name.clone(),
                workspace: sources.clone(),
                known: Vec::new(),
            }),
        };
        match found {
            Ok(found) => {
                let calling = wanted.calling.in_checkout(wanted.root(), sources);
                let of = format!(" of {}", commit.reference);
                match wanted.compile(&found, &calling, cache, &of) {
                    Ok(compilation) => compiled.push(compilation),
                    // It had nothing to measure yet.
                    Err(
                        PackageError::Nothing { name, .. } | PackageError::Undriven { name, .. },
                    ) => {
                        missing.push(name);
                    }
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
    Ok(workspace::commit(first.root(), reference)?)
}

/// The sources of a commit by the workspace of the packages, each checked out once.
fn bases(wanted: &[Wanted], commit: &Commit, place: Place) -> Result<BTreeMap<PathBuf, Base>> {
    let mut bases = BTreeMap::new();
    for (index, wanted) in wanted.iter().enumerate() {
        let root = wanted.root();
        if bases.contains_key(root) {
            continue;
        }
        let base = match index {
            0 => workspace::sources_at(root, commit, place)?,
            _ => {
                let commit = workspace::commit(root, &commit.reference)?;
                workspace::sources_at(root, &commit, place)?
            }
        };
        bases.insert(root.to_owned(), base);
    }
    Ok(bases)
}

/// What a repository had accepted at a commit, in the file beside its settings.
pub(super) fn accepted_at(settings: &Settings, commit: &Commit) -> Option<Accepted> {
    let object = format!("{}:./{ACCEPTED}", commit.hash);
    let text = git::run(&settings.folder, &["show", &object]).ok()?;
    Accepted::parse(Path::new(ACCEPTED), text.as_bytes()).ok()
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

/// A library that was built already.
pub(super) fn of_file(library: &Path, calling: &Calling) -> Result<Packages> {
    let packages = of_file_named(library, library, calling)?;
    for package in packages.iter() {
        tell(package.name(), package.listed(), calling)?;
    }
    Ok(packages)
}

/// A library that was built already; its cases go by the name of the file `named`.
pub(super) fn of_file_named(named: &Path, library: &Path, calling: &Calling) -> Result<Packages> {
    let name = named.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.strip_prefix("lib").unwrap_or(&name);
    let package = Package::of_file(name, library, calling.clone())?;
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
