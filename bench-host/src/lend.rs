//! Memory that a host lends to a guest, and the check that it wrote nowhere else.
//!
//! Timed drains lend a plain [`Buffer`]. Verifying ones lend [`Guarded`] memory: a known
//! pattern lies before and behind it, and every call is followed by a look at both.

use bench_protocol::counts::HostCounts;
use bench_protocol::spec::BufferConfig;

use crate::buffer::Buffer;
use crate::error::StreamError;

/// Memory that a guest may write into; see [`Buffer`] for what the functions do.
pub trait Lend: Sized {
    /// Whether [`Self::check`] looks at anything.
    const CHECKED: bool;

    /// Memory of the configured first capacity.
    ///
    /// # Errors
    /// When that is above the memory limit.
    fn lend(config: &BufferConfig) -> Result<Self, StreamError>;
    /// Where the guest may write.
    fn as_mut_ptr(&mut self) -> *mut u8;
    /// Bytes that it may write.
    fn usable(&self) -> u32;
    /// Memory held, bytes.
    fn held(&self) -> u64;
    /// Makes room for an item of `required` bytes.
    ///
    /// # Errors
    /// As for [`Buffer::grow`].
    fn grow(&mut self, required: u32) -> Result<(), StreamError>;
    /// Gives memory back.
    fn shrink(&mut self, capacity: u32);
    /// Writes what it has cost so far into `counts`.
    fn count(&self, counts: &mut HostCounts);
    /// Looks whether the guest wrote outside of what it was lent.
    ///
    /// # Errors
    /// When it did.
    fn check(&self) -> Result<(), StreamError>;
}

impl Lend for Buffer {
    const CHECKED: bool = false;

    fn lend(config: &BufferConfig) -> Result<Self, StreamError> {
        Self::new(config)
    }
    #[inline(always)]
    fn as_mut_ptr(&mut self) -> *mut u8 {
        Self::as_mut_ptr(self)
    }
    #[inline(always)]
    fn usable(&self) -> u32 {
        Self::usable(self)
    }
    #[inline(always)]
    fn held(&self) -> u64 {
        Self::held(self)
    }
    #[inline(always)]
    fn grow(&mut self, required: u32) -> Result<(), StreamError> {
        Self::grow(self, required)
    }
    #[inline(always)]
    fn shrink(&mut self, capacity: u32) {
        Self::shrink(self, capacity);
    }
    fn count(&self, counts: &mut HostCounts) {
        Self::count(self, counts);
    }
    #[inline(always)]
    fn check(&self) -> Result<(), StreamError> {
        Ok(())
    }
}

/// Bytes of the pattern on each side: a whole page that is written beyond the end is
/// noticed as one byte is.
const MARGIN: usize = 4096;

/// No byte of it is zero, and neighbours differ.
const PATTERN: [u8; MARGIN] = {
    let mut pattern = [0; MARGIN];
    let mut index = 0;
    while index < MARGIN {
        pattern[index] = 0x5a ^ (1 + index % 83) as u8;
        index += 1;
    }
    pattern
};

/// A buffer that decides and counts, and the guarded memory that is lent in its place.
#[derive(Debug)]
pub struct Guarded {
    buffer: Buffer,
    /// The pattern, the bytes that are lent, the pattern again.
    memory: Vec<u8>,
}

impl Guarded {
    /// Lends as much as the buffer is large, in new memory.
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

    /// A guarded buffer of 64 bytes, after so many zeros were written at an offset of what
    /// was lent.
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
