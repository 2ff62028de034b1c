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

use super::child::{ARGUMENT, Answer, ITEMS, Job, Task};
use super::framework::{Calling, Case, Listed, Undriven};
use super::manifest::{self, ManifestError};
use super::{Counted, Subject, SubjectError, count};
use crate::caches::Cache;
use crate::counts::{self, CountsError, PerItem};
use crate::events::Events;
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
         with bench_protocol::export_guest! (`peers` measures Fidius plugins); {}",
        exported(names)
    )]
    Nothing { name: String, names: Vec<String> },
    #[error("nothing of {name} can be measured: {}", reasons(undriven))]
    Undriven {
        name: String,
        undriven: Vec<Undriven>,
    },
}

fn reasons(undriven: &[Undriven]) -> String {
    let reason = |Undriven { name, why }: &Undriven| format!("{name} ({why})");
    undriven.iter().map(reason).collect::<Vec<_>>().join(", ")
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
    listed: Listed,
}

/// A package in its layouts.
#[derive(Debug, Clone)]
pub struct Package {
    name: String,
    build: Build,
    listed: Listed,
    /// Items that a stream was seen to have, once it is verified.
    items: RefCell<BTreeMap<String, Verified>>,
}

impl Compilation {
    /// Compiles a package and asks it for its cases, with what is known of how they are called.
    /// `cache` takes the build.
    ///
    /// # Errors
    /// When it does not build, or has nothing to measure.
    pub fn new(
        found: &manifest::Package,
        profile: Option<&str>,
        calling: &Calling,
        cache: &Cache,
    ) -> Result<Self, PackageError> {
        let at = |source| LayoutError::Io {
            path: cache.folder.clone(),
            source,
        };
        let mut source = Source::new(&found.workspace, &found.name, &cache.folder).map_err(at)?;
        source.like.clone_from(&cache.like);
        source.id = Some(found.id.clone());
        source.profile = profile.unwrap_or("release").to_owned();
        // Build scripts ask git, of the checkout that they are in.
        let local = git::local_variables().iter().map(Into::into);
        source.without_env.extend(local);
        let objects = compile(&source)?;
        let calling = Calling {
            sources: found.sources.clone(),
            ..calling.clone()
        };
        let mut listed = list(&found.name, objects.plain(), calling)?;
        // Not every framework's library tells.
        listed.debug |= ["dev", "test"].contains(&source.profile.as_str());
        Ok(Self {
            name: found.name.clone(),
            objects,
            listed,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is in it.
    pub fn listed(&self) -> &Listed {
        &self.listed
    }

    /// Links it once for each seed.
    ///
    /// # Errors
    /// As for [`Objects::link`].
    pub fn link(self, seeds: &[u64], heard: Heard<'_>) -> Result<Package, PackageError> {
        Ok(Package {
            build: self.objects.link(seeds, heard)?,
            name: self.name,
            listed: self.listed,
            items: RefCell::default(),
        })
    }
}

/// What is in a library; a case at least.
fn list(name: &str, library: &Path, calling: Calling) -> Result<Listed, PackageError> {
    let subject = |source: SubjectError| PackageError::Subject {
        name: name.to_owned(),
        source: Box::new(source),
    };
    let listed = match ask(library, Task::List(calling)).map_err(subject)? {
        Answer::Listed(listed) => listed,
        answer => return Err(subject(unexpected(answer))),
    };
    let name = name.to_owned();
    match (listed.cases.is_empty(), listed.undriven.is_empty()) {
        (false, _) => Ok(listed),
        (true, false) => Err(PackageError::Undriven {
            name,
            undriven: listed.undriven,
        }),
        (true, true) => {
            let names = loader::exports(library).map(|(_, names)| names);
            let names = names.unwrap_or_default();
            Err(PackageError::Nothing { name, names })
        }
    }
}

impl Package {
    /// A library that was built elsewhere, in the one layout that it has.
    ///
    /// # Errors
    /// When it has nothing to measure.
    pub fn of_file(name: &str, library: &Path, calling: Calling) -> Result<Self, PackageError> {
        let listed = list(name, library, calling)?;
        Ok(Self {
            name: name.to_owned(),
            build: Build::single(
                library.to_owned(),
                format!("{} is one file", library.display()),
            ),
            listed,
            items: RefCell::default(),
        })
    }

    /// The name of the package.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was built with debug assertions: its times are not those of a release.
    pub fn is_debug(&self) -> bool {
        self.listed.debug
    }

    /// What is in it.
    pub fn listed(&self) -> &Listed {
        &self.listed
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

    pub(super) fn case(&self, id: &str) -> Option<&Case> {
        self.listed.cases.iter().find(|case| self.id(case) == id)
    }
}

impl Subject for Package {
    fn ids(&self) -> Vec<String> {
        self.listed.cases.iter().map(|case| self.id(case)).collect()
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

    fn events(&self, id: &str) -> Result<Events, String> {
        let case = self.case(id).expect("one of its cases");
        let task = Task::Observe {
            case: case.clone(),
            most: self.most(case, id),
        };
        match ask(self.library(), task).map_err(|error| error.to_string())? {
            Answer::Observed(events) => Ok(events),
            answer => Err(unexpected(answer).to_string()),
        }
    }

    fn code(&self, commit: &str) -> io::Result<String> {
        let bytes = fs::read(self.library())?;
        Ok(sha256(&without(bytes, commit)))
    }

    fn count(&self, ids: &[String], heard: &mut Counted<'_>) -> Result<(), CountsError> {
        counts::available()?;
        type Asked = (String, Case, Option<Verified>);
        let job = |id: &String| Some((id.clone(), self.case(id)?.clone(), self.verified(id)));
        let jobs: Vec<Asked> = ids.iter().filter_map(job).collect();
        let library = self.library();
        let count = |(_, case, verified): &Asked| {
            let mut counts = count::count(library, case, most(case, verified.as_ref()))?;
            if let Some(verified) = verified {
                counts.retries = Some(verified.retries);
                counts.peak_capacity = Some(verified.peak_capacity);
            }
            Ok(counts)
        };
        let jobs = jobs.iter().collect();
        counts::side_by_side(jobs, usize::MAX, &count, &mut |(id, ..), counted| {
            heard(id, counted);
        });
        Ok(())
    }
}

/// Items of a case at most: a stream has as many as were verified.
fn most(case: &Case, verified: Option<&Verified>) -> u64 {
    match case {
        Case::Function(_) => u64::MAX,
        Case::Stream { .. } => verified.map_or(ITEMS, |it| it.items),
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
