//! What a drain does beside draining: nothing when it is timed, everything when
//! it verifies.

use std::hint::black_box;

use bench_protocol::counts::HostCounts;
use bench_protocol::digest::StreamDigest;

use crate::decode::Decoder;
use crate::error::StreamError;

/// Sees each item that a drain takes.
pub trait Observer {
    /// Sees item number `index`: its bytes, its value, the memory held for it.
    ///
    /// # Errors
    /// When it finds the item wrong.
    fn item<D: Decoder>(
        &mut self,
        index: u64,
        bytes: &[u8],
        value: D::Value<'_>,
        held: u64,
    ) -> Result<(), StreamError>;

    /// Writes what it has seen into `counts`.
    fn count(&self, counts: &mut HostCounts);
}

/// Consumes each item through `black_box` and nothing more.
#[derive(Debug, Default)]
pub struct Time;

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

/// Counts and digests the bytes, and encodes each decoded value again.
#[derive(Default)]
pub struct Verify {
    bytes: u64,
    digest: StreamDigest,
    held_sum: u64,
    share_sum: f64,
}

impl Observer for Verify {
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
