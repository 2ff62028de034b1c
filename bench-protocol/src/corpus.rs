//! The contents of items: prepared before a stream opens, the same for the same
//! seed on every machine, lent to streams without a copy.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Mutex;

use crate::payload::Payload;
use crate::size_plan::SizeTable;

/// The prepared items of a size table: item `k` of a stream is
/// `items[table.entry(k)]`.
#[derive(Debug)]
pub struct Corpus<P: Payload> {
    /// One view for each entry of the size table.
    pub items: Vec<P::View>,
    /// Where the loop of the size table starts.
    pub loop_from: usize,
}

type Key = (u32, u64, SizeTable);
type Shared = &'static (dyn Any + Send + Sync);

/// Corpora that this process has prepared.
///
/// They are kept for the life of the process: a stream may then lend items out
/// as `'static` and opening it a second time prepares nothing. The memory is
/// bounded by the number of different (payload, seed, table) triples, never by
/// the number or length of streams.
static PREPARED: Mutex<Option<HashMap<Key, Shared>>> = Mutex::new(None);

/// The corpus of payload `P` for a seed and a size table, prepared at the first
/// call and lent at every later one.
///
/// # Panics
/// If preparing a corpus panicked before, in another thread.
#[must_use]
pub fn prepared<P: Payload>(seed: u64, table: &SizeTable) -> &'static Corpus<P> {
    let mut cache = PREPARED.lock().expect("no preparation panics");
    let cache = cache.get_or_insert_default();
    let key = (P::KIND as u32, seed, table.clone());
    let shared = cache.entry(key).or_insert_with(|| {
        Box::leak(Box::new(Corpus::<P> {
            items: P::prepare(seed, table),
            loop_from: table.loop_from() as usize,
        }))
    });
    shared
        .downcast_ref()
        .expect("the key holds the payload's kind")
}
