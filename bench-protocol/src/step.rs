//! The steps from an iterator to a stream across the boundary. Each arm of the ladder does
//! what an earlier arm does, and one thing more.
//!
//! Both sides know the list: some arms need code in the guest, some in the host, some in both.

use serde::{Deserialize, Serialize};

use crate::handle::StreamHandle;
use crate::spec::{StreamSpec, boundary_enum};
use crate::status;

boundary_enum! {
    /// An arm of the ladder, by what it adds to an earlier arm ("on").
    Step {
        /// The host draws the items from a producer like the guest's: no boundary.
        Iterator = 0 "iterator",
        /// On `Iterator`: size pass, encoding and decoding in the host. This is the floor.
        Codec = 1 "codec",
        /// On `Iterator`: one empty call across the boundary per item.
        Call = 2 "call",
        /// On `Call`: the guest draws the item and passes it as a raw value (a number, or a
        /// pointer with its length).
        Value = 3 "value",
        /// On `Value`: `catch_unwind` in the guest.
        Guard = 4 "catch-unwind",
        /// On `Guard`: the guest keeps the item until it is delivered.
        Keep = 5 "keep",
        /// On `Keep`: the guest computes the item's size on the wire and returns it as the
        /// length.
        Size = 6 "size-pass",
        /// On `Size`: the item crosses encoded, in the host's buffer.
        Encode = 7 "encode",
        /// On `Encode`: the host decodes to owned values. This is the arena protocol.
        Arena = 8 "arena",
        /// On `Encode`: the host decodes to borrowed values.
        Borrowed = 9 "borrowed",
        /// On `Arena`: a second, empty call across the boundary per item.
        SecondCall = 10 "second-call",
        /// On `SecondCall`: a heap buffer per item, which that call frees. This is the alloc
        /// protocol.
        Alloc = 11 "alloc",
        /// On `Arena`: a channel of capacity 4 to a consumer's thread.
        Hop4 = 12 "hop-4",
        /// On `Arena`: a channel of capacity 1,024 to a consumer's thread.
        Hop1024 = 13 "hop-1024",
        /// On `Arena`: the guest encodes through a writer that knows how many bytes it
        /// copies, instead of the standard library's writer for slices. It shows what the
        /// arena would cost if its framework did so.
        Writer = 14 "own-writer",
    }
}

/// Capacity that a buffer needs for a raw value, bytes.
pub const RAW_CAPACITY: u32 = 64;

/// The [`open_step`](crate::api::GuestApi::open_step) of a guest without arms of the ladder:
/// it refuses every step.
///
/// # Safety
/// Always safe: no argument is used.
pub unsafe extern "C" fn no_steps(
    _step: u32,
    _spec: *const StreamSpec<'_>,
    _out: *mut *mut StreamHandle,
) -> i32 {
    status::SERIALIZATION_ERROR
}
