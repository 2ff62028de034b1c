//! The contract between guest and host.
//!
//! Everything that both sides of the C ABI must agree on, and nothing that
//! belongs to one of them: the handles and status codes ([`handle`],
//! [`status`]), the bytes of an item ([`wire`]), what an item is
//! ([`payload`]), how large it is ([`size_plan`]), how a stream is asked for
//! ([`spec`]), the arms between an iterator and a stream ([`step`]) and the two
//! tables of functions ([`api`]). [`guest`] makes a guest of any iterator, for
//! those who bring their own.

pub mod api;
pub mod build_info;
pub mod corpus;
pub mod counts;
pub mod digest;
pub mod error;
pub mod guest;
pub mod handle;
pub mod payload;
pub mod producer;
mod random;
pub mod size_plan;
pub mod spec;
pub mod status;
pub mod step;
pub mod wire;
