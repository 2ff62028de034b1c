//! What every way to stream items has in common here: owned values arrive at a
//! consumer, and can be counted and hashed.

use std::hint::black_box;
use std::marker::PhantomData;

use anyhow::Result;
use arena_bench::verify::Expected;
use bench_protocol::digest::StreamDigest;
use bench_protocol::payload::Payload;
use bench_protocol::wire;

/// A source of owned values, whatever they cross on their way.
pub trait Pull<P: Payload> {
    /// Takes `items` items and hands each to `consume`.
    ///
    /// # Errors
    /// When the source fails or ends before.
    fn drain(&mut self, items: u64, consume: impl FnMut(P::Owned)) -> Result<()>;
}

/// A peer's open stream, whatever its types.
pub trait Stream {
    /// Takes items and keeps nothing of them: this is timed.
    ///
    /// # Errors
    /// When the source fails or ends before.
    fn drain(&mut self, items: u64) -> Result<()>;

    /// Takes items from the stream's beginning and hashes what they encode to.
    ///
    /// # Errors
    /// When the source fails or ends before.
    fn verify(&mut self, items: u64) -> Result<Expected>;
}

/// A source of one payload's values as a stream.
pub struct Of<P, S> {
    source: S,
    payload: PhantomData<P>,
}

impl<P: Payload, S: Pull<P> + 'static> Of<P, S> {
    /// Boxes a source that nothing was taken of yet.
    pub fn boxed(source: S) -> Box<dyn Stream> {
        Box::new(Self {
            source,
            payload: PhantomData::<P>,
        })
    }
}

impl<P: Payload, S: Pull<P>> Stream for Of<P, S> {
    fn drain(&mut self, items: u64) -> Result<()> {
        self.source.drain(items, |item| {
            black_box(&item);
        })
    }

    fn verify(&mut self, items: u64) -> Result<Expected> {
        let (mut digest, mut bytes, mut taken) = (StreamDigest::new(), 0, 0);
        let mut failed = None;
        self.source
            .drain(items, |item| match wire::serialize(&item) {
                Ok(encoded) => {
                    digest.item(&encoded);
                    bytes += encoded.len() as u64;
                    taken += 1;
                }
                Err(error) => failed = Some(error),
            })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        Ok(Expected {
            items: taken,
            bytes,
            digest: digest.finish(),
        })
    }
}
