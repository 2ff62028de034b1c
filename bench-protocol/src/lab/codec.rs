//! What encodes an item, as a type: drivers are compiled for each codec, so that none of them
//! decides anything per item.

use super::cursor::{self, Failed, More, Room};
use crate::same_bytes::Item;
use crate::wire;

/// Encodes values, to bincode's bytes.
pub trait Codec: Default + Send + 'static {
    /// The number of bytes of the encoding; `None` if the value cannot be encoded.
    fn size<V: Item>(value: &V) -> Option<u64>;

    /// Encodes `value` into `room` and the rooms that `more` gives; the number of bytes.
    ///
    /// # Errors
    /// If there is no larger room, or the value cannot be encoded.
    ///
    /// # Safety
    /// `room` must be writable, and every room from `more` as [`More::more`] promises.
    unsafe fn encode<V: Item, M: More>(value: &V, room: Room, more: M) -> Result<usize, Failed>;
}

/// bincode, through the laboratory's writer.
#[derive(Debug, Default)]
pub struct Bincode;

impl Codec for Bincode {
    #[inline(always)]
    fn size<V: Item>(value: &V) -> Option<u64> {
        wire::serialized_size(value).ok()
    }

    #[inline(always)]
    unsafe fn encode<V: Item, M: More>(value: &V, room: Room, more: M) -> Result<usize, Failed> {
        // SAFETY: the caller keeps the same contract.
        unsafe { cursor::encode(value, room, more) }
    }
}

/// wincode. It writes into one room, so a value that does not fit is written again.
#[derive(Debug, Default)]
pub struct Wincode;

impl Codec for Wincode {
    #[inline(always)]
    fn size<V: Item>(value: &V) -> Option<u64> {
        value.encoded_len().map(|len| len as u64)
    }

    #[inline(always)]
    unsafe fn encode<V: Item, M: More>(value: &V, room: Room, more: M) -> Result<usize, Failed> {
        // SAFETY: by contract, the room is writable.
        match unsafe { write(value, room) } {
            Some(len) => Ok(len),
            // SAFETY: the caller keeps the same contract.
            None => unsafe { again(value, room, more) },
        }
    }
}

/// # Safety
/// `room` must be writable.
#[inline(always)]
unsafe fn write<V: Item>(value: &V, room: Room) -> Option<usize> {
    let Room { start, capacity } = room;
    let room = match capacity {
        // An empty room may have no place at all.
        0 => &mut [],
        // SAFETY: by contract, the room is writable.
        _ => unsafe { std::slice::from_raw_parts_mut(start.cast(), capacity) },
    };
    value.encode_to(room)
}

/// The value did not fit into `room`, or cannot be encoded.
///
/// # Safety
/// As for [`Codec::encode`].
#[cold]
#[inline(never)]
unsafe fn again<V: Item, M: More>(value: &V, room: Room, mut more: M) -> Result<usize, Failed> {
    let size = value.encoded_len().ok_or(Failed::Unencodable)?;
    if size <= room.capacity {
        return Err(Failed::Unencodable);
    }
    let larger = more.more(0, size).ok_or(Failed::Lacking(size))?;
    // SAFETY: `more` gave the room.
    unsafe { write(value, larger) }.ok_or(Failed::Unencodable)
}
