//! A message on the line between parent and child: a length, then JSON. The envelope
//! carries a number that only parent and child know and the turn of the conversation, so
//! that nothing else on the line passes for an answer.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The largest message, bytes.
pub const LARGEST: usize = 256 << 20;
/// Bytes of the length in front of a message.
pub const PREFIX: usize = 8;

/// A message with what proves that it belongs here.
#[derive(Debug, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// Drawn by the parent for this child.
    pub nonce: u64,
    /// Place in the conversation, from 0.
    pub turn: u64,
    /// What is said.
    pub body: T,
}

/// What a parent tells a child first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The keeper's process id: a child whose parent is another one is an orphan.
    pub parent: u32,
    /// Bytes of address space that the child may use.
    pub memory: Option<u64>,
}

/// The bytes of a message.
pub fn encode<T: Serialize>(nonce: u64, turn: u64, body: &T) -> Vec<u8> {
    let mut bytes = vec![0; PREFIX];
    let envelope = Envelope { nonce, turn, body };
    serde_json::to_writer(&mut bytes, &envelope).expect("messages are plain data");
    let length = (bytes.len() - PREFIX) as u64;
    bytes[..PREFIX].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// What stands where a length would, when there is no child.
const NOT_STARTED: [u8; PREFIX] = [u8::MAX; PREFIX];

/// The bytes that say why a child was not started.
pub fn not_started(error: &io::Error) -> Vec<u8> {
    let errno = error.raw_os_error().unwrap_or_default();
    [&NOT_STARTED[..], &errno.to_le_bytes()].concat()
}

/// Why a child was not started, if the bytes say so.
pub fn why_not_started(bytes: &[u8]) -> Option<io::Error> {
    let errno = bytes.strip_prefix(&NOT_STARTED)?.try_into().ok()?;
    Some(io::Error::from_raw_os_error(i32::from_le_bytes(errno)))
}

/// The length that a prefix announces.
///
/// # Errors
/// When it is above the largest, in words.
pub fn length(prefix: [u8; PREFIX]) -> Result<usize, String> {
    let length = u64::from_le_bytes(prefix);
    match usize::try_from(length) {
        Ok(length) if length <= LARGEST => Ok(length),
        _ => Err(format!(
            "a message of {length} bytes is announced, {LARGEST} is the largest"
        )),
    }
}

/// Reads a message.
///
/// # Errors
/// When it is not of this conversation and turn, in words.
pub fn decode<T: DeserializeOwned>(nonce: u64, turn: u64, bytes: &[u8]) -> Result<T, String> {
    let envelope: Envelope<T> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if (envelope.nonce, envelope.turn) != (nonce, turn) {
        return Err("the message is not of this conversation".to_owned());
    }
    Ok(envelope.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_another_conversation_or_turn_is_refused() {
        let bytes = encode(7, 1, &"hello");
        let read = |nonce, turn| decode::<String>(nonce, turn, &bytes[PREFIX..]);
        assert_eq!(read(7, 1).as_deref(), Ok("hello"));
        assert!(read(8, 1).is_err() && read(7, 2).is_err());
        assert!(decode::<String>(7, 1, b"{\"Times\":[[1]]}").is_err());
    }

    #[test]
    fn the_reason_of_a_child_that_was_not_started_arrives_and_is_no_message() {
        let bytes = not_started(&io::Error::from_raw_os_error(2));
        let found = why_not_started(&bytes).and_then(|error| error.raw_os_error());
        assert_eq!(found, Some(2));
        let prefix = bytes[..PREFIX].try_into().expect("so many");
        assert!(length(prefix).is_err());
        assert!(why_not_started(&encode(7, 1, &"hello")).is_none());
    }

    #[test]
    fn a_message_beyond_the_bound_is_refused_before_it_is_read() {
        assert!(length(u64::MAX.to_le_bytes()).is_err());
        assert_eq!(length(5_u64.to_le_bytes()), Ok(5));
    }
}
