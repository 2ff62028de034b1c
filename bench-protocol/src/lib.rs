//! The contract between guest and host: everything on which both sides of the C ABI must
//! agree.
//!
//! | module | what it defines |
//! |---|---|
//! | [`handle`], [`status`] | a stream, and what its `next` answers |
//! | [`wire`], [`error`] | the bytes of an item and of a plugin's error |
//! | [`same_bytes`] | another codec that writes those bytes |
//! | [`payload`], [`size_plan`], [`producer`] | what an item is, how large, and where it comes from |
//! | [`spec`] | how a host asks for a stream and a session |
//! | [`step`] | the steps from an iterator to a stream across the boundary |
//! | [`api`], [`mod@build_info`], [`counts`] | the two tables of functions and what they report |
//! | [`digest`] | how two streams are compared |
//! | [`guest`] | the arena protocol's guest side, and a guest made of any iterator |
//! | [`channel`] | the channels beside the server stream: client, bidi, unary, callback |
//! | [`lab`] | other ways to hand over an item |

pub mod api;
pub mod build_info;
pub mod channel;
mod corpus;
pub mod counts;
pub mod digest;
pub mod error;
pub mod guest;
pub mod handle;
pub mod lab;
pub mod payload;
pub mod producer;
mod random;
pub mod same_bytes;
pub mod size_plan;
pub mod spec;
pub mod status;
pub mod step;
pub mod wire;
