//! The libraries that the laboratory measures: the ordinary pair and its own, in their link
//! layouts.

use std::collections::BTreeMap;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use anyhow::ensure;
use paired::layouts::{Build, Objects};

use super::arm::{LabArm, Way};
use crate::allocator::Allocator;
use crate::caches::Cache;
use crate::counts::side_by_side;
use crate::pair::{Layouts, PairFiles};
use crate::workspace::{self, Heard, WorkspaceError};

/// The libraries with one allocator, in their layouts.
#[derive(Debug, Clone)]
struct Libraries {
    /// Today's pair.
    today: Layouts,
    /// The laboratory's guest.
    lab_guest: Build,
    /// The laboratory's host: with the system's allocator alone.
    lab_host: Option<Build>,
}

/// The libraries in their layouts, by the allocator that they have.
#[derive(Debug, Clone)]
pub struct Built(BTreeMap<Allocator, Libraries>);

/// How often the libraries are linked.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// Seeds of the layouts of libraries with the system's allocator.
    pub seeds: &'a [u64],
    /// The other allocators.
    pub allocators: &'a [Allocator],
    /// Layouts of today's pair with each of the others. The laboratory's are counted alone, and
    /// that needs none.
    pub others: usize,
}

impl Links<'_> {
    /// All links.
    #[must_use]
    pub fn all(self) -> usize {
        4 * self.seeds.len() + 2 * self.few().len() * self.allocators.len()
    }

    fn few(&self) -> &[u64] {
        &self.seeds[..self.others.min(self.seeds.len())]
    }
}

/// What is compiled with an allocator.
struct Compiled {
    /// Today's guest and host, and the laboratory's guest.
    always: [Objects; 3],
    /// The laboratory's host: with the system's allocator alone.
    lab_host: Option<Objects>,
}

/// The packages with the system's allocator and with each of the others, as many of them at once as
/// there are cores: each allocator has a folder of its own, where nobody else compiles.
fn compile(
    root: &Path,
    cache: &Cache,
    others: &[Allocator],
) -> Result<Vec<(Allocator, Compiled)>, WorkspaceError> {
    let compile = |&allocator: &Allocator| -> Result<_, WorkspaceError> {
        let compile = |package| workspace::compile(root, cache, package, allocator);
        // It depends on bench-host, which cargo compiles in another way as a dependency than as a
        // library of its own: in one folder each would be compiled anew for the other, every time.
        let apart = cache.after("host");
        let usual = |package| workspace::compile(root, &apart, package, allocator);
        let compiled = Compiled {
            always: [
                compile("bench-guest")?,
                compile("bench-host")?,
                compile("bench-lab-guest")?,
            ],
            lab_host: (allocator == Allocator::System)
                .then(|| usual("bench-lab-host"))
                .transpose()?,
        };
        Ok((allocator, compiled))
    };
    let all = [Allocator::System].iter().chain(others).collect();
    let mut done = Vec::new();
    side_by_side(all, usize::MAX, &compile, &mut |_, compiled| {
        done.push(compiled)
    });
    let mut done = done.into_iter().collect::<Result<Vec<_>, _>>()?;
    done.sort_by_key(|(allocator, _)| *allocator);
    Ok(done)
}

impl Built {
    /// Builds all libraries from the sources as they are, and links them. `heard` hears how many
    /// links are done, and of how many.
    ///
    /// # Errors
    /// When one of them does not build.
    pub fn here(root: &Path, links: Links<'_>, heard: Heard<'_>) -> Result<Self, WorkspaceError> {
        let cache = workspace::scratch(root)?.join("lab").into();
        let compiled = compile(root, &cache, links.allocators)?;
        let mut before = 0;
        let mut link = |objects: &Objects, seeds: &[u64]| {
            let linked = objects.link(seeds, &mut |done, _| heard(before + done, links.all()));
            before += seeds.len();
            linked.map_err(WorkspaceError::from)
        };
        let mut built = BTreeMap::new();
        for (allocator, compiled) in compiled {
            let (today, lab) = match allocator {
                Allocator::System => (links.seeds, links.seeds),
                _ => (links.few(), &[][..]),
            };
            let [guest, host, lab_guest] = &compiled.always;
            let libraries = Libraries {
                today: Layouts::new(link(guest, today)?, link(host, today)?),
                lab_guest: link(lab_guest, lab)?,
                lab_host: compiled.lab_host.map(|it| link(&it, lab)).transpose()?,
            };
            built.insert(allocator, libraries);
        }
        Ok(Self(built))
    }

    /// The libraries in a folder, or without one those that cargo built with this executable; in
    /// one layout each.
    ///
    /// # Errors
    /// When one is missing.
    pub fn find(folder: Option<&Path>) -> anyhow::Result<Self> {
        let today = PairFiles::find(folder)?;
        let beside = today.guest.parent().unwrap_or(Path::new("."));
        let library = |name: &str| beside.join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"));
        let lab = PairFiles {
            guest: library("bench_lab_guest"),
            host: library("bench_lab_host"),
        };
        ensure!(
            lab.exist(),
            "no bench_lab_guest and bench_lab_host in {}; build them with `cargo build \
             --release`, or leave --pair out",
            beside.display()
        );
        let lab = Layouts::single(lab);
        let usual = Libraries {
            today: Layouts::single(today),
            lab_guest: lab.guest,
            lab_host: Some(lab.host),
        };
        Ok(Self(BTreeMap::from([(Allocator::System, usual)])))
    }

    fn of(&self, allocator: Allocator) -> &Libraries {
        let found = self.0.get(&allocator);
        found.expect("the arms are of allocators that were built")
    }

    /// Today's pair with the system's allocator.
    #[must_use]
    pub fn today(&self) -> &Layouts {
        &self.of(Allocator::System).today
    }

    /// Guest and host of an arm.
    fn builds(&self, arm: &LabArm) -> [&Build; 2] {
        let [guest, host] = [arm.allocators.guest, arm.allocators.host].map(|it| self.of(it));
        match arm.way {
            Way::Today(_) => [&guest.today.guest, &host.today.host],
            _ => {
                let host = host.lab_host.as_ref();
                let host = host.expect("the laboratory's host has the system's allocator");
                [&guest.lab_guest, host]
            }
        }
    }

    /// The libraries of an arm, guest and host, as cargo links them.
    #[must_use]
    pub fn plain(&self, arm: &LabArm) -> [PathBuf; 2] {
        self.builds(arm).map(|build| build.plain.clone())
    }

    /// The layouts of an arm's libraries, guest and host.
    #[must_use]
    pub fn libraries(&self, arm: &LabArm) -> [&[PathBuf]; 2] {
        self.builds(arm).map(|build| build.layouts.as_slice())
    }
}
