//! The counts of a run: each arm's instructions, and allocations of many arms at a time.

use std::path::PathBuf;

use anyhow::Result;
use arena_bench::counts::side_by_side;
use bench_record::wire::Counts;

use crate::count::{Executables, PerItem, Subject, allocations_together};
use crate::files::Files;
use crate::work::Work;

/// Arms whose allocations are counted in one process.
const TOGETHER: usize = 16;

/// One half of an arm's counts.
#[derive(Debug, Clone, Copy)]
pub enum Found {
    /// Instructions per item.
    Instructions(f64),
    /// What is allocated for an item.
    Allocations(PerItem),
}

impl Found {
    /// Writes it into the counts.
    pub fn add_to(self, counts: &mut Counts) {
        match self {
            Self::Instructions(found) => counts.instructions_per_item = Some(found),
            Self::Allocations(found) => {
                counts.allocations_per_item = Some(found.blocks);
                counts.allocated_bytes_per_item = Some(found.bytes);
            }
        }
    }
}

/// What is counted at once.
enum Job<'a> {
    Instructions(Subject<'a>),
    Allocations(Vec<Subject<'a>>),
}

/// Counts arms, as many jobs at once as there are cores: other load does not change a count.
/// `heard` is told both halves of each arm.
///
/// # Errors
/// When there is no executable to count.
pub fn count(
    works: &[Work],
    files: &Files,
    heard: &mut dyn FnMut(&Work, Result<Found>),
) -> Result<()> {
    let executables = Executables::lean(&std::env::current_exe()?)?;
    let libraries: Vec<Vec<PathBuf>> = works.iter().map(|work| files.of(*work)).collect();
    let subjects = works.iter().zip(&libraries);
    let subjects = subjects.map(|(&work, libraries)| Subject {
        executables: &executables,
        work,
        libraries,
    });
    let jobs = jobs(&subjects.collect::<Vec<_>>());
    side_by_side(jobs.iter().collect(), usize::MAX, &done, &mut |_, found| {
        for (work, found) in found {
            heard(&work, found);
        }
    });
    Ok(())
}

/// The longest first: none should be left for the end.
fn jobs<'a>(subjects: &[Subject<'a>]) -> Vec<Job<'a>> {
    let (aside, alone): (Vec<_>, Vec<_>) =
        (subjects.iter().copied()).partition(|subject| subject.work.runs_aside());
    let together = alone.chunks(TOGETHER).map(<[Subject<'a>]>::to_vec);
    let one_by_one = aside.iter().map(|subject| vec![*subject]);
    let allocations = together.chain(one_by_one).map(Job::Allocations);
    let instructions = aside.iter().chain(&alone).copied().map(Job::Instructions);
    allocations.chain(instructions).collect()
}

fn done(job: &Job<'_>) -> Vec<(Work, Result<Found>)> {
    match job {
        Job::Instructions(subject) => {
            let found = subject.instructions().map(Found::Instructions);
            vec![(subject.work, found)]
        }
        Job::Allocations(subjects) => {
            let found = allocations(subjects).into_iter();
            let found = found.map(|found| found.map(Found::Allocations));
            subjects.iter().map(|it| it.work).zip(found).collect()
        }
    }
}

/// Of several at once, or, where one of them fails, of each alone.
fn allocations(subjects: &[Subject<'_>]) -> Vec<Result<PerItem>> {
    if subjects.len() > 1
        && let Ok(found) = allocations_together(subjects)
    {
        return found.into_iter().map(Ok).collect();
    }
    subjects.iter().map(Subject::allocations).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::channels;
    use crate::peer::{Arm, Peer, SIZES};

    #[test]
    fn every_arm_is_counted_by_both_tools_and_those_with_a_producer_aside_alone() {
        let peers = Peer::ALL.into_iter().flat_map(|peer| {
            SIZES.map(|(payload, bytes)| Work::from(Arm::new(peer, payload, bytes)))
        });
        let works: Vec<Work> = peers.chain(channels::arms().map(Work::from)).collect();
        let executables = Executables::whole(Path::new("peers"));
        let subjects = works.iter().map(|&work| Subject {
            executables: &executables,
            work,
            libraries: &[],
        });
        let jobs = jobs(&subjects.collect::<Vec<_>>());
        let (mut instructions, mut allocations) = (Vec::new(), Vec::new());
        for job in &jobs {
            match job {
                Job::Instructions(subject) => instructions.push(subject.work.id()),
                Job::Allocations(together) => {
                    let aside = together.iter().any(|it| it.work.runs_aside());
                    assert!(together.len() == 1 || !aside && together.len() <= TOGETHER);
                    allocations.extend(together.iter().map(|it| it.work.id()));
                }
            }
        }
        let mut all: Vec<String> = works.iter().map(Work::id).collect();
        for found in [&mut all, &mut instructions, &mut allocations] {
            found.sort();
        }
        assert_eq!(instructions, all);
        assert_eq!(allocations, all);
    }
}
