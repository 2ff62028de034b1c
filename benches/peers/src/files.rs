//! The libraries that the arms load: where they lie, and in which link layouts.

use std::path::PathBuf;

use anyhow::{Context, Result};
use arena_bench::pair::{Layouts, PairFiles};
use arena_bench::workspace;
use paired::layouts::seeds;

use crate::peer::Arm;

/// Link layouts of the pair.
const LAYOUTS: u32 = 64;

/// The pair, and beside it the libraries of everybody else, which there is one link of.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
    pair: Layouts,
}

impl Files {
    /// Those that lie in a folder.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        let pair = Layouts::single(PairFiles::in_folder(&folder));
        Self { folder, pair }
    }

    /// Those that cargo left beside the executable.
    ///
    /// # Errors
    /// When the pair is not there.
    pub fn beside_executable() -> Result<Self> {
        let pair = PairFiles::find(None)?;
        let folder = pair.guest.parent().context("a file has a folder")?;
        Ok(Self::in_folder(folder.to_owned()))
    }

    /// The same, but with the pair that the workbench itself measures: that of the
    /// sources here, in its link layouts, by a random seed. It is built if need be.
    ///
    /// # Errors
    /// When it does not build.
    pub fn in_layouts(seed: u64) -> Result<Self> {
        let seeds = seeds(seed, LAYOUTS);
        let pair = workspace::build_here(&workspace::root()?, &seeds, &mut |_, _| ())?;
        Ok(Self {
            pair,
            ..Self::beside_executable()?
        })
    }

    /// The pair as cargo links it.
    #[must_use]
    pub fn pair(&self) -> &PairFiles {
        &self.pair.plain
    }

    /// Whether the pair lies there in more than one link layout.
    #[must_use]
    pub fn shuffled(&self) -> bool {
        self.pair.shuffled()
    }

    /// The libraries of an arm, as cargo links them.
    #[must_use]
    pub fn of(&self, arm: &Arm) -> Vec<PathBuf> {
        arm.libraries(&self.folder, self.pair())
    }

    /// The same in the link layouts of a first look: one where the arm loads nothing of
    /// the pair's.
    #[must_use]
    pub fn first_look(&self, arm: &Arm) -> Vec<Vec<PathBuf>> {
        self.layouts(arm, false)
    }

    /// Those of a second look; none where the linker cannot shuffle.
    #[must_use]
    pub fn second_look(&self, arm: &Arm) -> Vec<Vec<PathBuf>> {
        self.layouts(arm, true)
    }

    fn layouts(&self, arm: &Arm, second: bool) -> Vec<Vec<PathBuf>> {
        let [guest, host] = self.pair.libraries();
        let half = guest.len().div_ceil(2);
        let chosen = if second { half..guest.len() } else { 0..half };
        let pair = |index: usize| PairFiles {
            guest: guest[index].clone(),
            host: host[index].clone(),
        };
        let libraries = |index| arm.libraries(&self.folder, &pair(index));
        let mut layouts: Vec<_> = chosen.map(libraries).collect();
        layouts.dedup();
        layouts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Peer;
    use bench_protocol::payload::PayloadKind;

    #[test]
    fn an_arm_has_as_many_layouts_as_what_it_loads_of_the_pair() {
        let mut pair = Layouts::single(PairFiles::in_folder(&PathBuf::from("plain")));
        for build in [&mut pair.guest, &mut pair.host] {
            build.layouts = ["0", "1", "2", "3", "4"].map(PathBuf::from).to_vec();
        }
        let files = Files {
            folder: "others".into(),
            pair,
        };
        for (peer, first, second) in [
            (Peer::Arena, 3, 2),
            // The plugin is always the same, the host that drives it is not.
            (Peer::FidiusRaw, 3, 2),
            (Peer::Stabby, 1, 1),
            (Peer::Channel, 1, 1),
        ] {
            let arm = Arm::new(peer, PayloadKind::U64, 8);
            let found = (files.first_look(&arm), files.second_look(&arm));
            assert_eq!((found.0.len(), found.1.len()), (first, second), "{peer:?}");
            assert!(!found.0.contains(&files.of(&arm)) || first == 1);
        }
    }
}
