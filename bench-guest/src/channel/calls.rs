//! The bytes of the host's answers to a guest that calls it once an item.

use bench_protocol::channel::api::HostFunctions;
use bench_protocol::channel::wire;
use bench_protocol::counts::HostCounts;
use bench_protocol::status;

use super::buffers::{FIRST, Tally, functions, grow, lent, written};
use super::input::{Bytes, refused};

/// The host's functions, and how often they are still to be called.
pub(super) struct Calls {
    host: *mut HostFunctions,
    /// Number of the next item.
    next: u64,
    items: u64,
    limit: u64,
    fruitless: u64,
}

// SAFETY: the host's functions may be called from any thread, one at a time.
unsafe impl Send for Calls {}

impl Calls {
    /// Calls for `items` items; `None` if a function is null.
    ///
    /// # Safety
    /// `host` must be null, or point to functions that stay where they are.
    pub(super) unsafe fn new(host: *mut HostFunctions, items: u64, limit: u64) -> Option<Self> {
        // SAFETY: by contract, the struct begins with its three functions.
        let all: [bool; 3] = unsafe { functions(host)? };
        all.iter().all(|there| *there).then_some(Self {
            host,
            next: 0,
            items,
            limit,
            fruitless: 0,
        })
    }

    /// The number of the next call; `None` after the last.
    #[inline(always)]
    fn number(&self) -> Option<u64> {
        (self.next < self.items).then_some(self.next)
    }

    /// Calls the function that answers in a buffer of the host.
    #[inline(always)]
    fn call(&self, arguments: &[u8]) -> (i32, *mut u8, u32) {
        let (mut start, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: the functions were checked and stay where they are; the arguments are readable
        // for the call.
        let status = unsafe {
            let (input, input_len) = (arguments.as_ptr(), arguments.len() as u32);
            ((*self.host).boxed)(self.host, input, input_len, &mut start, &mut len)
        };
        (status, start, len)
    }

    /// Gives an answer back.
    #[inline(always)]
    fn free(&self, start: *mut u8, len: u32) {
        // SAFETY: the host answered both together; they are returned once.
        unsafe { ((*self.host).free_buffer)(start, len) }
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        counts.calls = items + self.fruitless;
    }
}

/// Answers in boxes, each copied and returned, as Fidius' `call_host_fn` does it.
pub(super) struct Boxed {
    calls: Calls,
    /// Returned buffers that held an error, not an item.
    error_buffers: u64,
}

impl Boxed {
    pub(super) fn new(calls: Calls) -> Self {
        let error_buffers = 0;
        Self {
            calls,
            error_buffers,
        }
    }

    /// A copy of an answer, which is returned.
    #[inline(always)]
    fn copied(&self, start: *mut u8, len: u32) -> Result<Vec<u8>, String> {
        // SAFETY: the answer belongs to the guest until it is returned below.
        let bytes = unsafe { lent(start, len, self.calls.limit) }.map(<[u8]>::to_vec);
        if !start.is_null() {
            self.calls.free(start, len);
        }
        bytes
    }
}

impl Bytes for Boxed {
    #[inline(always)]
    fn pull<R>(&mut self, read: impl FnOnce(&[u8], u64) -> R) -> Result<Option<R>, String> {
        let Some(k) = self.calls.number() else {
            return Ok(None);
        };
        let arguments = wire::serialize(&(k,)).map_err(|error| error.to_string())?;
        let (status, start, len) = self.calls.call(&arguments);
        if status == status::OK {
            let bytes = self.copied(start, len)?;
            self.calls.next += 1;
            return Ok(Some(read(&bytes, 0)));
        }
        self.calls.fruitless += 1;
        if status != status::PLUGIN_ERROR {
            return Err(refused(status, &[]));
        }
        self.error_buffers += u64::from(!start.is_null());
        Err(refused(status, &self.copied(start, len)?))
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.calls.count(items, counts);
        counts.frees = items + self.error_buffers;
    }
}

/// Answers that are read where the host keeps them.
pub(super) struct Lent(pub(super) Calls);

impl Bytes for Lent {
    #[inline(always)]
    fn pull<R>(&mut self, read: impl FnOnce(&[u8], u64) -> R) -> Result<Option<R>, String> {
        let Some(k) = self.0.number() else {
            return Ok(None);
        };
        let (status, start, len) = self.0.call(&k.to_le_bytes());
        if status == status::OK {
            // SAFETY: the host keeps the bytes until the next call.
            let bytes = unsafe { lent(start, len, self.0.limit)? };
            self.0.next += 1;
            return Ok(Some(read(bytes, 0)));
        }
        self.0.fruitless += 1;
        Err(match status {
            // SAFETY: as above.
            status::PLUGIN_ERROR => refused(status, unsafe { lent(start, len, self.0.limit)? }),
            status => refused(status, &[]),
        })
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.0.count(items, counts);
    }
}

/// Answers that the host encodes into a buffer of the guest.
pub(super) struct Direct {
    calls: Calls,
    buffer: Vec<u8>,
    tally: Tally,
}

impl Direct {
    pub(super) fn new(calls: Calls) -> Self {
        let buffer = vec![0; FIRST.min(calls.limit) as usize];
        let tally = Tally::default();
        Self {
            calls,
            buffer,
            tally,
        }
    }

    /// A status, and where in the buffer the answer is.
    #[inline(always)]
    fn call(&mut self, k: u64) -> (i32, u32, u32) {
        let (mut offset, mut len) = (0, 0);
        let arguments = k.to_le_bytes();
        let host = self.calls.host;
        // SAFETY: the functions were checked and stay where they are; the arguments are readable
        // and the buffer is writable for the call.
        let status = unsafe {
            let (input, input_len) = (arguments.as_ptr(), arguments.len() as u32);
            let (start, capacity) = (self.buffer.as_mut_ptr(), self.buffer.len() as u32);
            ((*host).buffer)(
                host,
                input,
                input_len,
                start,
                capacity,
                &mut offset,
                &mut len,
            )
        };
        (status, offset, len)
    }

    #[inline(always)]
    fn answer(&self, offset: u32, len: u32) -> Result<&[u8], String> {
        let behind = self.buffer.get(offset as usize..).unwrap_or_default();
        written(behind, len)
    }

    #[cold]
    fn again(&mut self, k: u64, demanded: u32) -> Result<(i32, u32, u32), String> {
        grow(
            &mut self.buffer,
            demanded,
            self.calls.limit,
            &mut self.tally,
        )?;
        Ok(self.call(k))
    }
}

impl Bytes for Direct {
    #[inline(always)]
    fn pull<R>(&mut self, read: impl FnOnce(&[u8], u64) -> R) -> Result<Option<R>, String> {
        let Some(k) = self.calls.number() else {
            return Ok(None);
        };
        let (mut status, mut offset, mut len) = self.call(k);
        if status == status::BUFFER_TOO_SMALL {
            (status, offset, len) = self.again(k, len)?;
        }
        if status == status::OK {
            let held = self.buffer.len() as u64;
            self.calls.next += 1;
            return Ok(Some(read(self.answer(offset, len)?, held)));
        }
        self.tally.fruitless += 1;
        Err(match status {
            status::PLUGIN_ERROR => refused(status, self.answer(offset, len)?),
            status => refused(status, &[]),
        })
    }

    fn count(&self, items: u64, counts: &mut HostCounts) {
        self.tally.count(items, self.buffer.len() as u64, counts);
    }
}
