//! What people stream besides: `text`, the JSON strings of a message queue.
//!
//! A batch of rows in a `Vec<u8>` is `bytes` of 4 KiB to 256 KiB. It has no kind of its own: a
//! second type with such a field keeps the compiler from inlining its decoder, which costs today's
//! `bytes` 7 instructions a byte.

use serde::{Deserialize, Serialize};
use wincode::{SchemaRead, SchemaWrite};

use crate::random::mix;
use crate::same_bytes::{Text, items};

/// What a message has besides its body: bytes in front, and text behind.
const HEAD: usize = 67;
const TAIL: &str = "\"}";

/// A message of exactly so many bytes. One too short for the fields of a message is a JSON
/// string, and one too short for that is blank.
pub(super) fn message(seed: u64, k: usize, bytes: usize) -> String {
    let random = mix(seed, k as u64);
    let letters = |count: usize| -> String {
        let letter = |at| char::from(b'a' + (mix(random, at as u64) % 26) as u8);
        (0..count).map(letter).collect()
    };
    match bytes {
        0..2 => " ".repeat(bytes),
        2..69 => format!("\"{}\"", letters(bytes - 2)),
        _ => {
            let head = format!(
                "{{\"id\":\"{random:016x}\",\"topic\":\"orders\",\"seq\":\"{:08}\",\"body\":\"",
                k % 100_000_000
            );
            debug_assert_eq!(head.len(), HEAD);
            let body = letters(bytes - head.len() - TAIL.len());
            head + &body + TAIL
        }
    }
}

/// A message with its text owned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SchemaRead, SchemaWrite)]
#[serde(transparent)]
pub struct TextItem(#[wincode(with = "Text")] pub String);

items!(TextItem);
