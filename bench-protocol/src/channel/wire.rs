//! The bytes of [`wire`](crate::wire), by the same code under other types.
//!
//! The compiler decides by the number of callers what it inlines. A drain is counted to the
//! instruction, so what the channels encode and decode must not be one more caller of the
//! drain's functions. Little-endian is bincode's default: naming it gives the same bytes.

use std::io::Write;

use bincode::Options;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::WireError;

#[inline(always)]
fn options() -> impl Options {
    let options = bincode::DefaultOptions::new().with_fixint_encoding();
    options.allow_trailing_bytes().with_little_endian()
}

/// Encodes `value` into a new vector of exactly its size.
///
/// # Errors
/// If the value cannot be encoded.
#[inline]
pub fn serialize<T: Serialize>(value: &T) -> Result<Vec<u8>, WireError> {
    Ok(options().serialize(value)?)
}

/// The number of bytes [`serialize`] would write.
///
/// # Errors
/// If the value cannot be encoded.
#[inline]
pub fn serialized_size<T: Serialize>(value: &T) -> Result<u64, WireError> {
    Ok(options().serialized_size(value)?)
}

/// Encodes `value` into the start of `buffer`.
///
/// # Errors
/// If the value cannot be encoded, or needs more than the buffer has.
#[inline]
pub fn serialize_into<T: Serialize>(buffer: &mut [u8], value: &T) -> Result<(), WireError> {
    Ok(options().serialize_into(buffer, value)?)
}

/// Encodes `value` into a writer.
///
/// # Errors
/// If the value cannot be encoded or the writer fails.
#[inline]
pub fn serialize_to<T: Serialize>(writer: impl Write, value: &T) -> Result<(), WireError> {
    Ok(options().serialize_into(writer, value)?)
}

/// Decodes a value that owns all its parts; trailing bytes are ignored.
///
/// # Errors
/// If the bytes are not an encoding of `T`.
#[inline]
pub fn deserialize<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    Ok(options().deserialize(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::{Payload, PayloadKind, PayloadVisitor};
    use crate::producer;
    use crate::size_plan::SizePlan;
    use crate::wire;

    struct Same;
    impl PayloadVisitor for Same {
        type Output = ();
        fn visit<P: Payload>(self) {
            let sizes = SizePlan::Uniform { from: 0, to: 300 }.table(1).unwrap();
            for item in producer::views::<P>(1, &sizes, 40) {
                let expected = wire::serialize(&item).unwrap();
                assert_eq!(serialize(&item).unwrap(), expected);
                assert_eq!(serialized_size(&item).unwrap(), expected.len() as u64);
                let mut room = vec![0; expected.len()];
                serialize_into(&mut room, &item).unwrap();
                assert_eq!(room, expected);
                let (mut written, mut longer) = (Vec::new(), expected.clone());
                serialize_to(&mut written, &item).unwrap();
                assert_eq!(written, expected);
                longer.push(1);
                let decoded: P::Owned = deserialize(&longer).unwrap();
                assert_eq!(decoded, P::to_owned(item));
                if let Some(shorter) = room.len().checked_sub(1) {
                    assert!(serialize_into(&mut room[..shorter], &item).is_err());
                }
            }
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_wire_for_every_payload() {
        for kind in PayloadKind::ALL {
            kind.dispatch(Same);
        }
    }
}
