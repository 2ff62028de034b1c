//! A stream as an ordinary iterator, for hosts that are not benchmarks.

use std::marker::PhantomData;

use bench_protocol::spec::{BufferConfig, StreamConfig};
use bench_protocol::wire;
use serde::de::DeserializeOwned;

use crate::alloc::Alloc;
use crate::arena::Arena;
use crate::error::StreamError;
use crate::loader::Guest;
use crate::shrink::Never;
use crate::source::Source;

/// The items of a stream, decoded to `T`. It ends with the stream and after the first error.
/// Dropping it cancels the stream.
#[derive(Debug)]
pub struct ItemStream<T, S> {
    source: Option<S>,
    taken: u64,
    item: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned, S: Source> ItemStream<T, S> {
    /// The items of a source.
    pub fn new(source: S) -> Self {
        Self {
            source: Some(source),
            taken: 0,
            item: PhantomData,
        }
    }
}

impl Guest {
    /// Opens a stream of the arena protocol.
    ///
    /// # Errors
    /// If the guest refuses or the first buffer is above the limit.
    pub fn arena_stream<T: DeserializeOwned>(
        &self,
        stream: &StreamConfig,
        buffer: &BufferConfig,
    ) -> Result<ItemStream<T, Arena<Never>>, StreamError> {
        Arena::open(self.api, stream, buffer, Never).map(ItemStream::new)
    }

    /// Opens a stream of the alloc protocol. Items above `limit` bytes are an error.
    ///
    /// # Errors
    /// If the guest refuses.
    pub fn alloc_stream<T: DeserializeOwned>(
        &self,
        stream: &StreamConfig,
        limit: u64,
    ) -> Result<ItemStream<T, Alloc>, StreamError> {
        Alloc::open(self.api, stream, limit).map(ItemStream::new)
    }
}

impl<T: DeserializeOwned, S: Source> Iterator for ItemStream<T, S> {
    type Item = Result<T, StreamError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = match self.source.as_mut()?.pull() {
            Ok(Some((bytes, _))) => {
                Some(
                    wire::deserialize(&bytes).map_err(|error| StreamError::Decode {
                        item: self.taken,
                        message: error.to_string(),
                    }),
                )
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        };
        self.taken += 1;
        if !matches!(item, Some(Ok(_))) {
            self.source = None;
        }
        item
    }
}
