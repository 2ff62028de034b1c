//! wincode: a codec that writes the bytes of [`wire`](crate::wire) and reads them, without serde.
//!
//! serde describes a value one primitive at a time. wincode's traits know which values are plain
//! memory, and copy them whole: `Vec<u8>` is one copy and needs no `serde_bytes`. A plugin's types
//! must derive wincode's traits for it.
//!
//! The crate serde-wincode writes the same bytes through serde's traits, so that no type has to derive
//! anything: the tests compare it as well. It is not used, because it keeps what is to be avoided, one
//! call per primitive. In instructions to encode and to decode an item (callgrind, the codec alone):
//!
//! | | bincode, own writer | serde-wincode | wincode |
//! |---|---|---|---|
//! | `u64` | 16, 16 | 19, 16 | 14, 9 |
//! | `record-64B` | 171, 1,664 | 180, 1,530 | 189, 1,262 |
//! | `bytes-1KiB` | 557, 11,495 | 557, 12,516 | 164, 335 |
//! | `f64s-1KiB` | 307, 1,898 | 310, 1,753 | 167, 342 |
//! | `blob-4KiB` | 448, 809 | 446, 787 | 451, 774 |
//!
//! The tests compare every payload's bytes with bincode's. A host that verifies encodes every
//! decoded value by bincode, so that a difference there is an error as well.

use std::mem::MaybeUninit;

use serde::Serialize;
use serde_bytes::{ByteBuf, Bytes};
use wincode::config::{self, Configuration};
use wincode::error::invalid_utf8_encoding;
use wincode::io::{BorrowKind, Reader, Writer};
use wincode::len::SeqLen;
use wincode::{ReadResult, SchemaRead, SchemaWrite, WriteResult};

use crate::error::PluginError;
use crate::wire::WireError;

/// Longest sequence, bytes: what a lying length can allocate. It is a host's default limit
/// ([`DEFAULT_MEMORY_LIMIT`](crate::spec::DEFAULT_MEMORY_LIMIT)); wincode's own is 4 MiB.
pub(crate) const LONGEST: usize = 256 << 20;

/// wincode's default, but for the longest sequence.
pub(crate) type Config = Configuration<true, LONGEST>;

const CONFIG: Config = Configuration::default().with_preallocation_size_limit::<LONGEST>();

/// A value that can be encoded by bincode and by wincode, to the same bytes.
pub trait Item: Serialize {
    /// The number of bytes of the encoding; `None` if the value cannot be encoded.
    fn encoded_len(&self) -> Option<usize>;

    /// Encodes the value to the start of `room`; the number of bytes, or `None` if there is too
    /// little room or the value cannot be encoded.
    fn encode_to(&self, room: &mut [MaybeUninit<u8>]) -> Option<usize>;
}

#[inline(always)]
pub(crate) fn len<T: SchemaWrite<Config> + ?Sized>(value: &T::Src) -> Option<usize> {
    T::size_of(value).ok()
}

#[inline(always)]
pub(crate) fn write<T: SchemaWrite<Config> + ?Sized>(
    value: &T::Src,
    room: &mut [MaybeUninit<u8>],
) -> Option<usize> {
    let mut rest = &mut room[..];
    T::write(&mut rest, value).ok()?;
    let left = rest.len();
    Some(room.len() - left)
}

/// Items that are a wincode schema of their own.
macro_rules! items {
    ($($item:ty),+) => {$(
        impl $crate::same_bytes::Item for $item {
            #[inline(always)]
            fn encoded_len(&self) -> Option<usize> {
                $crate::same_bytes::len::<$item>(self)
            }
            #[inline(always)]
            fn encode_to(&self, room: &mut [std::mem::MaybeUninit<u8>]) -> Option<usize> {
                $crate::same_bytes::write::<$item>(self, room)
            }
        }
    )+};
}
pub(crate) use items;
items!(
    u64,
    &'static [u8],
    Vec<u8>,
    &'static [f64],
    Vec<f64>,
    &'static str,
    PluginError
);

/// Items that are bytes in a wrapper of serde's.
macro_rules! bytes {
    ($($item:ty),+) => {$(
        impl Item for $item {
            #[inline(always)]
            fn encoded_len(&self) -> Option<usize> {
                len::<[u8]>(self)
            }
            #[inline(always)]
            fn encode_to(&self, room: &mut [MaybeUninit<u8>]) -> Option<usize> {
                write::<[u8]>(self, room)
            }
        }
    )+};
}
bytes!(&'static Bytes, ByteBuf);

/// A `String`, as wincode writes and reads it, but that text is mostly ASCII: short ASCII is
/// recognised faster than UTF-8 is checked.
pub(crate) struct Text;

// SAFETY: the schema is that of `String`, which both functions call.
unsafe impl<C: config::Config> SchemaWrite<C> for Text {
    type Src = String;

    #[inline(always)]
    fn size_of(value: &String) -> WriteResult<usize> {
        <String as SchemaWrite<C>>::size_of(value)
    }

    #[inline(always)]
    fn write(writer: impl Writer, value: &String) -> WriteResult<()> {
        <String as SchemaWrite<C>>::write(writer, value)
    }
}

// SAFETY: on success, `dst` is written, here or by the schema of `String`.
unsafe impl<'de, C: config::Config> SchemaRead<'de, C> for Text {
    type Dst = String;

    #[inline(always)]
    fn read(mut reader: impl Reader<'de>, dst: &mut MaybeUninit<String>) -> ReadResult<()> {
        if !reader.supports_borrow(BorrowKind::CallSite) {
            return <String as SchemaRead<'de, C>>::read(reader, dst);
        }
        let len = C::LengthEncoding::read(reader.by_ref())?;
        // Fails before anything is allocated, if there are fewer.
        let bytes = reader.take_scoped(len)?;
        let text = match bytes.is_ascii() {
            // SAFETY: ASCII is UTF-8.
            true => unsafe { std::str::from_utf8_unchecked(bytes) },
            false => std::str::from_utf8(bytes).map_err(invalid_utf8_encoding)?,
        };
        dst.write(text.to_owned());
        Ok(())
    }
}

/// Decodes a value; trailing bytes are ignored, as bincode does.
///
/// # Errors
/// If the bytes are not an encoding of `T`.
#[inline]
pub(crate) fn decode<'de, T>(bytes: &'de [u8]) -> Result<T, WireError>
where
    T: SchemaRead<'de, Config, Dst = T>,
{
    config::deserialize(bytes, CONFIG).map_err(|error| refused(&error))
}

#[cold]
fn refused(error: &wincode::ReadError) -> WireError {
    WireError::custom(&format!("wincode: {error}"))
}
