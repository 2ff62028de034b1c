//! The libraries that the arms load: where they lie, and in which link layouts.

use std::path::PathBuf;

use anyhow::{Context, Result};
use arena_bench::layouts::Layouts;
use arena_bench::pair::PairFiles;
use arena_bench::workspace;

use crate::peer::Arm;

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
    /// sources here, in its link layouts. It is built if need be.
    ///
    /// # Errors
    /// When it does not build.
    pub fn in_layouts() -> Result<Self> {
        let pair = workspace::build_here(&workspace::root()?)?;
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
        self.layouts(arm, &self.pair.first)
    }

    /// Those of a second look; none where the linker cannot shuffle.
    #[must_use]
    pub fn second_look(&self, arm: &Arm) -> Vec<Vec<PathBuf>> {
        self.layouts(arm, &self.pair.second)
    }

    fn layouts(&self, arm: &Arm, pairs: &[PairFiles]) -> Vec<Vec<PathBuf>> {
        let libraries = |pair| arm.libraries(&self.folder, pair);
        let mut layouts: Vec<_> = pairs.iter().map(libraries).collect();
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
        let pair = |name: &str| PairFiles::in_folder(&PathBuf::from("layouts").join(name));
        let files = Files {
            folder: "others".into(),
            pair: Layouts {
                plain: pair("plain"),
                first: vec![pair("0"), pair("1"), pair("2")],
                second: vec![pair("3"), pair("4")],
            },
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
