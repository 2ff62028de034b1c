//! The host against scripted guests in this process: every breach of the protocol that a host
//! can notice, and what must hold whatever a guest does.

mod channels;
mod misuse;
mod promises;
mod properties;
mod scripted;
