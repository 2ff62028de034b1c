//! A recording replayed against the host's strategies and shrink rules, without a
//! guest, contents or memory: the exact counters of a long stream in a moment.
//! [`checked`] holds what is quoted of it against the pair.

use bench_host::error::StreamError;
use bench_host::growth::{Growth, strategy};
use bench_host::shrink::{AfterSmall, Decay, Never, ShrinkRule};
use bench_protocol::counts::HostCounts;
use bench_protocol::spec::{BufferConfig, Regrow, Shrink};

use super::matrix::{Cell, Drain, GrowthError, Stream};

/// The counters of a stream of items of `lengths` bytes on the wire. It has no
/// contents, so the digest stays 0.
pub fn replay(
    lengths: impl Iterator<Item = u32>,
    buffer: &BufferConfig,
) -> Result<HostCounts, StreamError> {
    let param = buffer.shrink_param;
    match buffer.shrink {
        Shrink::Never => with_rule(lengths, buffer, Never),
        Shrink::AfterSmall => with_rule(lengths, buffer, AfterSmall::new(param)),
        Shrink::Decay => with_rule(lengths, buffer, Decay::new(param)),
    }
}

fn with_rule<S: ShrinkRule>(
    lengths: impl Iterator<Item = u32>,
    config: &BufferConfig,
    mut rule: S,
) -> Result<HostCounts, StreamError> {
    let mut buffer = Model::new(config);
    // As in the arena: the buffer may shrink before each call of `next`, and the
    // one that finds the end is a call too.
    let mut last = config.initial_capacity;
    let mut before_call = |buffer: &mut Model, last| {
        let usable = buffer.usable as u32;
        if let Some(capacity) = rule.after(last, usable) {
            buffer.shrink(u64::from(capacity));
        }
    };
    for len in lengths {
        before_call(&mut buffer, last);
        let required = u64::from(len);
        if required > buffer.usable {
            buffer.grow(required)?;
            buffer.counts.retries += 1;
            buffer.counts.retried_bytes += required;
        }
        last = len;
        let (held, counts) = (buffer.held, &mut buffer.counts);
        counts.items += 1;
        counts.bytes += required;
        counts.held_sum += held;
        counts.share_sum += f64::from(len) / held as f64;
    }
    before_call(&mut buffer, last);
    let counts = buffer.counts;
    Ok(HostCounts {
        calls: counts.items + counts.retries + 1,
        capacity: buffer.held,
        ..counts
    })
}

/// The host's buffer as numbers: it has no memory, so that a spike of gigabytes
/// costs nothing. Sizes in bytes; they stay below 2^32.
struct Model {
    strategy: Box<dyn Growth>,
    regrow: Regrow,
    initial: u64,
    limit: u64,
    /// What the guest is told.
    usable: u64,
    /// What `Vec` calls its length: bytes that were zeroed.
    len: u64,
    /// What is taken from the allocator.
    held: u64,
    counts: HostCounts,
}

impl Model {
    fn new(config: &BufferConfig) -> Self {
        let strategy = strategy(config.growth, config.growth_param);
        let mut model = Self {
            limit: config.memory_limit.min(strategy.cap()),
            strategy,
            regrow: config.regrow,
            initial: u64::from(config.initial_capacity),
            usable: 0,
            len: 0,
            held: 0,
            counts: HostCounts::default(),
        };
        model.replace(model.initial);
        model
    }

    fn grow(&mut self, demanded: u64) -> Result<(), StreamError> {
        let limit = self.limit;
        if demanded > limit {
            return Err(StreamError::AboveLimit { demanded, limit });
        }
        let chosen = self.strategy.next_capacity(self.usable, demanded);
        let chosen = chosen.min(limit).min(u64::from(u32::MAX));
        if self.regrow != Regrow::Resize {
            self.replace(chosen);
            return Ok(());
        }
        if chosen > self.held {
            // `Vec` takes at least twice what it holds, unless told not to.
            let twice = 2 * self.held;
            self.counts.moved += self.len;
            self.held = if twice > limit {
                chosen
            } else {
                chosen.max(twice)
            };
            self.counts.allocated += self.held;
            self.counts.peak_capacity = self.counts.peak_capacity.max(self.held);
        }
        self.counts.zeroed += chosen - self.len;
        (self.usable, self.len) = (chosen, chosen);
        Ok(())
    }

    fn shrink(&mut self, capacity: u64) {
        let capacity = capacity.max(self.initial);
        if capacity < self.usable {
            self.counts.shrinks += 1;
            self.replace(capacity);
        }
    }

    fn replace(&mut self, capacity: u64) {
        if self.regrow != Regrow::Uninit {
            self.counts.zeroed += capacity;
            self.len = capacity;
        }
        (self.usable, self.held) = (capacity, capacity);
        self.counts.allocated += capacity;
        self.counts.peak_capacity = self.counts.peak_capacity.max(capacity);
    }
}

impl Stream {
    /// Replays each of `buffers`.
    pub fn replay(&self, buffers: &[BufferConfig]) -> Result<Vec<Cell>, GrowthError> {
        let lengths = self.lengths();
        let replay = |buffer: &BufferConfig| {
            let counts = replay(lengths.iter().copied(), buffer).map_err(|source| {
                let cell = self.id(buffer);
                GrowthError::Replay { cell, source }
            })?;
            Ok(self.cell(*buffer, counts))
        };
        buffers.iter().map(replay).collect()
    }
}

/// Has the replayed `cells` drained by a pair, and holds the counters of both against each
/// other.
pub fn checked(drain: &mut Drain<'_>, stream: &Stream, cells: &[&Cell]) -> Result<(), GrowthError> {
    let buffers: Vec<BufferConfig> = cells.iter().map(|cell| cell.buffer).collect();
    for (cell, drained) in cells.iter().zip(drain(stream, &buffers)?) {
        let drained = HostCounts {
            digest: cell.counts.digest,
            ..drained.counts
        };
        if drained != cell.counts {
            return Err(GrowthError::ReplayDiffers {
                cell: cell.id.clone(),
                replayed: format!("{:?}", cell.counts),
                drained: format!("{drained:?}"),
            });
        }
    }
    Ok(())
}
