//! What the host makes of an item's bytes.

use std::marker::PhantomData;

use bench_protocol::payload::Payload;
use bench_protocol::wire::{self, WireError};

/// Makes a value of an item's bytes, and bytes of that value again.
pub trait Decoder {
    /// The value; it may borrow from the bytes.
    type Value<'a>;

    /// Decodes an item.
    ///
    /// # Errors
    /// When the bytes are not an item.
    fn decode(bytes: &[u8]) -> Result<Self::Value<'_>, WireError>;

    /// Encodes a decoded value again, to verify it; `None` where nothing was
    /// decoded.
    fn encode(value: &Self::Value<'_>) -> Option<Result<Vec<u8>, WireError>>;
}

/// Owned values.
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

/// Values that borrow from the buffer.
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

/// The bytes themselves.
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
