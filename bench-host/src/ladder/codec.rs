//! The floor: the same items and the same codec, without a boundary.

use std::hint::black_box;

use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::payload::Payload;
use bench_protocol::producer::BoxedProducer;
use bench_protocol::wire;

use crate::error::StreamError;
use crate::source::Source;

/// Encodes the next item; its length, or `None` at the end.
type Encode<V> = fn(&mut BoxedProducer<V>, &mut Vec<u8>) -> Result<Option<usize>, StreamError>;

/// Items drawn and encoded in the host, through a function pointer that the compiler cannot
/// follow: otherwise it would inline the arm, which could then not serve as a control.
pub(crate) struct InProcess<P: Payload> {
    producer: BoxedProducer<P::View>,
    buffer: Vec<u8>,
    encode: Encode<P::View>,
}

impl<P: Payload> InProcess<P> {
    pub(crate) fn new(producer: BoxedProducer<P::View>) -> Self {
        Self {
            producer,
            buffer: Vec::new(),
            encode: black_box(encode::<P>),
        }
    }
}

/// Computes the size and encodes, as the guest does for the arena.
fn encode<P: Payload>(
    producer: &mut BoxedProducer<P::View>,
    buffer: &mut Vec<u8>,
) -> Result<Option<usize>, StreamError> {
    let Some(item) = producer.next() else {
        return Ok(None);
    };
    let size = wire::serialized_size(&item).map_err(|_| StreamError::Serialization)?;
    let size = usize::try_from(size).map_err(|_| StreamError::Serialization)?;
    if buffer.len() < size {
        grow(buffer, size);
    }
    wire::serialize_into(&mut buffer[..size], &item).map_err(|_| StreamError::Serialization)?;
    Ok(Some(size))
}

#[cold]
fn grow(buffer: &mut Vec<u8>, size: usize) {
    buffer.resize(size, 0);
}

impl<P: Payload> Source for InProcess<P> {
    type Item<'a> = &'a [u8];

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(&[u8], u64)>, StreamError> {
        let len = (self.encode)(&mut self.producer, &mut self.buffer)?;
        let held = self.buffer.capacity() as u64;
        Ok(len.map(|len| (&self.buffer[..len], held)))
    }

    fn count(&self, _items: u64, counts: &mut HostCounts) {
        counts.capacity = self.buffer.capacity() as u64;
        counts.peak_capacity = counts.capacity;
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        None
    }
}
