//! Raw values: what the guest writes in the arms that do not encode.

use super::*;
use bench_protocol::step::sized_value_bytes;
use bench_protocol::wire::{self, WireError};

/// Takes the item's bytes for the value itself. Only for streams that
/// [`Open::raw_stream`] opened for the same `P`.
pub struct Value<P>(PhantomData<P>);

/// The same, with the size on the wire behind the value.
pub struct SizedValue<P>(PhantomData<P>);

/// The value at the front of `bytes`.
#[inline(always)]
fn value<P: Payload>(bytes: &[u8]) -> Result<P::View, WireError> {
    if bytes.len() < size_of::<P::View>() {
        return Err(WireError::custom("a raw value that is cut short"));
    }
    // SAFETY: the bytes are those of a `P::View` that the guest wrote: the arm's
    // stream was opened for `P`, by a guest of the same compiler. What it points
    // to lives as long as the guest, which is never unloaded.
    Ok(unsafe { bytes.as_ptr().cast::<P::View>().read_unaligned() })
}

impl<P: Payload> Decoder for Value<P> {
    type Value<'a> = P::View;
    #[inline(always)]
    fn decode(bytes: &[u8]) -> Result<P::View, WireError> {
        value::<P>(bytes)
    }
    fn encode(value: &P::View) -> Option<Result<Vec<u8>, WireError>> {
        Some(wire::serialize(value))
    }
}

impl<P: Payload> Decoder for SizedValue<P> {
    type Value<'a> = (P::View, u64);
    #[inline(always)]
    fn decode(bytes: &[u8]) -> Result<(P::View, u64), WireError> {
        let cut = || WireError::custom("a raw value without its size");
        let bytes = bytes
            .get(..const { sized_value_bytes::<P::View>() } as usize)
            .ok_or_else(cut)?;
        let size = bytes.last_chunk::<8>().ok_or_else(cut)?;
        Ok((value::<P>(bytes)?, u64::from_le_bytes(*size)))
    }
    fn encode((value, size): &(P::View, u64)) -> Option<Result<Vec<u8>, WireError>> {
        Some(wire::serialize(value).and_then(|bytes| {
            if bytes.len() as u64 == *size {
                Ok(bytes)
            } else {
                Err(WireError::custom("a size pass that found another size"))
            }
        }))
    }
}
