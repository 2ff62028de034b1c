//! Guarded memory for drains that verify: a known pattern lies before and behind it, and both are
//! checked after every call, so that a guest that writes elsewhere is noticed.

use bench_protocol::counts::HostCounts;
use bench_protocol::spec::BufferConfig;

use crate::buffer::Buffer;
use crate::error::StreamError;
use crate::lend::Lend;

/// Bytes of the pattern on each side. A guest that writes a whole page beyond the end is noticed,
/// too.
const MARGIN: usize = 4096;

/// No byte is zero, and neighbours differ.
const PATTERN: [u8; MARGIN] = {
    let mut pattern = [0; MARGIN];
    let mut index = 0;
    while index < MARGIN {
        pattern[index] = 0x5a ^ (1 + index % 83) as u8;
        index += 1;
    }
    pattern
};

/// A buffer that decides on sizes and counts, and the guarded memory that is lent instead of it.
#[derive(Debug)]
pub struct Guarded {
    buffer: Buffer,
    /// The pattern, the bytes that are lent, the pattern again.
    memory: Vec<u8>,
}

impl Guarded {
    /// Replaces the memory by new memory for as many bytes as the buffer has.
    fn renew(&mut self) {
        let lent = self.buffer.usable() as usize;
        self.memory = vec![0; lent + 2 * MARGIN];
        self.memory[..MARGIN].copy_from_slice(&PATTERN);
        self.memory[MARGIN + lent..].copy_from_slice(&PATTERN);
    }
}

impl Lend for Guarded {
    const CHECKED: bool = true;

    fn lend(config: &BufferConfig) -> Result<Self, StreamError> {
        let mut guarded = Self {
            buffer: Buffer::new(config)?,
            memory: Vec::new(),
        };
        guarded.renew();
        Ok(guarded)
    }

    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.memory[MARGIN..].as_mut_ptr()
    }

    fn usable(&self) -> u32 {
        self.buffer.usable()
    }

    fn held(&self) -> u64 {
        self.buffer.held()
    }

    fn grow(&mut self, required: u32) -> Result<(), StreamError> {
        self.buffer.grow(required)?;
        self.renew();
        Ok(())
    }

    fn shrink(&mut self, capacity: u32) {
        self.buffer.shrink(capacity);
        self.renew();
    }

    fn count(&self, counts: &mut HostCounts) {
        self.buffer.count(counts);
    }

    fn check(&self) -> Result<(), StreamError> {
        let capacity = u64::from(self.buffer.usable());
        let (before, rest) = self.memory.split_at(MARGIN);
        let behind = &rest[rest.len() - MARGIN..];
        if behind != PATTERN {
            let last = (0..MARGIN).rev().find(|&at| behind[at] != PATTERN[at]);
            let bytes = 1 + last.unwrap_or_default() as u64;
            return Err(StreamError::WroteBeyond { bytes, capacity });
        }
        if before != PATTERN {
            let first = (0..MARGIN).find(|&at| before[at] != PATTERN[at]);
            let bytes = (MARGIN - first.unwrap_or_default()) as u64;
            return Err(StreamError::WroteBefore { bytes, capacity });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a guarded buffer of 64 bytes after `bytes` zeros were written `at` an offset from
    /// its start.
    fn written(at: isize, bytes: usize) -> Result<(), StreamError> {
        let config = BufferConfig {
            initial_capacity: 64,
            ..BufferConfig::default()
        };
        let mut guarded = Guarded::lend(&config).unwrap();
        let start = (MARGIN as isize + at) as usize;
        guarded.memory[start..start + bytes].fill(0);
        guarded.check()
    }

    #[test]
    fn writing_within_the_buffer_is_fine() {
        assert_eq!(written(0, 64), Ok(()));
    }

    #[test]
    fn each_byte_beyond_the_end_is_noticed() {
        for bytes in [1, 2, 7, 8, 4096] {
            let beyond = StreamError::WroteBeyond {
                bytes: bytes as u64,
                capacity: 64,
            };
            assert_eq!(written(64, bytes), Err(beyond));
        }
    }

    #[test]
    fn each_byte_before_the_start_is_noticed() {
        for bytes in [1, 8, 4096] {
            let before = StreamError::WroteBefore {
                bytes: bytes as u64,
                capacity: 64,
            };
            assert_eq!(written(-(bytes as isize), bytes), Err(before));
        }
    }

    #[test]
    fn what_is_lent_grows_and_shrinks_as_the_buffer_does() {
        let mut guarded = Guarded::lend(&BufferConfig::default()).unwrap();
        guarded.grow(10_000).unwrap();
        assert_eq!(guarded.memory.len(), guarded.usable() as usize + 2 * MARGIN);
        assert_eq!(guarded.check(), Ok(()));
        guarded.shrink(0);
        assert_eq!(guarded.memory.len(), guarded.usable() as usize + 2 * MARGIN);
        assert_eq!(guarded.check(), Ok(()));
    }
}
