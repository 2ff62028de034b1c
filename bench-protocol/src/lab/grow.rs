//! `grow`: the host lends a buffer, and a function that enlarges it while the guest encodes.
//!
//! The contract:
//!
//! - The host passes a [`GrowBuffer`] to each call of `next`. The guest may write to
//!   `data[..capacity]` and nowhere else.
//! - When the next bytes do not fit, the guest calls `grow(buffer, needed)`: `needed` is the
//!   number of bytes written so far and of those to write now. The host returns the start of a
//!   buffer that begins with the same bytes, and stores start and capacity in the
//!   [`GrowBuffer`]. The guest goes on writing there. The old start is invalid.
//! - The host returns null if it refuses, for instance above its memory limit; then nothing has
//!   changed. The guest stops encoding, keeps the item, and answers
//!   [`BUFFER_TOO_SMALL`](crate::status::BUFFER_TOO_SMALL) with `needed`.
//! - A guest treats a buffer that is smaller than `needed` like a refusal.
//! - The guest encodes an item once, unless the host refused. Answer and length are those of the
//!   arena protocol.
//!
//! Diplomat hands text to its callers in this way.

use core::ffi::c_void;

/// The buffer that a host lends for one call of `next`.
#[repr(C)]
#[derive(Debug)]
pub struct GrowBuffer {
    /// Start of the buffer.
    pub data: *mut u8,
    /// Bytes that the guest may write.
    pub capacity: u32,
    /// `(buffer, needed) -> start`; null if the host refuses.
    pub grow: unsafe extern "C" fn(*mut GrowBuffer, u32) -> *mut u8,
}

/// A stream of `grow`.
#[repr(C)]
#[derive(Debug)]
pub struct GrowHandle {
    /// Delivers the next item: `(handle, buffer, out_len) -> status`.
    pub next: unsafe extern "C" fn(*mut GrowHandle, *mut GrowBuffer, *mut u32) -> i32,
    /// Drops the producer and frees the handle. Called exactly once.
    pub drop_fn: unsafe extern "C" fn(*mut GrowHandle),
    /// Private to the guest.
    pub state: *mut c_void,
}
