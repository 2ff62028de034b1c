//! How the sizes of a stream's items vary.
//!
//! A plan becomes a [`SizeTable`] before the stream opens. Guest and host then only look
//! sizes up, so that every plan costs the same, whatever its formula.

use serde::{Deserialize, Serialize};

use crate::random::mix;

/// Entries in the table of a plan that has no period.
const TABLE_LEN: u64 = 4096;
/// Entries in the table of a constant plan: one size, different contents.
const CONSTANT_LEN: usize = 256;

/// How the sizes of a stream's items vary. A size is the number of content bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SizePlan {
    /// Every item has the same size.
    Constant {
        /// Size of every item.
        bytes: u32,
    },
    /// Grows by one byte every `every` items up to `to`, and stays there.
    Ramp {
        /// Size of the first item.
        from: u32,
        /// Last size; `to >= from`.
        to: u32,
        /// Number of items of each size; 1 or more.
        every: u32,
    },
    /// All sizes of `from..=to` are equally likely.
    Uniform {
        /// Smallest size.
        from: u32,
        /// Largest size.
        to: u32,
    },
    /// Many small items and few huge ones.
    Bimodal {
        /// Size of the small items.
        small: u32,
        /// Size of the huge items.
        large: u32,
        /// On average, one item in `one_in` is huge.
        one_in: u32,
    },
    /// Pareto with shape 1, cut at `to`: `min(from / U, to)`, with U uniform in (0, 1].
    /// Shape 1 takes a single division, so that every machine draws the same sizes. Without
    /// the cut, its mean would be infinite.
    HeavyTail {
        /// Smallest size (the scale).
        from: u32,
        /// Where the tail is cut.
        to: u32,
    },
    /// Grows evenly from `from` to `to` within `period` items, then starts again.
    Sawtooth {
        /// Size at the start of a tooth.
        from: u32,
        /// Size at the end of a tooth.
        to: u32,
        /// Number of items in a tooth; 2 or more.
        period: u32,
    },
    /// A single huge item among small ones.
    Spike {
        /// Size of all other items.
        quiet: u32,
        /// Size of the huge item.
        spike: u32,
        /// Position of the huge item, counted from 0.
        at: u32,
    },
    /// Sizes of a real stream, repeated if the stream is longer.
    Recorded {
        /// The sizes; not empty.
        sizes: Vec<u32>,
    },
}

/// Sizes, item by item: a beginning that occurs once, then a loop that repeats.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SizeTable {
    sizes: Vec<u32>,
    loop_from: u32,
}

/// A size table without an entry in its loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a size table needs at least one size after the start of its loop ({len} sizes, loop from {loop_from})"
)]
pub struct EmptyTable {
    len: usize,
    loop_from: u32,
}

impl SizeTable {
    /// A table with all of `sizes` once, then those from `loop_from` on again and again.
    ///
    /// # Errors
    /// If the loop is empty.
    pub fn new(sizes: Vec<u32>, loop_from: u32) -> Result<Self, EmptyTable> {
        if (loop_from as usize) < sizes.len() {
            Ok(Self { sizes, loop_from })
        } else {
            let len = sizes.len();
            Err(EmptyTable { len, loop_from })
        }
    }

    /// All entries: first the beginning, then the loop.
    #[must_use]
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Index of the loop's first entry.
    #[must_use]
    pub fn loop_from(&self) -> u32 {
        self.loop_from
    }

    /// The index of item `k`'s entry.
    #[must_use]
    pub fn entry(&self, k: u64) -> usize {
        let len = self.sizes.len() as u64;
        let from = u64::from(self.loop_from);
        let entry = if k < len {
            k
        } else {
            from + (k - from) % (len - from)
        };
        usize::try_from(entry).expect("an entry is below the table's length")
    }

    /// The size of item `k`, content bytes.
    #[must_use]
    pub fn size(&self, k: u64) -> u32 {
        self.sizes[self.entry(k)]
    }

    /// The largest size of the table, content bytes.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.sizes.iter().copied().max().unwrap_or(0)
    }
}

impl SizePlan {
    /// The plan's name in case ids.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant { .. } => "constant",
            Self::Ramp { every: 1, .. } => "ramp",
            Self::Ramp { .. } => "slow-ramp",
            Self::Uniform { .. } => "uniform",
            Self::Bimodal { .. } => "bimodal",
            Self::HeavyTail { .. } => "heavy-tail",
            Self::Sawtooth { .. } => "sawtooth",
            Self::Spike { .. } => "spike",
            Self::Recorded { .. } => "recorded",
        }
    }

    /// The plan's table of sizes. It depends on the seed alone, on every machine.
    ///
    /// # Errors
    /// If a recorded plan has no sizes.
    pub fn table(&self, seed: u64) -> Result<SizeTable, EmptyTable> {
        let random = |k: u64| mix(seed ^ 0x5173_5173_5173_5173, k);
        let drawn = |size: &dyn Fn(u64) -> u32| (0..TABLE_LEN).map(size).collect::<Vec<_>>();
        let (sizes, loop_from) = match *self {
            Self::Constant { bytes } => (vec![bytes; CONSTANT_LEN], 0),
            Self::Ramp { from, to, every } => {
                let sizes: Vec<u32> = (from..=to.max(from))
                    .flat_map(|size| std::iter::repeat_n(size, every.max(1) as usize))
                    .collect();
                let last = sizes.len() - 1;
                (sizes, last)
            }
            Self::Uniform { from, to } => {
                let span = u64::from(to.max(from) - from) + 1;
                (drawn(&|k| from + below(random(k), span)), 0)
            }
            Self::Bimodal {
                small,
                large,
                one_in,
            } => {
                let pick = |k| below(random(k), u64::from(one_in.max(1))) == 0;
                (drawn(&|k| if pick(k) { large } else { small }), 0)
            }
            Self::HeavyTail { from, to } => (drawn(&|k| pareto(random(k), from, to)), 0),
            Self::Sawtooth { from, to, period } => {
                let steps = u64::from(period.max(2) - 1);
                let rise = u64::from(to.max(from) - from);
                let size = |k| from + u32::try_from(rise * k / steps).expect("at most the rise");
                ((0..=steps).map(size).collect(), 0)
            }
            Self::Spike { quiet, spike, at } => {
                let mut sizes = vec![quiet; at as usize + 1 + CONSTANT_LEN];
                sizes[at as usize] = spike;
                (sizes, at as usize + 1)
            }
            Self::Recorded { ref sizes } => (sizes.clone(), 0),
        };
        SizeTable::new(sizes, u32::try_from(loop_from).expect("tables are short"))
    }
}

/// A number of `0..span` from 64 random bits, by multiplication (Lemire, "Fast random integer
/// generation in an interval", 2019). The bias is below span / 2^64.
fn below(random: u64, span: u64) -> u32 {
    let wide = u128::from(random) * u128::from(span);
    u32::try_from(wide >> 64).expect("sizes are 32-bit")
}

/// `min(from / U, to)`, where the top 53 bits of `random` give U, uniform in (0, 1].
fn pareto(random: u64, from: u32, to: u32) -> u32 {
    let uniform = ((random >> 11) + 1) as f64 / (1u64 << 53) as f64;
    // The cast saturates: values beyond 2^32 are cut anyway.
    ((f64::from(from) / uniform) as u32).clamp(from, to.max(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(plan: &SizePlan) -> SizeTable {
        plan.table(7).expect("the plan has sizes")
    }

    #[test]
    fn a_ramp_rises_by_one_byte_and_stays_at_the_top() {
        let ramp = table(&SizePlan::Ramp {
            from: 10,
            to: 14,
            every: 1,
        });
        let sizes: Vec<u32> = (0..8).map(|k| ramp.size(k)).collect();
        assert_eq!(sizes, [10, 11, 12, 13, 14, 14, 14, 14]);
        let slow = table(&SizePlan::Ramp {
            from: 10,
            to: 11,
            every: 3,
        });
        let sizes: Vec<u32> = (0..8).map(|k| slow.size(k)).collect();
        assert_eq!(sizes, [10, 10, 10, 11, 11, 11, 11, 11]);
    }

    #[test]
    fn a_sawtooth_starts_again() {
        let saw = table(&SizePlan::Sawtooth {
            from: 0,
            to: 30,
            period: 4,
        });
        let sizes: Vec<u32> = (0..6).map(|k| saw.size(k)).collect();
        assert_eq!(sizes, [0, 10, 20, 30, 0, 10]);
    }

    #[test]
    fn a_spike_occurs_once_in_any_length() {
        let spike = table(&SizePlan::Spike {
            quiet: 8,
            spike: 999,
            at: 20,
        });
        let places: Vec<u64> = (0..100_000).filter(|&k| spike.size(k) == 999).collect();
        assert_eq!(places, [20]);
    }

    #[test]
    fn random_plans_stay_in_their_range_and_repeat_by_seed() {
        for plan in [
            SizePlan::Uniform { from: 3, to: 900 },
            SizePlan::HeavyTail { from: 3, to: 900 },
            SizePlan::Bimodal {
                small: 3,
                large: 900,
                one_in: 10,
            },
        ] {
            let sizes = table(&plan);
            assert_eq!(sizes, table(&plan));
            assert_ne!(Ok(sizes.clone()), plan.table(8));
            assert!(
                sizes.sizes().iter().all(|size| (3..=900).contains(size)),
                "{plan:?}"
            );
            assert!(sizes.sizes().iter().any(|&size| size > 800), "{plan:?}");
        }
    }

    #[test]
    fn the_heavy_tail_has_the_median_of_its_distribution() {
        let mut sizes = table(&SizePlan::HeavyTail {
            from: 64,
            to: 1 << 20,
        })
        .sizes;
        sizes.sort_unstable();
        // The median of a Pareto of shape 1 is twice its scale.
        let median = f64::from(sizes[sizes.len() / 2]);
        assert!((median / 128.0 - 1.0).abs() < 0.1, "{median}");
    }

    #[test]
    fn a_recorded_plan_without_sizes_is_refused() {
        assert!(SizePlan::Recorded { sizes: vec![] }.table(0).is_err());
    }
}
