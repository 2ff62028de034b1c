//! Raw values: what the guest writes in the arms that do not encode.

use std::marker::PhantomData;

use bench_protocol::payload::Payload;
use bench_protocol::wire::{self, WireError};

use crate::decode::Decoder;

/// Takes the front of the item's bytes for the value itself. Only for streams that
/// [`Open::raw_stream`] opened for the same `P`.
pub struct Value<P>(PhantomData<P>);

impl<P: Payload> Decoder for Value<P> {
    type Value<'a> = P::View;
    #[inline(always)]
    fn decode(bytes: &[u8]) -> Result<P::View, WireError> {
        if bytes.len() < size_of::<P::View>() {
            return Err(WireError::custom("a raw value that is cut short"));
        }
        // SAFETY: the bytes are those of a `P::View` that the guest wrote: the
        // arm's stream was opened for `P`, by a guest of the same compiler. What
        // it points to lives as long as the guest, which is never unloaded.
        Ok(unsafe { bytes.as_ptr().cast::<P::View>().read_unaligned() })
    }
    fn encode(value: &P::View) -> Option<Result<Vec<u8>, WireError>> {
        Some(wire::serialize(value))
    }
}
