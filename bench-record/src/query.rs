//! Questions that every reader of a record asks.

use super::wire::{CAUTION, Case, Comparison, Environment, Record, SCHEMA, VARIABLES};

/// Key in [`Environment::observed`] of the tunables that the wall clock was taken under.
const CLOCK_TUNABLES: &str = "tunables_of_wall_clock";

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
    /// Those of the same fields of two environments.
    pub(crate) fn between(
        left: Vec<(&'static str, String)>,
        right: Vec<(&'static str, String)>,
    ) -> Vec<Self> {
        let pairs = left.into_iter().zip(right);
        let differ = pairs.filter(|(left, right)| left != right);
        differ
            .map(|((field, left), (_, right))| Self { field, left, right })
            .collect()
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?} and {:?}", self.field, self.left, self.right)
    }
}

impl Record {
    /// A record of nothing yet.
    pub fn new(environment: Environment) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            environment,
            cases: Vec::new(),
            comparisons: Vec::new(),
            self_check: None,
            failures: Vec::new(),
            growth: None,
            ladder: None,
            lab: None,
        }
    }

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
        let all = |env: &Self| -> Vec<(&'static str, String)> {
            let named = [env.machine().as_slice(), &env.toolchain()].concat();
            let mut fields: Vec<_> = named
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect();
            let tunables = env.clock_tunables().unwrap_or_default();
            let variables = env.observed_of_any(VARIABLES).unwrap_or_default();
            fields.extend([
                ("tunables_of_wall_clock", tunables.to_owned()),
                ("variables", variables.to_owned()),
                ("commit", env.commit.clone()),
                ("dirty", env.dirty.to_string()),
                ("cores", env.cores.to_string()),
                ("kernel", env.kernel.clone()),
                ("guest_sha256", env.guest_sha256.clone()),
                ("host_sha256", env.host_sha256.clone()),
            ]);
            fields
        };
        Difference::between(all(self), all(other))
    }
}
