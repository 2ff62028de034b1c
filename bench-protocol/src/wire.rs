//! The bytes of an item: bincode 1.3.3 with its default options (fixed-width
//! little-endian integers, 64-bit lengths), as Fidius writes them.

use std::io::{self, Write};

use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned};

/// A value could not be encoded, or bytes could not be decoded.
#[derive(Debug, thiserror::Error)]
#[error("bincode: {0}")]
pub struct WireError(#[from] bincode::Error);

impl WireError {
    /// An error of a decoder of this workbench.
    #[must_use]
    pub fn custom(message: &str) -> Self {
        Self(Box::new(bincode::ErrorKind::Custom(message.to_owned())))
    }
}

/// Encodes `value` into a new vector of exactly its size.
///
/// # Errors
/// If the value cannot be encoded.
#[inline]
pub fn serialize<T: Serialize>(value: &T) -> Result<Vec<u8>, WireError> {
    Ok(bincode::serialize(value)?)
}

/// The number of bytes [`serialize`] would write, without allocating.
///
/// # Errors
/// If the value cannot be encoded.
#[inline]
pub fn serialized_size<T: Serialize>(value: &T) -> Result<u64, WireError> {
    Ok(bincode::serialized_size(value)?)
}

/// Encodes `value` into the start of `buffer`: the same bytes as [`serialize`].
///
/// # Errors
/// If the value cannot be encoded, or needs more than the buffer has.
#[inline]
pub fn serialize_into<T: Serialize>(buffer: &mut [u8], value: &T) -> Result<(), WireError> {
    Ok(bincode::serialize_into(buffer, value)?)
}

/// Encodes `value` into a writer: the same bytes as [`serialize`].
///
/// # Errors
/// If the value cannot be encoded or the writer fails.
#[inline]
pub fn serialize_to<T: Serialize>(writer: impl Write, value: &T) -> Result<(), WireError> {
    Ok(bincode::serialize_into(writer, value)?)
}

/// Encodes as [`serialize_into`] does, to the same bytes, through a writer that knows the
/// length of each copy.
///
/// # Errors
/// As for [`serialize_into`].
#[inline]
pub fn serialize_by_own_writer<T: Serialize>(
    buffer: &mut [u8],
    value: &T,
) -> Result<(), WireError> {
    Ok(bincode::serialize_into(Room(buffer), value)?)
}

/// The unwritten rest of a slice. bincode writes each primitive by itself. Here, the
/// compiler still knows its length when it is copied, so that the copy is one store. The
/// standard library's writer for slices copies the shorter of two lengths, and calls
/// `memcpy` even for a single byte.
struct Room<'a>(&'a mut [u8]);

impl Write for Room<'_> {
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some((place, rest)) = std::mem::take(&mut self.0).split_at_mut_checked(bytes.len())
        else {
            return Err(io::ErrorKind::WriteZero.into());
        };
        place.copy_from_slice(bytes);
        self.0 = rest;
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

/// Decodes a value that owns all its parts. Like Fidius, it ignores trailing bytes.
///
/// # Errors
/// If the bytes are not an encoding of `T`.
#[inline]
pub fn deserialize<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    Ok(bincode::deserialize(bytes)?)
}

/// Decodes a value that may borrow from `bytes`.
///
/// # Errors
/// If the bytes are not an encoding of `T`.
#[inline]
pub(crate) fn deserialize_borrowed<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
) -> Result<T, WireError> {
    Ok(bincode::deserialize(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_writer_has_the_bytes_of_the_other_and_refuses_too_little_room() {
        let value = (
            7_u64,
            "text",
            vec![1.5_f64, -2.0],
            vec![3_u8; 40],
            Some(true),
        );
        let expected = serialize(&value).unwrap();
        let mut room = vec![0; expected.len()];
        serialize_by_own_writer(&mut room, &value).unwrap();
        assert_eq!(room, expected);
        let short = &mut room[1..];
        assert!(serialize_by_own_writer(short, &value).is_err());
    }
}
