//! The host against guests made by these tests, in this process: every breach of
//! the protocol that a host can see, and what holds whatever a guest does.

mod misuse;
mod properties;
mod scripted;
