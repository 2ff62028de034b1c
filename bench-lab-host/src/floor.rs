//! The floors: what no protocol can be faster than, because it does the same work without a
//! boundary, or copies the bytes and does nothing else.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use bench_host::drain::Drain;
use bench_host::error::StreamError;
use bench_host::source::Source;
use bench_protocol::counts::{GuestCounts, HostCounts};
use bench_protocol::lab::codec::{Bincode, Codec, Wincode};
use bench_protocol::lab::cursor::room;
use bench_protocol::lab::spec::{self, Floor, LabConfig};
use bench_protocol::payload::{Payload, PayloadVisitor};
use bench_protocol::producer::{self, BoxedProducer};
use bench_protocol::same_bytes::Item;
use bench_protocol::spec::{Fault, Observe, ProducerKind, SessionConfig};
use bench_protocol::wire;

use crate::observed::observed;

/// Opens a session on a floor.
///
/// # Errors
/// If the stream's items are not prepared, or have faults.
pub(crate) fn open(floor: Floor, config: &LabConfig) -> Result<Box<dyn Drain>, StreamError> {
    let stream = &config.session.stream;
    if stream.producer != ProducerKind::Prepared || stream.fault.0 != Fault::None {
        return Err(StreamError::InvalidSpec);
    }
    Ok(stream.payload.dispatch(Open { floor, config }))
}

struct Open<'a> {
    floor: Floor,
    config: &'a LabConfig,
}

impl PayloadVisitor for Open<'_> {
    type Output = Box<dyn Drain>;
    fn visit<P: Payload>(self) -> Box<dyn Drain> {
        let config = self.config;
        let stream = &config.session.stream;
        let (seed, sizes, items) = (stream.seed, &stream.sizes, stream.items);
        match (self.floor, config.codec) {
            (Floor::Codec, spec::Codec::Bincode) => {
                let items = producer::lend::<P>(seed, sizes, items);
                observed(InProcess::new::<Bincode>(items), config)
            }
            (Floor::Codec, spec::Codec::Wincode) => {
                let items = producer::lend::<P>(seed, sizes, items);
                observed(InProcess::new::<Wincode>(items), config)
            }
            (Floor::Copy, _) => {
                let copies = Copies {
                    items: encodings::<P>(&config.session),
                    loop_from: sizes.loop_from() as usize,
                    next: 0,
                    left: items,
                    buffer: vec![0; sizes.max() as usize + SLACK],
                };
                observed(copies, config)
            }
        }
    }
}

/// Bytes of an encoding beyond the content: lengths, numbers and tags of a record.
const SLACK: usize = 256;

/// The next item's encoding in the buffer: its length, or `None` at the end.
type Encode<V> = fn(&mut BoxedProducer<V>, &mut Vec<u8>) -> Result<Option<usize>, StreamError>;

/// Items drawn and encoded in the host, through a function pointer that the compiler cannot
/// follow: otherwise it would inline what no protocol can inline.
struct InProcess<V> {
    producer: BoxedProducer<V>,
    /// Always empty: only its capacity is used.
    buffer: Vec<u8>,
    encode: Encode<V>,
}

impl<V: Item + Send + 'static> InProcess<V> {
    fn new<C: Codec>(producer: BoxedProducer<V>) -> Self {
        Self {
            producer,
            buffer: Vec::new(),
            encode: black_box(encode::<V, C>),
        }
    }
}

fn encode<V: Item, C: Codec>(
    producer: &mut BoxedProducer<V>,
    buffer: &mut Vec<u8>,
) -> Result<Option<usize>, StreamError> {
    let Some(item) = producer.next() else {
        return Ok(None);
    };
    let room = room(buffer);
    // SAFETY: the room is the vector's capacity.
    match unsafe { C::encode(&item, room, buffer) } {
        Ok(len) => Ok(Some(len)),
        Err(_) => Err(StreamError::Serialization),
    }
}

impl<V: Item + Send + 'static> Source for InProcess<V> {
    type Item<'a> = &'a [u8];

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(&[u8], u64)>, StreamError> {
        let Some(len) = (self.encode)(&mut self.producer, &mut self.buffer)? else {
            return Ok(None);
        };
        let held = self.buffer.capacity() as u64;
        // SAFETY: `encode` wrote as many bytes.
        let bytes = unsafe { std::slice::from_raw_parts(self.buffer.as_ptr(), len) };
        Ok(Some((bytes, held)))
    }

    fn count(&self, _items: u64, counts: &mut HostCounts) {
        counts.capacity = self.buffer.capacity() as u64;
        counts.peak_capacity = counts.capacity;
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        None
    }
}

/// Bytes by which the contents of a guest's items exceed the largest of them: all are slices
/// of one buffer.
const SHARED: usize = 4096;

/// The encoding of each entry of the stream's size table.
///
/// A guest's items of one size are slices of a few KiB more than that size, which stay in the
/// caches. Where only time is wanted, as few different encodings of a size take turns, so that
/// the copy reads from memory that is as near. A stream that is verified has the encoding of
/// every item.
fn encodings<P: Payload>(session: &SessionConfig) -> Vec<Arc<[u8]>> {
    let stream = &session.stream;
    let sizes = stream.sizes.sizes();
    let mut made: BTreeMap<u32, Vec<Arc<[u8]>>> = BTreeMap::new();
    let mut entries = Vec::with_capacity(sizes.len());
    let views = producer::views::<P>(stream.seed, &stream.sizes, sizes.len() as u64);
    for (turn, (view, &size)) in views.zip(sizes).enumerate() {
        let alike = made.entry(size).or_default();
        let bytes = alike.iter().map(|it| it.len()).sum::<usize>();
        let enough = bytes > size as usize + SHARED;
        if session.observe == Observe::Time && enough {
            entries.push(Arc::clone(&alike[turn % alike.len()]));
            continue;
        }
        let encoding = wire::serialize(&view).expect("a prepared item encodes");
        alike.push(encoding.into());
        entries.extend(alike.last().map(Arc::clone));
    }
    entries
}

/// Items encoded before the stream opens.
struct Copies {
    items: Vec<Arc<[u8]>>,
    loop_from: usize,
    next: usize,
    left: u64,
    buffer: Vec<u8>,
}

impl Source for Copies {
    type Item<'a> = &'a [u8];

    #[inline(always)]
    fn pull(&mut self) -> Result<Option<(&[u8], u64)>, StreamError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        if self.next == self.items.len() {
            self.next = self.loop_from;
        }
        let item = &self.items[self.next];
        self.next += 1;
        let held = self.buffer.len() as u64;
        let copy = &mut self.buffer[..item.len()];
        copy.copy_from_slice(item);
        Ok(Some((copy, held)))
    }

    fn count(&self, _items: u64, counts: &mut HostCounts) {
        counts.capacity = self.buffer.len() as u64;
        counts.peak_capacity = counts.capacity;
    }

    fn guest_counts(&self) -> Option<GuestCounts> {
        None
    }
}
