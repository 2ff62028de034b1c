//! The host's side of `batch`: several items from one call, taken one by one.

use std::hint::black_box;
use std::marker::PhantomData;

use bench_host::buffer::Buffer;
use bench_host::decode::Decoder;
use bench_host::drain::{Drain, undecodable};
use bench_host::error::{StreamError, of_status};
use bench_host::guarded::GuardedMemory;
use bench_host::handle::OwnedHandle;
use bench_host::source::Source;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::error::PluginError;
use bench_protocol::lab::batch::{Batch, BatchHandle, PREFIX};
use bench_protocol::spec::ENDLESS;
use bench_protocol::{status, wire};

/// A stream of `batch`.
pub(crate) struct Batches {
    handle: OwnedHandle,
    buffer: Buffer,
    /// Lent instead of the buffer, and copied into it, when the session verifies.
    guarded: Option<GuardedMemory>,
    /// Largest number of items to ask for.
    max_items: u32,
    /// Items of the present batch that have not been taken.
    left: u32,
    /// Bytes of the present batch that have been taken, and all of them.
    taken: usize,
    bytes: usize,
    calls: u64,
    retries: u64,
    retried_bytes: u64,
}

impl Batches {
    /// A stream that asks for up to `max_items` at once. With `guarded`, it checks where the
    /// guest writes.
    ///
    /// # Safety
    /// The handle must be one of `batch`.
    pub(crate) unsafe fn new(
        handle: OwnedHandle,
        buffer: Buffer,
        max_items: u32,
        guarded: bool,
    ) -> Self {
        Self {
            handle,
            buffer,
            guarded: guarded.then(GuardedMemory::default),
            max_items,
            left: 0,
            taken: 0,
            bytes: 0,
            calls: 0,
            retries: 0,
            retried_bytes: 0,
        }
    }

    fn call(&mut self) -> Result<(i32, Batch), StreamError> {
        self.calls += 1;
        let mut batch = Batch::default();
        let (buffer, capacity) = (self.buffer.as_mut_ptr(), self.buffer.usable());
        let lent = match &mut self.guarded {
            Some(memory) => memory.lend(capacity),
            None => buffer,
        };
        // SAFETY: the handle is alive until `drop`; `lent` has `capacity` writable bytes; the
        // guest is not inside another call.
        let status = unsafe {
            let handle: *mut BatchHandle = self.handle.as_ptr().cast();
            ((*handle).next)(handle, lent, capacity, self.max_items, &mut batch)
        };
        if let Some(memory) = &self.guarded {
            let bytes = memory.checked()?;
            // SAFETY: the buffer has as many bytes as were lent.
            unsafe { buffer.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
        Ok((status, batch))
    }

    /// Asks for the next batch; `false` at the end of the stream.
    #[inline(never)]
    fn refill(&mut self) -> Result<bool, StreamError> {
        let (mut status, mut batch) = self.call()?;
        if status == status::BUFFER_TOO_SMALL {
            self.buffer.grow(batch.bytes)?;
            self.retries += 1;
            let demanded = u64::from(batch.bytes);
            self.retried_bytes += demanded;
            (status, batch) = self.call()?;
            if status == status::STREAM_END {
                return Err(StreamError::EndAfterTooSmall { demanded });
            }
        }
        let (bytes, capacity) = (batch.bytes, self.buffer.usable());
        let (demanded, capacity) = (u64::from(bytes), u64::from(capacity));
        match status {
            status::OK | status::PLUGIN_ERROR if demanded > capacity => {
                let len = demanded;
                Err(StreamError::LengthAboveCapacity { len, capacity })
            }
            status::OK if batch.count == 0 || batch.count > self.max_items => {
                let (count, asked) = (u64::from(batch.count), u64::from(self.max_items));
                Err(StreamError::BatchCount { count, asked })
            }
            status::OK => {
                (self.left, self.taken, self.bytes) = (batch.count, 0, bytes as usize);
                Ok(true)
            }
            status::STREAM_END => Ok(false),
            status::BUFFER_TOO_SMALL => Err(StreamError::TooSmallTwice { demanded, capacity }),
            status::PLUGIN_ERROR => {
                let error = wire::deserialize::<PluginError>(self.written(bytes as usize));
                Err(error.map_or(StreamError::MalformedPluginError, StreamError::Plugin))
            }
            status => Err(of_status(status)),
        }
    }

    /// The first `bytes` bytes of the buffer, which are within its capacity.
    #[inline(always)]
    fn written(&mut self, bytes: usize) -> &[u8] {
        // SAFETY: the guest answered that it wrote them. (If the buffer was not zeroed, this
        // relies on the guest's answer: use such buffers only for guests that you trust.)
        unsafe { std::slice::from_raw_parts(self.buffer.as_mut_ptr(), bytes) }
    }

    /// The batch does not have the bytes that the guest says.
    #[cold]
    fn broken(&mut self, taken: usize) -> StreamError {
        self.left = 0;
        StreamError::BatchBytes {
            bytes: self.bytes as u64,
            taken: taken as u64,
        }
    }
}

impl Source for Batches {
    type Item<'a> = &'a [u8];

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(&[u8], u64)>, StreamError> {
        if self.left == 0 && !self.refill()? {
            return Ok(None);
        }
        let (start, bytes) = (self.taken, self.bytes);
        let rest = &self.written(bytes)[start..];
        let Some((prefix, rest)) = rest.split_first_chunk::<PREFIX>() else {
            return Err(self.broken(start + PREFIX));
        };
        let len = u32::from_le_bytes(*prefix) as usize;
        let end = start + PREFIX + len;
        let whole = len <= rest.len();
        self.left -= 1;
        self.taken = end;
        // The last item must end where the batch does.
        if !whole || (self.left == 0 && end != bytes) {
            return Err(self.broken(end));
        }
        let held = self.buffer.held();
        Ok(Some((&self.written(bytes)[start + PREFIX..end], held)))
    }

    fn count(&self, _items: u64, counts: &mut HostCounts) {
        counts.calls = self.calls;
        counts.retries = self.retries;
        counts.retried_bytes = self.retried_bytes;
        self.buffer.count(counts);
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.handle.guest_counts()
    }
}

/// The timed drain: it takes the items of a batch in one loop, as a host would, and decides
/// nothing else for each of them. A session that verifies pulls them one by one.
pub(crate) struct Timed<D> {
    batches: Batches,
    decoder: PhantomData<D>,
    items: u64,
    /// Number of items that the stream was opened for.
    allowed: u64,
    ended: bool,
}

impl<D: Decoder> Timed<D> {
    pub(crate) fn new(batches: Batches, allowed: u64) -> Self {
        Self {
            batches,
            decoder: PhantomData,
            items: 0,
            allowed,
            ended: false,
        }
    }

    /// Takes so many items of the present batch, one or more; it has as many.
    fn take(&mut self, items: u32) -> Result<(), StreamError> {
        let (bytes, start) = (self.batches.bytes, self.batches.taken);
        let mut rest = &self.batches.written(bytes)[start..];
        let mut left = items;
        let stop = loop {
            let Some((prefix, behind)) = rest.split_first_chunk::<PREFIX>() else {
                break Stop::Broken(bytes - rest.len() + PREFIX);
            };
            let len = u32::from_le_bytes(*prefix) as usize;
            let Some((item, behind)) = behind.split_at_checked(len) else {
                break Stop::Broken(bytes - rest.len() + PREFIX + len);
            };
            rest = behind;
            left -= 1;
            match D::decode(item) {
                Ok(value) => black_box(&value),
                Err(error) => {
                    let before = self.items + u64::from(items - left - 1);
                    break Stop::Undecodable(undecodable(before, &error));
                }
            };
            if left == 0 {
                break Stop::Taken;
            }
        };
        let (taken, end) = (items - left, bytes - rest.len());
        self.items += u64::from(taken);
        self.batches.left -= taken;
        self.batches.taken = end;
        match stop {
            // The last item must end where the batch does.
            Stop::Taken if self.batches.left > 0 || end == bytes => Ok(()),
            Stop::Taken => Err(self.batches.broken(end)),
            Stop::Broken(end) => Err(self.batches.broken(end)),
            Stop::Undecodable(error) => {
                self.items -= 1;
                Err(error)
            }
        }
    }
}

/// Why no more items are taken.
enum Stop {
    Taken,
    /// The batch does not have the bytes that the guest says; where the item would end.
    Broken(usize),
    Undecodable(StreamError),
}

impl<D: Decoder> Drain for Timed<D> {
    fn drain(&mut self, max: u64) -> Result<(), StreamError> {
        let left = self.allowed - self.items;
        let mut wanted = max.min(left);
        while wanted > 0 {
            if self.batches.left == 0 && !self.batches.refill()? {
                self.ended = true;
                return Ok(());
            }
            let items = wanted.min(u64::from(self.batches.left));
            self.take(items as u32)?;
            wanted -= items;
        }
        // The caller asks for more items than there may be, so the stream must end here.
        let beyond = max > left && self.allowed != ENDLESS && !self.ended;
        if beyond && self.batches.pull()?.is_some() {
            return Err(StreamError::TooManyItems {
                allowed: self.allowed,
            });
        }
        self.ended |= max > left;
        Ok(())
    }

    fn counts(&self) -> HostCounts {
        let mut counts = HostCounts {
            items: self.items,
            ..HostCounts::default()
        };
        self.batches.count(self.items, &mut counts);
        counts
    }

    fn ended(&self) -> bool {
        self.ended
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        self.batches.guest_counts()
    }
}
