//! What an item is: kinds, each with the value that a guest yields, the value that a
//! host decodes, and a generator of contents.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_bytes::{ByteBuf, Bytes};

use crate::random::mix;
use crate::same_bytes::{self, Item};
use crate::size_plan::SizeTable;
use crate::wire::{self, WireError};

/// The kinds of payload, by their number at the boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u32)]
pub enum PayloadKind {
    /// One 64-bit number.
    U64 = 0,
    /// An id, a timestamp, a message and three tags.
    Record = 1,
    /// `Vec<u8>` as serde encodes it: a sequence, element by element.
    Bytes = 2,
    /// The same wire bytes through `serde_bytes`: a single slice.
    Blob = 3,
    /// A numeric column.
    F64s = 4,
    /// JSON text of a message queue.
    Text = 5,
}

impl PayloadKind {
    /// The kinds of the pair's cases, in the order of the tables.
    pub const ALL: [Self; 5] = [Self::U64, Self::Record, Self::Bytes, Self::Blob, Self::F64s];

    /// Further kinds, which the laboratory streams.
    pub const STREAMED: [Self; 1] = [Self::Text];

    /// The name in case ids and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::U64 => "u64",
            Self::Record => "record",
            Self::Bytes => "bytes",
            Self::Blob => "blob",
            Self::F64s => "f64s",
            Self::Text => "text",
        }
    }

    /// The kind of a number at the boundary.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let mut kinds = Self::ALL.into_iter().chain(Self::STREAMED);
        kinds.find(|kind| *kind as u32 == number)
    }

    /// Runs `visitor` for the payload type of this kind. This is the only place where a
    /// kind becomes a type.
    pub fn dispatch<V: PayloadVisitor>(self, visitor: V) -> V::Output {
        match self {
            Self::U64 => visitor.visit::<U64>(),
            Self::Record => visitor.visit::<RecordPayload>(),
            Self::Bytes => visitor.visit::<BytesPayload>(),
            Self::Blob => visitor.visit::<Blob>(),
            Self::F64s => visitor.visit::<F64s>(),
            Self::Text => visitor.visit::<Message>(),
        }
    }
}

/// Code that is generic over the payload type; see [`PayloadKind::dispatch`].
pub trait PayloadVisitor {
    /// Its result.
    type Output;
    /// Runs it for `P`.
    fn visit<P: Payload>(self) -> Self::Output;
}

/// One kind of item.
pub trait Payload: Sized + 'static {
    /// Its number and name.
    const KIND: PayloadKind;
    /// What a prepared producer yields: a copy of a number or of a reference.
    type View: Item + Copy + Debug + Send + Sync + 'static;
    /// The value with all parts owned, as plugins and hosts usually hold it.
    type Owned: Item + DeserializeOwned + Debug + PartialEq + Send + 'static;
    /// The value that a host can decode without copying the contents.
    type Borrowed<'de>: Serialize + Debug;

    /// The items of a size table, one for each entry.
    fn prepare(seed: u64, table: &SizeTable) -> Vec<Self::View>;

    /// The owned value of a view.
    fn to_owned(view: Self::View) -> Self::Owned;

    /// Decodes without copying the contents.
    ///
    /// # Errors
    /// When the bytes are not an encoding of this payload.
    fn decode_borrowed(bytes: &[u8]) -> Result<Self::Borrowed<'_>, WireError>;

    /// Decodes to an owned value by [`same_bytes`].
    ///
    /// # Errors
    /// When the bytes are not an encoding of this payload.
    fn decode_by_wincode(bytes: &[u8]) -> Result<Self::Owned, WireError>;

    /// Decodes by [`same_bytes`], without copying the contents.
    ///
    /// # Errors
    /// When the bytes are not an encoding of this payload.
    fn borrow_by_wincode(bytes: &[u8]) -> Result<Self::Borrowed<'_>, WireError>;
}

/// `u64`: eight bytes on the wire.
#[derive(Debug)]
pub struct U64;

impl Payload for U64 {
    const KIND: PayloadKind = PayloadKind::U64;
    type View = u64;
    type Owned = u64;
    type Borrowed<'de> = u64;

    fn prepare(seed: u64, table: &SizeTable) -> Vec<u64> {
        (0..table.sizes().len() as u64)
            .map(|k| mix(seed, k))
            .collect()
    }
    fn to_owned(view: u64) -> u64 {
        view
    }
    #[inline]
    fn decode_borrowed(bytes: &[u8]) -> Result<u64, WireError> {
        wire::deserialize(bytes)
    }
    #[inline]
    fn decode_by_wincode(bytes: &[u8]) -> Result<Self::Owned, WireError> {
        same_bytes::decode(bytes)
    }
    #[inline]
    fn borrow_by_wincode(bytes: &[u8]) -> Result<u64, WireError> {
        same_bytes::decode(bytes)
    }
}

/// `record`: an item of the kind that plugins stream most.
#[derive(Debug)]
pub struct RecordPayload;

impl Payload for RecordPayload {
    const KIND: PayloadKind = PayloadKind::Record;
    type View = RecordView;
    type Owned = Record;
    type Borrowed<'de> = RecordRef<'de>;

    fn prepare(seed: u64, table: &SizeTable) -> Vec<RecordView> {
        record::prepare(seed, table)
    }
    fn to_owned(view: RecordView) -> Record {
        view.to_record()
    }
    #[inline]
    fn decode_borrowed(bytes: &[u8]) -> Result<RecordRef<'_>, WireError> {
        wire::deserialize_borrowed(bytes)
    }
    #[inline]
    fn decode_by_wincode(bytes: &[u8]) -> Result<Self::Owned, WireError> {
        same_bytes::decode(bytes)
    }
    #[inline]
    fn borrow_by_wincode(bytes: &[u8]) -> Result<RecordRef<'_>, WireError> {
        same_bytes::decode(bytes)
    }
}

/// `bytes`: `Vec<u8>` without `serde_bytes`, as most plugin authors write it.
#[derive(Debug)]
pub struct BytesPayload;

impl Payload for BytesPayload {
    const KIND: PayloadKind = PayloadKind::Bytes;
    type View = &'static [u8];
    type Owned = Vec<u8>;
    type Borrowed<'de> = &'de [u8];

    fn prepare(seed: u64, table: &SizeTable) -> Vec<&'static [u8]> {
        slices(seed, table, random_bytes(seed, table).leak())
    }
    fn to_owned(view: &'static [u8]) -> Vec<u8> {
        view.to_vec()
    }
    #[inline]
    fn decode_borrowed(bytes: &[u8]) -> Result<&[u8], WireError> {
        wire::deserialize_borrowed(bytes)
    }
    #[inline]
    fn decode_by_wincode(bytes: &[u8]) -> Result<Self::Owned, WireError> {
        same_bytes::decode(bytes)
    }
    #[inline]
    fn borrow_by_wincode(bytes: &[u8]) -> Result<&[u8], WireError> {
        same_bytes::decode(bytes)
    }
}

/// `blob`: the same wire bytes through `serde_bytes`.
#[derive(Debug)]
pub struct Blob;

impl Payload for Blob {
    const KIND: PayloadKind = PayloadKind::Blob;
    type View = &'static Bytes;
    type Owned = ByteBuf;
    type Borrowed<'de> = &'de Bytes;

    fn prepare(seed: u64, table: &SizeTable) -> Vec<&'static Bytes> {
        let slices = slices(seed, table, random_bytes(seed, table).leak());
        slices.into_iter().map(Bytes::new).collect()
    }
    fn to_owned(view: &'static Bytes) -> ByteBuf {
        ByteBuf::from(view.to_vec())
    }
    #[inline]
    fn decode_borrowed(bytes: &[u8]) -> Result<&Bytes, WireError> {
        wire::deserialize_borrowed(bytes)
    }
    #[inline]
    fn decode_by_wincode(bytes: &[u8]) -> Result<Self::Owned, WireError> {
        same_bytes::decode(bytes).map(|bytes: Vec<u8>| ByteBuf::from(bytes))
    }
    #[inline]
    fn borrow_by_wincode(bytes: &[u8]) -> Result<&Bytes, WireError> {
        same_bytes::decode(bytes).map(Bytes::new)
    }
}

/// `f64s`: a numeric column.
#[derive(Debug)]
pub struct F64s;

/// A column as it is on the wire. Its values are unaligned, so that they can be read but
/// not lent as a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct F64sRef<'a> {
    little_endian: &'a [[u8; 8]],
}

impl F64sRef<'_> {
    /// The values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f64> {
        self.little_endian
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
    }
}

impl Serialize for F64sRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl Payload for F64s {
    const KIND: PayloadKind = PayloadKind::F64s;
    type View = &'static [f64];
    type Owned = Vec<f64>;
    type Borrowed<'de> = F64sRef<'de>;

    fn prepare(seed: u64, table: &SizeTable) -> Vec<&'static [f64]> {
        let count = (table.max() as usize + SLACK).div_ceil(8) as u64;
        // Finite, of both signs, no two alike in practice.
        let value = |k| (mix(seed, k) >> 12) as f64 / 1024.0 - 2_f64.powi(41);
        slices(
            seed,
            table,
            (0..count).map(value).collect::<Vec<_>>().leak(),
        )
    }
    fn to_owned(view: &'static [f64]) -> Vec<f64> {
        view.to_vec()
    }
    #[inline]
    fn decode_borrowed(bytes: &[u8]) -> Result<F64sRef<'_>, WireError> {
        let short = || WireError::custom("a column shorter than its length says");
        let (count, rest) = bytes.split_first_chunk::<8>().ok_or_else(short)?;
        let count = usize::try_from(u64::from_le_bytes(*count)).map_err(|_| short())?;
        let (values, _) = rest.as_chunks::<8>();
        let little_endian = values.get(..count).ok_or_else(short)?;
        Ok(F64sRef { little_endian })
    }
    #[inline]
    fn decode_by_wincode(bytes: &[u8]) -> Result<Self::Owned, WireError> {
        same_bytes::decode(bytes)
    }
    #[inline]
    fn borrow_by_wincode(bytes: &[u8]) -> Result<F64sRef<'_>, WireError> {
        Self::decode_borrowed(bytes)
    }
}

/// `text`: a message of a queue, in JSON.
#[derive(Debug)]
pub struct Message;

impl Payload for Message {
    const KIND: PayloadKind = PayloadKind::Text;
    type View = &'static str;
    type Owned = TextItem;
    type Borrowed<'de> = &'de str;

    fn prepare(seed: u64, table: &SizeTable) -> Vec<&'static str> {
        let texts = table.sizes().iter().enumerate();
        let text = |(k, &bytes): (usize, &u32)| &*text::message(seed, k, bytes as usize).leak();
        texts.map(text).collect()
    }
    fn to_owned(view: &'static str) -> TextItem {
        TextItem(view.to_owned())
    }
    #[inline]
    fn decode_borrowed(bytes: &[u8]) -> Result<&str, WireError> {
        wire::deserialize_borrowed(bytes)
    }
    #[inline]
    fn decode_by_wincode(bytes: &[u8]) -> Result<TextItem, WireError> {
        same_bytes::decode(bytes)
    }
    #[inline]
    fn borrow_by_wincode(bytes: &[u8]) -> Result<&str, WireError> {
        same_bytes::decode(bytes)
    }
}

mod contents;
mod record;
#[cfg(test)]
mod tests;
mod text;

use contents::{SLACK, random_bytes, slices};
pub use record::{Record, RecordRef, RecordView};
pub use text::TextItem;
