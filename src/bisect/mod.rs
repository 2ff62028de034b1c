//! The first bad commit of a range, where one commit made a change and it stayed.
//!
//! [`search`] asks about as few commits as it can; it knows neither git nor a clock.
//! [`range`] lists the commits, [`Odds`] says how far the result can be trusted.

mod range;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use paired::stats::Confidence;
use serde::Serialize;

pub use range::{Listed, range};

/// What a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// As the good end.
    Good,
    /// Changed, as the bad end.
    Bad,
    /// It cannot be measured, or not told from either.
    Skip,
}

/// Finds the first bad one of so many commits, oldest first, of which the last is known to
/// be bad and the one before the first to be good. `ask` is called once at most for each of
/// the others.
///
/// More than one are left where commits just before the first one that is known to be bad
/// were skipped: the change may have come with any of these.
///
/// # Errors
/// Those of `ask`.
///
/// # Panics
/// Where there is no commit.
pub fn search<E>(
    commits: usize,
    ask: &mut dyn FnMut(usize) -> Result<Answer, E>,
) -> Result<RangeInclusive<usize>, E> {
    assert!(commits > 0, "the last commit is bad, so there is one");
    let (mut first, mut bad) = (0, commits - 1);
    let mut skipped = BTreeSet::new();
    loop {
        // As many on either side; of two that are as near, the older one.
        let middle = (first + bad).saturating_sub(1) / 2;
        let open = (first..bad).filter(|at| !skipped.contains(at));
        let Some(next) = open.min_by_key(|at| at.abs_diff(middle)) else {
            return Ok(first..=bad);
        };
        match ask(next)? {
            Answer::Good => first = next + 1,
            Answer::Bad => bad = next,
            Answer::Skip => {
                skipped.insert(next);
            }
        }
    }
}

/// Commits that [`search`] asks about at most where it skips none.
pub fn most_steps(commits: usize) -> usize {
    commits.next_power_of_two().ilog2() as usize
}

/// How often a search is led astray by chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Odds {
    /// Comparisons of times that were made.
    pub comparisons: usize,
    /// The probability that one of them was wrong, at most.
    pub error: f64,
}

impl Odds {
    /// Of so many comparisons, each with a confidence of its own: by Bonferroni's
    /// inequality, their errors add up at most.
    pub fn of(comparisons: usize, each: Confidence) -> Self {
        Self {
            comparisons,
            error: (comparisons as f64 * each.error()).min(1.0),
        }
    }

    /// The same in words.
    pub fn words(&self) -> String {
        let Self { comparisons, error } = self;
        format!(
            "probability of error: {comparisons} comparisons of times were made; chance misleads \
             at most {:.2}% of such searches (Bonferroni), if one commit made the change and it stayed",
            100.0 * error
        )
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::convert::Infallible;

    use super::*;

    /// Searches commits of which `bad` and all later ones are bad and `skips` cannot be
    /// measured; what was found, and who was asked.
    fn searched(
        commits: usize,
        bad: usize,
        skips: &[usize],
    ) -> (RangeInclusive<usize>, Vec<usize>) {
        let asked = RefCell::new(Vec::new());
        let found = search(commits, &mut |at| -> Result<_, Infallible> {
            asked.borrow_mut().push(at);
            Ok(match at {
                at if skips.contains(&at) => Answer::Skip,
                at if at >= bad => Answer::Bad,
                _ => Answer::Good,
            })
        });
        let Ok(found) = found;
        (found, asked.into_inner())
    }

    #[test]
    fn the_first_bad_commit_is_found_wherever_it_is_in_as_few_steps_as_there_can_be() {
        for commits in 1..40 {
            for bad in 0..commits {
                let (found, asked) = searched(commits, bad, &[]);
                assert_eq!(found, bad..=bad, "{commits}");
                assert!(
                    asked.len() <= most_steps(commits),
                    "{commits} {bad}: {asked:?}"
                );
            }
        }
    }

    #[test]
    fn a_range_of_one_needs_no_comparison() {
        assert_eq!(searched(1, 0, &[]), (0..=0, vec![]));
        assert_eq!(most_steps(1), 0);
    }

    #[test]
    fn a_commit_that_is_skipped_leaves_a_range_only_where_it_is_next_to_the_change() {
        for commits in 2..12 {
            for bad in 0..commits {
                for skip in 0..commits - 1 {
                    let (found, _) = searched(commits, bad, &[skip]);
                    // The change is between a good commit and a bad one with a skipped one
                    // between them, or at its place.
                    let first = if skip + 1 == bad { skip } else { bad };
                    let last = if skip == bad { skip + 1 } else { bad };
                    assert_eq!(found, first..=last, "{commits} {bad} {skip}");
                }
            }
        }
    }

    #[test]
    fn where_every_commit_between_is_skipped_any_of_them_may_be_the_first_bad_one() {
        let skips: Vec<usize> = (0..9).collect();
        let (found, asked) = searched(10, 9, &skips);
        assert_eq!(found, 0..=9);
        assert_eq!(asked.len(), 9, "each is asked once: {asked:?}");
    }

    #[test]
    fn every_set_of_skipped_commits_leaves_the_change_among_those_that_are_named() {
        for commits in 1..8_usize {
            for bad in 0..commits {
                for set in 0..1_usize << (commits - 1) {
                    let skips: Vec<usize> = (0..commits).filter(|at| set >> at & 1 == 1).collect();
                    let (found, asked) = searched(commits, bad, &skips);
                    assert!(found.contains(&bad), "{commits} {bad} {skips:?}: {found:?}");
                    let known = |at: &usize| !skips.contains(at) && at != found.end();
                    assert!(!found.clone().any(|at| known(&at)), "{found:?} {skips:?}");
                    let once: BTreeSet<_> = asked.iter().collect();
                    assert_eq!(once.len(), asked.len());
                }
            }
        }
    }

    #[test]
    fn an_error_ends_the_search() {
        let failed = search(8, &mut |_| Err("the disk is full"));
        assert_eq!(failed, Err("the disk is full"));
    }

    #[test]
    fn the_probability_of_error_adds_up_over_the_comparisons() {
        let each = Confidence::new(0.999).expect("a share");
        let odds = Odds::of(5, each);
        assert!((odds.error - 0.005).abs() < 1e-12);
        assert!(odds.words().contains("at most 0.50%"), "{}", odds.words());
        assert!(Odds::of(10_000, each).error <= 1.0);
    }
}
