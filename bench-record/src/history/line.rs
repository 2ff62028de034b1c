//! Which entries of a history belong together, and in what order.
//!
//! A history follows one branch: what two branches measured in turns would look like
//! changes back and forth. Commits are in the order of their ancestry where somebody
//! who has the repository says so, else in that of their times.

use std::collections::{BTreeMap, BTreeSet};

use super::store::{Entry, History};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Line {
    /// The branch that most entries are of.
    #[default]
    Main,
    Branch(String),
    /// All entries, whatever their branch.
    All,
}

/// Commits by full hash, each with its place: an ancestor has a smaller one.
pub type Ancestry = BTreeMap<String, usize>;

/// What the entries were ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The ancestry of all commits.
    Ancestry,
    /// The ancestry of so many commits, and the times of the others.
    Mixed {
        /// Commits whose times place them.
        by_time: usize,
    },
    /// The times of the commits, or of their measurements where those are unknown.
    Time,
}

impl Order {
    pub fn words(self) -> String {
        match self {
            Self::Ancestry => "in the order of their ancestry".to_owned(),
            Self::Time => "in the order of their times: no repository says which commit is an \
                           ancestor of which"
                .to_owned(),
            Self::Mixed { by_time } => format!(
                "in the order of their ancestry, {by_time} of them by time: the repository here \
                 does not have these commits"
            ),
        }
    }
}

/// What following a line left out, and how it ordered the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The branch, where there is one.
    pub branch: Option<String>,
    /// Entries left out, by their branch.
    pub others: BTreeMap<String, usize>,
    /// The order of the entries.
    pub order: Order,
}

impl Followed {
    /// What a reader should know, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!("commits are {}", self.order.words())];
        if !self.others.is_empty() {
            let others = self.others.iter();
            let others: Vec<_> = others.map(|(name, n)| format!("{name} ({n})")).collect();
            notes.push(format!(
                "only branch {} is followed; entries of other branches are left out: {}; \
                 --branch NAME follows another one, --all-branches all of them",
                self.branch.as_deref().unwrap_or_default(),
                others.join(", ")
            ));
        }
        notes
    }
}

impl History {
    /// The entries of one line, in order; entries of one commit are neighbours.
    /// Entries that name no branch are of every line.
    pub fn follow(self, line: &Line, ancestry: Option<&Ancestry>) -> (Self, Followed) {
        let branch = match line {
            Line::All => None,
            Line::Branch(name) => Some(name.clone()),
            Line::Main => most_of(&self.entries),
        };
        let known = |entry: &Entry| ancestry.and_then(|it| it.get(&entry.environment.commit));
        let own = |entry: &Entry| {
            let name = &entry.environment.branch;
            name.is_empty() || branch.as_ref().is_none_or(|branch| branch == name)
        };
        let mut others = BTreeMap::new();
        let mut kept = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            if own(entry) {
                kept.push(at);
            } else {
                *others.entry(entry.environment.branch.clone()).or_default() += 1;
            }
        }
        // Neighbours first: where a commit was measured for the first time.
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for &at in &kept {
            let commit = self.entries[at].environment.commit.as_str();
            first.entry(commit).or_insert(at);
        }
        kept.sort_by_key(|&at| (first[self.entries[at].environment.commit.as_str()], at));
        // The commits that are known change places among themselves alone.
        let mut commits: Vec<usize> = first.values().copied().collect();
        commits.sort_unstable();
        let ranked: Vec<usize> = commits
            .iter()
            .copied()
            .filter(|&at| known(&self.entries[at]).is_some())
            .collect();
        let mut by_rank = ranked.clone();
        by_rank.sort_by_key(|&at| known(&self.entries[at]));
        let place: BTreeMap<usize, usize> = by_rank.into_iter().zip(ranked.clone()).collect();
        kept.sort_by_key(|&at| {
            let first = first[self.entries[at].environment.commit.as_str()];
            (place.get(&first).copied().unwrap_or(first), at)
        });
        let order = match commits.len() - ranked.len() {
            0 if !commits.is_empty() => Order::Ancestry,
            _ if ranked.is_empty() => Order::Time,
            by_time => Order::Mixed { by_time },
        };
        let followed = Followed {
            branch,
            others,
            order,
        };
        (self.arranged(&kept), followed)
    }

    /// The entries of the newest `commits` commits.
    pub fn newest(&self, commits: usize) -> BTreeSet<u32> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut newest = BTreeSet::new();
        for (at, entry) in self.entries.iter().enumerate().rev() {
            let commit = entry.environment.commit.as_str();
            if !seen.contains(commit) && seen.len() == commits {
                break;
            }
            seen.insert(commit);
            newest.insert(at as u32);
        }
        newest
    }

    /// The history with these entries, in this order.
    fn arranged(mut self, kept: &[usize]) -> Self {
        let place: BTreeMap<u32, u32> = kept
            .iter()
            .enumerate()
            .map(|(now, &before)| (before as u32, now as u32))
            .collect();
        for series in &mut self.series {
            series.points.retain_mut(|point| {
                let now = place.get(&point.entry);
                point.entry = now.copied().unwrap_or_default();
                now.is_some()
            });
            series.points.sort_by_key(|point| point.entry);
        }
        self.series.retain(|series| !series.points.is_empty());
        let mut entries: Vec<Option<Entry>> = self.entries.into_iter().map(Some).collect();
        let entries = kept.iter().filter_map(|&at| entries[at].take()).collect();
        Self { entries, ..self }
    }
}

/// The branch of most entries; of two, the one measured last.
fn most_of(entries: &[Entry]) -> Option<String> {
    let mut counted: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let name = entry.environment.branch.as_str();
        if !name.is_empty() {
            let seen = counted.entry(name).or_default();
            *seen = (seen.0 + 1, at);
        }
    }
    let most = counted.into_iter().max_by_key(|(_, seen)| *seen)?;
    Some(most.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Environment;

    /// Entries by commit and branch, in the order of their times.
    fn history(entries: &[(&str, &str)]) -> History {
        let entry = |(at, (commit, branch)): (usize, &(&str, &str))| Entry {
            path: format!("{at}.json").into(),
            environment: Environment {
                commit: (*commit).to_owned(),
                branch: (*branch).to_owned(),
                ..Environment::default()
            },
            trusted: true,
            cases: BTreeSet::new(),
            failures: Vec::new(),
        };
        History {
            entries: entries.iter().enumerate().map(entry).collect(),
            series: Vec::new(),
            damaged: Vec::new(),
        }
    }

    fn commits(history: &History) -> Vec<&str> {
        let commits = history.entries.iter();
        commits.map(|it| it.environment.commit.as_str()).collect()
    }

    fn ancestry(commits: &[&str]) -> Ancestry {
        let places = commits.iter().enumerate();
        places
            .map(|(at, commit)| ((*commit).to_owned(), at))
            .collect()
    }

    #[test]
    fn a_history_follows_the_branch_of_most_entries_and_says_what_it_left_out() {
        let all = || history(&[("a", "main"), ("b", ""), ("x", "feature"), ("c", "main")]);
        let (main, followed) = all().follow(&Line::Main, None);
        assert_eq!(commits(&main), ["a", "b", "c"]);
        assert_eq!(followed.branch.as_deref(), Some("main"));
        assert!(followed.notes()[1].contains("feature (1)"), "{followed:?}");
        let feature = Line::Branch("feature".to_owned());
        let (feature, _) = all().follow(&feature, None);
        assert_eq!(commits(&feature), ["b", "x"]);
        let (every, followed) = all().follow(&Line::All, None);
        assert_eq!(every.entries.len(), 4);
        assert_eq!(followed.notes().len(), 1);
    }

    #[test]
    fn ancestry_orders_commits_of_one_second_and_says_so() {
        let all = || history(&[("child", ""), ("parent", ""), ("unknown", ""), ("last", "")]);
        let (timed, followed) = all().follow(&Line::Main, None);
        assert_eq!(commits(&timed)[0], "child");
        assert_eq!(followed.order, Order::Time);
        let known = ancestry(&["parent", "child", "last"]);
        let (ordered, followed) = all().follow(&Line::Main, Some(&known));
        assert_eq!(commits(&ordered), ["parent", "child", "unknown", "last"]);
        assert_eq!(followed.order, Order::Mixed { by_time: 1 });
    }

    #[test]
    fn a_commit_that_was_measured_again_counts_once_among_the_newest() {
        let (ordered, _) = history(&[("a", ""), ("b", ""), ("a", ""), ("b", "")])
            .follow(&Line::Main, Some(&ancestry(&["a", "b"])));
        assert_eq!(commits(&ordered), ["a", "a", "b", "b"]);
        assert_eq!(ordered.newest(1), [2, 3].into());
        assert_eq!(ordered.newest(2).len(), 4);
        assert_eq!(ordered.newest(9).len(), 4);
    }
}
