//! Methods called through the vtable, for hosts that allocate nothing per call.

use core::ffi::c_void;
use core::ops::Range;
use std::sync::Arc;

use bench_host::loader::Host;
use bench_protocol::handle::StreamHandle;
use bench_protocol::spec::SessionConfig;
use bench_protocol::status;
use fidius::stream_ffi::FidiusStreamHandle;

use super::instance::InBox;
use super::{FidiusError, Plugin, Stream};

/// The slot of a method that answers in a lent buffer: instance, arguments, buffer, place and
/// length of the answer.
type InBuffer =
    unsafe extern "C" fn(*mut c_void, *const u8, u32, *mut u8, u32, *mut u32, *mut u32) -> i32;
/// The slot of a method that takes a stream: instance, stream, arguments, answer.
type WithStream = unsafe extern "C" fn(
    *mut c_void,
    *mut FidiusStreamHandle,
    *const u8,
    u32,
    *mut *mut u8,
    *mut u32,
) -> i32;

impl Plugin {
    /// The function of a slot.
    ///
    /// # Safety
    /// The slot must be there and hold an `F`, or be null.
    pub(super) unsafe fn slot<F: Copy>(&self, index: usize) -> Result<F, FidiusError> {
        // SAFETY: the vtable has a slot for each of its methods, in the order of their
        // declaration, null for an optional one that is left out. The rest is the caller's
        // promise.
        let slot = unsafe { *self.loaded.vtable.cast::<Option<F>>().add(index) };
        slot.ok_or_else(|| FidiusError::NotImplemented {
            plugin: self.name().to_owned(),
            method: index,
        })
    }

    pub(super) fn failed(&self, method: usize, status: i32) -> FidiusError {
        FidiusError::Init {
            plugin: self.name().to_owned(),
            method,
            status,
        }
    }

    /// Calls a method whose answer comes in a box, and hands its bytes to `read`.
    ///
    /// # Errors
    /// When the method answers with another status than OK.
    ///
    /// # Safety
    /// The interface must be plugin-allocated, and the method be there, take no stream and
    /// give none out.
    #[inline]
    pub unsafe fn answer_in_box<R>(
        &self,
        method: usize,
        arguments: &[u8],
        read: impl FnOnce(&[u8]) -> R,
    ) -> Result<R, FidiusError> {
        let (mut answer, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: the caller says what the slot holds; both places are writable.
        let code = unsafe {
            let call: InBox = self.slot(method)?;
            let (bytes, count) = (arguments.as_ptr(), arguments.len() as u32);
            call(self.instance.pointer(), bytes, count, &mut answer, &mut len)
        };
        if code != status::OK || answer.is_null() {
            return Err(self.failed(method, code));
        }
        // SAFETY: the plugin wrote so many bytes there.
        let read = read(unsafe { std::slice::from_raw_parts(answer, len as usize) });
        if let Some(free) = self.loaded.free_buffer {
            // SAFETY: it gave this buffer out with this length, and nobody holds it.
            unsafe { free(answer, len as usize) };
        }
        Ok(read)
    }

    /// Calls a method whose answer comes in `buffer`, which grows where it is too small; says
    /// where in it.
    ///
    /// # Errors
    /// When the method answers with another status than OK, or beyond the buffer.
    ///
    /// # Safety
    /// The interface must be one of strategy Arena, and the method be there.
    #[inline]
    pub unsafe fn answer_in_buffer(
        &self,
        method: usize,
        arguments: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<Range<usize>, FidiusError> {
        // SAFETY: the caller says what the slot holds.
        let call: InBuffer = unsafe { self.slot(method)? };
        let (bytes, count) = (arguments.as_ptr(), arguments.len() as u32);
        let mut once_more = true;
        loop {
            let (mut place, mut len) = (0, 0);
            let (room, size) = (buffer.as_mut_ptr(), buffer.len() as u32);
            let instance = self.instance.pointer();
            // SAFETY: the buffer has so many writable bytes, and both places are writable.
            let code = unsafe { call(instance, bytes, count, room, size, &mut place, &mut len) };
            let end = place as usize + len as usize;
            match code {
                status::OK if end <= buffer.len() => return Ok(place as usize..end),
                status::BUFFER_TOO_SMALL if once_more => {
                    once_more = false;
                    buffer.resize(len as usize, 0);
                }
                code => return Err(self.failed(method, code)),
            }
        }
    }

    /// Calls a method that takes a stream and gives one out, and takes that over into a
    /// session.
    ///
    /// # Errors
    /// When the method refuses, or its handle cannot be driven.
    ///
    /// # Safety
    /// The method must be there, take a stream and nothing else, and give one out. The handle
    /// must be valid and nobody else's.
    pub unsafe fn open_both(
        &self,
        host: &Host,
        config: &SessionConfig,
        method: usize,
        input: *mut FidiusStreamHandle,
    ) -> Result<Stream, FidiusError> {
        let (mut handle, mut len) = (std::ptr::null_mut(), 0);
        let arguments: &[u8] = &[];
        // SAFETY: the caller says what the slot holds; no argument is read.
        let code = unsafe {
            let call: WithStream = self.slot(method)?;
            let (instance, bytes) = (self.instance.pointer(), arguments.as_ptr());
            call(instance, input, bytes, 0, &mut handle, &mut len)
        };
        if code != status::OK {
            return Err(self.failed(method, code));
        }
        // SAFETY: the handle is fresh and nobody else's, has the layout of a `StreamHandle`,
        // and its library stays loaded.
        let session = unsafe { host.adopt(config, handle.cast::<StreamHandle>())? };
        Ok(Stream {
            session,
            _instance: Arc::clone(&self.instance),
        })
    }
}
