//! The pair that a verb measures: built here and linked in many layouts, or taken from
//! a folder.

use std::path::Path;

use anyhow::Result;
use rand::RngExt;

use super::progress::Progress;
use crate::allocator::Allocators;
use crate::lab::build::{Built, Links};
use crate::pair::Layouts;
use crate::workspace::{self, Commit, Place};
use paired::layouts::seeds;

/// Link layouts of a run of the quick set.
const QUICK: u32 = 64;
/// Link layouts of a full run.
const FULL: u32 = 128;

/// What chance decides of a run, the pair's link layouts among it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Chance {
    /// Link layouts of guest and host, each for one process of a comparison
    /// [default: 128, or 64 for the quick set]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    layouts: Option<u32>,
    /// Random seed of layouts, order and draws; by default a fresh one, which is
    /// printed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[arg(skip = fresh_seed())]
    fresh: u64,
}

impl Chance {
    /// The random seed: the one that was given, or a fresh one.
    pub fn seed(self) -> u64 {
        self.seed.unwrap_or(self.fresh)
    }

    /// With the seed of the run that is resumed, where none was given.
    pub(super) fn resumed(self, seed: Option<u64>) -> Self {
        Self {
            fresh: seed.unwrap_or(self.fresh),
            ..self
        }
    }

    /// The same for a verb that may time nothing: then it needs no layouts.
    pub(super) fn where_timed(self, timed: bool) -> Self {
        Self {
            layouts: if timed { self.layouts } else { Some(0) },
            ..self
        }
    }

    /// Whether nothing is timed.
    pub(super) fn is_untimed(self) -> bool {
        self.layouts == Some(0)
    }

    /// The number of link layouts, where none is given so many.
    pub fn count(self, usual: u32) -> u32 {
        self.layouts.unwrap_or(usual)
    }

    /// The seeds of so many layouts, where none is given.
    pub(super) fn seeds(self, usual: u32) -> Vec<u64> {
        let count = self.count(usual);
        if count > 0 {
            notice!(
                "arena-bench: random seed {0} (--seed {0} repeats it)",
                self.seed()
            );
        }
        seeds(self.seed(), count)
    }

    /// The seeds of the layouts of a run.
    pub(super) fn layouts(self, quick: bool) -> Vec<u64> {
        self.seeds(if quick { QUICK } else { FULL })
    }
}

/// A random seed that no run has had; short enough to be typed.
fn fresh_seed() -> u64 {
    rand::rng().random_range(1..1_000_000_000)
}

/// The pair in its layouts: of a folder, or of the sources here with these allocators.
pub(super) fn pair_with(
    folder: Option<&Path>,
    allocators: Allocators,
    seeds: &[u64],
) -> Result<Layouts> {
    let layouts = match folder {
        Some(folder) => Layouts::in_folder(folder)?,
        None => {
            let linked = links(seeds);
            notice!(
                "arena-bench: building the pair{}{linked}",
                words(allocators)
            );
            let root = workspace::root()?;
            linking(2 * seeds.len(), |heard| {
                workspace::build_here_with(&root, allocators, seeds, heard)
            })?
        }
    };
    if folder.is_some() || !seeds.is_empty() {
        warn_of_one(&layouts);
    }
    Ok(layouts)
}

/// The pair of a commit, in the layouts of the same seeds.
pub(super) fn pair_at(
    root: &Path,
    commit: &Commit,
    place: Place,
    allocators: Allocators,
    seeds: &[u64],
) -> Result<Layouts> {
    notice!(
        "arena-bench: building the pair of {}{}{}",
        commit.reference,
        words(allocators),
        links(seeds)
    );
    linking(2 * seeds.len(), |heard| {
        workspace::build_at(root, commit, place, allocators, seeds, heard)
    })
}

/// How often a library is linked, in a sentence.
fn links(seeds: &[u64]) -> String {
    match seeds.len() {
        0 => String::new(),
        times => format!(" and linking it {times} times"),
    }
}

/// The allocators in a sentence, where they are not the system's.
pub(super) fn words(allocators: Allocators) -> String {
    match allocators.are_usual() {
        true => String::new(),
        false => format!(" (allocators: {allocators})"),
    }
}

/// Builds something while a bar shows how many of the links are done.
pub(super) fn linking<T, E>(
    links: usize,
    build: impl FnOnce(workspace::Heard<'_>) -> Result<T, E>,
) -> Result<T>
where
    anyhow::Error: From<E>,
{
    // Begun by the first link: what compiling took says nothing of the links.
    let (mut progress, mut shown) = (None, 0);
    Ok(build(&mut |done, _| {
        let progress = progress.get_or_insert_with(|| Progress::new("link layouts", links as u64));
        (shown..done).for_each(|_| progress.tick());
        shown = shown.max(done);
    })?)
}

/// The laboratory's libraries in their layouts, and those of the pair: of a folder, or of the
/// sources here.
///
/// # Errors
/// When they are missing, or do not build.
pub(super) fn laboratory(folder: Option<&Path>, links: Links<'_>) -> Result<Built> {
    let built = match folder {
        Some(folder) => Built::find(Some(folder))?,
        None => {
            let others = links.allocators.iter().map(|it| it.name());
            let others = match others.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => none,
                others => format!(", also with {others}"),
            };
            let linked = match links.all() {
                0 => String::new(),
                all => format!(", and linking {all} layouts"),
            };
            notice!("arena-bench: building the pair and the laboratory's{others}{linked}");
            let root = workspace::root()?;
            linking(links.all(), |heard| Built::here(&root, links, heard))?
        }
    };
    if folder.is_some() || links.all() > 0 {
        warn_of_one(built.today());
    }
    Ok(built)
}

/// Says so where a pair has one link layout only, and where its layouts have no random
/// padding.
pub(super) fn warn_of_one(layouts: &Layouts) {
    if let Some(why) = layouts.why_single() {
        notice!(
            "arena-bench: {why}: one link layout only, so what the linker did by chance is part of every ratio"
        );
    }
    if let Some(why) = &layouts.guest.why_unpadded {
        notice!("arena-bench: {why}: the layouts differ in the order of functions alone");
    }
}
