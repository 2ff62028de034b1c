//! Made-up records for tests and demonstrations: deterministic, of any size,
//! with shifts of known size at known commits. No number in them was measured.

use super::wire::{
    Case, Comparison, Counts, Environment, PairedSample, Params, Record, SCHEMA, SelfCheck,
    Verdict, Verified,
};

/// A made-up test of a project: `commits` records of `pairs` arena/alloc
/// pairs each.
#[derive(Debug, Clone)]
pub struct Synthetic {
    /// Pairs of cases, `drain/case-NNN/arena` and `drain/case-NNN/alloc`.
    pub pairs: usize,
    /// Commits, one record each, a minute apart.
    pub commits: usize,
    /// Other seeds give other noise.
    pub seed: u64,
    /// Standard deviation of ln(arena / alloc) from record to record.
    pub noise: f64,
    /// What really changed, and where.
    pub shifts: Vec<Shift>,
    /// Machines: commit `i` is measured on machine `i % machines.len()`.
    pub machines: Vec<Machine>,
}

/// A lasting change of one pair's arena side.
#[derive(Debug, Clone, Copy)]
pub struct Shift {
    /// First commit that has it, from 0.
    pub commit: usize,
    pub pair: usize,
    /// Factor on the arena's time per item; 1 for none.
    pub time: f64,
    /// Added to the arena's instructions per item; 0 for none.
    pub instructions: f64,
}

/// A machine that a record is made on.
#[derive(Debug, Clone)]
pub struct Machine {
    /// CPU model name.
    pub cpu: String,
    /// Factor on all times.
    pub slowness: f64,
    /// Factor on the arena's times alone: how a copy and an allocation compare is the
    /// machine's as well.
    pub ratio: f64,
    /// Added to all instruction counts: another libc, another `memcpy`.
    pub instructions: f64,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self {
            pairs: 1,
            commits: 1,
            seed: 1,
            noise: 0.002,
            shifts: Vec::new(),
            machines: vec![Machine {
                cpu: "Synthetic 1".to_owned(),
                slowness: 1.0,
                ratio: 1.0,
                instructions: 0.0,
            }],
        }
    }
}

/// One record of `pairs` arena/alloc pairs.
pub fn record(pairs: usize) -> Record {
    Synthetic {
        pairs,
        ..Synthetic::default()
    }
    .record(0)
}

impl Synthetic {
    /// All records, oldest first.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        (0..self.commits).map(|commit| self.record(commit))
    }

    /// The record of one commit, counted from 0.
    ///
    /// # Panics
    /// Without a machine.
    pub fn record(&self, commit: usize) -> Record {
        let machine = &self.machines[commit % self.machines.len()];
        let mut cases = Vec::with_capacity(2 * self.pairs);
        let mut comparisons = Vec::with_capacity(self.pairs);
        for pair in 0..self.pairs {
            let here = |shift: &&Shift| shift.pair == pair && shift.commit <= commit;
            let shifts = self.shifts.iter().filter(here);
            let time: f64 = shifts.clone().map(|shift| shift.time).product();
            let instructions: f64 = shifts.map(|shift| shift.instructions).sum();
            let log_ratio = self.noise * self.normal(pair, commit);
            let alloc_ns = 40.0 * machine.slowness;
            let arena_ns = alloc_ns * 0.8 * machine.ratio * time * log_ratio.exp();
            let alloc_count = 120.0 + machine.instructions;
            cases.push(case(pair, "alloc", alloc_count));
            let arena_count = 70.0 + machine.instructions + instructions;
            cases.push(case(pair, "arena", arena_count));
            comparisons.push(comparison(pair, alloc_ns, arena_ns));
        }
        let time = "2024-01-01T00:00:00Z"
            .parse::<jiff::Timestamp>()
            .expect("a literal time")
            + jiff::SignedDuration::from_mins(commit as i64);
        Record {
            schema: SCHEMA.to_owned(),
            environment: Environment {
                commit: format!("{commit:08x}{:032x}", self.seed),
                subject: format!("Commit number {commit}"),
                author: "A. Author".to_owned(),
                rustc: "rustc 1.95.0".to_owned(),
                profile: "bench".to_owned(),
                cpu: machine.cpu.clone(),
                cores: 2,
                kernel: "6.1.0".to_owned(),
                libc: "glibc 2.36".to_owned(),
                valgrind: "valgrind-3.19.0".to_owned(),
                started: time.to_string(),
                finished: time.to_string(),
                command: "arena-bench run".to_owned(),
                ..Environment::default()
            },
            cases,
            comparisons,
            self_check: Some(SelfCheck {
                ratio: 1.0,
                low: 0.999,
                high: 1.001,
                trusted: true,
                why: "holds one and is narrower than the band".to_owned(),
                comparisons: Vec::new(),
            }),
            failures: Vec::new(),
            growth: None,
            ladder: None,
            lab: None,
        }
    }

    /// Roughly standard normal (Irwin–Hall of twelve), a function of the seed,
    /// the pair and the commit alone.
    fn normal(&self, pair: usize, commit: usize) -> f64 {
        let mut state = self
            .seed
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add((pair as u64) << 32)
            .wrapping_add(commit as u64);
        // One round mixes neighbours apart before the state is walked.
        state = split_mix(&mut state);
        (0..12)
            .map(|_| split_mix(&mut state) as f64 / u64::MAX as f64)
            .sum::<f64>()
            - 6.0
    }
}

/// `SplitMix64` (Steele, Lea & Flood, OOPSLA 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn id(pair: usize, protocol: &str) -> String {
    format!("drain/case-{pair:03}/{protocol}")
}

fn case(pair: usize, protocol: &str, instructions: f64) -> Case {
    let is_alloc = protocol == "alloc";
    Case {
        id: id(pair, protocol),
        params: Params {
            payload: "bytes".to_owned(),
            item_bytes: 8 << (pair % 14),
            size_plan: "constant".to_owned(),
            protocol: protocol.to_owned(),
            items: 10_000,
            ..Params::default()
        },
        verified: Some(Verified {
            items: 10_000,
            bytes: 160_000,
            digest: "00000000deadbeef".to_owned(),
        }),
        counts: Some(Counts {
            instructions_per_item: Some(instructions),
            allocations_per_item: Some(if is_alloc { 1.0 } else { 0.0 }),
            allocated_bytes_per_item: Some(if is_alloc { 16.0 } else { 0.0 }),
            boundary_calls_per_item: Some(if is_alloc { 2.0 } else { 1.0 }),
            retries: Some(0),
            encoded_bytes: Some(160_000),
            ..Counts::default()
        }),
    }
}

pub(crate) fn comparison(pair: usize, baseline_ns: f64, candidate_ns: f64) -> Comparison {
    let ratio = candidate_ns / baseline_ns;
    let verdict = match ratio {
        r if r < 0.99 => Verdict::Faster,
        r if r > 1.01 => Verdict::Slower,
        _ => Verdict::Same,
    };
    Comparison {
        baseline: id(pair, "alloc"),
        candidate: id(pair, "arena"),
        ratio,
        low: 0.998 * ratio,
        high: 1.002 * ratio,
        confidence: 0.99,
        verdict,
        why: String::new(),
        delta: 0.01,
        baseline_ns: Some(baseline_ns),
        candidate_ns: Some(candidate_ns),
        difference_ns: None,
        processes: 3,
        layouts: 1,
        rounds: 15,
        items: 10_000,
        samples: [-0.001, 0.0, 0.001]
            .map(|off| PairedSample {
                layout: 0,
                log_ratio: ratio.ln() + off,
                baseline_ns,
                candidate_ns,
                copies_ns: None,
            })
            .to_vec(),
        ..Comparison::default()
    }
}
