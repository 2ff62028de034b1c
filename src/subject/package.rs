//! A crate of anybody: built with its own profile, linker and flags, linked in many layouts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use bench_host::loader;
use paired::digest::sha256;
use paired::layouts::{Build, Compiled, LayoutError, Objects, Source, compile};
use paired::runner::Arm;
use paired::visible::visible;
use paired::worker::{Launch, Worker};

use super::child::{ARGUMENT, Answer, Case, ITEMS, Job, Task};
use super::manifest::{self, ManifestError};
use super::{Counted, Subject, SubjectError, count};
use crate::counts::{self, CountsError, PerItem};
use crate::git;
use crate::guest::measure::Verified;
use crate::pair::without;
use crate::workload::Workload;
use crate::workspace::Heard;

/// Time for one task of a child, at most.
const LIMIT: Duration = Duration::from_secs(120);
/// Names of exports that an error lists at most.
const LISTED: usize = 12;

/// Why a package cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Layout(#[from] LayoutError),
    #[error("{name}: {source}")]
    Subject {
        name: String,
        source: Box<SubjectError>,
    },
    #[error(
        "{name} exports nothing that can be measured: list functions with paired_bench::bench!, or a stream \
         with bench_protocol::export_guest!; {}",
        exported(names)
    )]
    Nothing { name: String, names: Vec<String> },
}

fn exported(names: &[String]) -> String {
    match names {
        [] => "it exports no symbol at all".to_owned(),
        names if names.len() > LISTED => format!(
            "it exports {} and {} more",
            names[..LISTED].join(", "),
            names.len() - LISTED
        ),
        names => format!("it exports {}", names.join(", ")),
    }
}

/// A compiled package, not linked in layouts yet.
#[derive(Debug)]
pub struct Compilation {
    name: String,
    objects: Objects,
    cases: Vec<Case>,
    debug: bool,
}

/// A package in its layouts.
#[derive(Debug)]
pub struct Package {
    name: String,
    build: Build,
    cases: Vec<Case>,
    debug: bool,
    /// Items that a stream was seen to have, once it is verified.
    items: RefCell<BTreeMap<String, Verified>>,
}

impl Compilation {
    /// Compiles a package and asks it for its cases. `cache` takes the build.
    ///
    /// # Errors
    /// When it does not build, or has nothing to measure.
    pub fn new(
        found: &manifest::Package,
        profile: Option<&str>,
        cache: &Path,
    ) -> Result<Self, PackageError> {
        let at = |source| LayoutError::Io {
            path: cache.to_owned(),
            source,
        };
        let mut source = Source::new(&found.workspace, &found.name, cache).map_err(at)?;
        source.id = Some(found.id.clone());
        source.profile = profile.unwrap_or("release").to_owned();
        // Build scripts ask git, of the checkout that they are in.
        let local = git::local_variables().iter().map(Into::into);
        source.without_env.extend(local);
        let objects = compile(&source)?;
        let (cases, debug) = list(&found.name, objects.plain())?;
        Ok(Self {
            name: found.name.clone(),
            objects,
            cases,
            debug,
        })
    }

    /// Links it once for each seed.
    ///
    /// # Errors
    /// As for [`Objects::link`].
    pub fn link(self, seeds: &[u64], heard: Heard<'_>) -> Result<Package, PackageError> {
        Ok(Package {
            build: self.objects.link(seeds, heard)?,
            name: self.name,
            cases: self.cases,
            debug: self.debug,
            items: RefCell::default(),
        })
    }
}

/// The cases of a library, and whether it is a debug build.
fn list(name: &str, library: &Path) -> Result<(Vec<Case>, bool), PackageError> {
    let subject = |source: SubjectError| PackageError::Subject {
        name: name.to_owned(),
        source: Box::new(source),
    };
    let (cases, debug) = match ask(library, Task::List).map_err(subject)? {
        Answer::Listed { cases, debug } => (cases, debug),
        answer => return Err(subject(unexpected(answer))),
    };
    if cases.is_empty() {
        let names = loader::exports(library).map(|(_, names)| names);
        return Err(PackageError::Nothing {
            name: name.to_owned(),
            names: names.unwrap_or_default(),
        });
    }
    Ok((cases, debug))
}

impl Package {
    /// A library that was built elsewhere, in the one layout that it has.
    ///
    /// # Errors
    /// When it has nothing to measure.
    pub fn of_file(name: &str, library: &Path) -> Result<Self, PackageError> {
        let (cases, debug) = list(name, library)?;
        Ok(Self {
            name: name.to_owned(),
            build: Build {
                plain: library.to_owned(),
                layouts: vec![library.to_owned()],
                seeds: Vec::new(),
                why_single: Some(format!("{} is one file", library.display())),
                why_unpadded: None,
                compiled: Compiled::default(),
            },
            cases,
            debug,
            items: RefCell::default(),
        })
    }

    /// The name of the package.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was built with debug assertions: its times are not those of a release.
    pub fn is_debug(&self) -> bool {
        self.debug
    }

    /// As cargo linked it.
    pub fn library(&self) -> &Path {
        &self.build.plain
    }

    /// Why its layouts have no random padding, where that is so.
    pub fn why_unpadded(&self) -> Option<&str> {
        self.build.why_unpadded.as_deref()
    }

    /// What verification found of a stream.
    pub fn verified(&self, id: &str) -> Option<Verified> {
        self.items.borrow().get(id).cloned()
    }

    fn id(&self, case: &Case) -> String {
        format!("{}/{}", self.name, case.name())
    }

    /// Items of a case at most.
    fn most(&self, case: &Case, id: &str) -> u64 {
        most(case, self.verified(id).as_ref())
    }

    fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| self.id(case) == id)
    }
}

impl Subject for Package {
    fn ids(&self) -> Vec<String> {
        self.cases.iter().map(|case| self.id(case)).collect()
    }

    fn arm(&self, id: &str) -> Arm {
        let case = self.case(id).expect("one of its cases").clone();
        let workload = Workload::Package(case).to_value();
        Arm::new(id, workload, vec![self.build.layouts.clone()])
    }

    fn seeds(&self) -> Vec<&[u64]> {
        vec![&self.build.seeds]
    }

    fn why_single(&self) -> Option<&str> {
        self.build.why_single.as_deref()
    }

    fn compiled(&self) -> &Compiled {
        &self.build.compiled
    }

    fn verify(
        &self,
        ids: &[String],
        done: &mut dyn FnMut(),
    ) -> Result<BTreeMap<String, String>, SubjectError> {
        let mut failed = BTreeMap::new();
        for id in ids {
            let Some(case) = self.case(id) else { continue };
            match ask(&self.build.plain, Task::Verify(case.clone())) {
                Ok(Answer::Function) => {}
                Ok(Answer::Stream(verified)) => {
                    self.items.borrow_mut().insert(id.clone(), verified);
                }
                Ok(Answer::Wrong(why)) => {
                    failed.insert(id.clone(), visible(&why));
                }
                Ok(answer) => return Err(unexpected(answer)),
                Err(SubjectError::Process(error)) if !error.is_start() => {
                    failed.insert(id.clone(), format!("its process {error}"));
                }
                Err(error) => return Err(error),
            }
            done();
        }
        Ok(failed)
    }

    fn functions(&self, id: &str) -> Result<PerItem, String> {
        let case = self.case(id).expect("one of its cases");
        count::functions(self.library(), case, self.most(case, id))
    }

    fn code(&self, commit: &str) -> io::Result<String> {
        let bytes = fs::read(self.library())?;
        Ok(sha256(&without(bytes, commit)))
    }

    fn count(&self, ids: &[String], heard: &mut Counted<'_>) -> Result<(), CountsError> {
        counts::available()?;
        let job = |id: &String| Some((id.clone(), self.case(id)?.clone(), self.verified(id)));
        let jobs: Vec<(String, Case, Option<Verified>)> = ids.iter().filter_map(job).collect();
        let library = self.library();
        let count = |(_, case, verified): &(String, Case, Option<Verified>)| {
            let mut counts = count::count(library, case, most(case, verified.as_ref()))?;
            if let Some(verified) = verified {
                counts.retries = Some(verified.retries);
                counts.peak_capacity = Some(verified.peak_capacity);
            }
            Ok(counts)
        };
        counts::side_by_side(jobs.iter().collect(), &count, &mut |(id, ..), counted| {
            heard(id, counted);
        });
        Ok(())
    }
}

/// Items of a case at most: a stream has as many as were verified.
fn most(case: &Case, verified: Option<&Verified>) -> u64 {
    match case {
        Case::Function(_) => u64::MAX,
        Case::Stream(_) => verified.map_or(ITEMS, |it| it.items),
    }
}

/// What a child of its own answers to a task.
fn ask(library: &Path, task: Task) -> Result<Answer, SubjectError> {
    let job = Job {
        library: library.to_owned(),
        task,
    };
    let mut worker = Worker::start(&Launch::new(ARGUMENT)?)?;
    let answer = worker.ask(&job, LIMIT)?;
    // An answer, and perhaps a crash behind it: when the library ended.
    worker.finish(LIMIT)?;
    match answer {
        Answer::Unusable(why) => Err(SubjectError::Unusable(visible(&why))),
        answer => Ok(answer),
    }
}

fn unexpected(answer: Answer) -> SubjectError {
    SubjectError::Unusable(match answer {
        Answer::Wrong(why) => visible(&why),
        answer => format!("it answered {answer:?}, which was not asked"),
    })
}

/// Several packages, measured together.
#[derive(Debug)]
pub struct Packages(Vec<Package>);

impl Packages {
    /// These packages; their names differ.
    pub fn new(packages: Vec<Package>) -> Self {
        Self(packages)
    }

    /// What verification found of a stream.
    pub fn verified(&self, id: &str) -> Option<Verified> {
        self.0.iter().find_map(|package| package.verified(id))
    }

    /// The package of a case.
    fn of(&self, id: &str) -> &Package {
        let package = self.0.iter().find(|package| package.case(id).is_some());
        package.expect("one of its cases")
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Package> {
        self.0.iter()
    }
}

impl Subject for Packages {
    fn ids(&self) -> Vec<String> {
        self.0.iter().flat_map(Subject::ids).collect()
    }

    fn arm(&self, id: &str) -> Arm {
        self.of(id).arm(id)
    }

    fn seeds(&self) -> Vec<&[u64]> {
        self.0.iter().flat_map(Subject::seeds).collect()
    }

    fn why_single(&self) -> Option<&str> {
        self.0.iter().find_map(Subject::why_single)
    }

    fn compiled(&self) -> &Compiled {
        self.0[0].compiled()
    }

    fn verify(
        &self,
        ids: &[String],
        done: &mut dyn FnMut(),
    ) -> Result<BTreeMap<String, String>, SubjectError> {
        let mut failed = BTreeMap::new();
        for package in &self.0 {
            failed.extend(package.verify(ids, done)?);
        }
        Ok(failed)
    }

    fn functions(&self, id: &str) -> Result<PerItem, String> {
        self.of(id).functions(id)
    }

    fn code(&self, commit: &str) -> io::Result<String> {
        let codes = self.0.iter().map(|package| package.code(commit));
        Ok(codes.collect::<io::Result<Vec<_>>>()?.concat())
    }

    fn count(&self, ids: &[String], heard: &mut Counted<'_>) -> Result<(), CountsError> {
        self.0
            .iter()
            .try_for_each(|package| package.count(ids, heard))
    }
}
