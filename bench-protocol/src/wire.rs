//! The bytes of an item: bincode 1.3.3 with its default options (fixed-width
//! little-endian integers, 64-bit lengths), as Fidius writes them.

use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned};

/// A value could not be encoded, or bytes could not be decoded.
#[derive(Debug, thiserror::Error)]
#[error("bincode: {0}")]
pub struct WireError(#[from] bincode::Error);

impl WireError {
    /// An error of decoders of our own, in bincode's terms.
    #[must_use]
    pub fn custom(message: &str) -> Self {
        Self(Box::new(bincode::ErrorKind::Custom(message.to_owned())))
    }
}

/// Encodes `value` into a new vector of exactly its size.
///
/// # Errors
/// When the value refuses to be encoded.
#[inline]
pub fn serialize<T: Serialize>(value: &T) -> Result<Vec<u8>, WireError> {
    Ok(bincode::serialize(value)?)
}

/// The number of bytes [`serialize`] would write, without allocating.
///
/// # Errors
/// When the value refuses to be encoded.
#[inline]
pub fn serialized_size<T: Serialize>(value: &T) -> Result<u64, WireError> {
    Ok(bincode::serialized_size(value)?)
}

/// Encodes `value` into the caller's slice, byte for byte as [`serialize`].
///
/// # Errors
/// When the value refuses to be encoded or `buffer` is shorter than
/// [`serialized_size`].
#[inline]
pub fn serialize_into<T: Serialize>(buffer: &mut [u8], value: &T) -> Result<(), WireError> {
    Ok(bincode::serialize_into(buffer, value)?)
}

/// Decodes a value that owns all its parts. Trailing bytes are ignored, as
/// Fidius ignores them.
///
/// # Errors
/// When the bytes are not an encoding of `T`.
#[inline]
pub fn deserialize<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    Ok(bincode::deserialize(bytes)?)
}

/// Decodes a value that may borrow from `bytes`.
///
/// # Errors
/// When the bytes are not an encoding of `T`.
#[inline]
pub fn deserialize_borrowed<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, WireError> {
    Ok(bincode::deserialize(bytes)?)
}
