//! The counter matrix: every way to grow, on one stream, counted exactly.
//!
//! Nothing here is timed; the numbers are the same on every machine.

use bench_host::error::StreamError;
use bench_host::pair::Pair;
use bench_protocol::counts::HostCounts;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{BufferConfig, Growth, Regrow, SessionConfig};
use serde::{Deserialize, Serialize};

use crate::case::catalog::{INITIAL_CAPACITIES, SHRINKS};
use crate::case::{Case, buffer_name, plans};
use crate::pair_process::error::PairError;
use crate::verify::{self, VerifyError};
use bench_record::wire::Verdict;

/// A matrix that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum GrowthError {
    #[error(
        "the plan {plan}: its largest item needs {wire_max} bytes on the wire, the memory limit is {limit}; raise it with --memory-limit"
    )]
    AboveLimit {
        plan: &'static str,
        wire_max: u64,
        limit: u64,
    },
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Pair(#[from] PairError),
    #[error("{cell}")]
    Replay { cell: String, source: StreamError },
    #[error("{cell}: the replay counts {replayed}, the pair {drained}")]
    ReplayDiffers {
        cell: String,
        replayed: String,
        drained: String,
    },
}

/// A stream that shows all of a plan, and what is to be known of it beforehand.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stream {
    case: Case,
    items: u64,
    wire_max: u64,
    limit: u64,
}

impl Stream {
    /// The stream of a plan.
    ///
    /// # Errors
    /// When its largest item is above `limit`, bytes.
    ///
    /// # Panics
    /// If the plan is a recorded one without sizes.
    pub fn new(plan: SizePlan, limit: u64) -> Result<Self, GrowthError> {
        let items = plans::stream_items(&plan);
        let case = Case::growth(plan, BufferConfig::default());
        let wire_max = plans::wire_bytes(case.item_bytes());
        let plan = case.plan.name();
        if wire_max > limit {
            return Err(GrowthError::AboveLimit {
                plan,
                wire_max,
                limit,
            });
        }
        Ok(Self {
            case,
            items,
            wire_max,
            limit,
        })
    }

    pub fn plan(&self) -> &SizePlan {
        &self.case.plan
    }

    pub fn items(&self) -> u64 {
        self.items
    }

    /// Bytes of its largest item on the wire.
    pub fn wire_max(&self) -> u64 {
        self.wire_max
    }

    /// Id of the case of one cell.
    pub fn id(&self, buffer: &BufferConfig) -> String {
        format!("growth/{}/arena/{}", self.plan().name(), self.name(buffer))
    }

    /// Name of one cell within the plan.
    pub fn name(&self, buffer: &BufferConfig) -> String {
        buffer_name(buffer, self.wire_max)
    }

    /// Every buffer of the matrix: all strategies, first capacities and shrink
    /// rules, and the given ways to regrow.
    pub fn buffers(&self, regrows: &[Regrow]) -> Vec<BufferConfig> {
        let largest = u32::try_from(self.wire_max).expect("the wire's lengths are 32-bit");
        let mut initials: Vec<u32> = INITIAL_CAPACITIES.to_vec();
        initials.retain(|&bytes| u64::from(bytes) <= self.limit && bytes != largest);
        initials.push(largest);
        let mut buffers = Vec::new();
        for &growth in Growth::ALL {
            for &initial_capacity in &initials {
                for &regrow in regrows {
                    for (shrink, shrink_param) in SHRINKS {
                        buffers.push(BufferConfig {
                            regrow,
                            shrink,
                            shrink_param,
                            initial_capacity,
                            memory_limit: self.limit,
                            ..plans::buffer(growth, self.wire_max)
                        });
                    }
                }
            }
        }
        buffers
    }

    /// Whether a buffer is told the largest item beforehand.
    pub fn needs_maximum(&self, buffer: &BufferConfig) -> bool {
        plans::needs_maximum(buffer.growth)
            || !INITIAL_CAPACITIES.contains(&buffer.initial_capacity)
    }

    /// Drains each of `buffers` through the pair once, and holds every stream
    /// against the generator and the host's counters against the guest's.
    pub fn drain(&self, pair: &Pair, buffers: &[BufferConfig]) -> Result<Vec<Cell>, GrowthError> {
        let mut config = self.case.session(self.items);
        let expected = verify::expected(&config.stream);
        let open = |config: &SessionConfig| Ok(pair.open(config)?);
        let drain = |buffer: &BufferConfig| {
            config.buffer = *buffer;
            let id = || self.id(buffer);
            let counts = verify::verify_session(&open, &id, config.clone(), &expected)?;
            Ok(self.cell(*buffer, counts))
        };
        buffers.iter().map(drain).collect()
    }

    /// Bytes on the wire of each item, in order.
    pub fn lengths(&self) -> Vec<u32> {
        let sizes = self.case.session(self.items).stream.sizes;
        // The largest one is 32-bit, so all are.
        let wire = |k| plans::wire_bytes(sizes.size(k)) as u32;
        (0..self.items).map(wire).collect()
    }

    pub fn cell(&self, buffer: BufferConfig, counts: HostCounts) -> Cell {
        Cell {
            id: self.id(&buffer),
            name: self.name(&buffer),
            needs_maximum: self.needs_maximum(&buffer),
            buffer,
            counts,
            instructions_per_item: None,
            ratio: None,
        }
    }
}

/// Drains ways to grow on a stream, wherever the pair's code runs.
pub type Drain<'a> = dyn FnMut(&Stream, &[BufferConfig]) -> Result<Vec<Cell>, GrowthError> + 'a;

/// One way to grow on one stream, and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub id: String,
    /// Name within the plan.
    pub name: String,
    pub buffer: BufferConfig,
    /// Whether it is told the stream's largest item beforehand.
    pub needs_maximum: bool,
    /// What the host counted, to the end of the stream.
    pub counts: HostCounts,
    /// Instructions per item, both sides, where they were counted.
    pub instructions_per_item: Option<f64>,
    /// Time against the exact fit of the same plan, where it was measured.
    pub ratio: Option<Ratio>,
}

/// Time against the exact fit of the same plan, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
    /// What the comparison with the exact fit says; none for the exact fit itself.
    pub verdict: Option<Verdict>,
}

impl Ratio {
    /// The exact fit's own, which all others are compared with.
    pub const OF_EXACT_FIT: Self = Self {
        estimate: 1.0,
        low: 1.0,
        high: 1.0,
        verdict: None,
    };

    /// Whether it is shown to be a shorter time than another: against the exact fit,
    /// whose interval has no width, by the verdict; else by intervals that lie apart.
    pub fn is_shown_below(&self, other: &Self) -> bool {
        match (self.verdict, other.verdict) {
            (None, None) => false,
            (Some(verdict), None) => verdict == Verdict::Faster,
            (None, Some(verdict)) => verdict == Verdict::Slower,
            (Some(_), Some(_)) => self.high < other.low,
        }
    }
}

impl Cell {
    /// Items of the stream, at least 1.
    fn items(&self) -> f64 {
        self.counts.items.max(1) as f64
    }

    /// Calls across the boundary per item; the one that finds the end is left out.
    pub fn calls_per_item(&self) -> f64 {
        (self.counts.items + self.counts.retries) as f64 / self.items()
    }

    /// Bytes zeroed or moved for the buffer's sake.
    pub fn worked(&self) -> u64 {
        self.counts.zeroed + self.counts.moved
    }

    /// Memory held for an item, mean over the items, bytes.
    pub fn mean_held(&self) -> f64 {
        self.counts.held_sum as f64 / self.items()
    }

    /// Share of the buffer that an item used, mean over the items, 0 to 1.
    pub fn mean_share(&self) -> f64 {
        self.counts.share_sum / self.items()
    }
}
