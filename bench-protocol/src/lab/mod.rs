//! The laboratory: other ways to hand an item over, with a contract for each.
//!
//! What holds for the arena and alloc protocols holds here too: a handle is three words (`next`,
//! `drop_fn`, `state`), `next` answers a [status](crate::status), items are bincode, lengths have
//! 32 bits, no panic crosses the boundary, `drop_fn` is called exactly once, and after the end
//! every call answers [`STREAM_END`](crate::status::STREAM_END). The variants differ in who owns
//! an item's bytes, and how the size of an item is found:
//!
//! | variant | calls per item | the bytes are in | the guest finds the size |
//! |---|---|---|---|
//! | `arena-own-writer` | 1 | the host's buffer | before encoding |
//! | `unboxed` | 1 | the host's buffer | before encoding |
//! | `single-pass` | 1 | the host's buffer | only if the item does not fit |
//! | [`grow`] | 1, and one per growth | the host's buffer | never |
//! | [`lend`] | 1 | the guest's buffer | never |
//! | [`batch`] | 1 per batch | the host's buffer | only if the first item does not fit |
//! | `alloc-own-writer` | 2 | a heap buffer per item | before encoding |
//! | [`rust_buffer`] | 2 | a heap buffer per item | never, or before encoding |
//!
//! `arena-own-writer`, `unboxed` and `single-pass` keep the contract of the arena protocol, and
//! `alloc-own-writer` that of the alloc protocol. To a host they look like the originals.
//!
//! A [`codec`] encodes and decodes: bincode, or one that writes the same bytes faster. The
//! [`spec::Floor`]s do the same work without a guest.
//!
//! The laboratory has cdylibs of its own, so that the machine code of the pair stays as it is.

pub mod api;
pub mod batch;
pub mod codec;
pub mod cursor;
pub mod grow;
pub mod lend;
pub mod rust_buffer;
pub mod spec;
