//! A method of the guest, which the host calls once an item.

use std::ops::Range;

use bench_protocol::channel::Way;
use bench_protocol::channel::api::{CallHandle, GuestChannels};
use bench_protocol::channel::wire;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::error::PluginError;
use bench_protocol::spec::SessionConfig;
use bench_protocol::status;

use crate::error::{StreamError, of_status};
use crate::handle::ReadCounts;

/// A method of the guest, and how often it is still to be called. Dropping it drops the method.
pub(super) struct Method {
    handle: *mut CallHandle,
    counts: Option<ReadCounts>,
    pub(super) free_buffer: unsafe extern "C" fn(*mut u8, u32),
    /// Number of the next item.
    pub(super) next: u64,
    items: u64,
    pub(super) limit: u64,
    /// Calls that brought no item.
    pub(super) fruitless: u64,
}

impl Method {
    /// Opens a method.
    pub(super) fn open(
        way: Way,
        guest: &GuestChannels,
        config: &SessionConfig,
    ) -> Result<Self, StreamError> {
        let mut handle: *mut CallHandle = std::ptr::null_mut();
        // SAFETY: the spec borrows `config`; the table was checked when loaded.
        let status = unsafe { (guest.open_unary)(way as u32, &config.spec(), &mut handle) };
        if status != status::OK {
            return Err(StreamError::OpenFailed { status });
        }
        if handle.is_null() || !handle.is_aligned() {
            return Err(StreamError::NullHandle);
        }
        // SAFETY: the handle is readable. Its functions are read as numbers, because a value of a
        // function type must not be null.
        let [boxed, buffer, drop_fn] = unsafe {
            [
                (&raw const (*handle).boxed).cast::<usize>().read(),
                (&raw const (*handle).buffer).cast::<usize>().read(),
                (&raw const (*handle).drop_fn).cast::<usize>().read(),
            ]
        };
        let null = |function| Err(StreamError::NullFunction { function });
        if drop_fn == 0 {
            return null("drop_fn");
        }
        let method = Self {
            handle,
            counts: config.stream.counted.then_some(guest.counts),
            free_buffer: guest.free_buffer,
            next: 0,
            items: config.stream.items,
            limit: config.buffer.memory_limit,
            fruitless: 0,
        };
        // Errors know two functions.
        match boxed == 0 || buffer == 0 {
            true => null("next"),
            false => Ok(method),
        }
    }

    /// The number of the next call; `None` after the last.
    #[inline(always)]
    pub(super) fn number(&self) -> Option<u64> {
        (self.next < self.items).then_some(self.next)
    }

    /// Calls the method for an answer in a box: a status, its start and its length.
    #[inline(always)]
    pub(super) fn call_boxed(&self, arguments: &[u8]) -> (i32, *mut u8, u32) {
        let (mut start, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: the handle is alive, in no other call, and the arguments are readable.
        let status = unsafe {
            let (input, input_len) = (arguments.as_ptr(), arguments.len() as u32);
            ((*self.handle).boxed)(self.handle, input, input_len, &mut start, &mut len)
        };
        (status, start, len)
    }

    /// Calls the method with a buffer of the host: a status, and where the answer is.
    #[inline(always)]
    pub(super) fn call(&self, arguments: &[u8], start: *mut u8, capacity: u32) -> (i32, u32, u32) {
        let (mut offset, mut len) = (0, 0);
        // SAFETY: the handle is alive, in no other call, the arguments are readable and so many
        // bytes from `start` on are writable.
        let status = unsafe {
            let (input, input_len) = (arguments.as_ptr(), arguments.len() as u32);
            ((*self.handle).buffer)(
                self.handle,
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

    /// The error of a call that answered neither an item nor a demand.
    #[cold]
    pub(super) fn refused(
        &mut self,
        status: i32,
        bytes: Result<&[u8], StreamError>,
    ) -> StreamError {
        self.fruitless += 1;
        if status != status::PLUGIN_ERROR {
            return of_status(status);
        }
        match bytes.map(wire::deserialize::<PluginError>) {
            Ok(Ok(error)) => StreamError::Plugin(error),
            Ok(Err(_)) => StreamError::MalformedPluginError,
            Err(error) => error,
        }
    }

    pub(super) fn count(&self, items: u64, counts: &mut HostCounts) {
        counts.calls = items + self.fruitless;
    }

    pub(super) fn guest_counts(&self) -> Option<GuestCounts> {
        let mut counts = GuestCounts::default();
        // SAFETY: the handle is alive, and the function belongs to the same guest.
        self.counts.map(|read| unsafe {
            read((*self.handle).state, &mut counts);
            counts
        })
    }
}

impl Drop for Method {
    fn drop(&mut self) {
        // SAFETY: this owns the handle, which has a `drop_fn`. This is its only call and the last
        // use of the handle.
        unsafe { ((*self.handle).drop_fn)(self.handle) }
    }
}

/// The bytes that an answer says it is in; of a buffer of so many.
#[inline(always)]
pub(super) fn place(offset: u32, len: u32, capacity: usize) -> Result<Range<usize>, StreamError> {
    let (start, end) = (u64::from(offset), u64::from(offset) + u64::from(len));
    if end > capacity as u64 {
        let (len, capacity) = (end, capacity as u64);
        return Err(StreamError::LengthAboveCapacity { len, capacity });
    }
    Ok(start as usize..end as usize)
}
