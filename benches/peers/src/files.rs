//! The libraries that the arms load: where they are, and in which link layouts.

use std::collections::{BTreeMap, BTreeSet};
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use arena_bench::pair::{Layouts, PairFiles};
use arena_bench::workspace;
use paired::layouts::{self, Build, Source};

use crate::peer::Library;
use crate::work::Work;

/// The folder of this workspace, below that of the workbench.
const WORKSPACE: &str = "benches/peers";
/// The folder of its builds, in the workbench's cache.
const CACHE: &str = "peers";

/// The pair, and the libraries of everybody else.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
    pair: Layouts,
    /// Those that were linked in layouts, by their package.
    others: BTreeMap<&'static str, Build>,
    /// Components that were compiled ahead of time, by the arm that loads them.
    components: BTreeMap<String, Vec<PathBuf>>,
}

impl Files {
    /// Those of a folder, as cargo links them.
    pub fn in_folder(folder: PathBuf) -> Self {
        let pair = Layouts::single(PairFiles::in_folder(&folder));
        Self {
            folder,
            pair,
            others: BTreeMap::new(),
            components: BTreeMap::new(),
        }
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

    /// All that is loaded for `all`, built from the sources here and linked once for each seed.
    /// `heard` is told what is done next.
    ///
    /// # Errors
    /// When something does not build.
    pub fn in_layouts(all: &[Work], seeds: &[u64], heard: &mut dyn FnMut(&str)) -> Result<Self> {
        let root = workspace::root()?;
        let times = seeds.len();
        heard(&format!("building the pair and linking it {times} times"));
        // First: it keeps other commands from the cache for as long as this one runs.
        let pair = workspace::build_here(&root, seeds, &mut |_, _| ())?;
        let cache = workspace::scratch(&root)?.join(CACHE);
        let libraries = all.iter().flat_map(Work::libraries);
        let packages = libraries.filter_map(|library| match *library {
            Library::Package(package) => Some(package),
            Library::Guest | Library::Host => None,
        });
        let packages: BTreeSet<&'static str> = packages.collect();
        let mut others = BTreeMap::new();
        for package in packages {
            heard(&format!("building {package} and linking it {times} times"));
            let source = Source::new(&root.join(WORKSPACE), package, &cache)?;
            let objects = layouts::compile(&source)?;
            others.insert(package, objects.link(seeds, &mut |_, _| ())?);
        }
        Ok(Self {
            pair,
            others,
            components: compiled(all, &cache.join("components"))?,
            ..Self::beside_executable()?
        })
    }

    /// The pair as cargo links it.
    pub fn pair(&self) -> &PairFiles {
        &self.pair.plain
    }

    /// The libraries of an arm, as cargo links them, in the order that [`Work::open`]
    /// expects.
    pub fn of(&self, work: impl Into<Work>) -> Vec<PathBuf> {
        let file = |library: &Library| match library {
            Library::Guest => self.pair.plain.guest.clone(),
            Library::Host => self.pair.plain.host.clone(),
            Library::Package(package) => match self.others.get(package) {
                Some(build) => build.plain.clone(),
                None => {
                    let name = package.replace('-', "_");
                    self.folder.join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
                }
            },
        };
        let work = work.into();
        let components = self.components.get(&work.id()).into_iter().flatten();
        let libraries = work.libraries().iter().map(file);
        libraries.chain(components.cloned()).collect()
    }

    /// The same, each in all its link layouts.
    pub fn layouts(&self, work: impl Into<Work>) -> Vec<Vec<PathBuf>> {
        let work = work.into();
        // A component has no build.
        let builds = self.builds(work).into_iter().chain(iter::repeat(None));
        let both = self.of(work).into_iter().zip(builds);
        both.map(|(plain, build)| build.map_or(vec![plain], |build| build.layouts.clone()))
            .collect()
    }

    /// Why an arm's code has one link layout only, if that is so.
    pub fn why_one_layout(&self, work: impl Into<Work>) -> Option<&str> {
        let work = work.into();
        work.why_one_layout().or_else(|| {
            let mut builds = self.builds(work).into_iter();
            builds.find_map(|build| match build {
                Some(build) => build.why_single.as_deref(),
                None => Some("it was not linked in layouts"),
            })
        })
    }

    fn builds(&self, work: Work) -> Vec<Option<&Build>> {
        let build = |library: &Library| match library {
            Library::Guest => Some(&self.pair.guest),
            Library::Host => Some(&self.pair.host),
            Library::Package(package) => self.others.get(package),
        };
        work.libraries().iter().map(build).collect()
    }
}

/// Compiles the components that are loaded for `all`: else every process would, twice as long as
/// it measures.
#[cfg(feature = "fidius-wasm")]
fn compiled(all: &[Work], folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    use crate::peer::{Peer, fidius_wasm};

    let mut components = BTreeMap::new();
    for work in all {
        let Work::Peer(arm) = work else { continue };
        if arm.peer == Peer::FidiusWasm {
            let files = fidius_wasm::compile(arm.payload, arm.bytes, folder)?;
            components.insert(work.id(), files.to_vec());
        }
    }
    Ok(components)
}

/// A program without that backend has none.
#[cfg(not(feature = "fidius-wasm"))]
fn compiled(_: &[Work], _: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    Ok(BTreeMap::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::{Arm, Peer};
    use bench_protocol::payload::PayloadKind;

    fn arm(peer: Peer) -> Arm {
        Arm::new(peer, PayloadKind::U64, 8)
    }

    fn build(plain: &str, layouts: &[&str]) -> Build {
        let mut build = Layouts::single(PairFiles {
            guest: plain.into(),
            host: plain.into(),
        })
        .guest;
        build.layouts = layouts.iter().map(PathBuf::from).collect();
        build.why_single = None;
        build
    }

    fn files() -> Files {
        Files {
            folder: "others".into(),
            pair: Layouts::new(
                build("guest", &["g0", "g1", "g2"]),
                build("host", &["h0", "h1", "h2"]),
            ),
            others: BTreeMap::from([("fidius-plugin", build("plugin", &["p0", "p1", "p2"]))]),
            components: BTreeMap::from([(
                arm(Peer::FidiusWasm).id(),
                vec!["wasm".into(), "cwasm".into()],
            )]),
        }
    }

    #[test]
    fn every_library_of_an_arm_has_its_layouts_and_the_plain_file_is_none_of_them() {
        let files = files();
        for (peer, plain, layouts) in [
            (Peer::Arena, &["guest", "host"][..], &["g", "h"][..]),
            (Peer::FidiusRaw, &["plugin", "host"], &["p", "h"]),
            (Peer::Fidius, &["plugin"], &["p"]),
            (Peer::Socket, &[], &[]),
        ] {
            let arm = arm(peer);
            let expected: Vec<Vec<PathBuf>> = layouts
                .iter()
                .map(|name| (0..3).map(|n| format!("{name}{n}").into()).collect())
                .collect();
            let plain: Vec<PathBuf> = plain.iter().map(PathBuf::from).collect();
            assert_eq!(
                (files.of(arm), files.layouts(arm)),
                (plain, expected),
                "{peer:?}"
            );
        }
        let [component, compiled] = ["wasm", "cwasm"].map(PathBuf::from);
        let layouts = files.layouts(arm(Peer::FidiusWasm));
        assert_eq!(layouts, [[component], [compiled]]);
    }

    #[test]
    fn an_arm_with_one_layout_says_why() {
        let mut files = files();
        assert_eq!(files.why_one_layout(arm(Peer::FidiusRaw)), None);
        let wasm = files.why_one_layout(arm(Peer::Wasm));
        assert!(wasm.is_some_and(|why| why.contains("Cranelift")));
        let plugin = files.others.get_mut("fidius-plugin").expect("it is there");
        plugin.why_single = Some("ld: unknown option".to_owned());
        let why = files.why_one_layout(arm(Peer::FidiusRaw));
        assert_eq!(why, Some("ld: unknown option"));
        // Of a folder's libraries, nothing is known but the files.
        let single = Files::in_folder("others".into());
        assert!(single.why_one_layout(arm(Peer::Stabby)).is_some());
        let file = format!("others/{DLL_PREFIX}stabby_guest{DLL_SUFFIX}");
        assert_eq!(single.layouts(arm(Peer::Stabby)), [[PathBuf::from(file)]]);
    }
}
