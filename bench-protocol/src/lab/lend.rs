//! `lend`: the guest encodes every item into one buffer of its own, and lends it to the host.
//!
//! The contract:
//!
//! - `next` stores the start and the length of the item's bytes. They stay valid and unchanged
//!   until the host calls `next` or `drop_fn` of the same handle.
//! - The host only reads them, and frees nothing.
//! - With [`PLUGIN_ERROR`](crate::status::PLUGIN_ERROR), the bytes are those of the error.
//! - The start is not null, even if the length is 0.
//! - There is no retry: [`BUFFER_TOO_SMALL`](crate::status::BUFFER_TOO_SMALL) is a breach. An
//!   item takes the guest's memory, so the host's limit can refuse an item only after the guest
//!   has encoded it.

use crate::handle::AllocHandle;

/// A stream of `lend`: `next` has the type of the alloc protocol, but the buffer stays the
/// guest's.
pub type LendHandle = AllocHandle;
