//! The two builds that `compare` takes: built here, built of a commit, or kept in a folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::building::{Chance, pair_at, pair_with, warn_of_one, words};
use super::options::{ACCEPTED, Selection};
use super::packages::{self, Choice, Filter, PackageChoice, Wanted};
use crate::allocator::Allocators;
use crate::case::{Case, catalog};
use crate::compare::Side;
use crate::pair::{Layouts, compiled_differently};
use crate::subject::Subject;
use crate::subject::framework::Calling;
use crate::subject::packages::Packages;
use crate::subject::pair::PairSubject;
use crate::subject::settings::Settings;
use crate::workspace::{self, Commit, Place};
use bench_record::accepted::Accepted;
use bench_record::short_commit;

/// What is compared with what.
#[derive(Debug, clap::Args)]
pub(super) struct Sides {
    #[command(flatten)]
    baseline: Baseline,
    /// Folder of the candidate pair; by default it is built from the sources
    /// here, uncommitted changes included.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["package", "library"])]
    pair: Option<PathBuf>,
    /// What guest and host allocate by: system, mimalloc or jemalloc for both, or
    /// guest=NAME,host=NAME [default: system].
    #[arg(long, value_name = "NAME", conflicts_with_all = ["pair", "package", "library"])]
    allocator: Option<Allocators>,
    /// The same for the baseline, with --against or --self; by default it has the allocators
    /// of the candidate.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["pair", "baseline_pair", "package", "library"])]
    baseline_allocator: Option<Allocators>,
    #[command(flatten)]
    packages: PackageChoice,
}

/// The build that is compared with.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Baseline {
    /// A commit, branch or tag; it is built from a checkout of its own.
    #[arg(long, value_name = "REF")]
    against: Option<String>,
    /// Folder of a pair that was kept, with its layouts (see `build-pair`).
    #[arg(long, value_name = "DIR")]
    baseline_pair: Option<PathBuf>,
    /// Another library, built already, that --library is compared with.
    #[arg(long, value_name = "CDYLIB", requires = "library")]
    baseline_library: Option<PathBuf>,
    /// The candidate itself, from another copy of its files: A/A. With --baseline-allocator,
    /// its sources with another allocator.
    #[arg(long = "self")]
    itself: bool,
}

/// Both builds, and the cases that both have.
pub(super) struct Linked {
    pub(super) baseline: Side,
    pub(super) candidate: Side,
    pub(super) cases: Vec<String>,
    /// The commit of the baseline, where it was built of one.
    base: Option<Commit>,
}

impl Linked {
    /// What was accepted after the base: its own file accepts what is part of it, and no
    /// more of that.
    pub(super) fn accepted_since(
        &self,
        choice: &Choice,
        settings: Option<&Settings>,
        accepted: Accepted,
    ) -> Accepted {
        let of_base = || {
            let base = self.base.as_ref()?;
            if let Choice::Packages(_) = choice {
                return packages::accepted_at(settings?, base);
            }
            let text = workspace::file_at(&workspace::root().ok()?, base, ACCEPTED)?;
            Accepted::parse(Path::new(ACCEPTED), text.as_bytes()).ok()
        };
        match of_base() {
            Some(base) => accepted.without(&base),
            None => accepted,
        }
    }
}

impl Sides {
    /// What is compared: the packages that were named here or in `bench.toml`, or the pair.
    pub(super) fn choose(&self, settings: Option<&Settings>, given: &Calling) -> Result<Choice> {
        match self.pair.is_some() || self.baseline.baseline_pair.is_some() {
            true => Ok(Choice::Pair),
            false => self.packages.choose(settings, given),
        }
    }

    /// Both sides, in layouts of the same seeds, so that they share their draws. What is
    /// named wrongly is known before anything is built. Nothing where the candidate is new:
    /// then there is nothing to compare it with.
    pub(super) fn link(
        &self,
        choice: &Choice,
        chance: Chance,
        selection: &Selection,
    ) -> Result<Option<Linked>> {
        let linked = match choice {
            Choice::Pair => {
                let cases = catalog::compared(selection.cases()?);
                ensure!(
                    self.baseline.baseline_library.is_none(),
                    "--baseline-library is compared with --library"
                );
                Some(self.pairs(chance, selection.quick, &cases)?)
            }
            Choice::Packages(wanted) => {
                let chosen = Filter::new(selection.filter.as_deref())?;
                self.packages(wanted, chance, selection.quick, &chosen)?
            }
            Choice::Library(library, calling) => {
                let chosen = Filter::new(selection.filter.as_deref())?;
                Some(self.libraries(library, calling, &chosen)?)
            }
        };
        if let Some(both) = &linked {
            let [before, after] = [&both.baseline, &both.candidate].map(|it| it.subject.compiled());
            for difference in compiled_differently(before, after) {
                notice!("arena-bench: the two sides were compiled differently: {difference}");
            }
        }
        Ok(linked)
    }

    fn packages(
        &self,
        wanted: &[Wanted],
        chance: Chance,
        quick: bool,
        chosen: &Filter,
    ) -> Result<Option<Linked>> {
        let against = self.baseline.against.as_deref();
        let commit = against.map(|reference| packages::resolve(wanted, reference));
        let commit = commit.transpose()?;
        let seeds = chance.layouts(quick);
        let candidate = packages::here(wanted, &seeds)?;
        let ids = chosen.of(&candidate)?;
        let Some(commit) = commit else {
            // From another copy of the same files, as of a pair.
            return Ok(Some(Linked {
                baseline: side("baseline", "the sources here, once more", candidate.clone()),
                candidate: side("candidate", "the sources here", candidate),
                cases: ids,
                base: None,
            }));
        };
        let (baseline, missing) = packages::at(wanted, &commit, Place::Base, &seeds)?;
        let name = format!("{} ({})", commit.reference, short_commit(&commit.hash));
        for package in &missing {
            notice!("arena-bench: {package} is new: {name} has no such package");
        }
        let cases = common(&baseline, ids, &name, chosen);
        if cases.is_empty() {
            notice!("arena-bench: nothing is compared: every case is new since {name}");
            return Ok(None);
        }
        Ok(Some(Linked {
            baseline: side("baseline", &name, baseline),
            candidate: side("candidate", "the sources here", candidate),
            cases,
            base: Some(commit),
        }))
    }

    fn libraries(&self, library: &Path, calling: &Calling, chosen: &Filter) -> Result<Linked> {
        let other = match &self.baseline {
            Baseline { itself: true, .. } => library,
            Baseline {
                baseline_library: Some(other),
                ..
            } => other,
            _ => bail!("--library is compared with --baseline-library FILE, or with --self"),
        };
        let candidate = packages::of_file(library, calling)?;
        // Its cases go by the candidate's name, whatever the file is called.
        let baseline = packages::of_file_named(library, other, calling)?;
        let name = other.display().to_string();
        let cases = common(&baseline, chosen.of(&candidate)?, &name, chosen);
        ensure!(
            !cases.is_empty(),
            "the two libraries have no case in common"
        );
        Ok(Linked {
            baseline: side("baseline", &name, baseline),
            candidate: side("candidate", &library.display().to_string(), candidate),
            cases,
            base: None,
        })
    }

    fn pairs(&self, chance: Chance, quick: bool, cases: &[Case]) -> Result<Linked> {
        let root = workspace::root();
        let commit = match &self.baseline.against {
            Some(reference) => {
                let root = root.as_ref().map_err(|error| anyhow!("{error}"))?;
                Some(workspace::resolve(root, reference)?)
            }
            None => None,
        };
        let folder = self.baseline.baseline_pair.as_deref();
        let kept = folder.map(Layouts::in_folder).transpose();
        let kept = kept.context("the baseline pair")?;
        let seeds = match &kept {
            Some(kept) if !chance.is_untimed() && !kept.guest.seeds.is_empty() => {
                kept.guest.seeds.clone()
            }
            _ => chance.layouts(quick),
        };
        let head = match (&self.pair, &root) {
            (None, Ok(root)) => workspace::resolve(root, "HEAD").ok(),
            _ => None,
        };
        let name = match (&self.pair, &head) {
            (Some(folder), _) => folder.display().to_string(),
            (None, Some(head)) => format!("the sources here, on {}", short_commit(&head.hash)),
            (None, None) => "the sources here".to_owned(),
        };
        let allocators = self.allocator.unwrap_or_default();
        let others = self.baseline_allocator.unwrap_or(allocators);
        let name = name + &words(allocators);
        let candidate = pair_with(self.pair.as_deref(), allocators, &seeds)?;
        let (other, baseline) = match (&commit, kept) {
            (Some(commit), _) => {
                let root = root.as_ref().map_err(|error| anyhow!("{error}"))?;
                let seeds = match &candidate.guest.seeds[..] {
                    [] => &seeds,
                    its => its,
                };
                let built = pair_at(root, commit, Place::Base, others, seeds)?;
                if let Some(head) = head.as_ref().filter(|_| others == allocators) {
                    warn_of_same_code(root, (commit, &built), (head, &candidate))?;
                }
                (
                    format!("{} ({})", commit.reference, short_commit(&commit.hash))
                        + &words(others),
                    built,
                )
            }
            (None, Some(kept)) => {
                if candidate.shuffled() {
                    warn_of_one(&kept);
                }
                let folder = folder.unwrap_or(Path::new("."));
                (folder.display().to_string(), kept)
            }
            (None, None) if others != allocators => (
                format!("the sources here{}", words(others)),
                pair_with(None, others, &seeds)?,
            ),
            (None, None) => (format!("{name}, once more"), candidate.clone()),
        };
        let subject = |layouts| PairSubject::new(layouts, cases.to_vec());
        Ok(Linked {
            baseline: side("baseline", &other, subject(baseline)),
            candidate: side("candidate", &name, subject(candidate)),
            cases: cases.iter().map(Case::id).collect(),
            base: commit,
        })
    }
}

fn side(role: &'static str, name: &str, subject: impl Subject + 'static) -> Side {
    Side {
        role,
        name: name.to_owned(),
        subject: Box::new(subject),
    }
}

/// The cases that the baseline has as well. Those of one side alone are named.
fn common(baseline: &Packages, ids: Vec<String>, name: &str, chosen: &Filter) -> Vec<String> {
    let before = baseline.ids();
    let is_gone = |id: &&String| chosen.wants(id) && !ids.contains(id);
    for gone in before.iter().filter(is_gone) {
        notice!("arena-bench: {gone} is gone: only {name} has it");
    }
    let (cases, new): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| before.contains(id));
    for id in new {
        notice!("arena-bench: {id} is new since {name}: it has nothing to be compared with");
    }
    cases
}

/// Says so where two commits make the same machine code although their sources differ:
/// nothing can be slower then, and if the change was meant to be measured, it was not
/// built.
fn warn_of_same_code(
    root: &Path,
    (base, baseline): (&Commit, &Layouts),
    (head, candidate): (&Commit, &Layouts),
) -> Result<()> {
    let same = candidate.is_same_code(&head.hash, baseline, &base.hash);
    if same.context("the pairs that were built")? && workspace::differs_from(root, base) {
        notice!(
            "arena-bench: the sources differ from those of {}, but both sides are the same machine code, \
             byte for byte: no difference that is seen can come from the change",
            base.reference
        );
    }
    Ok(())
}
