//! What a drain does with each item: nothing when it is timed, every check when it verifies.

use std::hint::black_box;

use bench_protocol::counts::HostCounts;
use bench_protocol::digest::StreamDigest;

use crate::decode::Decoder;
use crate::error::StreamError;

/// Sees each item that a drain takes.
pub(crate) trait Observer {
    /// Whether a stream that has ended is asked again, as it must answer the same.
    const ASKS_AGAIN: bool = false;

    /// Sees item `index`: its bytes, its value, and the memory held for it in bytes.
    ///
    /// # Errors
    /// If the item is wrong.
    fn item<D: Decoder>(
        &mut self,
        index: u64,
        bytes: &[u8],
        value: D::Value<'_>,
        held: u64,
    ) -> Result<(), StreamError>;

    /// Writes its counts into `counts`.
    fn count(&self, counts: &mut HostCounts);
}

/// Passes each item through `black_box`, and does nothing else.
#[derive(Debug, Default)]
pub(crate) struct Time;

impl Observer for Time {
    #[inline(always)]
    fn item<D: Decoder>(
        &mut self,
        _index: u64,
        _bytes: &[u8],
        value: D::Value<'_>,
        _held: u64,
    ) -> Result<(), StreamError> {
        black_box(&value);
        Ok(())
    }

    fn count(&self, _counts: &mut HostCounts) {}
}

/// Verifies values that did not cross as bytes: encodes each, and counts and digests the result.
pub(crate) type Encoded = Encodes<false>;
/// [`Encoded`], and checks that the length that crossed is that of the encoding.
pub(crate) type EncodedLength = Encodes<true>;

/// See [`Encoded`] and [`EncodedLength`].
#[derive(Default)]
pub(crate) struct Encodes<const LENGTH: bool> {
    bytes: u64,
    digest: StreamDigest,
}

impl<const LENGTH: bool> Observer for Encodes<LENGTH> {
    fn item<D: Decoder>(
        &mut self,
        index: u64,
        bytes: &[u8],
        value: D::Value<'_>,
        _held: u64,
    ) -> Result<(), StreamError> {
        match D::encode(&value) {
            Some(Ok(encoded)) if !LENGTH || encoded.len() == bytes.len() => {
                self.bytes += encoded.len() as u64;
                self.digest.item(&encoded);
                Ok(())
            }
            _ => Err(StreamError::DecodeDiffers { item: index }),
        }
    }

    fn count(&self, counts: &mut HostCounts) {
        counts.bytes = self.bytes;
        counts.digest = self.digest.finish();
    }
}

/// Counts and digests the bytes, and checks that each decoded value encodes to them.
#[derive(Default)]
pub(crate) struct Verify {
    bytes: u64,
    digest: StreamDigest,
    held_sum: u64,
    share_sum: f64,
}

impl Observer for Verify {
    const ASKS_AGAIN: bool = true;

    fn item<D: Decoder>(
        &mut self,
        index: u64,
        bytes: &[u8],
        value: D::Value<'_>,
        held: u64,
    ) -> Result<(), StreamError> {
        self.bytes += bytes.len() as u64;
        self.digest.item(bytes);
        self.held_sum += held;
        if held > 0 {
            self.share_sum += bytes.len() as f64 / held as f64;
        }
        match D::encode(&value) {
            Some(Ok(again)) if again == bytes => Ok(()),
            None => Ok(()),
            _ => Err(StreamError::DecodeDiffers { item: index }),
        }
    }

    fn count(&self, counts: &mut HostCounts) {
        counts.bytes = self.bytes;
        counts.digest = self.digest.finish();
        counts.held_sum = self.held_sum;
        counts.share_sum = self.share_sum;
    }
}
