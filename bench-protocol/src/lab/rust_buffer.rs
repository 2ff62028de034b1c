//! `rust-buffer`: the guest hands over a vector with its capacity, and a second call frees it.
//!
//! The contract:
//!
//! - `next` stores a [`RustBuffer`]: `data[..len]` are the item's bytes, and `len` is at most
//!   `capacity`. The host owns it until it returns it through `free_rust_buffer`, once and
//!   unchanged.
//! - `data` is not null, even if the capacity is 0.
//! - With [`PLUGIN_ERROR`](crate::status::PLUGIN_ERROR), the bytes are those of the error. No
//!   other status comes with a buffer.
//!
//! UniFFI hands over values in this way. Its vector grows from empty while it encodes
//! (`rust-buffer`); `rust-buffer-sized` computes the size first, and allocates once.

use core::ffi::c_void;

/// A guest's vector, taken apart.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RustBuffer {
    /// Bytes allocated.
    pub capacity: u64,
    /// Bytes in use.
    pub len: u64,
    /// Start of the bytes.
    pub data: *mut u8,
}

/// A stream of `rust-buffer`.
#[repr(C)]
#[derive(Debug)]
pub struct RustBufferHandle {
    /// Delivers the next item: `(handle, out) -> status`.
    pub next: unsafe extern "C" fn(*mut RustBufferHandle, *mut RustBuffer) -> i32,
    /// Drops the producer and frees the handle. Called exactly once.
    pub drop_fn: unsafe extern "C" fn(*mut RustBufferHandle),
    /// Private to the guest.
    pub state: *mut c_void,
}
