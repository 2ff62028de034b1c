//! Raw values: what the guest writes in arms that do not encode.

use std::marker::PhantomData;

use bench_protocol::payload::Payload;
use bench_protocol::wire::{self, WireError};

use crate::decode::Decoder;

/// Reads the start of the item's bytes as the value itself. Only for streams that
/// `Open::raw_stream` opened for the same `P`.
pub(crate) struct Value<P>(PhantomData<P>);

impl<P: Payload> Decoder for Value<P> {
    type Value<'a> = P::View;
    #[inline(always)]
    fn decode(bytes: &[u8]) -> Result<P::View, WireError> {
        if bytes.len() < size_of::<P::View>() {
            return Err(WireError::custom("a raw value that is cut short"));
        }
        // SAFETY: the guest wrote these bytes as a `P::View`: the arm's stream was opened for
        // `P`, and the same compiler built guest and host. What the value points to lives as
        // long as the guest, which is never unloaded.
        Ok(unsafe { bytes.as_ptr().cast::<P::View>().read_unaligned() })
    }
    fn encode(value: &P::View) -> Option<Result<Vec<u8>, WireError>> {
        Some(wire::serialize(value))
    }
}
