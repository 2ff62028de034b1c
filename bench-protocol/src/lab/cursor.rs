//! The writer of every variant: a place to write to, and a way to ask for a larger one. The
//! guest writes through it, and so does the laboratory's floor, which has no guest.
//!
//! bincode writes each primitive by itself. Here, the compiler knows the length of the copy, so
//! that it is one store.

use std::io::{self, Write};

use crate::wire;
use serde::Serialize;

/// Writable memory.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Its first byte.
    pub start: *mut u8,
    /// Its bytes.
    pub capacity: usize,
}

/// Where larger rooms come from.
pub trait More {
    /// A room of at least `needed` bytes that begins with the first `written` bytes of the
    /// present one, which is invalid from then on; `None` if there is none, and the present
    /// room stays valid.
    fn more(&mut self, written: usize, needed: usize) -> Option<Room>;
}

/// The room has a fixed size.
#[derive(Debug)]
pub struct Fixed;

impl More for Fixed {
    #[inline(always)]
    fn more(&mut self, _written: usize, _needed: usize) -> Option<Room> {
        None
    }
}

/// The room is the spare capacity of an empty vector.
impl More for &mut Vec<u8> {
    #[cold]
    #[inline(never)]
    fn more(&mut self, written: usize, needed: usize) -> Option<Room> {
        // SAFETY: the cursor wrote the first `written` bytes of the capacity. Only written
        // bytes are moved, and the vector is empty again afterwards.
        unsafe {
            self.set_len(written);
            self.reserve(needed - written);
            self.set_len(0);
        }
        Some(room(self))
    }
}

/// The whole capacity of an empty vector.
#[inline(always)]
#[must_use]
pub fn room(buffer: &mut Vec<u8>) -> Room {
    Room {
        start: buffer.as_mut_ptr(),
        capacity: buffer.capacity(),
    }
}

/// Why a value is not encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// It needs at least this number of bytes, and there are fewer.
    Lacking(usize),
    /// It cannot be encoded.
    Unencodable,
}

struct Cursor<M> {
    room: Room,
    written: usize,
    more: M,
    /// Bytes needed when there was no larger room; else 0.
    lacking: usize,
}

impl<M: More> Cursor<M> {
    /// Inlined, so that a cursor on a room of a fixed size can stay in registers.
    #[inline(always)]
    fn enlarge(&mut self, needed: usize) -> io::Result<()> {
        match self.more.more(self.written, needed) {
            Some(room) => {
                self.room = room;
                Ok(())
            }
            None => {
                self.lacking = needed;
                Err(io::ErrorKind::WriteZero.into())
            }
        }
    }
}

impl<M: More> Write for Cursor<M> {
    #[inline(always)]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.room.capacity - self.written < bytes.len() {
            self.enlarge(self.written + bytes.len())?;
        }
        // SAFETY: the room has `bytes.len()` more bytes: checked above, or promised by `more`.
        unsafe {
            let at = self.room.start.add(self.written);
            at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.written += bytes.len();
        Ok(())
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Encodes `value` by bincode into `room` and the rooms that `more` gives; the number of bytes.
///
/// # Errors
/// If there is no larger room, or the value cannot be encoded.
///
/// # Safety
/// `room` must be writable, and every room from `more` as [`More::more`] promises.
#[inline(always)]
pub unsafe fn encode<V: Serialize, M: More>(
    value: &V,
    room: Room,
    more: M,
) -> Result<usize, Failed> {
    let mut cursor = Cursor {
        room,
        written: 0,
        more,
        lacking: 0,
    };
    match wire::serialize_to(&mut cursor, value) {
        Ok(()) => Ok(cursor.written),
        Err(_) if cursor.lacking > 0 => Err(Failed::Lacking(cursor.lacking)),
        Err(_) => Err(Failed::Unencodable),
    }
}
