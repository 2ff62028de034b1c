//! The executor that does each job in a process of its own, started from the
//! running executable.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::child::ARGUMENT;
use crate::copies::{Copies, IN_MEMORY};
use crate::dependencies::{DependencyError, beside};
use crate::job::{Job, Reply, Times};
use crate::temporary::sweep;
use crate::visible::visible;
use crate::worker::{ChildError, Launch, Worker};

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The libraries could not be copied.
    #[error("copying the libraries: {0}")]
    Io(#[source] io::Error),
    /// What a library loads from elsewhere cannot be copied with it.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
    /// The process gave no answer.
    #[error("the measuring process {0}")]
    Child(#[from] ChildError),
    /// It could not load or open an arm: nothing is known of its speed.
    #[error("{0}")]
    NotOpened(String),
    /// An arm failed while it was drained.
    #[error("{0}")]
    Failed(String),
}

/// Does jobs.
pub trait Execute {
    /// Does one job.
    ///
    /// # Errors
    /// When the job could not be done.
    fn execute(&mut self, job: &Job) -> Result<Times, ExecuteError>;
}

/// Starts a process for each job.
#[derive(Debug)]
pub struct Processes {
    product: &'static str,
    launch: Launch,
    limit: Duration,
    /// Copies that last: of arms that load the same files apart from each other.
    lasting: Copies,
    /// What each library loads from its own folder.
    beside: HashMap<PathBuf, Vec<(PathBuf, PathBuf)>>,
}

impl Processes {
    /// Processes of the running executable, killed after `limit`. `product` is what its
    /// temporary folders and its environment variable are called by.
    ///
    /// # Errors
    /// When the executable's own path is unknown or there is no temporary folder.
    pub fn new(product: &'static str, limit: Duration) -> Result<Self, ExecuteError> {
        sweep(product, &std::env::temp_dir());
        sweep(product, Path::new(IN_MEMORY));
        Ok(Self {
            product,
            launch: Launch::new(ARGUMENT)?,
            limit,
            lasting: Copies::lasting(product).map_err(ExecuteError::Io)?,
            beside: HashMap::new(),
        })
    }

    fn launch(&self, job: &Job) -> Launch {
        let padding = "x".repeat(job.draw.environment as usize);
        let mut launch = self.launch.clone();
        launch
            .environment
            .push((padding_variable(self.product).into(), padding.into()));
        launch
    }
}

/// The variable whose length is drawn anew for each process, such as `MY_BENCH_PADDING`.
fn padding_variable(product: &str) -> String {
    let name: String = product
        .chars()
        .map(|character| match character.is_ascii_alphanumeric() {
            true => character.to_ascii_uppercase(),
            false => '_',
        })
        .collect();
    name + "_PADDING"
}

impl Execute for Processes {
    fn execute(&mut self, job: &Job) -> Result<Times, ExecuteError> {
        let mut job = job.clone();
        let mut fresh = None;
        if job.fresh_copies {
            fresh = Some(Copies::short_lived(self.product).map_err(ExecuteError::Io)?);
        }
        for arm in &mut job.arms {
            let copy = arm.copy;
            for library in &mut arm.libraries {
                let beside = match self.beside.entry(library.clone()) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(beside(library)?),
                };
                *library = match &mut fresh {
                    Some(copies) => copies.of(library, copy, beside),
                    None if copy > 0 => self.lasting.of(library, copy, beside),
                    None => Ok(library.clone()),
                }
                .map_err(ExecuteError::Io)?;
            }
        }
        let mut worker = Worker::start(&self.launch(&job))?;
        let reply = worker.ask(&job, self.limit)?;
        // One that answered may still crash or hang on its way out.
        worker.finish(self.limit)?;
        match reply {
            Reply::Times(times) => Ok(times),
            Reply::NotOpened(why) => Err(ExecuteError::NotOpened(visible(&why))),
            Reply::Failed(why) => Err(ExecuteError::Failed(visible(&why))),
        }
    }
}
