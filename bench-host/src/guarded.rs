//! Arena streams for drains that verify: the guest writes into guarded memory, with a known
//! pattern before and behind it, and both are checked after every call.
//!
//! A handle stands between host and guest: its `next` lends the guarded memory, checks it, and
//! copies the bytes into the host's buffer. So the code that is timed knows nothing of it.

use bench_protocol::api::GuestApi;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::handle::StreamHandle;
use bench_protocol::spec::{BufferConfig, StreamConfig};
use bench_protocol::status;

use crate::arena::{self, Arena};
use crate::buffer::Buffer;
use crate::error::StreamError;
use crate::handle::OwnedHandle;
use crate::shrink::ShrinkRule;
use crate::source::Source;

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

/// Memory with the pattern on both sides.
#[derive(Debug, Default)]
pub struct GuardedMemory {
    /// The pattern, the bytes that are lent, the pattern again.
    bytes: Vec<u8>,
}

impl GuardedMemory {
    /// The start of `capacity` bytes to lend, with the pattern on both sides.
    pub fn lend(&mut self, capacity: u32) -> *mut u8 {
        let capacity = capacity as usize;
        if self.bytes.len() != capacity + 2 * MARGIN {
            self.bytes = vec![0; capacity + 2 * MARGIN];
            self.bytes[..MARGIN].copy_from_slice(&PATTERN);
            self.bytes[MARGIN + capacity..].copy_from_slice(&PATTERN);
        }
        self.bytes[MARGIN..].as_mut_ptr()
    }

    /// The bytes that were lent last, after a check that nothing else was written.
    ///
    /// # Errors
    /// If the pattern has changed.
    pub fn checked(&self) -> Result<&[u8], StreamError> {
        let (before, rest) = self.bytes.split_at(MARGIN);
        let (lent, behind) = rest.split_at(rest.len() - MARGIN);
        let capacity = lent.len() as u64;
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
        Ok(lent)
    }
}

/// An arena stream whose guest writes into guarded memory.
#[derive(Debug)]
pub struct Guarded<S> {
    /// Drives the guard's own handle.
    arena: Arena<S>,
    /// The state of that handle, which the arena owns.
    guard: *mut Guard,
}

/// What stands between host and guest.
#[derive(Debug)]
struct Guard {
    guest: OwnedHandle,
    memory: GuardedMemory,
    /// The demand of the last call, if it was one.
    demanded: Option<u32>,
    /// The promise that the guest broke.
    broken: Option<StreamError>,
}

// SAFETY: the guard belongs to the arena's handle, and this is used by one thread at a time.
unsafe impl<S: Send> Send for Guarded<S> {}

impl<S: ShrinkRule> Guarded<S> {
    /// Opens a stream of the guest.
    ///
    /// # Errors
    /// If the guest refuses or returns a handle that cannot be driven, or if the first buffer
    /// is above the limit.
    pub fn open(
        guest: &GuestApi,
        stream: &StreamConfig,
        config: &BufferConfig,
        shrink: S,
    ) -> Result<Self, StreamError> {
        // First, so that no stream is open if this fails.
        let buffer = Buffer::new(config)?;
        let handle = arena::open(guest, stream)?;
        // SAFETY: the guest opened an arena stream.
        unsafe { Self::new(handle, buffer, shrink) }
    }

    /// A stream on a handle.
    ///
    /// # Errors
    /// Never: the guard's handle can be driven.
    ///
    /// # Safety
    /// The handle must be one of the arena protocol.
    pub unsafe fn new(guest: OwnedHandle, buffer: Buffer, shrink: S) -> Result<Self, StreamError> {
        let guard = Box::into_raw(Box::new(Guard {
            guest,
            memory: GuardedMemory::default(),
            demanded: None,
            broken: None,
        }));
        let handle = Box::into_raw(Box::new(StreamHandle {
            next,
            drop_fn: drop_guard,
            state: guard.cast(),
        }));
        // SAFETY: this is an arena handle in a box of its own, which nobody else uses.
        let arena = unsafe { Arena::adopt(handle, buffer, shrink)? };
        Ok(Self { arena, guard })
    }
}

impl Guard {
    /// Calls the guest with guarded memory, and copies what it wrote into the host's buffer.
    fn next(&mut self, buffer: *mut u8, capacity: u32, out_len: *mut u32) -> i32 {
        let handle = self.guest.as_ptr();
        let demanded = self.demanded.take();
        // SAFETY: the handle is alive until `drop_guard`; the memory has `capacity` writable
        // bytes; the guest is not inside another call.
        let status = unsafe {
            let start = self.memory.lend(capacity);
            ((*handle).next)(handle, start, capacity, out_len)
        };
        // SAFETY: the host lends an initialised place for the length.
        let len = unsafe { *out_len };
        let lent = match self.memory.checked() {
            Ok(lent) => lent,
            Err(error) => {
                self.broken = Some(error);
                return status::PANIC;
            }
        };
        match status {
            status::OK | status::PLUGIN_ERROR if len <= capacity => {
                // SAFETY: the host lends `capacity` writable bytes, and `len` is not more.
                unsafe { buffer.copy_from_nonoverlapping(lent.as_ptr(), len as usize) };
            }
            status::BUFFER_TOO_SMALL => self.demanded = Some(len),
            status::STREAM_END => {
                if let Some(demanded) = demanded.map(u64::from) {
                    self.broken = Some(StreamError::EndAfterTooSmall { demanded });
                    return status::PANIC;
                }
            }
            _ => {}
        }
        status
    }
}

/// `next` of the guard's handle. If the guest broke a promise, it is in [`Guard::broken`].
unsafe extern "C" fn next(
    handle: *mut StreamHandle,
    buffer: *mut u8,
    capacity: u32,
    out_len: *mut u32,
) -> i32 {
    // SAFETY: `Guarded::new` made the handle, and the host is inside one call at a time.
    let guard = unsafe { &mut *(*handle).state.cast::<Guard>() };
    guard.next(buffer, capacity, out_len)
}

unsafe extern "C" fn drop_guard(handle: *mut StreamHandle) {
    // SAFETY: `Guarded::new` made both boxes; the arena calls this once.
    unsafe {
        let handle = Box::from_raw(handle);
        drop(Box::from_raw(handle.state.cast::<Guard>()));
    }
}

impl<S: ShrinkRule> Source for Guarded<S> {
    type Item<'a>
        = &'a [u8]
    where
        S: 'a;

    fn pull(&mut self) -> Result<Option<(&[u8], u64)>, StreamError> {
        let guard = self.guard;
        self.arena.pull().map_err(|error| {
            // SAFETY: the guard is alive until the arena is dropped, and inside no call.
            unsafe { (*guard).broken.take() }.unwrap_or(error)
        })
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.arena.count(items, counts);
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        // SAFETY: the guard is alive until the arena is dropped, and inside no call.
        unsafe { (*self.guard).guest.guest_counts() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks guarded memory of 64 bytes after `bytes` zeros were written `at` an offset from
    /// its start.
    fn written(at: isize, bytes: usize) -> Result<(), StreamError> {
        let mut memory = GuardedMemory::default();
        memory.lend(64);
        let start = (MARGIN as isize + at) as usize;
        memory.bytes[start..start + bytes].fill(0);
        memory.checked().map(drop)
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
    fn memory_of_another_size_is_guarded_as_well() {
        let mut memory = GuardedMemory::default();
        for capacity in [64, 10_000, 0, 1] {
            memory.lend(capacity);
            assert_eq!(memory.checked().unwrap().len(), capacity as usize);
        }
    }
}
