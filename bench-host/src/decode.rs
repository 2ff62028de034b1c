//! How the host decodes an item's bytes.

use std::marker::PhantomData;

use bench_protocol::payload::Payload;
use bench_protocol::wire::{self, WireError};

/// Decodes an item's bytes, and encodes the value again to verify it.
pub trait Decoder {
    /// The decoded value; it may borrow from the bytes.
    type Value<'a>;

    /// The value of an item's bytes.
    ///
    /// # Errors
    /// If the bytes are not an item.
    fn decode(bytes: &[u8]) -> Result<Self::Value<'_>, WireError>;

    /// The encoding of a decoded value; `None` if nothing was decoded.
    fn encode(value: &Self::Value<'_>) -> Option<Result<Vec<u8>, WireError>>;
}

/// Decodes to owned values.
#[derive(Debug)]
pub struct Owned<P>(PhantomData<P>);

impl<P: Payload> Decoder for Owned<P> {
    type Value<'a> = P::Owned;
    #[inline]
    fn decode(bytes: &[u8]) -> Result<P::Owned, WireError> {
        wire::deserialize(bytes)
    }
    fn encode(value: &P::Owned) -> Option<Result<Vec<u8>, WireError>> {
        Some(wire::serialize(value))
    }
}

/// Decodes to values that borrow from the buffer.
#[derive(Debug)]
pub struct Borrowed<P>(PhantomData<P>);

impl<P: Payload> Decoder for Borrowed<P> {
    type Value<'a> = P::Borrowed<'a>;
    #[inline]
    fn decode(bytes: &[u8]) -> Result<P::Borrowed<'_>, WireError> {
        P::decode_borrowed(bytes)
    }
    fn encode(value: &P::Borrowed<'_>) -> Option<Result<Vec<u8>, WireError>> {
        Some(wire::serialize(value))
    }
}

/// Decodes to owned values by wincode; [`encode`](Decoder::encode) is bincode's, so that a
/// difference between the two is found.
#[derive(Debug)]
pub struct OwnedByWincode<P>(PhantomData<P>);

impl<P: Payload> Decoder for OwnedByWincode<P> {
    type Value<'a> = P::Owned;
    #[inline]
    fn decode(bytes: &[u8]) -> Result<P::Owned, WireError> {
        P::decode_by_wincode(bytes)
    }
    fn encode(value: &P::Owned) -> Option<Result<Vec<u8>, WireError>> {
        Some(wire::serialize(value))
    }
}

/// Decodes by wincode to values that borrow from the buffer.
#[derive(Debug)]
pub struct BorrowedByWincode<P>(PhantomData<P>);

impl<P: Payload> Decoder for BorrowedByWincode<P> {
    type Value<'a> = P::Borrowed<'a>;
    #[inline]
    fn decode(bytes: &[u8]) -> Result<P::Borrowed<'_>, WireError> {
        P::borrow_by_wincode(bytes)
    }
    fn encode(value: &P::Borrowed<'_>) -> Option<Result<Vec<u8>, WireError>> {
        Some(wire::serialize(value))
    }
}

/// Does not decode: the value is the bytes.
#[derive(Debug)]
pub struct Raw;

impl Decoder for Raw {
    type Value<'a> = &'a [u8];
    #[inline]
    fn decode(bytes: &[u8]) -> Result<&[u8], WireError> {
        Ok(bytes)
    }
    fn encode(_value: &&[u8]) -> Option<Result<Vec<u8>, WireError>> {
        None
    }
}
