//! Sources that call a method of the guest once an item.

use std::ops::{Deref, Range};

use bench_protocol::channel::wire;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::spec::SessionConfig;
use bench_protocol::status;

use super::method::{Method, place};
use crate::alloc::GuestBuffer;
use crate::buffer::Buffer;
use crate::error::StreamError;
use crate::guarded::GuardedMemory;
use crate::source::Source;

/// Capacity of a pool's first buffer.
const POOLED: u64 = 4096;

/// Answers in boxes, as Fidius' `call_plugin_allocated`.
pub(super) struct Boxed {
    method: Method,
    /// Returned buffers that held an error, not an item.
    error_buffers: u64,
}

impl Boxed {
    pub(super) fn new(method: Method) -> Self {
        let error_buffers = 0;
        Self {
            method,
            error_buffers,
        }
    }

    #[cold]
    fn unusual(&mut self, status: i32, start: *mut u8, len: u32) -> StreamError {
        if status != status::PLUGIN_ERROR {
            return self.method.refused(status, Ok(&[]));
        }
        // A copy, as the buffer borrows from the method.
        let copied = buffer(&self.method, start, len).map(|buffer| buffer.to_vec());
        self.error_buffers += u64::from(copied.is_ok());
        let bytes = copied.as_deref().map_err(Clone::clone);
        self.method.refused(status, bytes)
    }
}

/// The buffer that an answer describes.
#[inline(always)]
fn buffer(method: &Method, start: *mut u8, len: u32) -> Result<GuestBuffer<'_>, StreamError> {
    if start.is_null() {
        let len = u64::from(len);
        return Err(StreamError::NullItem { len });
    }
    // SAFETY: the guest answered both together, and the host owns the bytes until it returns them.
    let buffer = unsafe { GuestBuffer::received(start, len, method.free_buffer) };
    let (demanded, limit) = (u64::from(len), method.limit);
    if demanded > limit {
        return Err(StreamError::AboveLimit { demanded, limit });
    }
    Ok(buffer)
}

impl Source for Boxed {
    type Item<'a> = GuestBuffer<'a>;

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(GuestBuffer<'_>, u64)>, StreamError> {
        let Some(k) = self.method.number() else {
            return Ok(None);
        };
        let arguments = wire::serialize(&(k,)).map_err(|_| StreamError::HostSerialization)?;
        let (status, start, len) = self.method.call_boxed(&arguments);
        if status != status::OK {
            return Err(self.unusual(status, start, len));
        }
        self.method.next += 1;
        Ok(Some((buffer(&self.method, start, len)?, 0)))
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.method.count(items, counts);
        counts.frees = items + self.error_buffers;
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.method.guest_counts()
    }
}

/// A pool of buffers that are cleared before each call, as Fidius' `call_arena`. Fidius has a pool
/// for each thread; this one is the session's, so that no session inherits another's.
pub(super) struct Pool<const GUARDED: bool> {
    method: Method,
    free: Vec<Vec<u8>>,
    memory: GuardedMemory,
    retries: u64,
    retried_bytes: u64,
    zeroed: u64,
    allocated: u64,
    held: u64,
}

/// A buffer of a pool, with an answer in it. Dropping it puts it back.
pub(super) struct Pooled<'a> {
    buffer: Vec<u8>,
    answer: Range<usize>,
    pool: &'a mut Vec<Vec<u8>>,
}

impl Deref for Pooled<'_> {
    type Target = [u8];
    #[inline(always)]
    fn deref(&self) -> &[u8] {
        &self.buffer[self.answer.clone()]
    }
}

impl Drop for Pooled<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.pool.push(std::mem::take(&mut self.buffer));
    }
}

impl<const GUARDED: bool> Pool<GUARDED> {
    pub(super) fn new(method: Method) -> Self {
        Self {
            method,
            free: Vec::new(),
            memory: GuardedMemory::default(),
            retries: 0,
            retried_bytes: 0,
            zeroed: 0,
            allocated: 0,
            held: 0,
        }
    }

    /// A buffer of the pool, zeroed over its whole capacity.
    #[inline(always)]
    fn acquire(&mut self) -> Vec<u8> {
        let buffer = match self.free.pop() {
            Some(mut buffer) => {
                clear(&mut buffer);
                buffer
            }
            None => self.first(),
        };
        self.zeroed += buffer.len() as u64;
        buffer
    }

    #[cold]
    fn first(&mut self) -> Vec<u8> {
        let capacity = POOLED.min(self.method.limit);
        (self.allocated, self.held) = (self.allocated + capacity, capacity);
        vec![0; capacity as usize]
    }

    #[inline(always)]
    fn call(&mut self, k: &[u8], buffer: &mut [u8]) -> Result<(i32, u32, u32), StreamError> {
        let capacity = buffer.len() as u32;
        let start = match GUARDED {
            true => self.memory.lend(capacity),
            false => buffer.as_mut_ptr(),
        };
        let answer = self.method.call(k, start, capacity);
        if GUARDED {
            buffer.copy_from_slice(self.memory.checked()?);
        }
        Ok(answer)
    }

    #[cold]
    fn again(
        &mut self,
        k: &[u8],
        demanded: u32,
        buffer: &mut Vec<u8>,
    ) -> Result<(i32, u32, u32), StreamError> {
        self.method.fruitless += 1;
        let (demanded, capacity, limit) =
            (u64::from(demanded), buffer.len() as u64, self.method.limit);
        if demanded <= capacity {
            return Err(StreamError::DemandWithinCapacity { demanded, capacity });
        }
        if demanded > limit {
            return Err(StreamError::AboveLimit { demanded, limit });
        }
        buffer.reserve_exact((demanded - capacity) as usize);
        clear(buffer);
        self.retries += 1;
        self.retried_bytes += demanded;
        self.zeroed += buffer.len() as u64;
        self.allocated += buffer.len() as u64;
        self.held = buffer.len() as u64;
        let (status, offset, len) = self.call(k, buffer)?;
        if status == status::BUFFER_TOO_SMALL {
            self.method.fruitless += 1;
            let (demanded, capacity) = (u64::from(len), buffer.len() as u64);
            return Err(StreamError::TooSmallTwice { demanded, capacity });
        }
        Ok((status, offset, len))
    }
}

/// Zeroes a buffer over its whole capacity.
#[inline(always)]
fn clear(buffer: &mut Vec<u8>) {
    let capacity = buffer.capacity();
    buffer.clear();
    buffer.resize(capacity, 0);
}

impl<const GUARDED: bool> Source for Pool<GUARDED> {
    type Item<'a> = Pooled<'a>;

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(Pooled<'_>, u64)>, StreamError> {
        let Some(k) = self.method.number() else {
            return Ok(None);
        };
        let arguments = wire::serialize(&(k,)).map_err(|_| StreamError::HostSerialization)?;
        let mut buffer = self.acquire();
        let (mut status, mut offset, mut len) = self.call(&arguments, &mut buffer)?;
        if status == status::BUFFER_TOO_SMALL {
            (status, offset, len) = self.again(&arguments, len, &mut buffer)?;
        }
        let answer = place(offset, len, buffer.len());
        if status != status::OK {
            let bytes = answer.map(|answer| &buffer[answer]);
            return Err(self.method.refused(status, bytes));
        }
        self.method.next += 1;
        let (held, answer) = (buffer.len() as u64, answer?);
        let pool = &mut self.free;
        Ok(Some((
            Pooled {
                buffer,
                answer,
                pool,
            },
            held,
        )))
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.method.count(items, counts);
        counts.retries = self.retries;
        counts.retried_bytes = self.retried_bytes;
        counts.zeroed = self.zeroed;
        counts.allocated = self.allocated;
        (counts.peak_capacity, counts.capacity) = (self.held, self.held);
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.method.guest_counts()
    }
}

/// One buffer, into which the guest encodes every answer.
pub(super) struct Direct<const GUARDED: bool> {
    method: Method,
    buffer: Buffer,
    memory: GuardedMemory,
    retries: u64,
    retried_bytes: u64,
}

impl<const GUARDED: bool> Direct<GUARDED> {
    pub(super) fn new(method: Method, config: &SessionConfig) -> Result<Self, StreamError> {
        Ok(Self {
            method,
            buffer: Buffer::new(&config.buffer)?,
            memory: GuardedMemory::default(),
            retries: 0,
            retried_bytes: 0,
        })
    }

    #[inline(always)]
    fn call(&mut self, k: u64) -> Result<(i32, u32, u32), StreamError> {
        let (own, capacity) = (self.buffer.as_mut_ptr(), self.buffer.usable());
        let start = match GUARDED {
            true => self.memory.lend(capacity),
            false => own,
        };
        let answer = self.method.call(&k.to_le_bytes(), start, capacity);
        if GUARDED {
            let lent = self.memory.checked()?;
            // SAFETY: the buffer has `usable` writable bytes, and as many were lent.
            unsafe { own.copy_from_nonoverlapping(lent.as_ptr(), lent.len()) };
        }
        Ok(answer)
    }

    #[cold]
    fn again(&mut self, k: u64, demanded: u32) -> Result<(i32, u32, u32), StreamError> {
        self.method.fruitless += 1;
        self.buffer.grow(demanded)?;
        self.retries += 1;
        self.retried_bytes += u64::from(demanded);
        let (status, offset, len) = self.call(k)?;
        if status == status::BUFFER_TOO_SMALL {
            self.method.fruitless += 1;
            let (demanded, capacity) = (u64::from(len), u64::from(self.buffer.usable()));
            return Err(StreamError::TooSmallTwice { demanded, capacity });
        }
        Ok((status, offset, len))
    }
}

impl<const GUARDED: bool> Source for Direct<GUARDED> {
    type Item<'a> = &'a [u8];

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(&[u8], u64)>, StreamError> {
        let Some(k) = self.method.number() else {
            return Ok(None);
        };
        let (mut status, mut offset, mut len) = self.call(k)?;
        if status == status::BUFFER_TOO_SMALL {
            (status, offset, len) = self.again(k, len)?;
        }
        let answer = place(offset, len, self.buffer.usable() as usize);
        // SAFETY: the answer is within the buffer, whose bytes were zeroed or written. (If they
        // were not zeroed, this relies on the guest's answer.)
        let bytes = answer.map(|answer| unsafe {
            let start = self.buffer.as_mut_ptr().add(answer.start);
            std::slice::from_raw_parts(start.cast_const(), answer.len())
        });
        if status != status::OK {
            return Err(self.method.refused(status, bytes));
        }
        self.method.next += 1;
        Ok(Some((bytes?, self.buffer.held())))
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.method.count(items, counts);
        counts.retries = self.retries;
        counts.retried_bytes = self.retried_bytes;
        self.buffer.count(counts);
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.method.guest_counts()
    }
}
