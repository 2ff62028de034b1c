//! Streams whose owned values are types of their framework: that is what a
//! consumer of it gets, so that is what is timed. Only a verification makes
//! standard values of them, to encode.

use std::hint::black_box;

use anyhow::{Context, Result};
use arena_bench::verify::Expected;
use serde::Serialize;

use crate::pull::{Look, Stream};

/// A framework's owned value, as a standard one.
pub trait Convert {
    /// The standard value.
    type Std: Serialize;
    /// Makes it.
    fn convert(self) -> Self::Std;
}

impl Convert for u64 {
    type Std = Self;
    fn convert(self) -> Self {
        self
    }
}

/// A source of a framework's owned values.
pub struct Converted<I>(I);

impl<I: Iterator<Item: Convert> + 'static> Converted<I> {
    /// Boxes a source that nothing was taken of yet.
    pub fn boxed(source: I) -> Box<dyn Stream> {
        Box::new(Self(source))
    }
}

impl<I: Iterator<Item: Convert>> Stream for Converted<I> {
    fn drain(&mut self, items: u64) -> Result<()> {
        for _ in 0..items {
            let item = self.0.next().context("the stream ended too soon")?;
            black_box(&item);
        }
        Ok(())
    }

    fn verify(&mut self, items: u64) -> Result<Expected> {
        let mut look = Look::default();
        for _ in 0..items {
            let item = self.0.next().context("the stream ended too soon")?;
            look.item(&item.convert())?;
        }
        Ok(look.seen())
    }
}
