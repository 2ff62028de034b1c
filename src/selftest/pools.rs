//! Two builds of the pair, each in many link layouts: the sources as they are, and the
//! same with a function that nobody calls. Comparisons draw their layouts from here.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use paired::layouts::seeds;
use paired::runner::Arm;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use super::variant::Variants;
use crate::arms::of_case;
use crate::case::Case;
use crate::pair::Layouts;
use crate::workspace::{self, Heard};

/// The unrelated function's number: it decides the function's size.
const FUNCTION: u32 = 3;

/// Both builds.
#[derive(Debug)]
pub struct Pools {
    /// The sources as they are.
    pub base: Layouts,
    /// With the unrelated function, linked with other seeds.
    pub unpaired: Layouts,
    /// With the unrelated function, linked with the first of the base's seeds.
    pub common: Layouts,
}

/// Whether the two sides of a comparison share their draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// Layouts of different seeds, drawn independently.
    Unpaired,
    /// Layouts of the same seeds, as in a comparison with another commit.
    Common,
}

impl Pools {
    /// Builds both, each in `count` layouts whose seeds follow from `seed`.
    pub fn build(root: &Path, seed: u64, count: u32, heard: Heard<'_>) -> Result<Self> {
        let ours = seeds(seed, count);
        let others = seeds(!seed, count);
        let base = workspace::build_here(root, &ours, heard)?;
        if let Some(why) = base.why_single() {
            anyhow::bail!("the experiment needs link layouts, and there is one only: {why}");
        }
        let folder = workspace::scratch(root)?.join("variant");
        let variants = Variants::new(root, &folder)?;
        let few = &ours[..drawn_of(ours.len())];
        let common = variants.build(FUNCTION, few)?;
        let unpaired = variants.build(FUNCTION, &others)?;
        Ok(Self {
            base,
            unpaired,
            common,
        })
    }

    /// Baseline and candidate of a case, with layouts of their own for one comparison.
    pub fn arms(&self, case: &Case, sides: Sides, rng: &mut SmallRng) -> Result<[Arm; 2]> {
        let (base, candidate) = (of_case(case, &self.base), self.candidate(case, sides));
        let few = drawn_of(self.base.guest.layouts.len());
        Ok(match sides {
            Sides::Unpaired => [drawn(base, rng)?, drawn(candidate, rng)?.drawn_in(1)],
            Sides::Common => [base, candidate].map(|arm| first(arm, few)),
        })
    }

    /// The first twelve layouts of both sides, which is all that the first method had.
    pub fn dozen(&self, case: &Case, rng: &mut SmallRng) -> [Arm; 2] {
        let candidate = self.candidate(case, Sides::Unpaired);
        [of_case(case, &self.base), candidate].map(|mut arm| {
            let libraries = arm.libraries.iter_mut();
            libraries.for_each(|library| *library = some(library, 12, rng));
            arm
        })
    }

    /// Both sides as cargo links them: one layout each.
    pub fn plain(&self, case: &Case) -> [Arm; 2] {
        let plain = |layouts: &Layouts| of_case(case, &Layouts::single(layouts.plain.clone()));
        [plain(&self.base), plain(&self.unpaired)]
    }

    fn candidate(&self, case: &Case, sides: Sides) -> Arm {
        match sides {
            Sides::Unpaired => of_case(case, &self.unpaired),
            Sides::Common => of_case(case, &self.common),
        }
    }
}

/// How many of a side's layouts each comparison draws for itself: half of them, so that
/// comparisons do not all use the same.
pub fn drawn_of(layouts: usize) -> usize {
    layouts / 2
}

fn drawn(mut arm: Arm, rng: &mut SmallRng) -> Result<Arm> {
    for library in &mut arm.libraries {
        *library = some(library, drawn_of(library.len()), rng);
        library.first().context("a build has no link layouts")?;
    }
    Ok(arm)
}

fn first(mut arm: Arm, count: usize) -> Arm {
    for library in &mut arm.libraries {
        library.truncate(count);
    }
    arm
}

/// `count` of the files, in random order.
fn some(files: &[PathBuf], count: usize, rng: &mut SmallRng) -> Vec<PathBuf> {
    let mut files = files.to_vec();
    files.shuffle(rng);
    files.truncate(count);
    files
}
