//! What every way to stream items has in common here: owned values arrive at a
//! consumer, and can be counted and hashed.

use std::hint::black_box;
use std::marker::PhantomData;

use anyhow::Result;
use arena_bench::verify::Expected;
use bench_protocol::digest::StreamDigest;
use bench_protocol::payload::Payload;
use bench_protocol::wire;
use serde::Serialize;

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
        let (mut look, mut failed) = (Look::default(), None);
        self.source.drain(items, |item| {
            if let Err(error) = look.item(&item) {
                failed = Some(error);
            }
        })?;
        failed.map_or_else(|| Ok(look.seen()), Err)
    }
}

/// Hashes items that arrive.
#[derive(Default)]
pub struct Look {
    items: u64,
    bytes: u64,
    digest: StreamDigest,
}

impl Look {
    /// Takes an item.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn item<T: Serialize>(&mut self, item: &T) -> Result<()> {
        let encoded = wire::serialize(item)?;
        self.digest.item(&encoded);
        self.bytes += encoded.len() as u64;
        self.items += 1;
        Ok(())
    }

    /// What was taken.
    pub fn seen(self) -> Expected {
        Expected {
            items: self.items,
            bytes: self.bytes,
            digest: self.digest.finish(),
        }
    }
}
