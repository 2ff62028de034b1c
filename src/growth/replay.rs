//! A recording replayed against the host's own buffer and shrink rules, without
//! a guest and without contents: the exact counters of a long stream in a
//! moment. [`checked`] holds what is quoted of it against the pair.

use bench_host::buffer::Buffer;
use bench_host::error::StreamError;
use bench_host::pair::Pair;
use bench_host::shrink::{AfterSmall, Decay, Never, ShrinkRule};
use bench_protocol::counts::HostCounts;
use bench_protocol::spec::{BufferConfig, Shrink};

use super::matrix::{Cell, GrowthError, Stream};

/// The counters of a stream of items of `lengths` bytes on the wire. It has no
/// contents, so the digest stays 0.
///
/// # Errors
/// When an item is above a limit.
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
    let mut buffer = Buffer::new(config)?;
    let mut counts = HostCounts::default();
    let mut last = buffer.usable();
    // As in the arena: the buffer may shrink before each call of `next`, and the
    // one that finds the end is a call too.
    let mut pull = |buffer: &mut Buffer, last| {
        if let Some(capacity) = rule.after(last, buffer.usable()) {
            buffer.shrink(capacity);
        }
    };
    for len in lengths {
        pull(&mut buffer, last);
        if len > buffer.usable() {
            buffer.grow(len)?;
            counts.retries += 1;
            counts.retried_bytes += u64::from(len);
        }
        last = len;
        counts.items += 1;
        counts.bytes += u64::from(len);
        counts.held_sum += buffer.held();
        counts.share_sum += f64::from(len) / buffer.held().max(1) as f64;
    }
    pull(&mut buffer, last);
    counts.calls = counts.items + counts.retries + 1;
    buffer.count(&mut counts);
    Ok(counts)
}

impl Stream {
    /// Replays each of `buffers`.
    ///
    /// # Errors
    /// When an item is above a limit.
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

/// Drains the replayed `cells` through the pair and holds the counters of both
/// against each other.
///
/// # Errors
/// When a stream is not what it must be, or was replayed otherwise.
pub fn checked(pair: &Pair, stream: &Stream, cells: &[&Cell]) -> Result<(), GrowthError> {
    let buffers: Vec<BufferConfig> = cells.iter().map(|cell| cell.buffer).collect();
    for (cell, drained) in cells.iter().zip(stream.drain(pair, &buffers)?) {
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
