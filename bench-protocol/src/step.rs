//! The steps from an iterator to a stream across the boundary: each arm of the
//! ladder does what another one does, and one thing more.
//!
//! Both sides know the list: some arms need the guest, some the host, some both.

use serde::{Deserialize, Serialize};

use crate::handle::StreamHandle;
use crate::spec::{StreamSpec, boundary_enum};
use crate::status;

boundary_enum! {
    /// An arm of the ladder, by what it adds to the arm that it stands on.
    Step {
        /// Items drawn in the host, from the guest's own producer: no boundary.
        Iterator = 0 "iterator",
        /// On `Iterator`: size pass, encode and decode in the host: the floor.
        Codec = 1 "codec",
        /// On `Iterator`: one empty call across the boundary per item.
        Call = 2 "call",
        /// On `Call`: the item is drawn in the guest and comes through the call
        /// as a raw value (a number, a pointer with its length).
        Value = 3 "value",
        /// On `Value`: `catch_unwind` in the guest.
        Guard = 4 "catch-unwind",
        /// On `Guard`: the guest keeps the item until it is delivered.
        Keep = 5 "keep",
        /// On `Keep`: the guest finds out the item's size on the wire, and answers
        /// with it.
        Size = 6 "size-pass",
        /// On `Size`: the item crosses encoded, in the host's buffer.
        Encode = 7 "encode",
        /// On `Encode`: the host decodes to owned values: the arena protocol.
        Arena = 8 "arena",
        /// On `Encode`: the host decodes to borrowed values.
        Borrowed = 9 "borrowed",
        /// On `Arena`: a second, empty call across the boundary per item.
        SecondCall = 10 "second-call",
        /// On `SecondCall`: a heap buffer per item, which that call frees: the
        /// alloc protocol.
        Alloc = 11 "alloc",
        /// On `Arena`: a hop to a consumer's thread, channel of capacity 4.
        Hop4 = 12 "hop-4",
        /// The same, channel of capacity 1,024.
        Hop1024 = 13 "hop-1024",
        /// On `Arena`: the guest encodes through a writer of its own, in place of
        /// the standard library's for slices. No protocol does; it shows what the
        /// arena would be if its framework did.
        Writer = 14 "own-writer",
    }
}

/// Capacity that a buffer must have for a raw value, bytes.
pub const RAW_CAPACITY: u32 = 64;

/// The [`open_step`](crate::api::GuestApi::open_step) of a guest that has no arms
/// of the ladder: it refuses every step.
///
/// # Safety
/// None is needed: nothing is looked at.
pub unsafe extern "C" fn no_steps(
    _step: u32,
    _spec: *const StreamSpec<'_>,
    _out: *mut *mut StreamHandle,
) -> i32 {
    status::SERIALIZATION_ERROR
}
