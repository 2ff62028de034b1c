//! Producers: where a stream's items come from. All protocols, and the arms without a
//! boundary, use the same producers.

use std::mem::MaybeUninit;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use crate::corpus::prepared;
use crate::error::PluginError;
use crate::payload::Payload;
use crate::same_bytes::Item;
use crate::size_plan::{SizePlan, SizeTable};
use crate::spec::{ENDLESS, Fault, SEED};

/// A source of items that may end with an error.
///
/// The error is asked for only at the end, so that streams without errors do not pay for it.
pub trait Producer: Iterator + Send {
    /// Why the items ended; `None` after a clean end. Called once, after `next` has returned
    /// `None` for the first time.
    fn fault(&mut self) -> Option<PluginError> {
        None
    }
}

/// A producer as drivers hold it; Fidius' `Stream<T>` is boxed in the same way.
pub type BoxedProducer<T> = Box<dyn Producer<Item = T>>;

/// An iterator as a producer that never ends with an error.
#[must_use]
pub fn boxed<I>(items: I) -> BoxedProducer<I::Item>
where
    I: Iterator + Send + 'static,
{
    Box::new(Plain(items))
}

/// A producer without items: what a driver holds after its stream has ended.
#[must_use]
pub fn ended<T: Send + 'static>() -> BoxedProducer<T> {
    boxed(std::iter::empty())
}

/// Prepared items, lent one after another without allocation or clone.
#[must_use]
pub fn lend<P: Payload>(seed: u64, table: &SizeTable, items: u64) -> BoxedProducer<P::View> {
    Box::new(lent::<P>(seed, table, items))
}

/// [`lend`], in no box.
pub fn lent<P: Payload>(
    seed: u64,
    table: &SizeTable,
    items: u64,
) -> impl Producer<Item = P::View> + use<P> {
    Plain(views::<P>(seed, table, items))
}

/// The same items, each newly allocated, as plugins usually make them.
pub fn owned<P: Payload>(
    seed: u64,
    table: &SizeTable,
    items: u64,
) -> impl Producer<Item = P::Owned> + use<P> {
    Plain(views::<P>(seed, table, items).map(P::to_owned))
}

/// The first `items` items of a stream, as an ordinary iterator.
pub fn views<P: Payload>(
    seed: u64,
    table: &SizeTable,
    items: u64,
) -> impl Iterator<Item = P::View> + Send + use<P> {
    let corpus = prepared::<P>(seed, table);
    Views {
        items: &corpus.items,
        next: 0,
        loop_from: corpus.loop_from,
        left: items,
    }
}

/// An endless stream of items of one size with the default seed. Guests of other frameworks
/// use it, so that all of them stream the same items.
pub fn lend_constant<P: Payload>(bytes: u32) -> impl Iterator<Item = P::View> + Send + use<P> {
    let sizes = SizePlan::Constant { bytes }.table(SEED);
    views::<P>(
        SEED,
        &sizes.expect("a plan of one size has a size"),
        ENDLESS,
    )
}

/// An iterator as a producer.
struct Plain<I>(I);

impl<I: Iterator> Iterator for Plain<I> {
    type Item = I::Item;
    #[inline]
    fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }
}

impl<I: Iterator + Send> Producer for Plain<I> {}

/// Yields `left` prepared items: the beginning once, then the loop again and again.
struct Views<V: 'static> {
    items: &'static [V],
    next: usize,
    loop_from: usize,
    left: u64,
}

impl<V: Copy> Iterator for Views<V> {
    type Item = V;
    #[inline]
    fn next(&mut self) -> Option<V> {
        self.left = self.left.checked_sub(1)?;
        let item = match self.items.get(self.next) {
            Some(item) => item,
            None => {
                self.next = self.loop_from;
                &self.items[self.next]
            }
        };
        self.next += 1;
        Some(*item)
    }
}

/// Numbers of a `u64` stream, until item `at` goes wrong.
#[must_use]
pub fn faulty(
    seed: u64,
    table: &SizeTable,
    fault: Fault,
    at: u64,
) -> impl Producer<Item = FaultyItem> + use<> {
    let values = Box::new(views::<crate::payload::U64>(seed, table, u64::MAX));
    Faulty {
        values,
        fault,
        left: at,
    }
}

/// A `u64` that may fail to be encoded. If it does not, its bytes are those of the number.
#[derive(Debug, Clone, Copy)]
pub struct FaultyItem {
    value: u64,
    fault: Fault,
}

impl Serialize for FaultyItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.fault {
            Fault::Unencodable => Err(S::Error::custom("an item that refuses to be encoded")),
            Fault::EncoderPanic => panic!("an item that panics while it is encoded"),
            _ => serializer.serialize_u64(self.value),
        }
    }
}

impl Item for FaultyItem {
    fn encoded_len(&self) -> Option<usize> {
        self.checked()?.encoded_len()
    }
    fn encode_to(&self, room: &mut [MaybeUninit<u8>]) -> Option<usize> {
        self.checked()?.encode_to(room)
    }
}

impl FaultyItem {
    /// A number with what is wrong with it.
    pub(crate) fn new(value: u64, fault: Fault) -> Self {
        Self { value, fault }
    }

    fn checked(&self) -> Option<u64> {
        match self.fault {
            Fault::Unencodable => None,
            Fault::EncoderPanic => panic!("an item that panics while it is encoded"),
            _ => Some(self.value),
        }
    }
}

struct Faulty {
    values: Box<dyn Iterator<Item = u64> + Send>,
    fault: Fault,
    left: u64,
}

impl Iterator for Faulty {
    type Item = FaultyItem;
    fn next(&mut self) -> Option<FaultyItem> {
        let value = self.values.next()?;
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return Some(FaultyItem {
                value,
                fault: Fault::None,
            });
        }
        match self.fault {
            Fault::ProducerPanic => panic!("a producer that panics"),
            Fault::ProducerError => None,
            fault => Some(FaultyItem { value, fault }),
        }
    }
}

impl Producer for Faulty {
    fn fault(&mut self) -> Option<PluginError> {
        (self.fault == Fault::ProducerError)
            .then(|| PluginError::new("SOURCE_LOST", "the producer's source went away"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::U64;

    #[test]
    fn a_stream_follows_its_table_beyond_the_loop() {
        let table = SizeTable::new(vec![8; 5], 3).unwrap();
        let corpus = prepared::<U64>(9, &table);
        let drawn: Vec<u64> = views::<U64>(9, &table, 12).collect();
        let said: Vec<u64> = (0..12).map(|k| corpus.items[table.entry(k)]).collect();
        assert_eq!(drawn, said);
    }

    #[test]
    fn lent_and_owned_items_are_equal() {
        use crate::payload::RecordPayload as Record;
        let table = SizeTable::new(vec![40, 90], 0).unwrap();
        let lent = lend::<Record>(3, &table, 5).map(Record::to_owned);
        assert!(lent.eq(owned::<Record>(3, &table, 5)));
    }
}
