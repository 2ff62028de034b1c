//! Which link layouts a process gets: each is used once before any comes again.

use rand::Rng;

use super::arm::Arm;
use crate::draw::order;
use crate::result::Draws;

/// The layouts of arms that are measured together.
#[derive(Debug)]
pub(super) struct Layouts {
    draws: Vec<Draw>,
    /// For each arm, which of the draws it follows.
    arms: Vec<usize>,
}

/// What arms of one group draw together.
#[derive(Debug)]
struct Draw {
    group: u32,
    /// Layouts of each library.
    shape: Vec<usize>,
    /// Layouts of each library that are still to come, the next one last.
    unused: Vec<Vec<usize>>,
}

impl Layouts {
    /// The layouts of these arms, none of them used.
    pub(super) fn new(arms: &[Arm]) -> Self {
        let mut draws: Vec<Draw> = Vec::new();
        let mut followed = Vec::with_capacity(arms.len());
        for arm in arms {
            let (group, shape) = (arm.draw_group, arm.shape());
            let known = draws
                .iter()
                .position(|draw| draw.group == group && draw.shape == shape);
            followed.push(known.unwrap_or(draws.len()));
            if known.is_none() {
                let unused = vec![Vec::new(); shape.len()];
                draws.push(Draw {
                    group,
                    shape,
                    unused,
                });
            }
        }
        Self {
            draws,
            arms: followed,
        }
    }

    /// How many processes get layouts that none had before; `None` where every library
    /// has one layout only, and processes share it.
    pub(super) fn limit(&self) -> Option<usize> {
        let lengths = self.draws.iter().flat_map(|draw| &draw.shape);
        lengths.copied().filter(|&length| length > 1).min()
    }

    /// The layouts of the next process: of each arm, of each of its libraries.
    pub(super) fn next(&mut self, rng: &mut impl Rng) -> Vec<Vec<usize>> {
        let drawn: Vec<Vec<usize>> = self.draws.iter_mut().map(|draw| draw.next(rng)).collect();
        self.arms.iter().map(|&draw| drawn[draw].clone()).collect()
    }

    /// How two of the arms draw.
    pub(super) fn draws(&self, one: usize, other: usize) -> Draws {
        if self.arms[one] == self.arms[other] {
            Draws::Common
        } else {
            Draws::Independent
        }
    }

    /// How many different layouts two arms had in so many processes: of the arm with
    /// fewer.
    pub(super) fn used(&self, arms: [usize; 2], processes: usize) -> usize {
        let used = |arm: usize| match self.draws[self.arms[arm]].shape.iter().max() {
            Some(&layouts) if layouts > 1 => processes.min(layouts),
            _ => 1,
        };
        used(arms[0]).min(used(arms[1]))
    }
}

impl Draw {
    /// One layout of each library, drawn independently.
    fn next(&mut self, rng: &mut impl Rng) -> Vec<usize> {
        let libraries = self.shape.iter().zip(&mut self.unused);
        libraries
            .map(|(&length, unused)| {
                if unused.is_empty() {
                    *unused = order(rng, length);
                }
                unused.pop().expect("a library has a layout at least")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::PathBuf;

    use rand::SeedableRng;
    use rand::rngs::SmallRng;
    use serde_json::json;

    use super::*;

    /// An arm of libraries with so many layouts.
    fn arm(layouts: &[usize], draw_group: u32) -> Arm {
        let library = |&count: &usize| vec![PathBuf::from("library.so"); count];
        Arm::new("an arm", json!(null), layouts.iter().map(library).collect()).drawn_in(draw_group)
    }

    #[test]
    fn every_layout_is_used_once_before_any_comes_again() {
        let mut layouts = Layouts::new(&[arm(&[16, 16], 0)]);
        let mut rng = SmallRng::seed_from_u64(1);
        let used: Vec<Vec<usize>> = (0..16).map(|_| layouts.next(&mut rng).remove(0)).collect();
        for library in 0..2 {
            let different: HashSet<usize> = used.iter().map(|layouts| layouts[library]).collect();
            assert_eq!(different.len(), 16);
        }
        // Guest and host draw independently of each other.
        let alike = used
            .iter()
            .filter(|layouts| layouts[0] == layouts[1])
            .count();
        assert!(alike < 8, "{used:?}");
        assert_eq!((layouts.limit(), layouts.used([0, 0], 9)), (Some(16), 9));
    }

    #[test]
    fn arms_of_one_group_draw_alike_and_others_do_not() {
        let arms = [arm(&[16], 0), arm(&[16], 0), arm(&[16], 1)];
        let mut layouts = Layouts::new(&arms);
        let mut rng = SmallRng::seed_from_u64(1);
        let drawn: Vec<_> = (0..16).map(|_| layouts.next(&mut rng)).collect();
        assert!(drawn.iter().all(|arms| arms[0] == arms[1]));
        assert!(drawn.iter().any(|arms| arms[0] != arms[2]));
        assert_eq!(layouts.draws(0, 1), Draws::Common);
        assert_eq!(layouts.draws(0, 2), Draws::Independent);
    }

    #[test]
    fn builds_with_different_numbers_of_layouts_draw_independently() {
        let layouts = Layouts::new(&[arm(&[16, 8], 0), arm(&[16, 9], 0)]);
        assert_eq!(layouts.draws(0, 1), Draws::Independent);
        assert_eq!(layouts.limit(), Some(8));
    }

    #[test]
    fn a_single_layout_goes_on_for_ever_and_counts_once() {
        let mut layouts = Layouts::new(&[arm(&[1, 1], 0), arm(&[16], 1)]);
        let mut rng = SmallRng::seed_from_u64(1);
        for _ in 0..40 {
            assert_eq!(layouts.next(&mut rng)[0], [0, 0]);
        }
        assert_eq!((layouts.limit(), layouts.used([0, 1], 16)), (Some(16), 1));
        assert_eq!(Layouts::new(&[arm(&[1], 0)]).limit(), None);
    }
}
