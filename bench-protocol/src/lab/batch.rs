//! `batch`: one call delivers as many items as fit, up to a number that the host names.
//!
//! The contract:
//!
//! - `next` writes items into the host's buffer, each as a 32-bit little-endian length followed
//!   by its bytes, without gaps. It stores in [`Batch`] how many there are and how many bytes
//!   they take, lengths included.
//! - `OK` comes with at least one item and at most `max_items`, which is 1 or more. There are
//!   fewer if the next item does not fit, the stream ends, or the next item fails. The guest
//!   keeps an item that does not fit for the next call.
//! - If the first item of a call does not fit, the answer is
//!   [`BUFFER_TOO_SMALL`](crate::status::BUFFER_TOO_SMALL), `bytes` is the capacity required
//!   (its length included), and the guest keeps the item.
//! - The end, an error or a panic never takes items with it: the guest first delivers what it
//!   has encoded, and answers the rest at the next call.
//! - With [`PLUGIN_ERROR`](crate::status::PLUGIN_ERROR), `bytes` bytes of the buffer are the
//!   error, without a length in front.

use core::ffi::c_void;

/// Bytes in front of each item: its length.
pub const PREFIX: usize = 4;

/// What a call of `next` has written.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Batch {
    /// Number of items.
    pub count: u32,
    /// Bytes in use, or required.
    pub bytes: u32,
}

/// `next` of a batch: `(handle, buffer, capacity, max_items, out) -> status`.
pub type BatchNext = unsafe extern "C" fn(*mut BatchHandle, *mut u8, u32, u32, *mut Batch) -> i32;

/// A stream of `batch`.
#[repr(C)]
#[derive(Debug)]
pub struct BatchHandle {
    /// Delivers the next items.
    pub next: BatchNext,
    /// Drops the producer and frees the handle. Called exactly once.
    pub drop_fn: unsafe extern "C" fn(*mut BatchHandle),
    /// Private to the guest.
    pub state: *mut c_void,
}
