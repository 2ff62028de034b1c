//! Fidius with the changes that the page for its authors proposes, for its own macros:
//! `#[plugin_impl(Trait, crate = "fidius_interface::patched")]` generates the same code on top
//! of these three modules.

pub use fidius::*;

/// A consumer of a host's stream that keeps its buffer from item to item.
pub mod stream_ffi {
    use std::marker::PhantomData;

    use fidius::status::{STATUS_BUFFER_TOO_SMALL, STATUS_OK};
    pub use fidius::stream_ffi::{FidiusStreamHandle, NextStatus, StreamState};
    use serde::de::DeserializeOwned;

    /// Room for the first item.
    const FIRST: usize = 256;

    /// As `fidius::stream_ffi::HostStream`, which makes a zeroed buffer for every item.
    pub struct HostStream<T> {
        handle: *mut FidiusStreamHandle,
        buffer: Vec<u8>,
        items: PhantomData<T>,
    }

    // SAFETY: as for the original: it owns its handle and is used by one thread at a time.
    unsafe impl<T> Send for HostStream<T> {}

    impl<T: DeserializeOwned> HostStream<T> {
        /// Takes a handle over.
        ///
        /// # Safety
        /// The handle must be valid and nobody else's.
        pub unsafe fn from_handle(handle: *mut FidiusStreamHandle) -> Self {
            Self {
                handle,
                buffer: vec![0; FIRST],
                items: PhantomData,
            }
        }
    }

    impl<T: DeserializeOwned> Iterator for HostStream<T> {
        type Item = T;

        fn next(&mut self) -> Option<T> {
            loop {
                let mut len = 0;
                // SAFETY: the handle is valid until it is dropped, and the buffer has as many
                // writable bytes as it says.
                let status = unsafe {
                    let (buffer, room) = (self.buffer.as_mut_ptr(), self.buffer.len() as u32);
                    ((*self.handle).next)(self.handle, buffer, room, &mut len)
                };
                let len = len as usize;
                match status {
                    STATUS_OK => return fidius::wire::deserialize(&self.buffer[..len]).ok(),
                    STATUS_BUFFER_TOO_SMALL => {
                        let room = len.max(2 * self.buffer.len());
                        self.buffer.resize(room, 0);
                    }
                    _ => return None,
                }
            }
        }
    }

    impl<T> Drop for HostStream<T> {
        fn drop(&mut self) {
            // SAFETY: the handle is valid and ours, and this runs once.
            unsafe { ((*self.handle).drop_fn)(self.handle) }
        }
    }
}

/// An encoder that reuses its memory.
pub mod wire {
    use std::cell::RefCell;
    use std::ops::Deref;

    use bench_protocol::wire::{WireError, serialize_to};
    pub use fidius::wire::deserialize;
    use serde::Serialize;

    thread_local! {
        static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    }

    /// Encoded bytes; their memory goes back to the thread's spare buffers.
    #[derive(Debug, Default)]
    pub struct Encoded(Vec<u8>);

    impl Deref for Encoded {
        type Target = [u8];
        fn deref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for Encoded {
        fn drop(&mut self) {
            let buffer = std::mem::take(&mut self.0);
            SPARE.with_borrow_mut(|spare| spare.push(buffer));
        }
    }

    impl Encoded {
        /// A copy, for answers that leave the plugin in a box.
        pub fn into_boxed_slice(self) -> Box<[u8]> {
            self.0.as_slice().into()
        }
    }

    /// As `fidius::wire::serialize`, which allocates for every value.
    ///
    /// # Errors
    /// When the value cannot be encoded.
    pub fn serialize<T: Serialize>(value: &T) -> Result<Encoded, WireError> {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        let mut encoded = Encoded(spare.unwrap_or_default());
        encoded.0.clear();
        serialize_to(&mut encoded.0, value)?;
        Ok(encoded)
    }
}

/// A call of a host function that reads the answer where it is.
pub mod host_ffi {
    use std::ops::Deref;

    pub use fidius::host_ffi::*;
    use fidius::status::STATUS_OK;

    /// The host's answer; given back when it is dropped.
    pub struct Answer<'a> {
        table: &'a HostFunctionTable,
        bytes: *mut u8,
        len: u32,
    }

    impl Deref for Answer<'_> {
        type Target = [u8];
        fn deref(&self) -> &[u8] {
            match self.bytes.is_null() {
                true => &[],
                // SAFETY: the host wrote so many bytes there, and takes them back no earlier
                // than this is dropped.
                false => unsafe { std::slice::from_raw_parts(self.bytes, self.len as usize) },
            }
        }
    }

    impl Drop for Answer<'_> {
        fn drop(&mut self) {
            if !self.bytes.is_null() && self.len > 0 {
                // SAFETY: the answer is the host's, and is given back once.
                unsafe { (self.table.free_buffer)(self.bytes, self.len as usize) }
            }
        }
    }

    /// As `fidius::host_ffi::call_host_fn`, which copies the answer into a `Vec`.
    ///
    /// # Errors
    /// When the host answers with another status than `STATUS_OK`.
    pub fn call_host_fn<'a>(
        table: &'a HostFunctionTable,
        index: u32,
        input: &[u8],
    ) -> Result<Answer<'a>, HostCallError> {
        let (mut bytes, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: the table was checked when it was bound, and lives as long as the process.
        let code = unsafe {
            let (input, size) = (input.as_ptr(), input.len() as u32);
            (table.dispatch)(table.ctx, index, input, size, &mut bytes, &mut len)
        };
        let answer = Answer { table, bytes, len };
        match code {
            STATUS_OK => Ok(answer),
            code => decode_host_call_status("", index, code, answer.to_vec()).and(Ok(answer)),
        }
    }
}
