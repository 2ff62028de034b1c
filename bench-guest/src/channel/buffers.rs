//! The bytes of a host's stream: in a buffer of the guest that is made for every item or kept,
//! or in one that the host lends.

use bench_protocol::counts::HostCounts;
use bench_protocol::handle::{AllocHandle, StreamHandle};
use bench_protocol::status;

use super::input::{Bytes, refused};

/// Capacity of a first buffer, bytes.
pub(super) const FIRST: u64 = 256;

/// Whether a handle can be read, and which of its first `N` words are functions and not null.
///
/// # Safety
/// `handle` must be null or misaligned, or point to `N` words.
pub(super) unsafe fn functions<H, const N: usize>(handle: *mut H) -> Option<[bool; N]> {
    if handle.is_null() || !handle.is_aligned() {
        return None;
    }
    // SAFETY: by contract, there are so many words. A function is read as a number, because a
    // value of a function type must not be null.
    Some(std::array::from_fn(|at| unsafe {
        handle.cast::<usize>().add(at).read() != 0
    }))
}

/// The host's handle; dropping it ends the stream.
pub(super) struct HostStream(*mut StreamHandle);

// SAFETY: the host's items are `Send`, and one thread at a time uses the handle.
unsafe impl Send for HostStream {}

impl HostStream {
    /// Takes a handle over, if it can be driven and dropped. If it can only be dropped, it is.
    ///
    /// # Safety
    /// `handle` must be null, or point to a handle that nobody else uses and that has the layout
    /// of a [`StreamHandle`].
    pub(super) unsafe fn adopt(handle: *mut StreamHandle) -> Option<Self> {
        // SAFETY: by contract, the handle begins with its two functions.
        let [next, drop_fn] = unsafe { functions(handle)? };
        let stream = drop_fn.then_some(Self(handle))?;
        next.then_some(stream)
    }

    #[inline(always)]
    fn next(&mut self, buffer: &mut [u8]) -> (i32, u32) {
        let mut len = 0;
        // SAFETY: the handle is alive until this is dropped, the buffer has so many writable
        // bytes, and the host is in no other call of this stream.
        let status = unsafe {
            let (start, capacity) = (buffer.as_mut_ptr(), buffer.len() as u32);
            ((*self.0).next)(self.0, start, capacity, &mut len)
        };
        (status, len)
    }
}

impl Drop for HostStream {
    fn drop(&mut self) {
        // SAFETY: the handle is this value's, has a `drop_fn`, and this is its last use.
        unsafe { ((*self.0).drop_fn)(self.0) }
    }
}

/// What the buffers have cost.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Calls that brought no item.
    pub(super) fruitless: u64,
    retries: u64,
    retried_bytes: u64,
    zeroed: u64,
    moved: u64,
    allocated: u64,
}

impl Tally {
    /// Notes a demand; the capacity that it is met with.
    #[cold]
    pub(super) fn demand(
        &mut self,
        capacity: usize,
        demanded: u32,
        limit: u64,
    ) -> Result<usize, String> {
        self.fruitless += 1;
        let (held, need) = (capacity as u64, u64::from(demanded));
        if need <= held {
            return Err(format!(
                "the host called a buffer of {held} bytes too small for an item of {need}"
            ));
        }
        within(need, limit)?;
        self.retries += 1;
        self.retried_bytes += need;
        let larger = need.max(2 * held).min(limit).min(u64::from(u32::MAX));
        Ok(larger as usize)
    }

    pub(super) fn count(&self, items: u64, held: u64, counts: &mut HostCounts) {
        counts.calls = items + self.fruitless;
        counts.retries = self.retries;
        counts.retried_bytes = self.retried_bytes;
        counts.zeroed = self.zeroed;
        counts.moved = self.moved;
        counts.allocated = self.allocated;
        (counts.peak_capacity, counts.capacity) = (held, held);
    }
}

/// Refuses an item above the memory limit.
#[inline(always)]
pub(super) fn within(bytes: u64, limit: u64) -> Result<(), String> {
    if bytes > limit {
        return Err(above(bytes, limit));
    }
    Ok(())
}

#[cold]
fn above(bytes: u64, limit: u64) -> String {
    format!(
        "the host demands {bytes} bytes for an item; the limit is {limit} (--memory-limit raises it)"
    )
}

/// The bytes that the host says it wrote.
#[inline(always)]
pub(super) fn written(buffer: &[u8], len: u32) -> Result<&[u8], String> {
    let claims = || {
        let capacity = buffer.len();
        format!("the host claims to have written {len} bytes into a buffer of {capacity}")
    };
    buffer.get(..len as usize).ok_or_else(claims)
}

/// A zeroed buffer for every item, as Fidius' `HostStream` makes it.
pub(super) struct Fresh {
    host: HostStream,
    capacity: usize,
    limit: u64,
    tally: Tally,
}

impl Fresh {
    pub(super) fn new(host: HostStream, limit: u64) -> Self {
        Self {
            host,
            capacity: FIRST.min(limit) as usize,
            limit,
            tally: Tally::default(),
        }
    }

    #[inline(always)]
    fn buffer(&mut self) -> Vec<u8> {
        self.tally.zeroed += self.capacity as u64;
        self.tally.allocated += self.capacity as u64;
        vec![0; self.capacity]
    }
}

impl Bytes for Fresh {
    #[inline(always)]
    fn pull<R>(&mut self, read: impl FnOnce(&[u8], u64) -> R) -> Result<Option<R>, String> {
        let mut buffer = self.buffer();
        let (mut status, mut len) = self.host.next(&mut buffer);
        if status == status::BUFFER_TOO_SMALL {
            self.capacity = self.tally.demand(self.capacity, len, self.limit)?;
            buffer = self.buffer();
            (status, len) = self.host.next(&mut buffer);
        }
        if status == status::OK {
            let held = buffer.len() as u64;
            return Ok(Some(read(written(&buffer, len)?, held)));
        }
        self.tally.fruitless += 1;
        ended(status, &buffer, len)
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.tally.count(items, self.capacity as u64, counts);
    }
}

/// What a call without an item means: the end, or an error.
#[cold]
fn ended<R>(status: i32, buffer: &[u8], len: u32) -> Result<Option<R>, String> {
    match status {
        status::STREAM_END => Ok(None),
        status::PLUGIN_ERROR => Err(refused(status, written(buffer, len)?)),
        status => Err(refused(status, &[])),
    }
}

/// One buffer for all items.
pub(super) struct Kept {
    host: HostStream,
    buffer: Vec<u8>,
    limit: u64,
    tally: Tally,
}

impl Kept {
    pub(super) fn new(host: HostStream, limit: u64) -> Self {
        let first = FIRST.min(limit);
        Self {
            host,
            buffer: vec![0; first as usize],
            limit,
            tally: Tally {
                zeroed: first,
                allocated: first,
                ..Tally::default()
            },
        }
    }

    /// Asks again with a larger buffer.
    #[cold]
    fn again(&mut self, demanded: u32) -> Result<(i32, u32), String> {
        grow(&mut self.buffer, demanded, self.limit, &mut self.tally)?;
        Ok(self.host.next(&mut self.buffer))
    }
}

/// Enlarges a buffer whose bytes are not needed any more.
#[cold]
pub(super) fn grow(
    buffer: &mut Vec<u8>,
    demanded: u32,
    limit: u64,
    tally: &mut Tally,
) -> Result<(), String> {
    let larger = tally.demand(buffer.len(), demanded, limit)?;
    *buffer = Vec::new();
    *buffer = vec![0; larger];
    tally.zeroed += larger as u64;
    tally.allocated += larger as u64;
    Ok(())
}

impl Bytes for Kept {
    #[inline(always)]
    fn pull<R>(&mut self, read: impl FnOnce(&[u8], u64) -> R) -> Result<Option<R>, String> {
        let (mut status, mut len) = self.host.next(&mut self.buffer);
        if status == status::BUFFER_TOO_SMALL {
            (status, len) = self.again(len)?;
        }
        if status == status::OK {
            let held = self.buffer.len() as u64;
            return Ok(Some(read(written(&self.buffer, len)?, held)));
        }
        self.tally.fruitless += 1;
        ended(status, &self.buffer, len)
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.tally.count(items, self.buffer.len() as u64, counts);
    }
}

/// Bytes that the host lends.
pub(super) struct Lent {
    host: HostStream,
    limit: u64,
    fruitless: u64,
}

impl Lent {
    /// # Safety
    /// The handle must be an [`AllocHandle`] whose buffers stay the host's.
    pub(super) unsafe fn new(host: HostStream, limit: u64) -> Self {
        let fruitless = 0;
        Self {
            host,
            limit,
            fruitless,
        }
    }
}

/// Bytes that the host lends, after a check.
///
/// # Safety
/// `start` must be null or point to `len` bytes, which stay as they are as long as the result is
/// used.
#[inline(always)]
pub(super) unsafe fn lent<'a>(start: *const u8, len: u32, limit: u64) -> Result<&'a [u8], String> {
    if start.is_null() {
        return Err(format!(
            "the host answered a null buffer for an item of {len} bytes"
        ));
    }
    within(u64::from(len), limit)?;
    // SAFETY: by contract, there are so many bytes, and nobody changes them.
    Ok(unsafe { std::slice::from_raw_parts(start, len as usize) })
}

impl Bytes for Lent {
    #[inline(always)]
    fn pull<R>(&mut self, read: impl FnOnce(&[u8], u64) -> R) -> Result<Option<R>, String> {
        let (mut start, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: the handle is alive, and by contract an `AllocHandle`; the host is in no other
        // call of this stream.
        let status = unsafe {
            let handle = self.host.0.cast::<AllocHandle>();
            ((*handle).next)(handle, &mut start, &mut len)
        };
        if status == status::OK {
            // SAFETY: the host lends the bytes until the next call.
            let bytes = unsafe { lent(start, len, self.limit)? };
            return Ok(Some(read(bytes, 0)));
        }
        self.fruitless += 1;
        match status {
            status::STREAM_END => Ok(None),
            // SAFETY: as above.
            status::PLUGIN_ERROR => Err(refused(status, unsafe { lent(start, len, self.limit)? })),
            status => Err(refused(status, &[])),
        }
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        counts.calls = items + self.fruitless;
    }
}
