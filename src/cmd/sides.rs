//! The two pairs that `compare` takes: built here, built of a commit, or kept in a folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::building::{Chance, pair_at, pair_with, warn_of_one, words};
use super::options::ACCEPTED;
use crate::allocator::Allocators;
use crate::compare::Side;
use crate::pair::{Layouts, compiled_differently};
use crate::workspace::{self, Commit};
use bench_record::accepted::Accepted;
use bench_record::short_commit;

/// What is compared with what.
#[derive(Debug, clap::Args)]
pub(super) struct Sides {
    #[command(flatten)]
    baseline: Baseline,
    /// Folder of the candidate pair; by default it is built from the sources
    /// here, uncommitted changes included.
    #[arg(long, value_name = "DIR")]
    pair: Option<PathBuf>,
    /// What guest and host allocate by: system, mimalloc, jemalloc or snmalloc for both, or
    /// guest=NAME,host=NAME [default: system].
    #[arg(long, value_name = "NAME", conflicts_with = "pair")]
    allocator: Option<Allocators>,
    /// The same for the baseline, with --against or --self; by default it has the allocators
    /// of the candidate.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["pair", "baseline_pair"])]
    baseline_allocator: Option<Allocators>,
}

/// The pair that is compared with.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Baseline {
    /// A commit, branch or tag; its pair is built in a scratch worktree.
    #[arg(long, value_name = "REF")]
    against: Option<String>,
    /// Folder of a pair that was kept, with its layouts (see `build-pair`).
    #[arg(long, value_name = "DIR")]
    baseline_pair: Option<PathBuf>,
    /// The candidate itself, from another copy of its files: A/A. With --baseline-allocator,
    /// its sources with another allocator.
    #[arg(long = "self")]
    itself: bool,
}

impl Sides {
    /// What was accepted after the base: its own file accepts what is part of it, and no
    /// more of that.
    pub(super) fn accepted_since(&self, accepted: Accepted) -> Accepted {
        let of_base = || {
            let root = workspace::root().ok()?;
            let commit = workspace::resolve(&root, self.baseline.against.as_ref()?).ok()?;
            let text = workspace::file_at(&root, &commit, ACCEPTED)?;
            Accepted::parse(Path::new(ACCEPTED), text.as_bytes()).ok()
        };
        match of_base() {
            Some(base) => accepted.without(&base),
            None => accepted,
        }
    }

    /// Both sides. What is named wrongly is known before anything is built, and both are
    /// linked with the same seeds, so that they share their layouts.
    pub(super) fn link(&self, chance: Chance, quick: bool) -> Result<(Side, Side)> {
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
            Some(kept) if !kept.guest.seeds.is_empty() => kept.guest.seeds.clone(),
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
                let built = pair_at(root, commit, others, seeds)?;
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
        for difference in compiled_differently(&baseline.guest.compiled, &candidate.guest.compiled)
        {
            notice!("arena-bench: the two sides were compiled differently: {difference}");
        }
        let side = |role, name, layouts| Side {
            role,
            name,
            layouts,
        };
        Ok((
            side("baseline", other, baseline),
            side("candidate", name, candidate),
        ))
    }
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
