//! Questions that every reader of a record asks.

use std::fmt::Write;

use super::wire::{CAUTION, Case, Comparison, Environment, Record, VARIABLES};

/// Key in [`Environment::observed`] of the tunables that the wall clock was taken under.
const CLOCK_TUNABLES: &str = "tunables_of_wall_clock";

/// Digits of a hash that people are shown.
const DIGITS: usize = 12;

/// The first twelve digits of a commit's hash, which git takes as its name.
pub fn short_commit(commit: &str) -> String {
    commit.chars().take(DIGITS).collect()
}

/// One thing in which two environments differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Name of the field, as it stands in a record.
    pub field: &'static str,
    /// What the first environment says.
    pub left: String,
    /// What the second environment says.
    pub right: String,
}

impl Difference {
    /// In what two lists of the same fields differ.
    pub(crate) fn between<T: PartialEq + ToString>(
        left: impl IntoIterator<Item = (&'static str, T)>,
        right: impl IntoIterator<Item = (&'static str, T)>,
    ) -> Vec<Self> {
        let both = left.into_iter().zip(right);
        both.filter(|(left, right)| left != right)
            .map(|((field, left), (_, right))| Self {
                field,
                left: left.to_string(),
                right: right.to_string(),
            })
            .collect()
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?} and {:?}", self.field, self.left, self.right)
    }
}

impl Record {
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// The comparison of that candidate against that baseline.
    pub fn comparison(&self, candidate: &str, baseline: &str) -> Option<&Comparison> {
        self.comparisons
            .iter()
            .find(|c| c.candidate == candidate && c.baseline == baseline)
    }

    /// The record without its raw samples: a tenth of the size, and every
    /// estimate, interval, count and verdict still in it.
    pub fn without_samples(mut self) -> Self {
        let checks = self.self_check.iter_mut().flat_map(|c| &mut c.comparisons);
        let growth = self.growth.iter_mut().flat_map(|g| &mut g.comparisons);
        let ladder = self.ladder.iter_mut().flat_map(|l| &mut l.payloads);
        let sets = ladder.flat_map(|payload| &mut payload.self_checks);
        let sets = sets.flat_map(|set| &mut set.check.comparisons);
        let all = self.comparisons.iter_mut();
        for comparison in all.chain(checks).chain(growth).chain(sets) {
            comparison.samples.clear();
        }
        self
    }
}

impl Environment {
    /// The commit, short, and whether the sources had changes; `None` outside a
    /// repository.
    pub fn short_commit(&self) -> Option<String> {
        let changed = if self.dirty { " with changes" } else { "" };
        (!self.commit.is_empty()).then(|| short_commit(&self.commit) + changed)
    }

    /// Of which commit, with what, where, when and by what command: a line for people.
    pub fn provenance(&self) -> String {
        let commit = self.short_commit();
        let commit = commit.as_deref().unwrap_or("unknown");
        let mut text = format!(
            "commit {commit}, {}, {} with {} cores, {}, begun {}",
            self.rustc, self.cpu, self.cores, self.libc, self.started
        );
        // What the shell had set; the counts are always taken under the same.
        if let Some(tunables) = self.observed.get(CLOCK_TUNABLES) {
            let _ = write!(text, ", GLIBC_TUNABLES={tunables}");
        }
        let _ = write!(text, "; `{}`", self.command);
        text
    }

    /// What a reader of the ratios should know first, if there is anything; of merged
    /// shards, what the first of them says.
    pub fn caution(&self) -> Option<&str> {
        self.observed_of_any(CAUTION)
    }

    /// The machine, as far as exact counts can tell: the CPU and the C library
    /// choose the copy routines, the tunables move their thresholds, another allocator
    /// takes the C library's part, and valgrind counts.
    pub fn machine(&self) -> [(&'static str, &str); 5] {
        [
            ("cpu", &self.cpu),
            ("libc", &self.libc),
            ("allocators", &self.allocators),
            ("valgrind", &self.valgrind),
            ("tunables", &self.tunables),
        ]
    }

    /// The machine, as far as ratios of times can tell: valgrind has no part in
    /// them, and they run under the tunables and the variables of the shell, not under
    /// those of the counts.
    pub fn clock_machine(&self) -> [(&'static str, &str); 5] {
        [
            ("cpu", &self.cpu),
            ("libc", &self.libc),
            ("allocators", &self.allocators),
            ("tunables", self.clock_tunables().unwrap_or_default()),
            (
                "variables",
                self.observed_of_any(VARIABLES).unwrap_or_default(),
            ),
        ]
    }

    /// `GLIBC_TUNABLES` that the wall clock was taken under, where they were set; of
    /// merged shards, those of the first.
    pub fn clock_tunables(&self) -> Option<&str> {
        self.observed_of_any(CLOCK_TUNABLES)
    }

    /// What was observed under a name, by the run or by the first of its shards.
    fn observed_of_any(&self, name: &str) -> Option<&str> {
        let mut observed = self.observed.iter();
        let found = observed.find(|(key, _)| key.rsplit(": ").next() == Some(name))?;
        Some(found.1)
    }

    /// What makes the machine code under test.
    pub fn toolchain(&self) -> [(&'static str, &str); 3] {
        [
            ("rustc", &self.rustc),
            ("profile", &self.profile),
            ("flags", &self.flags),
        ]
    }

    /// In what the two are not one machine, one toolchain and one pair, such
    /// that their numbers may stand in one record.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        fn all<'a>(
            env: &'a Environment,
            [dirty, cores]: &'a [String; 2],
        ) -> Vec<(&'static str, &'a str)> {
            let [.., tunables, variables] = env.clock_machine().map(|(_, value)| value);
            let others = [
                ("tunables_of_wall_clock", tunables),
                ("variables", variables),
                ("commit", &env.commit),
                ("dirty", dirty),
                ("cores", cores),
                ("kernel", &env.kernel),
                ("guest_sha256", &env.guest_sha256),
                ("host_sha256", &env.host_sha256),
            ];
            [&env.machine()[..], &env.toolchain(), &others].concat()
        }
        let numbers = [self, other].map(|env| [env.dirty.to_string(), env.cores.to_string()]);
        Difference::between(all(self, &numbers[0]), all(other, &numbers[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_commit_says_whether_the_sources_had_changes() {
        let mut environment = Environment {
            commit: "0123456789abcdef".to_owned(),
            ..Environment::default()
        };
        let said = environment.short_commit();
        assert_eq!(said.as_deref(), Some("0123456789ab"));
        environment.dirty = true;
        let said = environment.short_commit();
        assert_eq!(said.as_deref(), Some("0123456789ab with changes"));
        assert_eq!(Environment::default().short_commit(), None);
        assert_eq!(short_commit("ab"), "ab");
    }

    #[test]
    fn a_line_says_of_what_where_when_and_how() {
        let mut environment = Environment {
            commit: "0123456789abcdef".to_owned(),
            dirty: true,
            rustc: "rustc 1.95.0".to_owned(),
            cpu: "Synthetic 1".to_owned(),
            cores: 2,
            libc: "glibc 2.36".to_owned(),
            started: "2024-05-01T12:00:00Z".to_owned(),
            command: "arena-bench run".to_owned(),
            ..Environment::default()
        };
        assert_eq!(
            environment.provenance(),
            "commit 0123456789ab with changes, rustc 1.95.0, Synthetic 1 with 2 cores, \
             glibc 2.36, begun 2024-05-01T12:00:00Z; `arena-bench run`"
        );
        let tunables = ("tunables_of_wall_clock".to_owned(), "x=1".to_owned());
        environment.observed.extend([tunables]);
        let said = environment.provenance();
        assert!(said.contains("Z, GLIBC_TUNABLES=x=1; `"), "{said}");
    }
}
