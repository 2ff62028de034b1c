//! The libraries that the laboratory measures: the ordinary pair and its own, in their link
//! layouts.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use paired::layouts::{self, Source};

use super::arm::{LabArm, Way};
use crate::pair::{Layouts, NoPair, PairFiles};
use crate::workspace::{self, Heard, WorkspaceError};

/// A folder does not have the libraries.
#[derive(Debug, thiserror::Error)]
pub enum LibrariesError {
    /// Today's pair is missing.
    #[error(transparent)]
    NoPair(#[from] NoPair),
    /// The laboratory's is.
    #[error(
        "no bench_lab_guest and bench_lab_host in {}; build them with `cargo build --release`, \
         or leave --pair out", folder.display()
    )]
    NoLab {
        /// The folder.
        folder: PathBuf,
    },
}

/// The libraries in their layouts.
#[derive(Debug, Clone)]
pub struct Built {
    /// Today's pair.
    pub today: Layouts,
    /// The laboratory's pair.
    pub lab: Layouts,
}

impl Built {
    /// Builds all libraries from the sources as they are, and links each once for each seed.
    /// `heard` hears of the links of each pair.
    ///
    /// # Errors
    /// When one of them does not build.
    pub fn here(root: &Path, seeds: &[u64], heard: Heard<'_>) -> Result<Self, WorkspaceError> {
        let all = 4 * seeds.len();
        let today = workspace::build_here(root, seeds, &mut |done, _| heard(done, all))?;
        let cache = workspace::scratch(root)?.join("lab");
        let compile = |package: &str| {
            let source = Source::new(root, package, &cache);
            let mut source = source.map_err(|source| WorkspaceError::Cache {
                path: cache.clone(),
                source,
            })?;
            let local = crate::git::local_variables().iter().map(Into::into);
            source.without_env.extend(local);
            layouts::compile(&source).map_err(WorkspaceError::from)
        };
        let (guest, host) = (compile("bench-lab-guest")?, compile("bench-lab-host")?);
        let (two, three) = (2 * seeds.len(), 3 * seeds.len());
        let guest = guest.link(seeds, &mut |done, _| heard(two + done, all))?;
        let host = host.link(seeds, &mut |done, _| heard(three + done, all))?;
        let lab = Layouts::new(guest, host);
        Ok(Self { today, lab })
    }

    /// The libraries in a folder, or without one those that cargo built with this executable; in
    /// one layout each.
    ///
    /// # Errors
    /// When one is missing.
    pub fn find(folder: Option<&Path>) -> Result<Self, LibrariesError> {
        let today = PairFiles::find(folder)?;
        let beside = today.guest.parent().unwrap_or(Path::new("."));
        let library = |name: &str| beside.join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"));
        let lab = PairFiles {
            guest: library("bench_lab_guest"),
            host: library("bench_lab_host"),
        };
        if !lab.exist() {
            return Err(LibrariesError::NoLab {
                folder: beside.to_owned(),
            });
        }
        Ok(Self {
            today: Layouts::single(today),
            lab: Layouts::single(lab),
        })
    }

    fn layouts(&self, arm: &LabArm) -> &Layouts {
        match arm.way {
            Way::Today(_) => &self.today,
            _ => &self.lab,
        }
    }

    /// The libraries of an arm, guest and host, as cargo links them.
    #[must_use]
    pub fn plain(&self, arm: &LabArm) -> [PathBuf; 2] {
        let PairFiles { guest, host } = self.layouts(arm).plain.clone();
        [guest, host]
    }

    /// The layouts of an arm's libraries, guest and host.
    #[must_use]
    pub fn libraries(&self, arm: &LabArm) -> [&[PathBuf]; 2] {
        self.layouts(arm).libraries()
    }
}
