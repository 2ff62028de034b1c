//! What answers a call: the item of a number. A guest's method and a host's function are the
//! same code, and so are the ways to answer.

use serde::Serialize;

use super::wire;
use crate::corpus::prepared;
use crate::error::PluginError;
use crate::payload::{Payload, U64};
use crate::producer::FaultyItem;
use crate::spec::{Fault, StreamConfig};
use crate::status;

/// Answers with the item of a number.
pub trait Method: 'static {
    /// An item.
    type Item: Serialize;

    /// Item `k`.
    ///
    /// # Errors
    /// Where the stream's fault is an error.
    fn answer(&mut self, k: u64) -> Result<Self::Item, PluginError>;
}

/// A method, and its answer that did not fit.
pub struct Answers<M: Method> {
    method: M,
    pending: Option<(u64, M::Item)>,
}

impl<M: Method> Answers<M> {
    /// Answers of a method.
    pub fn new(method: M) -> Self {
        let pending = None;
        Self { method, pending }
    }

    /// A status and the bytes that come with it, in a new vector; none if there are none.
    #[inline(always)]
    pub fn in_vec(&mut self, k: u64) -> (i32, Option<Vec<u8>>) {
        let (status, bytes) = match self.method.answer(k) {
            Ok(item) => (status::OK, wire::serialize(&item)),
            Err(error) => (status::PLUGIN_ERROR, wire::serialize(&error)),
        };
        match bytes {
            // Lengths have 32 bits.
            Ok(bytes) if bytes.len() <= u32::MAX as usize => (status, Some(bytes)),
            _ => (status::SERIALIZATION_ERROR, None),
        }
    }

    /// A status; the bytes that come with it replace those in `kept`.
    #[inline(always)]
    pub fn in_kept(&mut self, k: u64, kept: &mut Vec<u8>) -> i32 {
        kept.clear();
        let (status, written) = match self.method.answer(k) {
            Ok(item) => (status::OK, wire::serialize_to(&mut *kept, &item)),
            Err(error) => (status::PLUGIN_ERROR, wire::serialize_to(&mut *kept, &error)),
        };
        match written {
            Ok(()) if kept.len() <= u32::MAX as usize => status,
            _ => status::SERIALIZATION_ERROR,
        }
    }

    /// As [`in_vec`](Self::in_vec), copied into a buffer: a status and its length. What does not
    /// fit is forgotten, and made again by the next call.
    #[inline(always)]
    pub fn copied(&mut self, k: u64, buffer: &mut [u8]) -> (i32, u32) {
        let (status, Some(bytes)) = self.in_vec(k) else {
            return (status::SERIALIZATION_ERROR, 0);
        };
        let len = bytes.len() as u32;
        let Some(room) = buffer.get_mut(..bytes.len()) else {
            return (status::BUFFER_TOO_SMALL, len);
        };
        room.copy_from_slice(&bytes);
        (status, len)
    }

    /// A status and its length; the bytes are encoded into a buffer. An item that does not fit is
    /// kept for the next call.
    #[inline(always)]
    pub fn encoded(&mut self, k: u64, buffer: &mut [u8]) -> (i32, u32) {
        let item = match self.pending.take() {
            Some((kept, item)) if kept == k => item,
            _ => match self.method.answer(k) {
                Ok(item) => item,
                Err(error) => return encode(&error, status::PLUGIN_ERROR, buffer),
            },
        };
        let (status, len) = encode(&item, status::OK, buffer);
        if status == status::BUFFER_TOO_SMALL {
            self.pending = Some((k, item));
        }
        (status, len)
    }
}

#[inline(always)]
fn encode<T: Serialize>(value: &T, status: i32, buffer: &mut [u8]) -> (i32, u32) {
    let size = wire::serialized_size(value).ok();
    let Some(len) = size.and_then(|size| u32::try_from(size).ok()) else {
        return (status::SERIALIZATION_ERROR, 0);
    };
    let Some(room) = buffer.get_mut(..len as usize) else {
        return (status::BUFFER_TOO_SMALL, len);
    };
    match wire::serialize_into(room, value) {
        Ok(()) => (status, len),
        Err(_) => (status::SERIALIZATION_ERROR, 0),
    }
}

/// The number in a call's arguments; `None` if there is none.
///
/// # Safety
/// `input` must be null or point to `len` bytes.
#[inline(always)]
#[must_use]
pub unsafe fn argument(input: *const u8, len: u32) -> Option<u64> {
    if input.is_null() {
        return None;
    }
    // SAFETY: by contract, there are `len` bytes.
    let input = unsafe { std::slice::from_raw_parts(input, len as usize) };
    wire::deserialize::<(u64,)>(input).ok().map(|(k,)| k)
}

/// Lends prepared items, without a clone.
pub struct Prepared<P: Payload> {
    items: &'static [P::View],
    loop_from: usize,
    /// Number of the item that is expected next, and its place.
    next: (u64, usize),
}

impl<P: Payload> Prepared<P> {
    /// The items of a stream.
    #[must_use]
    pub fn new(config: &StreamConfig) -> Self {
        let corpus = prepared::<P>(config.seed, &config.sizes);
        Self {
            items: &corpus.items,
            loop_from: corpus.loop_from,
            next: (0, 0),
        }
    }

    /// The place of any item.
    #[cold]
    fn place(&self, k: u64) -> usize {
        let (len, from) = (self.items.len() as u64, self.loop_from as u64);
        let place = match k < len {
            true => k,
            false => from + (k - from) % (len - from),
        };
        place as usize
    }
}

impl<P: Payload> Method for Prepared<P> {
    type Item = P::View;

    #[inline]
    fn answer(&mut self, k: u64) -> Result<P::View, PluginError> {
        let (expected, mut place) = self.next;
        if k != expected {
            place = self.place(k);
        }
        let item = self.items[place];
        place += 1;
        if place == self.items.len() {
            place = self.loop_from;
        }
        self.next = (k.wrapping_add(1), place);
        Ok(item)
    }
}

/// Numbers of a `u64` stream, of which one fails.
pub struct Faulty {
    numbers: Prepared<U64>,
    fault: Fault,
    at: u64,
}

impl Faulty {
    /// The numbers of a stream, with its fault.
    #[must_use]
    pub fn new(config: &StreamConfig) -> Self {
        let (fault, at) = config.fault;
        let numbers = Prepared::new(config);
        Self { numbers, fault, at }
    }
}

impl Method for Faulty {
    type Item = FaultyItem;

    fn answer(&mut self, k: u64) -> Result<FaultyItem, PluginError> {
        let value = self.numbers.answer(k)?;
        let fault = match k == self.at {
            true => self.fault,
            false => Fault::None,
        };
        match fault {
            Fault::ProducerPanic => panic!("a method that panics"),
            Fault::ProducerError => Err(PluginError::new("REFUSED", "the method refused")),
            fault => Ok(FaultyItem::new(value, fault)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::PayloadKind;
    use crate::producer;
    use crate::size_plan::SizeTable;

    #[test]
    fn a_method_answers_any_number_with_the_item_of_the_stream() {
        let sizes = SizeTable::new(vec![8; 5], 3).unwrap();
        let config = StreamConfig::new(PayloadKind::U64, sizes);
        let items: Vec<u64> = producer::views::<U64>(config.seed, &config.sizes, 20).collect();
        let mut method = Prepared::<U64>::new(&config);
        let order = (0..20).chain([3, 3, 19, 0, 1, 2, 3, 7, 8, 9]);
        for k in order {
            assert_eq!(method.answer(k).unwrap(), items[k as usize], "item {k}");
        }
    }
}
